//! What the machine and the load generator did during the rounds of a metric.
//!
//! Medians say how it was, the most of any round what a burst came to. Where the load generator held
//! the server back in most rounds, the reader is warned: the rounds then compare the generator.

use super::number::{percent, short};
use super::open_loop;
use super::schema::{MedianAndMost, Report, RoundCount, Watched};
use crate::budget::Probe;
use crate::judge::JudgeError;
use crate::model::{MetricId, NoisyRound, RoundHealth};
use crate::statistics::median;

/// The figures of a metric's rounds.
pub(super) fn watched(metric: &MetricId, rounds: &[&NoisyRound]) -> Result<Watched, JudgeError> {
    let of = |figure: fn(&RoundHealth) -> f64| {
        let values: Vec<f64> = rounds.iter().map(|round| figure(&round.health)).collect();
        median_and_most(metric, &values)
    };
    let stalls = rounds.iter().map(|round| round.health.memory_stall_pct);
    Ok(Watched {
        generator_us_per_request: of(|health| health.generator_us_per_request)?,
        generator_busy_pct: of(|health| health.generator_busy_pct)?,
        server_busy_pct: of(|health| health.server_busy_pct)?,
        server_wait_pct: of(|health| health.server_wait_pct)?,
        steal_pct: of(|health| health.steal_pct)?,
        memory_stall_pct: stalls
            .collect::<Option<Vec<f64>>>()
            .map(|values| median_and_most(metric, &values))
            .transpose()?,
    })
}

fn median_and_most(metric: &MetricId, values: &[f64]) -> Result<MedianAndMost, JudgeError> {
    let median = median(values).map_err(|source| JudgeError::Statistics {
        metric: metric.clone(),
        source,
    })?;
    // Finite and at least one, or there would be no median.
    let most = values.iter().copied().max_by(f64::total_cmp);
    Ok(MedianAndMost {
        median,
        most: most.unwrap_or(median),
    })
}

/// The figures in words.
pub(super) fn words(watched: &Watched) -> String {
    let share = |figure: MedianAndMost| match (percent(figure.median), percent(figure.most)) {
        (median, most) if median == most => median,
        (median, most) => format!("{median} (at most {most})"),
    };
    let mut parts = Vec::new();
    // Memory of servers and times of programs are measured without load.
    if watched.generator_us_per_request.median > 0.0 {
        parts.push(format!(
            "load generator {} µs a request, busy {}",
            short(watched.generator_us_per_request.median),
            percent(watched.generator_busy_pct.median),
        ));
        parts.push(format!(
            "server busy {}, waiting for a core {}",
            percent(watched.server_busy_pct.median),
            share(watched.server_wait_pct)
        ));
    }
    parts.push(format!("steal {}", share(watched.steal_pct)));
    parts.extend(
        watched
            .memory_stall_pct
            .map(|stall| format!("memory stalls {}", share(stall))),
    );
    parts.join("; ")
}

/// What a reader must know before the numbers of a metric. No foreign text is in it.
#[derive(Debug)]
pub(super) struct Warning {
    pub metric: MetricId,
    pub words: String,
}

/// One warning a metric, or several.
pub(super) fn warnings(report: &Report) -> impl Iterator<Item = Warning> {
    let rounds = report.measuring.rounds.iter();
    rounds.flat_map(|count| {
        let percentile = report.budgets.head.metrics.get(count.metric.name());
        let share = percentile.map_or(0.5, |spec| match &spec.probe {
            Probe::RespLatency { quantity, .. } => quantity.share(),
            _ => 0.5,
        });
        let held_back = generator_bound(count).into_iter();
        let words = held_back.chain(open_loop::warnings(count, share));
        words.map(|words| Warning {
            metric: count.metric.clone(),
            words,
        })
    })
}

fn generator_bound(count: &RoundCount) -> Option<String> {
    if count.open_loop.is_some() {
        // At a fixed rate nobody is meant to be busy; whether it kept up is told by itself.
        return None;
    }
    let (bound, all) = (count.generator_bound.len(), count.main + count.confirmation);
    (2 * bound > all).then(|| {
        format!(
            "the load generator, not the server, was the bottleneck in {bound} of {all} rounds, so that a \
             slower server may go unseen; measure on a machine with more cores, or with a smaller \
             `pipeline`"
        )
    })
}
