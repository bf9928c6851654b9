//! What is known about this machine.
//!
//! | field | from |
//! |---|---|
//! | `cpu_model` | `/proc/cpuinfo` (`model name`; on ARM `CPU part`) |
//! | `governor` | `/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor` |
//! | `virtual_machine` | `/sys/class/dmi/id/{sys_vendor,product_name}`, where the CPU says it is a guest |
//! | `kernel` | uname(2) |
//! | `c_library` | the first lines of `ldd --version` |
//! | memory, load | `/proc/meminfo`, `/proc/loadavg` |
//! | `memory_stall_pct` | `/proc/pressure/memory`, `some avg60` |
//!
//! A fact that the machine does not tell is `None`, and `null` in the report.

use std::ffi::OsStr;
use std::fs;
use std::time::{Duration, Instant};

use rustix::system::uname;
use serde::{Deserialize, Serialize};

use crate::process::{Interrupt, Interrupted, Launch, Plan, ProcessError};

/// The longest that a program may take to name itself.
const ASK_MAX: Duration = Duration::from_secs(2);
/// The longest text of a fact, in characters.
const TEXT_CHARS_MAX: usize = 120;

/// A description of the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runner {
    /// The CPU's name.
    pub cpu_model: Option<String>,
    /// Hardware threads that the gate may use.
    pub cores: Option<u32>,
    /// How the frequency of the first core is chosen.
    pub governor: Option<String>,
    /// That it is a virtual machine, and whose where that is told; `None` where nothing says so.
    pub virtual_machine: Option<String>,
    /// Release of the kernel.
    pub kernel: Option<String>,
    /// Name and version of the C library.
    pub c_library: Option<String>,
    /// Memory in all, in bytes.
    pub memory_bytes: Option<u64>,
    /// Memory that could still be had, in bytes.
    pub memory_available_bytes: Option<u64>,
    /// Runnable threads, averaged over the last minute before measuring.
    pub load_average: Option<f64>,
    /// Time in which some process waited for memory, over the same minute, in percent.
    pub memory_stall_pct: Option<f64>,
    /// Who ran on which core.
    pub placement: Plan,
}

impl Runner {
    /// Describes the machine as it is, with the cores that were chosen.
    pub fn describe(placement: Plan, interrupt: &Interrupt) -> Result<Self, Interrupted> {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").ok();
        Ok(Self {
            cpu_model: field(&cpuinfo, "model name").or_else(|| field(&cpuinfo, "CPU part")),
            cores: std::thread::available_parallelism()
                .ok()
                .and_then(|cores| u32::try_from(cores.get()).ok()),
            governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            virtual_machine: is_guest(&cpuinfo).then(|| {
                let dmi = |name: &str| line(&format!("/sys/class/dmi/id/{name}"));
                virtual_machine(dmi("sys_vendor"), dmi("product_name"))
            }),
            kernel: clean(&uname().release().to_string_lossy()),
            c_library: c_library(interrupt)?,
            memory_bytes: kib(&meminfo, "MemTotal"),
            memory_available_bytes: kib(&meminfo, "MemAvailable"),
            load_average: load
                .and_then(|text| text.split(' ').next()?.parse().ok())
                .filter(|load: &f64| load.is_finite()),
            memory_stall_pct: fs::read_to_string("/proc/pressure/memory")
                .ok()
                .and_then(|text| stall(&text)),
            placement,
        })
    }
}

/// The value of the first line `name : value`.
pub(super) fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| clean(value))?
    })
}

/// A field of `/proc/meminfo`, which counts in KiB, in bytes.
fn kib(meminfo: &str, name: &str) -> Option<u64> {
    let value = field(meminfo, name)?;
    let kib: u64 = value.strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// What some task lost over the last minute, from `some avg10=… avg60=…`.
fn stall(pressure: &str) -> Option<f64> {
    let some = pressure
        .lines()
        .find_map(|line| line.strip_prefix("some "))?;
    let average = some
        .split(' ')
        .find_map(|word| word.strip_prefix("avg60="))?;
    average.parse().ok().filter(|pct: &f64| pct.is_finite())
}

/// The first line of a file.
fn line(path: &str) -> Option<String> {
    clean(fs::read_to_string(path).ok()?.lines().next()?)
}

/// A text fit for one line of a report; `None` where nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let printable = text.trim().chars().filter(|c| !c.is_control());
    let text: String = printable.take(TEXT_CHARS_MAX).collect();
    (!text.is_empty()).then_some(text)
}

/// Whether the processor says that it is a virtual one.
fn is_guest(cpuinfo: &str) -> bool {
    let flags = field_words(cpuinfo, "flags");
    flags.iter().any(|flag| flag == "hypervisor")
}

/// `a virtual machine (QEMU Standard PC)`.
fn virtual_machine(vendor: Option<String>, product: Option<String>) -> String {
    const WORDS: &str = "a virtual machine";
    let adds = |name: &String| !WORDS.ends_with(&name.to_lowercase());
    let names: Vec<String> = vendor.into_iter().chain(product).filter(adds).collect();
    if names.is_empty() {
        WORDS.to_owned()
    } else {
        format!("{WORDS} ({})", names.join(" "))
    }
}

/// The words of the first line `name : word word …`, uncut.
pub(super) fn field_words(text: &str, name: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.split_ascii_whitespace().map(str::to_owned).collect())
        .unwrap_or_default()
}

/// The library that `ldd` says it belongs to: glibc prints that on standard output, musl on standard
/// error.
pub(super) fn c_library(interrupt: &Interrupt) -> Result<Option<String>, Interrupted> {
    let told = ask(&["ldd", "--version"], interrupt)?;
    Ok(told.and_then(|told| library(&told)))
}

