//! Real runs: `gate compare` itself on the two builds of the same code, again and again.
//!
//! Builds come out of the cache after the first run, so that what is left is measuring. What a run
//! says is taken from its `report.json`, one line a run; its rounds become the trace of identical code.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use gate::measure::SLICE;
use gate::model::{NoisyRound, Samples};
use gate::process::Interrupt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bench;
use crate::builds::{self, Builds};
use crate::error::StudyError;
use crate::record::{now, typed, write_line};
use crate::trace::{Header, IDENTICAL, TraceRound};

/// What one run said.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RealRun {
    /// Where everything random came from.
    pub(crate) seed: u64,
    /// When it ended, UTC.
    pub(crate) date: String,
    /// `PASS`, `WARN` or `FAIL`.
    pub(crate) verdict: String,
    /// By metric: reason, estimate and interval of the adverse change in percent, rounds.
    pub(crate) metrics: Vec<RealMetric>,
    /// Seconds of measuring.
    pub(crate) measuring_s: f64,
}

/// One metric of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RealMetric {
    /// Its name.
    pub(crate) id: String,
    /// Why the verdict is what it is.
    pub(crate) reason: String,
    /// Signed change of head against base.
    pub(crate) delta_pct: Option<f64>,
    /// Interval of the adverse change.
    pub(crate) adverse_low_pct: Option<f64>,
    /// Its upper end.
    pub(crate) adverse_high_pct: Option<f64>,
    /// Rounds behind it.
    pub(crate) rounds: usize,
}

/// Where runs come from and go to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Real<'a> {
    /// The folder of the builds.
    pub(crate) builds: &'a Path,
    /// Gets a line a run.
    pub(crate) out: &'a Path,
    /// Gets a line a round.
    pub(crate) trace: &'a Path,
    /// How many runs.
    pub(crate) runs: u32,
    /// The seed of the first run; the next ones count up.
    pub(crate) seed: u64,
}

/// Runs `gate compare` again and again, and adds to the two files.
pub(crate) fn run(
    real: &Real<'_>,
    interrupt: &Interrupt,
    say: &mut impl Write,
) -> Result<(), StudyError> {
    let append = |path: &Path| {
        let file = File::options().create(true).append(true).open(path);
        file.map_err(StudyError::file("write", path))
    };
    let (mut out, mut trace) = (append(real.out)?, append(real.trace)?);
    let mut is_headed = trace.metadata().is_ok_and(|facts| facts.len() > 0);
    let begun = Instant::now();
    for seed in (real.seed..).take(real.runs as usize) {
        interrupt.check()?;
        let start = begun.elapsed();
        let (run, rounds) = compare(real.builds, seed)?;
        if !is_headed {
            let slices = rounds.first().map_or(0, |(qps, _)| qps.base.len());
            let header = Header {
                class: IDENTICAL.to_owned(),
                difference: Builds::read(real.builds)?.difference,
                iterations: 0,
                machine: bench::machine(interrupt)?,
                date: now(),
                command: typed(),
                slice_ms: bench::millis(SLICE),
                slices: u32::try_from(slices).unwrap_or(u32::MAX),
                seed: real.seed,
            };
            write_line(&mut trace, &header, real.trace)?;
            is_headed = true;
        }
        // The report says how long all rounds took together.
        let count = u32::try_from(rounds.len().max(1)).unwrap_or(u32::MAX);
        let took = Duration::try_from_secs_f64(run.measuring_s).unwrap_or_default() / count;
        for (number, (qps, cpu)) in (0..).zip(&rounds) {
            let at = bench::millis(start + took * number);
            let round = TraceRound::new(qps, cpu, at, bench::millis(took));
            write_line(&mut trace, &round, real.trace)?;
        }
        write_line(&mut out, &run, real.out)?;
        let reasons: Vec<&str> = run.metrics.iter().map(|m| m.reason.as_str()).collect();
        let seconds = run.measuring_s;
        writeln!(
            say,
            "{seed}: {} ({}), {seconds:.0} s",
            run.verdict,
            reasons.join(", ")
        )?;
    }
    Ok(())
}

/// The rounds of `qps` and of `cpu_per_request`.
type Rounds = Vec<(NoisyRound, NoisyRound)>;

fn compare(folder: &Path, seed: u64) -> Result<(RealRun, Rounds), StudyError> {
    let reports = folder.join("report");
    let seed_text = seed.to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_gate"))
        .args(["compare", "HEAD~1", "HEAD", "--format", "none", "--quiet"])
        .args([
            "--only",
            "qps",
            "--only",
            "cpu_per_request",
            "--seed",
            &seed_text,
        ])
        .arg("--out")
        .arg(&reports)
        .current_dir(builds::repository(folder))
        .env("GATE_CACHE_DIR", folder.join("cache"))
        .output()
        .map_err(StudyError::file("run gate in", folder))?;
    // 0 is PASS or WARN, 1 is FAIL: both are verdicts.
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(StudyError::Program {
            command: "gate compare".to_owned(),
            status: output.status.to_string(),
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    let path = reports.join("report.json");
    let text = fs::read_to_string(&path).map_err(StudyError::file("read", &path))?;
    let report: Value =
        serde_json::from_str(&text).map_err(|e| StudyError::file("read", &path)(e.into()))?;
    let both = read(&report, seed).and_then(|run| {
        Some((
            run,
            rounds(&report, "qps")?,
            rounds(&report, "cpu_per_request")?,
        ))
    });
    match both {
        Some((run, qps, cpu)) if qps.len() == cpu.len() && !qps.is_empty() => {
            Ok((run, qps.into_iter().zip(cpu).collect()))
        }
        _ => Err(StudyError::Plan(format!(
            "{} is not the report of a run with rounds",
            path.display()
        ))),
    }
}

/// The rounds of one metric.
fn rounds(report: &Value, id: &str) -> Option<Vec<NoisyRound>> {
    let mut metrics = report.get("metrics")?.as_array()?.iter();
    let metric = metrics.find(|metric| metric.get("id").and_then(Value::as_str) == Some(id))?;
    let samples = serde_json::from_value(metric.get("samples")?.clone()).ok()?;
    let Samples::Noisy { rounds } = samples else {
        return None;
    };
    Some(rounds)
}

fn read(report: &Value, seed: u64) -> Option<RealRun> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let timed = report.get("metrics")?.as_array()?.iter();
    let timed = timed.filter(|metric| metric.pointer("/samples/rounds").is_some());
    let metric = |metric: &Value| {
        let number = |key: &str| metric.get(key).and_then(Value::as_f64);
        Some(RealMetric {
            id: text(metric.get("id")?)?,
            reason: text(metric.get("reason")?)?,
            delta_pct: number("delta_pct"),
            adverse_low_pct: number("adverse_low_pct"),
            adverse_high_pct: number("adverse_high_pct"),
            rounds: metric.pointer("/samples/rounds")?.as_array()?.len(),
        })
    };
    let steps = report.get("timings")?.as_array()?.iter();
    let measuring = steps.filter(|step| {
        let name = step.get("step").and_then(Value::as_str);
        matches!(name, Some("time rounds" | "confirm"))
    });
    Some(RealRun {
        seed,
        date: now(),
        verdict: text(report.get("verdict")?)?,
        metrics: timed.map(metric).collect::<Option<_>>()?,
        measuring_s: measuring
            .map(|step| step.get("seconds").and_then(Value::as_f64))
            .sum::<Option<f64>>()?,
    })
}
