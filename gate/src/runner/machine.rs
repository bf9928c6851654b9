//! Facts about this machine that decide whether it is fit to measure on.
//!
//! | fact | from |
//! |---|---|
//! | quota | `cpu.max` of this process's control group and those above it (cgroup v2) |
//! | account | `/proc/self/schedstat`, which a kernel without `CONFIG_SCHED_INFO` lacks |
//! | clock | `/sys/devices/system/clocksource/clocksource0/current_clocksource` |
//! | threads | `thread_siblings_list` of the first core |
//! | room | free bytes of the file system of the cache folder (statvfs(3)) |
//!
//! A fact that the machine does not tell is `None`.

use std::fs;
use std::path::{Path, PathBuf};

/// Where control groups are mounted.
const GROUPS: &str = "/sys/fs/cgroup";

/// The cores' worth of CPU time that the control groups let this process have; `None` without limit.
pub(super) fn cpu_quota() -> Option<f64> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    let own = PathBuf::from(GROUPS).join(own.unwrap_or_default());
    let above = own.ancestors().take_while(|path| path.starts_with(GROUPS));
    let quotas = above.filter_map(|path| quota(&fs::read_to_string(path.join("cpu.max")).ok()?));
    quotas.min_by(f64::total_cmp)
}

/// `150000 100000`, microseconds of CPU time a period of microseconds; `max` is no limit.
fn quota(cpu_max: &str) -> Option<f64> {
    let (quota, period) = cpu_max.trim().split_once(' ')?;
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

/// Whether the kernel tells how long a thread ran.
pub(super) fn keeps_cpu_account() -> bool {
    fs::read_to_string("/proc/self/schedstat").is_ok_and(|text| {
        let first = text.split_ascii_whitespace().next();
        first.is_some_and(|ns| ns != "0")
    })
}

/// What the kernel reads the time from.
pub(super) fn clock() -> Option<String> {
    let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let name = fs::read_to_string(path).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Free bytes where `path` is, or where it would be made.
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|path| path.exists())?;
    let found = rustix::fs::statvfs(existing).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// Where a program is that would be started by this name.
pub(super) fn find_program(name: &str) -> Option<PathBuf> {
    let is_program = |path: &Path| {
        path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
    };
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| is_program(path));
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn quotas_are_cores() {
        assert_eq!(quota("150000 100000\n"), Some(1.5));
        for text in ["max 100000", "", "100000", "0 100000", "1 x"] {
            assert_eq!(quota(text), None, "{text:?}");
        }
        // Whatever this machine has, reading it does not fail.
        assert!(cpu_quota().is_none_or(|cores| cores > 0.0));
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(find_program("sh").unwrap().is_absolute());
        assert_eq!(find_program("no-such-program-here"), None);
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("text");
        fs::write(&file, "no program").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(find_program(file.to_str().unwrap()), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find_program(file.to_str().unwrap()), Some(file));
    }

    #[test]
    fn this_machine_can_be_measured_on() {
        assert!(keeps_cpu_account());
        assert!(free_bytes(Path::new("/no/such/folder")).unwrap() > 0);
    }
}
