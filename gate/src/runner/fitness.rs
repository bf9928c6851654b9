//! Whether this machine is fit to measure on, and how to mend what is not.
//!
//! | state | what follows |
//! |---|---|
//! | fit | nothing |
//! | warning | verdicts take longer, or some metrics cannot be measured |
//! | unfit | `gate compare` cannot run here, or what it says would be about the machine |
//!
//! The judge has the last word: a run on a poor machine says what it could not have seen, and a copy
//! of base that differs from base keeps a FAIL from being believed. So little is called unfit.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::burn_in::BurnIn;
use super::describe::Runner;
use super::machine::{clock, cpu_quota, find_program, free_bytes, keeps_cpu_account};
use crate::process::thread_and_core_counts;

/// Spread of 50 ms of work beyond which verdicts take long, and are not to be had, in percent.
const SPREAD_PCT: (f64, f64) = (5.0, 30.0);
/// CPU time that the hypervisor took, the same, in percent.
const STEAL_PCT: (f64, f64) = (5.0, 20.0);
/// Time in which some process waited for memory, in percent.
const MEMORY_STALL_PCT: f64 = 5.0;
/// Memory that servers and their data sets need, and builds, in bytes.
const MEMORY_BYTES: (u64, u64) = (1 << 30, 256 << 20);
/// Room for the artifacts and the build room, in bytes.
const ROOM_BYTES: u64 = 2 << 30;
/// Runnable threads beside the gate's own before anything is measured.
const LOAD: f64 = 0.7;
/// Clocks that are read without asking a device.
const CLOCKS: [&str; 6] = [
    "tsc",
    "kvm-clock",
    "arch_sys_counter",
    "hyperv_clocksource_tsc_page",
    "xen",
    "riscv_clocksource",
];

/// How well a machine does in one respect, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fitness {
    /// Good.
    Fit,
    /// It can be worked with.
    Warning,
    /// It cannot.
    Unfit,
}

/// One respect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Which.
    pub check: &'static str,
    /// How well.
    pub state: Fitness,
    /// What was seen.
    pub found: String,
    /// How to mend it; `None` where it is good.
    pub mend: Option<String>,
}

/// A program that a run may need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What needs it.
    pub purpose: &'static str,
    /// What its absence means.
    pub missing: Fitness,
}

/// What was measured for the check itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// How evenly the machine computed; `None` where it could not be told.
    pub burn_in: Option<BurnIn>,
    /// CPU time that the hypervisor took meanwhile, in percent.
    pub steal_pct: f64,
}

/// Everything that is looked at, in the order in which it is shown.
#[must_use]
pub fn findings(machine: &Runner, trial: &Trial, tools: &[Tool], cache: &Path) -> Vec<Finding> {
    let mut all = vec![
        cores(machine, thread_and_core_counts().ok()),
        quota(machine, cpu_quota()),
        burn_in(trial.burn_in),
        steal(trial.steal_pct),
        governor(machine.governor.as_deref()),
        load(machine.load_average),
        memory(machine),
        clock_source(clock().as_deref()),
        account(),
        room(free_bytes(cache), cache),
    ];
    all.extend(
        tools
            .iter()
            .map(|tool| self::tool(tool, find_program(&tool.name).as_deref())),
    );
    all
}

fn finding(check: &'static str, state: Fitness, found: String, mend: &str) -> Finding {
    Finding {
        check,
        state,
        found,
        mend: (state != Fitness::Fit).then(|| mend.to_owned()),
    }
}

/// By two bounds, beyond which it is a warning and unfit.
fn graded(value: f64, (warning, unfit): (f64, f64)) -> Fitness {
    // Written so that a value that is no number is unfit.
    if value <= warning {
        Fitness::Fit
    } else if value <= unfit {
        Fitness::Warning
    } else {
        Fitness::Unfit
    }
}

/// `counts` are those of hardware threads and of the physical cores that they are on.
fn cores(machine: &Runner, counts: Option<(usize, usize)>) -> Finding {
    let placement = &machine.placement;
    let list = |cores: &[usize]| {
        let numbers: Vec<String> = cores.iter().map(usize::to_string).collect();
        numbers.join(", ")
    };
    let counted = counts.map_or_else(String::new, |(threads, cores)| {
        format!("{threads} hardware threads on {cores} physical cores; ")
    });
    let placed = format!(
        "{counted}server on {}, load generator on {}",
        list(&placement.server),
        list(&placement.load)
    );
    match &placement.note {
        None => finding("cores", Fitness::Fit, placed, ""),
        Some(note) => finding(
            "cores",
            Fitness::Warning,
            format!("{placed}: {note}"),
            "use a machine with two physical cores, or let gate have more of this one's (`taskset`, \
             `--cpuset-cpus`)",
        ),
    }
}

