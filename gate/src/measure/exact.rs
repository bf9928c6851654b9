//! Exact metrics: whatever counts them, run twice on each arm.
//!
//! The runs alternate (base, head, base, head) and share one folder path, one environment and one
//! core, so that nothing but the artifact differs. Whether two runs agree is for the judge to say;
//! here they must print the same cases in the same units.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::MeasureError;
use crate::budget::ImportFormat;
use crate::model::{Arm, ExactSamples, MetricId, Shares, Unit};
use crate::probe::{CommandError, CommandProbe, Reading, fill, import, sizes};
use crate::process::Interrupt;

/// Runs of each arm.
pub(super) const RUNS: usize = 2;

/// What counts a metric.
#[derive(Debug, Clone, Copy)]
pub enum Counter<'a> {
    /// A program that prints readings.
    Command {
        /// Program and arguments, with placeholders.
        run: &'a [String],
    },
    /// A program that writes the file of another benchmark tool.
    Import {
        /// Whose file it is.
        format: ImportFormat,
        /// Which of its numbers.
        quantity: &'a str,
        /// Program and arguments, with placeholders.
        run: &'a [String],
        /// The file, from the folder that the program runs in; `None`: what it prints.
        file: Option<&'a str>,
    },
    /// The size of an artifact.
    Size {
        /// The artifact's name.
        artifact: &'a str,
        /// Sections that are told one by one: 0 where only the other arm has one.
        sections: &'a [String],
    },
}

impl Counter<'_> {
    /// Whether a program is run for it.
    #[must_use]
    pub const fn runs_a_program(&self) -> bool {
        match self {
            Self::Command { .. } | Self::Import { .. } => true,
            Self::Size { .. } => false,
        }
    }
}

/// One arm's counter.
#[derive(Debug, Clone, Copy)]
pub struct ExactArm<'a> {
    /// Whose it is.
    pub arm: Arm,
    /// What counts.
    pub counter: Counter<'a>,
    /// Paths of the artifacts, by name.
    pub artifacts: &'a BTreeMap<String, PathBuf>,
}

/// How commands are run.
#[derive(Debug, Clone)]
pub struct ExactSettings {
    /// Cores to run on; none means any.
    pub cores: Vec<usize>,
    /// The longest that one run may take.
    pub limit: Duration,
}

/// One counted metric.
#[derive(Debug, Clone, PartialEq)]
pub struct ExactMetric {
    /// What it is counted in.
    pub unit: Unit,
    /// Its values; none on an arm that lacks it.
    pub samples: ExactSamples,
    /// What base's first value is made of; empty where that is not told.
    pub base_shares: Shares,
    /// What head's first value is made of.
    pub head_shares: Shares,
}

impl ExactMetric {
    /// A metric without a value yet.
    pub(super) const fn new(unit: Unit) -> Self {
        Self {
            unit,
            samples: ExactSamples {
                base: Vec::new(),
                head: Vec::new(),
            },
            base_shares: Shares::new(),
            head_shares: Shares::new(),
        }
    }

    /// Whether both arms have it, and not the same.
    #[must_use]
    pub fn changed(&self) -> bool {
        let ExactSamples { base, head } = &self.samples;
        base.first()
            .zip(head.first())
            .is_some_and(|(base, head)| base.total_cmp(head).is_ne())
    }

    /// Whether both arms tell what their values are made of: from nothing told no part has grown.
    #[must_use]
    pub fn tells_parts(&self) -> bool {
        !self.base_shares.is_empty() && !self.head_shares.is_empty()
    }

    /// Adds a value of an arm; the shares of its first are kept.
    pub(super) fn push(
        &mut self,
        arm: Arm,
        value: f64,
        shares: Shares,
    ) -> Result<(), MeasureError> {
        let (values, kept) = match arm {
            Arm::Base => (&mut self.samples.base, &mut self.base_shares),
            Arm::Head => (&mut self.samples.head, &mut self.head_shares),
            // What is exact needs no control.
            Arm::Control => return Err(MeasureError::Arms),
        };
        if values.is_empty() {
            *kept = shares;
        }
        values.push(value);
        Ok(())
    }
}

