//! Which cores the server under test and the load generator run on.
//!
//! Each gets whole physical cores of its own: two hardware threads of one core slow each other down
//! by an amount that depends on what both do, so the server's siblings stay idle. The load generator
//! shares cores only with itself.
//!
//! | physical cores | server | load generator |
//! |---|---|---|
//! | 1, one thread | that one | the same, said |
//! | 1, two threads | the first | the sibling, said |
//! | 2, one thread each | the first | the second |
//! | 2, two threads each | a thread of the first | both threads of the second |
//! | 3 and more | the first | one thread of each of the next, then their siblings; three at most |
//!
//! The server gets one core only, so that few load threads suffice to keep it busy and no scheduler
//! moves it: what is compared is work per core. Siblings are read from
//! `/sys/devices/system/cpu/cpuN/topology/thread_siblings_list` (`0,2` or `0-1`).

use std::collections::BTreeSet;
use std::fs;
use std::marker::PhantomData;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

use super::ProcessError;

/// Load threads beyond three would wait for a single server core.
const LOAD_CORES_MAX: usize = 3;

/// Who runs where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Cores of the server under test, by the kernel's numbers.
    pub server: Vec<usize>,
    /// Cores of the load generator, one thread each.
    pub load: Vec<usize>,
    /// What the machine did not allow, as a sentence for the report.
    pub note: Option<String>,
}

/// The calling thread is bound to some cores until this is dropped, on the same thread.
#[derive(Debug)]
pub struct Pinned {
    before: CpuSet,
    /// Not `Send`: dropped on another thread it would restore the wrong one.
    _this_thread: PhantomData<*const ()>,
}

impl Plan {
    /// Every core that something runs on.
    #[must_use]
    pub fn all(&self) -> Vec<usize> {
        let cores: BTreeSet<usize> = self.server.iter().chain(&self.load).copied().collect();
        cores.into_iter().collect()
    }

    /// The plan for the cores that this process may use.
    pub fn for_this_machine() -> Result<Self, ProcessError> {
        Ok(Self::from_cores(&cores_of_this_machine()?))
    }

    /// Whether server and load generator have cores of their own.
    #[must_use]
    pub const fn is_apart(&self) -> bool {
        self.note.is_none()
    }

    /// The plan for physical cores, each with the hardware threads that may be used.
    fn from_cores(cores: &[Vec<usize>]) -> Self {
        let first: Vec<usize> = cores
            .iter()
            .filter_map(|core| core.first())
            .copied()
            .collect();
        let (server, load, note) = match (first.as_slice(), cores) {
            ([server, load @ ..], _) if !load.is_empty() => {
                let siblings = cores.iter().skip(1).flat_map(|core| core.iter().skip(1));
                let load = load.iter().chain(siblings).take(LOAD_CORES_MAX);
                (vec![*server], load.copied().collect(), None)
            }
            (_, [core]) if core.len() > 1 => {
                let note = "server and load generator share one physical core (two hardware \
                            threads): expect more noise";
                let (server, load) = core.split_at(1);
                let load = load.iter().take(1).copied().collect();
                (server.to_vec(), load, Some(note))
            }
            (all, _) => {
                let note = "server and load generator share the only core: expect more noise";
                (all.to_vec(), all.to_vec(), Some(note))
            }
        };
        Self {
            server,
            load,
            note: note.map(str::to_owned),
        }
    }
}

impl Pinned {
    /// Binds the calling thread, and what it starts from here on, to `cores`.
    pub fn to(cores: &[usize]) -> Result<Self, ProcessError> {
        let failed = |source: rustix::io::Errno| ProcessError::Affinity {
            action: format!("bind to cores {cores:?}"),
            source: source.into(),
        };
        let before = sched_getaffinity(None).map_err(failed)?;
        let mut wanted = CpuSet::new();
        for &core in cores {
            if core >= CpuSet::MAX_CPU {
                return Err(failed(rustix::io::Errno::INVAL));
            }
            wanted.set(core);
        }
        sched_setaffinity(None, &wanted).map_err(failed)?;
        Ok(Self {
            before,
            _this_thread: PhantomData,
        })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // The cores were this thread's own a moment ago; where one has since been taken offline the
        // thread keeps what it has, which is no reason to fail a run.
        let _kept = sched_setaffinity(None, &self.before);
    }
}

/// How many hardware threads this process may use, and on how many physical cores they are.
pub fn thread_and_core_counts() -> Result<(usize, usize), ProcessError> {
    let cores = cores_of_this_machine()?;
    Ok((cores.iter().map(Vec::len).sum(), cores.len()))
}

/// The physical cores that this process may use, each with its hardware threads.
fn cores_of_this_machine() -> Result<Vec<Vec<usize>>, ProcessError> {
    let allowed = sched_getaffinity(None).map_err(|e| ProcessError::Affinity {
        action: "read the cores that this process may use".to_owned(),
        source: e.into(),
    })?;
    let allowed: BTreeSet<usize> = (0..CpuSet::MAX_CPU)
        .filter(|&core| allowed.is_set(core))
        .collect();
    Ok(physical_cores(&allowed, siblings))
}

