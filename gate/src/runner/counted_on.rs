//! What of this machine counts may depend on, as a baseline records it.

use std::fs;
use std::path::Path;

use super::describe::{ask, c_library, clean, field, field_words};
use crate::budget::CountedOn;
use crate::process::{Interrupt, Interrupted};

/// The features by which valgrind chooses the processor that it shows, and which it passes on
/// (`coregrind/m_machine.c` of valgrind 3.19), as `/proc/cpuinfo` calls them: x86-64, then arm64.
const FEATURES: [&str; 21] = [
    "abm", "avx", "avx2", "bmi1", "cx16", "f16c", "pni", "rdrand", "rdseed", "rdtscp",
    "ssse3", //
    "asimdfhm", "asimdhp", "asimdrdm", "atomics", "bf16", "fphp", "i8mm", "sha3", "sm3", "sm4",
];

/// Describes this machine; `valgrind` is where it is, if something is counted by it.
pub fn counted_on(
    valgrind: Option<&Path>,
    interrupt: &Interrupt,
) -> Result<CountedOn, Interrupted> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let valgrind = match valgrind {
        Some(valgrind) => ask(&[valgrind, Path::new("--version")], interrupt)?,
        None => None,
    };
    Ok(CountedOn {
        c_library: c_library(interrupt)?,
        processor: processor(&cpuinfo),
        valgrind: valgrind.and_then(|told| clean(told.lines().next()?)),
    })
}

/// Whose it is and what it can do: `AuthenticAMD (abm avx avx2 …)`.
fn processor(cpuinfo: &str) -> Option<String> {
    let vendor = field(cpuinfo, "vendor_id").or_else(|| field(cpuinfo, "CPU implementer"))?;
    let mut can = field_words(cpuinfo, "flags");
    can.extend(field_words(cpuinfo, "Features"));
    let known = FEATURES.iter().copied();
    let known: Vec<&str> = known
        .filter(|name| can.iter().any(|can| can == name))
        .collect();
    clean(&format!("{vendor} ({})", known.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_told_by_what_valgrind_looks_at() {
        for (cpuinfo, told) in [
            (
                "vendor_id\t: AuthenticAMD\nflags\t\t: fpu avx2 cx16 avx hypervisor avx512f\n",
                Some("AuthenticAMD (avx avx2 cx16)"),
            ),
            (
                "Features\t: fp asimd atomics fphp\nCPU implementer\t: 0x41\n",
                Some("0x41 (atomics fphp)"),
            ),
            ("flags : avx\n", None),
            ("", None),
        ] {
            assert_eq!(processor(cpuinfo).as_deref(), told);
        }
    }

    #[test]
    fn this_machine_is_of_its_own_kind() {
        let told = || counted_on(None, &Interrupt::unattached()).unwrap();
        assert_eq!(told(), told());
        assert_eq!(told().difference(&told()), None);
        let there = CountedOn {
            c_library: Some("another 1.0".to_owned()),
            ..told()
        };
        let here = told();
        assert_eq!(
            here.difference(&there)
                .map(|[what, _, there]| (what, there)),
            Some(("the C library", "another 1.0"))
        );
    }
}