/// Runs the counter of every arm twice; the values by metric and case.
///
/// `arms` has base, head or both: an arm whose budgets lack the metric is left out.
pub fn measure_exact(
    metric: &str,
    arms: &[ExactArm<'_>],
    settings: &ExactSettings,
    interrupt: &Interrupt,
) -> Result<BTreeMap<MetricId, ExactMetric>, MeasureError> {
    let room = TempDir::with_prefix("gate-exact-").map_err(MeasureError::Folder)?;
    let mut metrics: BTreeMap<MetricId, ExactMetric> = BTreeMap::new();
    for _ in 0..RUNS {
        for arm in arms {
            for reading in run(metric, arm, &room, settings, interrupt)? {
                let id = match &reading.case {
                    Some(case) => MetricId::with_case(metric, case)?,
                    None => MetricId::new(metric)?,
                };
                let entry = metrics
                    .entry(id.clone())
                    .or_insert_with(|| ExactMetric::new(reading.unit.clone()));
                if entry.unit != reading.unit {
                    return Err(MeasureError::TwoUnits {
                        id,
                        first: entry.unit.clone(),
                        second: reading.unit,
                    });
                }
                entry.push(arm.arm, reading.value, reading.shares)?;
            }
        }
    }
    fill_sections(metric, arms, &mut metrics)?;
    for (id, entry) in &metrics {
        let samples = &entry.samples;
        for (arm, values) in [(Arm::Base, &samples.base), (Arm::Head, &samples.head)] {
            let runs = values.len();
            if runs != 0 && runs != RUNS {
                let id = id.clone();
                return Err(MeasureError::CaseComesAndGoes { id, arm });
            }
        }
    }
    Ok(metrics)
}

/// A section that one arm lacks has 0 bytes there; one that neither has is a mistake in its name.
fn fill_sections(
    metric: &str,
    arms: &[ExactArm<'_>],
    metrics: &mut BTreeMap<MetricId, ExactMetric>,
) -> Result<(), MeasureError> {
    for arm in arms {
        let Counter::Size { sections, .. } = arm.counter else {
            continue;
        };
        for section in sections {
            let id = MetricId::with_case(metric, section)?;
            let absent = || MeasureError::NoSection {
                metric: metric.to_owned(),
                section: section.clone(),
            };
            let entry = metrics.get_mut(&id).ok_or_else(absent)?;
            let values = match arm.arm {
                Arm::Base => &mut entry.samples.base,
                Arm::Head => &mut entry.samples.head,
                // What is exact needs no control.
                Arm::Control => return Err(MeasureError::Arms),
            };
            if values.is_empty() {
                values.resize(RUNS, 0.0);
            }
        }
    }
    Ok(())
}

fn run(
    metric: &str,
    arm: &ExactArm<'_>,
    room: &TempDir,
    settings: &ExactSettings,
    interrupt: &Interrupt,
) -> Result<Vec<Reading>, MeasureError> {
    let words = match arm.counter {
        Counter::Command { run } | Counter::Import { run, .. } => run,
        Counter::Size { artifact, sections } => {
            let failed = |source| MeasureError::Size {
                metric: metric.to_owned(),
                arm: arm.arm,
                source,
            };
            let path = arm.artifacts.get(artifact);
            let path = path.ok_or_else(|| MeasureError::NoArtifact {
                metric: metric.to_owned(),
                arm: arm.arm,
                artifact: artifact.to_owned(),
            })?;
            return sizes(path, sections).map_err(failed);
        }
    };
    let argv = fill(words, arm.artifacts, None).map_err(|source| MeasureError::Argv {
        metric: metric.to_owned(),
        arm: arm.arm,
        source,
    })?;
    // One path for all runs, empty for each: its length is part of the environment.
    let folder = room.path().join("run");
    std::fs::create_dir(&folder).map_err(MeasureError::Folder)?;
    let probe = CommandProbe {
        argv: &argv,
        folder: &folder,
        cores: &settings.cores,
        limit: settings.limit,
    };
    let failed = |source: CommandError| MeasureError::Command {
        metric: metric.to_owned(),
        arm: arm.arm,
        source,
    };
    let readings = match arm.counter {
        Counter::Import {
            format,
            quantity,
            file,
            ..
        } => {
            probe.execute(interrupt).map_err(failed)?;
            let file = file.map_or_else(|| probe.stdout(), |file| folder.join(file));
            import(format, quantity, &file).map_err(|source| MeasureError::Import {
                metric: metric.to_owned(),
                arm: arm.arm,
                source,
            })?
        }
        Counter::Command { .. } | Counter::Size { .. } => probe.run(interrupt).map_err(failed)?,
    };
    std::fs::remove_dir_all(&folder).map_err(MeasureError::Folder)?;
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measures scripts as the metric `m`; `{n}` is a file that counts the runs.
    fn measure(
        base: Option<&str>,
        head: Option<&str>,
    ) -> Result<BTreeMap<MetricId, ExactMetric>, String> {
        let counter = tempfile::NamedTempFile::new().unwrap();
        let artifacts = BTreeMap::from([("n".to_owned(), counter.path().to_owned())]);
        let argv = |script: &str| ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let runs: Vec<(Arm, Vec<String>)> = [(Arm::Base, base), (Arm::Head, head)]
            .into_iter()
            .filter_map(|(arm, script)| Some((arm, argv(script?))))
            .collect();
        let arms: Vec<ExactArm<'_>> = runs
            .iter()
            .map(|(arm, run)| ExactArm {
                arm: *arm,
                counter: Counter::Command { run },
                artifacts: &artifacts,
            })
            .collect();
        let settings = ExactSettings {
            cores: Vec::new(),
            limit: Duration::from_secs(5),
        };
        measure_exact("m", &arms, &settings, &Interrupt::unattached()).map_err(|e| e.to_string())
    }

    const ONE: &str = r#"echo '{"case": "a", "value": 1, "unit": "B"}'"#;
    const TWO: &str =
        r#"echo '{"case": "a", "value": 2, "unit": "B"}'; echo '{"value": 7, "unit": "s"}'"#;
    /// Counts its runs into its value.
    const COUNTING: &str =
        r#"echo x >> {n}; echo "{\"case\": \"a\", \"value\": $(wc -l < {n}), \"unit\": \"B\"}""#;

    #[test]
    fn every_arm_runs_twice_and_a_missing_arm_has_no_values() {
        let metrics = measure(Some(ONE), Some(TWO)).unwrap();
        let shown: Vec<_> = metrics
            .iter()
            .map(|(id, m)| format!("{id} {} {:?} {:?}", m.unit, m.samples.base, m.samples.head))
            .collect();
        assert_eq!(shown, ["m s [] [7.0, 7.0]", "m/a B [1.0, 1.0] [2.0, 2.0]"]);
        let alone = measure(None, Some(ONE)).unwrap();
        assert!(
            alone[&MetricId::with_case("m", "a").unwrap()]
                .samples
                .base
                .is_empty()
        );
    }

    #[test]
    fn runs_alternate_and_disagreement_is_kept() {
        let metrics = measure(Some(COUNTING), Some(COUNTING)).unwrap();
        let samples = &metrics[&MetricId::with_case("m", "a").unwrap()].samples;
        assert_eq!(
            format!("{:?} {:?}", samples.base, samples.head),
            "[1.0, 3.0] [2.0, 4.0]"
        );
    }

    #[test]
    fn units_that_differ_are_an_error() {
        let kib = r#"echo '{"case": "a", "value": 1, "unit": "KiB"}'"#;
        let error = measure(Some(ONE), Some(kib)).unwrap_err();
        assert!(
            error.starts_with("m/a: counted in \"B\" and in \"KiB\""),
            "{error}"
        );
    }

    #[test]
    fn a_case_that_comes_and_goes_is_an_error() {
        let always = ONE.replace("\"a\"", "\"b\"");
        let once = format!("test -s {{n}} || {ONE}; echo x >> {{n}}; {always}");
        let error = measure(None, Some(&once)).unwrap_err();
        assert!(
            error.starts_with("m/a on head: printed by one of two runs"),
            "{error}"
        );
    }

    #[test]
    fn a_crash_names_metric_and_arm() {
        let error = measure(Some(ONE), Some("exit 4")).unwrap_err();
        assert!(
            error.starts_with("m on head: ") && error.contains("exit status: 4"),
            "{error}"
        );
        let error = measure(Some("{nn}"), None).unwrap_err();
        assert!(error.starts_with("m on base: `{nn}`"), "{error}");
    }
}