fn quota(machine: &Runner, quota: Option<f64>) -> Finding {
    let placement = &machine.placement;
    let threads = placement.server.len() + placement.load.len();
    let used = f64::from(u32::try_from(threads).unwrap_or(u32::MAX));
    let mend = "lift the limit of the container (`--cpus`, a CPU limit): once it is used up, everything \
                stands still for the rest of a period";
    match quota {
        None => finding("CPU quota", Fitness::Fit, "none".to_owned(), ""),
        Some(cores) => {
            let state = if cores >= used {
                Fitness::Fit
            } else {
                Fitness::Unfit
            };
            let found = format!("{cores:.1} cores' worth of time, {used} cores are used");
            finding("CPU quota", state, found, mend)
        }
    }
}

fn burn_in(burn_in: Option<BurnIn>) -> Finding {
    let mend = "stop what else runs here; on a shared virtual machine take another size or time. Budgets \
                far below the spread are still within reach: `gate calibrate` tells which";
    match burn_in {
        None => finding(
            "burn-in",
            Fitness::Unfit,
            "too slow: in the time given less than half a second of work was done".to_owned(),
            mend,
        ),
        Some(BurnIn {
            spread_pct,
            longest_pause,
        }) => finding(
            "burn-in",
            graded(spread_pct, SPREAD_PCT),
            format!(
                "50 ms of the same work vary by ±{spread_pct:.1} %, longest pause {:.1} ms",
                longest_pause.as_secs_f64() * 1e3
            ),
            mend,
        ),
    }
}

fn steal(pct: f64) -> Finding {
    finding(
        "steal",
        graded(pct, STEAL_PCT),
        format!("the hypervisor took {pct:.1} % of the CPU time"),
        "the host is shared with busy neighbours: take a machine with cores of its own",
    )
}

fn governor(governor: Option<&str>) -> Finding {
    match governor {
        None => {
            let found = "not told, as in most virtual machines".to_owned();
            finding("governor", Fitness::Fit, found, "")
        }
        Some(name @ "performance") => finding("governor", Fitness::Fit, name.to_owned(), ""),
        Some(name) => finding(
            "governor",
            Fitness::Warning,
            format!("{name}: the clock rate changes with the load"),
            "cpupower frequency-set --governor performance",
        ),
    }
}

fn load(load: Option<f64>) -> Finding {
    match load {
        None => finding("load", Fitness::Fit, "not told".to_owned(), ""),
        Some(load) => finding(
            "load",
            graded(load, (LOAD, f64::INFINITY)),
            format!("{load:.2} runnable threads over the last minute"),
            "stop what else runs here, or wait for a build to end",
        ),
    }
}

fn memory(machine: &Runner) -> Finding {
    let mib = |bytes: Option<u64>| bytes.map_or("?".to_owned(), |bytes| format!("{}", bytes >> 20));
    let stall = machine.memory_stall_pct;
    let pressure = stall.map_or("no pressure account".to_owned(), |pct| {
        format!("processes waited for it {pct:.1} % of the last minute")
    });
    let found = format!(
        "{} of {} MiB available, {pressure}",
        mib(machine.memory_available_bytes),
        mib(machine.memory_bytes)
    );
    let state = match (machine.memory_available_bytes, stall) {
        (Some(bytes), _) if bytes < MEMORY_BYTES.1 => Fitness::Unfit,
        (Some(bytes), _) if bytes < MEMORY_BYTES.0 => Fitness::Warning,
        (_, Some(pct)) if pct > MEMORY_STALL_PCT => Fitness::Warning,
        _ => Fitness::Fit,
    };
    finding(
        "memory",
        state,
        found,
        "free some, or use a machine with more",
    )
}

fn clock_source(name: Option<&str>) -> Finding {
    match name {
        Some(name) if !CLOCKS.contains(&name) => finding(
            "clock",
            Fitness::Warning,
            format!("{name}: reading it takes about a microsecond"),
            "boot with a working time-stamp counter (`clocksource=tsc`)",
        ),
        name => {
            let found = name.unwrap_or("not told").to_owned();
            finding("clock", Fitness::Fit, found, "")
        }
    }
}