/// Groups the allowed hardware threads by physical core, lowest number first.
fn physical_cores(
    allowed: &BTreeSet<usize>,
    siblings: impl Fn(usize) -> Option<Vec<usize>>,
) -> Vec<Vec<usize>> {
    let mut seen = BTreeSet::new();
    let mut cores = Vec::new();
    for &thread in allowed {
        if seen.contains(&thread) {
            continue;
        }
        let mut group: BTreeSet<usize> = siblings(thread)
            .unwrap_or_default()
            .into_iter()
            .filter(|sibling| allowed.contains(sibling))
            .collect();
        group.insert(thread);
        seen.extend(group.iter().copied());
        cores.push(group.into_iter().collect());
    }
    cores
}

/// The hardware threads of the core that `thread` is on; `None` where the kernel does not tell.
fn siblings(thread: usize) -> Option<Vec<usize>> {
    let path = format!("/sys/devices/system/cpu/cpu{thread}/topology/thread_siblings_list");
    parse_list(fs::read_to_string(path).ok()?.trim())
}

/// The kernel's list format: `0,2-3`.
fn parse_list(text: &str) -> Option<Vec<usize>> {
    let mut list = Vec::new();
    for part in text.split(',') {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let (low, high): (usize, usize) = (low.parse().ok()?, high.parse().ok()?);
        if high >= CpuSet::MAX_CPU {
            return None;
        }
        list.extend(low..=high);
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(allowed: &[usize], pairs: &[(usize, &str)]) -> (Vec<usize>, Vec<usize>, bool) {
        let list = |thread| {
            let (_, text) = pairs.iter().find(|(t, _)| *t == thread)?;
            parse_list(text)
        };
        let allowed = allowed.iter().copied().collect();
        let plan = Plan::from_cores(&physical_cores(&allowed, list));
        (plan.server, plan.load, plan.note.is_some())
    }

    #[test]
    fn server_and_load_never_share_a_core_where_there_are_two() {
        assert_eq!(plan(&[0], &[]), (vec![0], vec![0], true));
        assert_eq!(plan(&[0, 1], &[]), (vec![0], vec![1], false));
        // Two hardware threads of one core, as on the smallest cloud machines.
        let smt = [(0, "0-1"), (1, "0-1")];
        assert_eq!(plan(&[0, 1], &smt), (vec![0], vec![1], true));
        // Four threads on two cores, numbered both ways that kernels number them.
        let near = [(0, "0-1"), (1, "0-1"), (2, "2-3"), (3, "2-3")];
        assert_eq!(plan(&[0, 1, 2, 3], &near), (vec![0], vec![2, 3], false));
        let far = [(0, "0,2"), (1, "1,3"), (2, "0,2"), (3, "1,3")];
        assert_eq!(plan(&[0, 1, 2, 3], &far), (vec![0], vec![1, 3], false));
        // Only what this process may use counts.
        assert_eq!(plan(&[2, 3], &far), (vec![2], vec![3], false));
        // Whole cores come before siblings; the server's own is never used.
        let wide: Vec<(usize, &str)> = vec![
            (0, "0-1"),
            (1, "0-1"),
            (2, "2-3"),
            (3, "2-3"),
            (4, "4-5"),
            (5, "4-5"),
        ];
        assert_eq!(
            plan(&[0, 1, 2, 3, 4, 5], &wide),
            (vec![0], vec![2, 4, 3], false)
        );
        let (server, load, shared) = plan(&[0, 1, 2, 3, 4, 5, 6, 7], &[]);
        assert_eq!((server, load, shared), (vec![0], vec![1, 2, 3], false));
    }

    #[test]
    fn lists_of_the_kernel_are_read_and_garbage_is_refused() {
        assert_eq!(parse_list("0,2-4"), Some(vec![0, 2, 3, 4]));
        for text in ["", "a", "1-", "0-99999999"] {
            assert_eq!(parse_list(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_child_runs_where_its_thread_was_and_the_thread_is_set_free() {
        let before = sched_getaffinity(None).unwrap();
        let plan = Plan::for_this_machine().unwrap();
        let folder = tempfile::TempDir::new().unwrap();
        let log = folder.path().join("log");
        let mut child =
            super::super::Launch::new(&["grep", "Cpus_allowed_list", "/proc/self/status"])
                .unwrap()
                .on_cores(&plan.server)
                .start_logged(&log)
                .unwrap();
        child
            .wait_with(&super::super::Interrupt::unattached(), None)
            .unwrap();
        let line = fs::read_to_string(&log).unwrap();
        let list = parse_list(line.rsplit('\t').next().unwrap().trim());
        assert_eq!(list, Some(plan.server));
        let after = sched_getaffinity(None).unwrap();
        assert!((0..CpuSet::MAX_CPU).all(|core| before.is_set(core) == after.is_set(core)));
    }
}
