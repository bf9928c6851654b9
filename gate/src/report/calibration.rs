//! What runs on identical code found: how far a machine's numbers can be trusted, and which budgets fit.
//!
//! ```text
//! metric            rounds   band  false alarms  visible from  budget
//! qps                   50  ±1.0%        0 of 5          1.4%      3%
//! bytes_per_key/int      —    det             —             —      2%   4 counts, all 63.4852 B
//! ```
//!
//! A budget below what is visible would fail nothing but by luck, so the stanza that is suggested has
//! none: where a budget is larger it is kept, else raised to the next half percent.

use serde::Serialize;

use super::number::percent;
use super::schema::Runner;
use crate::judge::Foresight;
use crate::model::{Bound, MetricId, Percent, Unit};

/// Budgets are suggested in steps of this, in percent.
const STEP: f64 = 0.5;
/// The error of what is said about rates of false alarms.
const RATE_ALPHA: f64 = 0.05;

/// What runs on identical code found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// `gate-calibration/1`.
    pub schema: &'static str,
    /// What was compared with its own copy.
    pub revision: String,
    /// The machine.
    pub runner: Runner,
    /// Runs that were made.
    pub runs: u32,
    /// Runs that were asked for.
    pub runs_wanted: u32,
    /// The longest that a run may measure, in seconds.
    pub run_seconds_max: f64,
    /// How long the runs measured on the median, in seconds.
    pub run_seconds: f64,
    /// Where all that was drawn comes from.
    pub seed: u64,
    /// Metrics that are timed.
    pub noisy: Vec<NoisyCalibration>,
    /// Metrics that are counted.
    pub exact: Vec<CountedTwice>,
}

/// A metric that is timed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoisyCalibration {
    /// Its name.
    pub metric: MetricId,
    /// Its budget; `null` where it is only shown.
    pub budget: Option<Bound>,
    /// The budget in percent of what was measured.
    pub budget_pct: Option<Percent>,
    /// Rounds of the main set over all runs.
    pub rounds: usize,
    /// Half the width of the interval of a whole run, but at least the floor.
    pub band_pct: Percent,
    /// The smallest change for the worse that a whole run calls real nine times in ten.
    pub visible_pct: Percent,
    /// Runs that failed.
    pub failed: u32,
    /// Runs that warned.
    pub warned: u32,
}

/// A metric that is counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CountedTwice {
    /// Its name, with the case.
    pub metric: MetricId,
    /// What it is counted in.
    pub unit: Unit,
    /// Every count.
    pub counts: Vec<f64>,
    /// Whether all of them are the same to the last digit.
    pub repeats: bool,
}

impl NoisyCalibration {
    /// From what a whole run could see.
    #[must_use]
    pub const fn new(metric: MetricId, foresight: &Foresight) -> Self {
        Self {
            metric,
            budget: None,
            budget_pct: None,
            rounds: foresight.rounds,
            band_pct: foresight.band,
            visible_pct: foresight.visible,
            failed: 0,
            warned: 0,
        }
    }

    /// The budget that can be held, as the file writes it, and whether the written one can be.
    fn held(&self) -> (String, bool) {
        match (&self.budget, self.budget_pct) {
            (Some(budget), Some(percent)) if percent >= self.visible_pct => {
                (budget.to_string(), true)
            }
            _ => {
                let steps = (self.visible_pct.get() / STEP).ceil();
                (format!("{}%", steps * STEP), false)
            }
        }
    }
}

impl CountedTwice {
    /// From every count of both copies.
    #[must_use]
    pub fn new(metric: MetricId, unit: Unit, counts: Vec<f64>) -> Self {
        let same = |pair: &[f64]| pair.first() == pair.last();
        Self {
            repeats: counts.windows(2).all(same),
            metric,
            unit,
            counts,
        }
    }
}

/// The calibration for a terminal: the table, what it means, and a stanza for `budgets.toml`.
#[must_use]
pub fn calibration(of: &Calibration) -> String {
    let mut lines = table(of);
    lines.push(String::new());
    lines.extend(meaning(of));
    lines.push(String::new());
    lines.extend(stanza(of));
    lines.push(String::new());
    lines.join("\n")
}

fn table(of: &Calibration) -> Vec<String> {
    let nothing = || "—".to_owned();
    let mut rows = vec![
        [
            "metric",
            "rounds",
            "band",
            "false alarms",
            "visible from",
            "budget",
            "",
        ]
        .map(str::to_owned),
    ];
    for metric in &of.noisy {
        let alarms = match (metric.failed, metric.warned) {
            (failed, 0) => format!("{failed} of {}", of.runs),
            (failed, warned) => format!("{failed} of {} ({warned} WARN)", of.runs),
        };
        let short = |percent: Percent| format!("{:.1}%", percent.get());
        let is_judged = metric.budget.is_some();
        let remark = match metric.held() {
            _ if !is_judged => "only shown",
            (_, true) => "",
            (_, false) => "smaller than what can be seen",
        };
        rows.push([
            metric.metric.to_string(),
            metric.rounds.to_string(),
            format!("±{}", short(metric.band_pct)),
            if is_judged { alarms } else { nothing() },
            short(metric.visible_pct),
            metric
                .budget
                .as_ref()
                .map_or_else(nothing, Bound::to_string),
            remark.to_owned(),
        ]);
    }
    for metric in &of.exact {
        let first = metric.counts.first().copied().unwrap_or_default();
        let counts: Vec<String> = metric.counts.iter().map(f64::to_string).collect();
        rows.push([
            metric.metric.to_string(),
            nothing(),
            if metric.repeats {
                "det".to_owned()
            } else {
                nothing()
            },
            nothing(),
            nothing(),
            nothing(),
            if metric.repeats {
                format!(
                    "repeats: {} counts of {first} {}",
                    counts.len(),
                    metric.unit
                )
            } else {
                format!("does NOT repeat: {} {}", counts.join(" / "), metric.unit)
            },
        ]);
    }
    aligned(&rows)
}

