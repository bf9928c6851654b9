//! How the latencies of an open loop were taken, and whether server and load generator kept up.
//!
//! Past what a server can do, latency is the length of the queue, which says nothing of the change;
//! past what the load generator can do, it is the generator's own. Both are told.

use super::number::count;
use super::schema::{OpenLoopCount, RoundCount};
use crate::model::{Arm, NoisyRound};

/// Slices in which the load generator may fall behind in a round, in percent.
const GENERATOR_BEHIND_PCT_MAX: f64 = 50.0;
/// Fewer requests than this beyond a percentile leave it to chance.
const BEYOND_MIN: f64 = 10.0;

/// Sums up the rounds; `None` where they are no open loop.
pub(super) fn open_loop(rounds: &[&NoisyRound]) -> Option<OpenLoopCount> {
    let open = || rounds.iter().filter_map(|round| round.open_loop.as_ref());
    let behind = |arm: Arm| open().filter(|o| o.behind.contains(arm.letter())).count();
    Some(OpenLoopCount {
        rate_per_second: open().map(|o| o.rate_per_second).next()?,
        requests: open().map(|o| o.requests).min()?,
        base_behind: behind(Arm::Base),
        head_behind: behind(Arm::Head),
        generator_behind: open()
            .filter(|o| o.generator_behind_pct > GENERATOR_BEHIND_PCT_MAX)
            .count(),
    })
}

/// As part of the line about the rounds.
pub(super) fn words(open: &OpenLoopCount) -> String {
    format!(
        "open loop of {} requests/s to each arm, at least {} latencies of each in a round, from the time \
         at which a request was due",
        count(open.rate_per_second.into()),
        count(open.requests),
    )
}

/// What must be known before the numbers; `share` is the percentile that the metric is.
pub(super) fn warnings(of: &RoundCount, share: f64) -> Vec<String> {
    let Some(open) = &of.open_loop else {
        return Vec::new();
    };
    let all = of.main + of.confirmation;
    let rate = count(open.rate_per_second.into());
    let most = |rounds: usize| 2 * rounds > all;
    let mut warnings = Vec::new();
    let (base, head) = (most(open.base_behind), most(open.head_behind));
    if base || head {
        let who = match (base, head) {
            (true, true) => "base and head",
            (true, false) => "base",
            _ => "head",
        };
        let rounds = if head {
            open.head_behind
        } else {
            open.base_behind
        };
        warnings.push(format!(
            "{who} could not keep up with {rate} requests/s in {rounds} of {all} rounds, so the \
             latencies are those of a queue; write a smaller `rate` into its `load`"
        ));
    } else if most(open.generator_behind) {
        warnings.push(format!(
            "the load generator could not send {rate} requests/s in {} of {all} rounds, so the \
             latencies are its own; write a smaller `rate` into its `load`, or give it more cores",
            open.generator_behind
        ));
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a run has fewer than 2^52 requests"
    )]
    let beyond = open.requests as f64 * (1.0 - share);
    if beyond < BEYOND_MIN {
        warnings.push(format!(
            "only {beyond:.0} latencies of a round lie beyond it, too few to say much; a higher `rate` or \
             more time (`--max-time`) gives more"
        ));
    }
    warnings
}
