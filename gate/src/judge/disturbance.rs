//! Which rounds the runner disturbed, and in which the load generator was what was measured.
//!
//! A round is marked, never dropped: leaving rounds out after seeing them is choosing the result,
//! and the median over slices and the ranks over rounds bear a few bad ones. Many marks say that the
//! runner is shared with something busy.
//!
//! A load generator that is busier than the server holds it back: a server that gets slower then
//! hides behind it, as it only idles less.

use crate::model::{NoisyRound, RoundHealth};

/// CPU time that the hypervisor took, in percent.
const STEAL_PCT_MAX: f64 = 5.0;
/// Time that the server's threads waited for a core, in percent.
const SERVER_WAIT_PCT_MAX: f64 = 10.0;
/// Time that some process of the machine waited for memory, in percent.
const MEMORY_STALL_PCT_MAX: f64 = 5.0;
/// How busy a load generator may be without any question, in percent.
const GENERATOR_BUSY_PCT_MAX: f64 = 90.0;

/// The rule in words.
pub const DISTURBANCE_RULE: &str = "the hypervisor took more than 5 % of the CPU time, the server waited more than 10 % of the time for \
     a core, or some process more than 5 % for memory";

/// The numbers of the rounds that were disturbed, in the order of `rounds`.
pub fn disturbed_rounds(rounds: &[NoisyRound]) -> impl Iterator<Item = u32> {
    numbers(rounds, is_disturbed)
}

/// The numbers of the rounds in which the load generator held the server back.
pub fn generator_bound_rounds(rounds: &[NoisyRound]) -> impl Iterator<Item = u32> {
    numbers(rounds, is_generator_bound)
}

fn numbers(rounds: &[NoisyRound], is: fn(&RoundHealth) -> bool) -> impl Iterator<Item = u32> {
    let marked = rounds.iter().filter(move |round| is(&round.health));
    marked.map(|round| round.round)
}

fn is_disturbed(health: &RoundHealth) -> bool {
    // Written so that a value that is no number marks the round.
    let calm = health.steal_pct <= STEAL_PCT_MAX
        && health.server_wait_pct <= SERVER_WAIT_PCT_MAX
        && health
            .memory_stall_pct
            .is_none_or(|stall| stall <= MEMORY_STALL_PCT_MAX);
    !calm
}

fn is_generator_bound(health: &RoundHealth) -> bool {
    health.generator_busy_pct > GENERATOR_BUSY_PCT_MAX
        && health.generator_busy_pct > health.server_busy_pct
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoundSet;

    fn round(number: u32, health: RoundHealth) -> NoisyRound {
        NoisyRound {
            round: number,
            set: RoundSet::Main,
            start_order: "bh".to_owned(),
            order: "bh".to_owned(),
            base: vec![1.0],
            head: vec![1.0],
            control: vec![],
            health,
            open_loop: None,
        }
    }

    #[test]
    fn rounds_are_marked_by_the_rule() {
        let calm = RoundHealth {
            steal_pct: 5.0,
            server_wait_pct: 10.0,
            server_busy_pct: 97.0,
            generator_busy_pct: 96.0,
            generator_us_per_request: 4.0,
            memory_stall_pct: Some(5.0),
        };
        let spoilt: [fn(&mut RoundHealth); 5] = [
            |_| {},
            |h| h.steal_pct = 5.1,
            |h| h.server_wait_pct = 10.1,
            |h| h.memory_stall_pct = Some(5.1),
            |h| h.steal_pct = f64::NAN,
        ];
        let rounds: Vec<NoisyRound> = (0..)
            .zip(spoilt)
            .map(|(number, spoil)| {
                let mut health = calm;
                spoil(&mut health);
                round(number, health)
            })
            .collect();
        assert_eq!(disturbed_rounds(&rounds).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(generator_bound_rounds(&rounds).count(), 0);
    }

    #[test]
    fn a_generator_holds_back_a_server_that_is_less_busy() {
        let health = |generator_busy_pct, server_busy_pct| RoundHealth {
            server_busy_pct,
            generator_busy_pct,
            ..RoundHealth::default()
        };
        let pairs = [(99.0, 60.0), (99.0, 100.0), (89.0, 40.0), (91.0, 90.0)];
        let rounds: Vec<NoisyRound> = (0..)
            .zip(pairs)
            .map(|(number, (generator, server))| round(number, health(generator, server)))
            .collect();
        assert_eq!(generator_bound_rounds(&rounds).collect::<Vec<_>>(), [0, 3]);
    }
}
