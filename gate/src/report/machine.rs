//! A machine in words: what it is, what it did before the run, and who ran where.

use super::escape::for_markdown;
use super::number::percent;
use super::schema::Runner;

/// What is known of a machine, in one line.
pub(super) fn machine(runner: &Runner) -> String {
    let mut known = vec![for_markdown(&runner.platform)];
    known.extend(runner.cpu.iter().map(|cpu| for_markdown(cpu)));
    known.push(format!("{} cores", runner.cores));
    known.extend(runner.memory_bytes.map(memory));
    known.extend(
        runner
            .kernel
            .iter()
            .map(|kernel| format!("kernel {}", for_markdown(kernel))),
    );
    known.extend(runner.libc.iter().map(|libc| for_markdown(libc)));
    known.extend(
        runner
            .governor
            .iter()
            .map(|g| format!("governor {}", for_markdown(g))),
    );
    known.extend(
        runner
            .load_1m
            .map(|load| format!("load {load:.2} before the run")),
    );
    known.extend(
        runner
            .memory_stall_pct
            .map(|stall| format!("memory stalls {} before the run", percent(stall))),
    );
    known.push(for_markdown(&runner.placement));
    known.retain(|text| !text.is_empty());
    known.join(", ")
}

/// `15.6 GiB`, `512 MiB`.
fn memory(bytes: u64) -> String {
    let mebibytes = bytes >> 20;
    let tenths = (mebibytes.saturating_mul(10) + 512) >> 10;
    match (mebibytes, tenths % 10) {
        (..1024, _) => format!("{mebibytes} MiB"),
        (_, 0) => format!("{} GiB", tenths / 10),
        (_, tenth) => format!("{}.{tenth} GiB", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_the_unit_that_people_use() {
        for (bytes, told) in [
            (0, "0 MiB"),
            (512 << 20, "512 MiB"),
            (1 << 30, "1 GiB"),
            ((15 << 30) + (600 << 20), "15.6 GiB"),
            (u64::MAX, "17179869184 GiB"),
        ] {
            assert_eq!(memory(bytes), told);
        }
    }
}
