//! What is known about this machine.
//!
//! | field | from |
//! |---|---|
//! | `cpu_model` | `/proc/cpuinfo` (`model name`; on ARM `CPU part`) |
//! | `governor` | `/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor` |
//! | `hypervisor` | `/sys/class/dmi/id/{sys_vendor,product_name}`, where the CPU says it is a guest |
//! | `kernel` | uname(2) |
//! | `c_library` | first line of `ldd --version` |
//! | memory, load | `/proc/meminfo`, `/proc/loadavg` |
//! | `memory_stall_pct` | `/proc/pressure/memory`, `some avg60` |
//!
//! A fact that the machine does not tell is `None`, and `null` in the report.

use std::fs;
use std::time::{Duration, Instant};

use rustix::system::uname;
use serde::{Deserialize, Serialize};

use crate::process::{Interrupt, Interrupted, Launch, Plan, ProcessError};

/// The longest that `ldd` may take.
const LDD_MAX: Duration = Duration::from_secs(2);
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
    /// Who runs this machine, where it is a virtual one.
    pub hypervisor: Option<String>,
    /// Name, release and architecture of the kernel.
    pub kernel: String,
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
        let uname = uname();
        let kernel = [uname.sysname(), uname.release(), uname.machine()]
            .map(|part| part.to_string_lossy().into_owned())
            .join(" ");
        let load = fs::read_to_string("/proc/loadavg").ok();
        Ok(Self {
            cpu_model: field(&cpuinfo, "model name").or_else(|| field(&cpuinfo, "CPU part")),
            cores: std::thread::available_parallelism()
                .ok()
                .and_then(|cores| u32::try_from(cores.get()).ok()),
            governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            hypervisor: hypervisor(&cpuinfo),
            kernel: clean(&kernel).unwrap_or_else(|| "unknown".to_owned()),
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
fn field(text: &str, name: &str) -> Option<String> {
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
fn clean(text: &str) -> Option<String> {
    let printable = text.trim().chars().filter(|c| !c.is_control());
    let text: String = printable.take(TEXT_CHARS_MAX).collect();
    (!text.is_empty()).then_some(text)
}

fn hypervisor(cpuinfo: &str) -> Option<String> {
    let flags = field_words(cpuinfo, "flags");
    let vendor = line("/sys/class/dmi/id/sys_vendor");
    let product = line("/sys/class/dmi/id/product_name");
    let named: Vec<String> = vendor.into_iter().chain(product).collect();
    let is_guest = flags.iter().any(|flag| flag == "hypervisor");
    is_guest.then(|| {
        if named.is_empty() {
            "yes, unnamed".to_owned()
        } else {
            named.join(" ")
        }
    })
}

/// The words of the first line `name : word word …`, uncut.
fn field_words(text: &str, name: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.split_ascii_whitespace().map(str::to_owned).collect())
        .unwrap_or_default()
}

/// What `ldd` says it belongs to: glibc prints that on standard output, musl on standard error.
fn c_library(interrupt: &Interrupt) -> Result<Option<String>, Interrupted> {
    let ask = || -> Result<Option<String>, ProcessError> {
        let file = |source: std::io::Error| ProcessError::File {
            path: std::env::temp_dir(),
            source,
        };
        let folder = tempfile::TempDir::with_prefix("gate-ldd-").map_err(file)?;
        let log = folder.path().join("log");
        Launch::new(&["ldd", "--version"])?
            .start_logged(&log)?
            .wait_with(interrupt, Some(Instant::now() + LDD_MAX))?;
        let text = fs::read_to_string(&log).map_err(file)?;
        let musl = text.starts_with("musl");
        let lines: Vec<&str> = text.lines().take(if musl { 2 } else { 1 }).collect();
        Ok(clean(&lines.join(" ")))
    };
    match ask() {
        Ok(name) => Ok(name),
        Err(ProcessError::Interrupted(interrupted)) => Err(interrupted),
        // No `ldd`, no name: it is a fact for the reader, and nothing rests on it.
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_described() {
        let plan = Plan::for_this_machine().unwrap();
        let runner = Runner::describe(plan.clone(), &Interrupt::unattached()).unwrap();
        assert!(runner.kernel.starts_with("Linux "), "{runner:?}");
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