/// The first and the last column to the left, numbers to the right.
fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
            let space = " ".repeat(width.saturating_sub(cell.chars().count()));
            match index {
                0 => line.extend([cell.as_str(), &space]),
                last if last + 1 == N => line.extend(["  ", cell.as_str()]),
                _ => line.extend(["  ", &space, cell]),
            }
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn meaning(of: &Calibration) -> Vec<String> {
    let mut lines = vec![format!(
        "{} of {} runs of {} against its own copy, {:.0} s of measuring each on the median, seed {}.",
        of.runs, of.runs_wanted, of.revision, of.run_seconds, of.seed
    )];
    if !of.noisy.is_empty() && of.runs > 0 {
        // With none in n runs, a rate r is excluded where (1 − r)ⁿ < 5 %.
        let most = 1.0 - RATE_ALPHA.powf(1.0 / f64::from(of.runs));
        let failed: u32 = of.noisy.iter().map(|metric| metric.failed).sum();
        if failed == 0 {
            lines.push(format!(
                "No false alarm; so few runs exclude only rates above {} (95 % confidence).",
                percent(most * 100.0)
            ));
        }
        lines.push(format!(
            "Band and visible change are those of a whole run of {:.0} s, foreseen from all rounds; \
             visible is what is called real nine times in ten.",
            of.run_seconds_max
        ));
    }
    lines
}

fn stanza(of: &Calibration) -> Vec<String> {
    let mut lines = vec![format!(
        "# Calibrated by {} runs on {}, {} cores.",
        of.runs,
        // A comment ends at the line's end, and nothing else does.
        of.runner.cpu.as_deref().unwrap_or("an unnamed processor"),
        of.runner.cores
    )];
    for metric in &of.noisy {
        let (budget, is_written) = metric.held();
        let visible = format!("{:.1}%", metric.visible_pct.get());
        let (sign, why) = match (&metric.budget, is_written) {
            (None, _) => (
                "# ",
                format!("only shown; could be judged from {visible} on"),
            ),
            (Some(_), true) => ("", format!("visible from {visible} on")),
            (Some(was), false) => ("", format!("visible from {visible} on; was {was}")),
        };
        lines.push(format!("{sign}[metrics.{}]", metric.metric));
        lines.push(format!("{sign}budget = \"{budget}\"  # {why}"));
        if metric.budget.is_some() && !is_written {
            // Loosened without one, it would fail the change that loosens it.
            lines.push(format!(
                "reason = \"less than {visible} cannot be told from noise on the runner\""
            ));
        }
    }
    for metric in of.exact.iter().filter(|metric| !metric.repeats) {
        lines.push(format!(
            "# {} does not repeat: `exact = true` does not hold on this machine",
            metric.metric
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy(name: &str, budget: Option<&str>, visible: f64) -> NoisyCalibration {
        let percent = |value| Percent::new(value).unwrap();
        let foresight = Foresight {
            rounds: 50,
            band: percent(visible / 1.4),
            visible: percent(visible),
        };
        let budget = budget.map(|text| Bound::parse(text).unwrap());
        NoisyCalibration {
            budget_pct: budget.as_ref().and_then(|bound| bound.percent_of(100.0)),
            budget,
            ..NoisyCalibration::new(MetricId::new(name).unwrap(), &foresight)
        }
    }

    #[test]
    fn a_calibration_reads_as_it_is_kept() {
        let counted = |name: &str, counts: &[f64]| {
            let id = MetricId::with_case("bytes_per_key", name).unwrap();
            CountedTwice::new(id, Unit::new("B").unwrap(), counts.to_vec())
        };
        let warned = NoisyCalibration {
            failed: 1,
            warned: 2,
            ..noisy("cpu_per_request", Some("1%"), 1.21)
        };
        let of = Calibration {
            schema: "gate-calibration/1",
            revision: "working tree".to_owned(),
            runner: Runner {
                cpu: Some("AMD EPYC".to_owned()),
                cores: 2,
                ..Runner::default()
            },
            runs: 5,
            runs_wanted: 5,
            run_seconds_max: 360.0,
            run_seconds: 84.3,
            seed: 42,
            noisy: vec![
                noisy("qps", Some("3%"), 1.4),
                warned,
                noisy("p999", None, 14.2),
            ],
            exact: vec![
                counted("int", &[63.4852; 4]),
                counted("raw", &[351.0, 351.0, 351.5, 351.0]),
            ],
        };
        insta::assert_snapshot!(calibration(&of));
        let calm = Calibration {
            noisy: vec![noisy("qps", Some("2.5 req/s"), 1.4)],
            ..of
        };
        let text = calibration(&calm);
        assert!(text.contains("exclude only rates above 45.1 %"), "{text}");
        assert!(
            text.contains("budget = \"2.5 req/s\"  # visible from 1.4% on"),
            "{text}"
        );
    }
}