/// All that a program prints about itself; `None` where it cannot be run.
pub(super) fn ask<S: AsRef<OsStr>>(
    argv: &[S],
    interrupt: &Interrupt,
) -> Result<Option<String>, Interrupted> {
    let ask = || -> Result<String, ProcessError> {
        let file = |source: std::io::Error| ProcessError::File {
            path: std::env::temp_dir(),
            source,
        };
        let folder = tempfile::TempDir::with_prefix("gate-ask-").map_err(file)?;
        let log = folder.path().join("log");
        Launch::new(argv)?
            .start_logged(&log)?
            .wait_with(interrupt, Some(Instant::now() + ASK_MAX))?;
        fs::read_to_string(&log).map_err(file)
    };
    match ask() {
        Ok(told) => Ok(Some(told)),
        Err(ProcessError::Interrupted(interrupted)) => Err(interrupted),
        // Not told is a fact, too, and shown as one.
        Err(_) => Ok(None),
    }
}

/// Name and version of the library that `ldd` tells of.
///
/// | `ldd --version` | |
/// |---|---|
/// | `ldd (Debian GLIBC 2.36-9+deb12u14) 2.36` | `glibc 2.36 (Debian 2.36-9+deb12u14)` |
/// | `ldd (GNU libc) 2.40` | `glibc 2.40` |
/// | `musl libc (x86_64)`, `Version 1.2.4` | `musl 1.2.4` |
/// | anything else | its first line |
fn library(told: &str) -> Option<String> {
    let first = told.lines().next()?;
    let glibc = || {
        let (build, version) = first.strip_prefix("ldd (")?.rsplit_once(") ")?;
        if build == "GNU libc" {
            return Some(format!("glibc {version}"));
        }
        let (packager, package) = build.split_once(" GLIBC ")?;
        Some(format!("glibc {version} ({packager} {package})"))
    };
    let musl = || {
        first.strip_prefix("musl libc")?;
        let version = told.lines().nth(1)?.strip_prefix("Version ")?;
        Some(format!("musl {version}"))
    };
    clean(&glibc().or_else(musl).unwrap_or_else(|| first.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_described() {
        let plan = Plan::for_this_machine().unwrap();
        let runner = Runner::describe(plan.clone(), &Interrupt::unattached()).unwrap();
        let kernel = runner.kernel.clone().unwrap();
        assert!(kernel.starts_with(|c: char| c.is_ascii_digit()), "{kernel}");
        assert!(runner.cores.unwrap() >= 1);
        assert!(runner.memory_bytes.unwrap() > runner.memory_available_bytes.unwrap());
        assert!(runner.load_average.unwrap() >= 0.0);
        assert_eq!(runner.placement, plan);
        let json = serde_json::to_string(&runner).unwrap();
        assert_eq!(serde_json::from_str::<Runner>(&json).unwrap(), runner);
    }

    #[test]
    fn fields_are_found_and_cleaned() {
        let text = "processor\t: 0\nmodel name\t:  Some \u{1b}CPU @ 2 GHz \nmodel name\t: other\n";
        assert_eq!(field(text, "model name").unwrap(), "Some CPU @ 2 GHz");
        assert_eq!(field(text, "model"), None);
        assert_eq!(kib("MemTotal:  16 kB\n", "MemTotal"), Some(16_384));
        assert_eq!(kib("MemTotal: 16 MB\n", "MemTotal"), None);
        assert_eq!(clean(" \t"), None);
        assert_eq!(
            stall("some avg10=0.00 avg60=1.25 total=3\nfull avg60=9"),
            Some(1.25)
        );
        assert_eq!(stall("full avg10=0.00 avg60=1.25"), None);
    }

    #[test]
    fn libraries_and_hosts_are_called_what_people_call_them() {
        for (told, name) in [
            (
                "ldd (Debian GLIBC 2.36-9+deb12u14) 2.36\nCopyright (C) 2022\n",
                "glibc 2.36 (Debian 2.36-9+deb12u14)",
            ),
            (
                "ldd (Ubuntu GLIBC 2.39-0ubuntu8.3) 2.39\n",
                "glibc 2.39 (Ubuntu 2.39-0ubuntu8.3)",
            ),
            ("ldd (GNU libc) 2.40\n", "glibc 2.40"),
            (
                "musl libc (x86_64)\nVersion 1.2.4\nDynamic Program Loader\n",
                "musl 1.2.4",
            ),
            ("musl libc (x86_64)\n", "musl libc (x86_64)"),
            ("ldd of somebody\nelse\n", "ldd of somebody"),
        ] {
            assert_eq!(library(told).as_deref(), Some(name));
        }
        assert_eq!(library(""), None);
        let host = |vendor: &str, product: &str| {
            let told = |text: &str| clean(text);
            virtual_machine(told(vendor), told(product))
        };
        assert_eq!(host("", ""), "a virtual machine");
        assert_eq!(host("Xen", "HVM domU"), "a virtual machine (Xen HVM domU)");
        assert_eq!(
            host("Microsoft Corporation", "Virtual Machine"),
            "a virtual machine (Microsoft Corporation)"
        );
        assert!(is_guest("flags\t: fpu hypervisor lm\n") && !is_guest("flags : fpu lm\n"));
    }

    #[test]
    fn an_interrupt_is_passed_on() {
        let interrupt = Interrupt::unattached();
        interrupt.raise();
        let plan = Plan::for_this_machine().unwrap();
        // `ldd` may have ended before the first look, or not be there; else the flag is seen.
        if let Err(error) = Runner::describe(plan, &interrupt) {
            assert!(error.to_string().contains("SIGINT"));
        }
    }
}
