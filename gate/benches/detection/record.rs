//! Recording: a class of rounds into a trace, and what slices and iterations do.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use gate::budget::Budgets;
use gate::judge::disturbed_rounds;
use gate::model::RoundSet;
use gate::process::Interrupt;
use gate::statistics::median;
use serde::Serialize;

use crate::bench::{self, Bench, Cut};
use crate::builds::Builds;
use crate::error::StudyError;
use crate::ratio::{Ratios, spread};
use crate::trace::{Header, TraceRound};

/// What to record.
#[derive(Debug, Clone)]
pub(crate) struct Recording<'a> {
    /// The folder of the builds.
    pub(crate) builds: &'a Path,
    /// Where the trace goes.
    pub(crate) out: &'a Path,
    /// Its name.
    pub(crate) class: String,
    /// Iterations that every command of head spins first.
    pub(crate) iterations: u32,
    /// How rounds are cut.
    pub(crate) cut: Cut,
    /// Main rounds.
    pub(crate) main: u32,
    /// Confirmation rounds.
    pub(crate) confirmation: u32,
    /// Where everything random comes from.
    pub(crate) seed: u64,
}

/// Records one class, round by round, so that what was measured is kept when it is interrupted.
pub(crate) fn record(
    recording: &Recording<'_>,
    budgets: &Budgets,
    interrupt: &Interrupt,
    say: &mut impl Write,
) -> Result<(), StudyError> {
    let Recording { builds, cut, .. } = *recording;
    let mut file = File::create(recording.out).map_err(StudyError::file("write", recording.out))?;
    let header = Header {
        class: recording.class.clone(),
        difference: Builds::read(builds)?.difference,
        iterations: recording.iterations,
        machine: bench::machine(interrupt)?,
        date: now(),
        command: typed(),
        slice_ms: bench::millis(cut.slice),
        slices: cut.slices,
        seed: recording.seed,
    };
    write_line(&mut file, &header, recording.out)?;
    let place = (recording.seed, recording.iterations);
    let bench = Bench::new(builds, budgets, recording.iterations, cut, place, interrupt)?;
    let mut rounds = Vec::new();
    for number in 0..recording.main + recording.confirmation {
        let set = if number < recording.main {
            RoundSet::Main
        } else {
            RoundSet::Confirmation
        };
        let round = bench.round(number, set)?;
        write_line(&mut file, &round, recording.out)?;
        rounds.push(round);
    }
    writeln!(say, "{}", Summary::of(&recording.class, &rounds)?)?;
    Ok(())
}

/// Rounds with slices of each length, in turn, `seconds` of slices each: how far they scatter.
pub(crate) fn slices(
    recording: &Recording<'_>,
    lengths: &[Duration],
    seconds: Duration,
    budgets: &Budgets,
    interrupt: &Interrupt,
    say: &mut impl Write,
) -> Result<(), StudyError> {
    let mut benches = Vec::new();
    for (group, length) in (0..).zip(lengths) {
        let pairs = seconds.as_millis() / (2 * length.as_millis()).max(1);
        let cut = Cut {
            slice: *length,
            slices: u32::try_from(pairs).unwrap_or(u32::MAX),
        };
        let place = (recording.seed, group);
        let bench = Bench::new(recording.builds, budgets, 0, cut, place, interrupt)?;
        let path = recording
            .out
            .join(format!("{} ms.jsonl", length.as_millis()));
        let file = File::create(&path).map_err(StudyError::file("write", &path))?;
        benches.push((bench, *length, file, path, Vec::new()));
    }
    for number in 0..recording.main {
        // Each length is as often first as last.
        if number > 0 {
            benches.reverse();
        }
        for (bench, _, file, path, rounds) in &mut benches {
            let round = bench.round(number, RoundSet::Main)?;
            write_line(file, &round, path)?;
            rounds.push(round);
        }
    }
    for (_, length, _, _, rounds) in &benches {
        let name = format!("slices of {} ms", length.as_millis());
        writeln!(say, "{}", Summary::of(&name, rounds)?)?;
    }
    Ok(())
}

/// What the rounds of a trace read, in one line.
struct Summary {
    name: String,
    rounds: usize,
    disturbed: usize,
    median_ms: f64,
    qps: (f64, f64),
    cpu: (f64, f64),
}

impl Summary {
    fn of(name: &str, rounds: &[TraceRound]) -> Result<Self, StudyError> {
        let read: Vec<Ratios> = rounds.iter().map(Ratios::of).collect::<Result<_, _>>()?;
        let column = |of: fn(&Ratios) -> f64| -> Result<(f64, f64), StudyError> {
            let values: Vec<f64> = read.iter().map(|r| of(r) * 100.0).collect();
            Ok((median(&values)?, spread(&values)))
        };
        let noisy: Vec<_> = (0..)
            .zip(rounds)
            .map(|(number, round)| round.qps_round(number, round.set))
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "rounds take seconds")]
        let times: Vec<f64> = rounds.iter().map(|r| r.took_ms as f64).collect();
        Ok(Self {
            name: name.to_owned(),
            rounds: rounds.len(),
            disturbed: disturbed_rounds(&noisy).count(),
            median_ms: median(&times)?,
            qps: column(|r| r.qps)?,
            cpu: column(|r| r.cpu)?,
        })
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {} rounds of {:.0} ms, {} disturbed; adverse ln(head/base) in %: \
             qps {:+.2} (SD {:.2}), cpu_per_request {:+.2} (SD {:.2})",
            self.name,
            self.rounds,
            self.median_ms,
            self.disturbed,
            self.qps.0,
            self.qps.1,
            self.cpu.0,
            self.cpu.1
        )
    }
}

/// Writes one line of JSON.
pub(crate) fn write_line(
    file: &mut File,
    line: &impl Serialize,
    path: &Path,
) -> Result<(), StudyError> {
    let failed = |source| StudyError::file("write", path)(source);
    let mut text = serde_json::to_string(line).map_err(|e| failed(e.into()))?;
    text.push('\n');
    file.write_all(text.as_bytes()).map_err(failed)
}

/// The command as it is typed through cargo, without this machine's paths.
pub(crate) fn typed() -> String {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .map(|word| match Path::new(&word).file_name() {
            Some(name) if word.starts_with('/') => name.to_string_lossy().into_owned(),
            _ => word,
        })
        .collect();
    format!(
        "cargo bench -p gate --bench detection -- {}",
        words.join(" ")
    )
}

/// The time, UTC.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string()
}