fn account() -> Finding {
    let (state, found) = if keeps_cpu_account() {
        (
            Fitness::Fit,
            "the kernel accounts for the CPU time of threads",
        )
    } else {
        (
            Fitness::Unfit,
            "the kernel does not tell the CPU time of threads",
        )
    };
    let mend = "use a kernel that is built with CONFIG_SCHED_INFO";
    finding("CPU account", state, found.to_owned(), mend)
}

fn room(free: Option<u64>, cache: &Path) -> Finding {
    let state = match free {
        Some(bytes) if bytes < ROOM_BYTES => Fitness::Warning,
        _ => Fitness::Fit,
    };
    let free = free.map_or("?".to_owned(), |bytes| (bytes >> 20).to_string());
    finding(
        "room",
        state,
        format!("{free} MiB free for builds in {}", cache.display()),
        "make room there, or name another folder by GATE_CACHE_DIR",
    )
}

fn tool(tool: &Tool, path: Option<&Path>) -> Finding {
    let Tool {
        name,
        purpose,
        missing,
    } = tool;
    match path {
        Some(path) => finding(
            "tool",
            Fitness::Fit,
            format!("{name}: {}", path.display()),
            "",
        ),
        None => finding(
            "tool",
            *missing,
            format!("{name} is not on the PATH; {purpose} needs it"),
            &format!("install {name}"),
        ),
    }
}

/// The longest that the trial should take.
pub const TRIAL_TIME: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Plan;

    fn machine(note: Option<&str>) -> Runner {
        Runner {
            cpu_model: None,
            cores: Some(2),
            governor: None,
            virtual_machine: None,
            kernel: None,
            c_library: None,
            memory_bytes: Some(8 << 30),
            memory_available_bytes: Some(4 << 30),
            load_average: Some(0.2),
            memory_stall_pct: None,
            placement: Plan {
                server: vec![0],
                load: vec![1],
                note: note.map(str::to_owned),
            },
        }
    }

    #[test]
    fn every_bound_is_told_apart_and_mended() {
        use Fitness::{Fit, Unfit, Warning};
        let spread = |spread_pct| {
            burn_in(Some(BurnIn {
                spread_pct,
                longest_pause: Duration::from_millis(3),
            }))
        };
        let memory = |bytes, stall| {
            memory(&Runner {
                memory_available_bytes: Some(bytes),
                memory_stall_pct: stall,
                ..machine(None)
            })
        };
        let valgrind = Tool {
            name: "valgrind".to_owned(),
            purpose: "the probe `callgrind`",
            missing: Warning,
        };
        let cases = [
            (cores(&machine(None), Some((4, 2))), Fit),
            (cores(&machine(Some("shared")), None), Warning),
            (quota(&machine(None), None), Fit),
            (quota(&machine(None), Some(2.0)), Fit),
            (quota(&machine(None), Some(1.5)), Unfit),
            (spread(0.8), Fit),
            (spread(5.1), Warning),
            (spread(31.0), Unfit),
            (spread(f64::NAN), Unfit),
            (burn_in(None), Unfit),
            (steal(0.0), Fit),
            (steal(6.0), Warning),
            (steal(21.0), Unfit),
            (governor(None), Fit),
            (governor(Some("performance")), Fit),
            (governor(Some("schedutil")), Warning),
            (load(Some(0.7)), Fit),
            (load(Some(4.0)), Warning),
            (memory(4 << 30, Some(0.0)), Fit),
            (memory(4 << 30, Some(6.0)), Warning),
            (memory(512 << 20, None), Warning),
            (memory(100 << 20, None), Unfit),
            (clock_source(Some("tsc")), Fit),
            (clock_source(None), Fit),
            (clock_source(Some("hpet")), Warning),
            (room(Some(3 << 30), Path::new("/c")), Fit),
            (room(Some(1 << 30), Path::new("/c")), Warning),
            (tool(&valgrind, Some(Path::new("/usr/bin/valgrind"))), Fit),
            (tool(&valgrind, None), Warning),
        ];
        for (finding, state) in cases {
            assert_eq!(finding.state, state, "{finding:?}");
            assert_eq!(finding.mend.is_some(), state != Fit, "{finding:?}");
        }
    }
}
