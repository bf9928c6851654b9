//! Which rounds the runner disturbed.
//!
//! A round is marked, never dropped: leaving rounds out after seeing them is choosing the result,
//! and the median over slices and the ranks over rounds bear a few bad ones. Many marks say that the
//! runner is shared with something busy.

use crate::model::{NoisyRound, RoundHealth};

/// CPU time that the hypervisor took, in percent.
const STEAL_PCT_MAX: f64 = 5.0;
/// Time that the server's threads waited for a core, in percent.
const SERVER_WAIT_PCT_MAX: f64 = 10.0;

/// The rule in words.
pub const DISTURBANCE_RULE: &str = "the hypervisor took more than 5 % of the CPU time, or the server waited more than 10 % for a core";

/// The numbers of the rounds that were disturbed, in the order of `rounds`.
pub fn disturbed_rounds(rounds: &[NoisyRound]) -> impl Iterator<Item = u32> {
    rounds
        .iter()
        .filter(|round| is_disturbed(&round.health))
        .map(|round| round.round)
}

fn is_disturbed(health: &RoundHealth) -> bool {
    // Written so that a value that is no number marks the round.
    let calm = health.steal_pct <= STEAL_PCT_MAX && health.server_wait_pct <= SERVER_WAIT_PCT_MAX;
    !calm
}
