//! What the values of several runners must have in common before anything is made of them.
//!
//! | rule | because |
//! |---|---|
//! | at least one runner, at most 100, each number once, from 1 | one counted twice is one more than there is |
//! | one look | rounds that end when one runner's own data are clear are no fixed sample |
//! | values of one runner and of several do not mix | nobody could say whose they are |

use super::input::{JudgeInput, Taken};
use super::{JudgeError, Plan};
use crate::model::{MetricId, Samples};

/// More runners than anybody has.
pub const RUNNERS_MAX: usize = 100;

/// Refuses values that no pool has.
pub(super) fn check(input: &JudgeInput) -> Result<(), JudgeError> {
    let mut seen = Seen::default();
    for metric in &input.metrics {
        match &metric.taken {
            Taken::Samples(Samples::NoisyByRunner { runners }) => {
                seen.several = true;
                numbered(&metric.id, runners.iter().map(|runner| runner.runner))?;
            }
            Taken::Samples(Samples::ExactByRunner { runners }) => {
                seen.several = true;
                numbered(&metric.id, runners.iter().map(|runner| runner.runner))?;
            }
            Taken::Samples(Samples::Noisy { .. } | Samples::Exact(_)) => seen.one = true,
            Taken::IdenticalBinary | Taken::New | Taken::Skipped(_) | Taken::Unavailable(_) => {}
        }
    }
    match (seen, &input.plan) {
        (
            Seen {
                one: true,
                several: true,
            },
            _,
        ) => Err(JudgeError::MixedRunners),
        (Seen { several: true, .. }, Plan { looks, .. }) if looks.len() != 1 => {
            Err(JudgeError::PooledLooks)
        }
        _ => Ok(()),
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    one: bool,
    several: bool,
}

fn numbered(metric: &MetricId, numbers: impl Iterator<Item = u32>) -> Result<(), JudgeError> {
    let numbers: Vec<u32> = numbers.collect();
    let ascends = numbers.windows(2).all(|pair| pair.first() < pair.get(1));
    if numbers.is_empty() || numbers.len() > RUNNERS_MAX || numbers.contains(&0) || !ascends {
        return Err(JudgeError::RunnerNumbers(metric.clone()));
    }
    Ok(())
}
