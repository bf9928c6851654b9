//! What a measuring loop is told.

use super::*;

fn advisor(family: usize) -> Advisor {
    let plan = Plan {
        looks: vec![10, 20, 30, 40],
        confirmation: 10,
    };
    Advisor::new(&Design {
        plan,
        confidence: 0.99,
        family,
    })
    .unwrap()
}

fn step(main: &[f64], confirmation: u32, clock: Clock) -> NextStep {
    let id = MetricId::new("cpu").unwrap();
    let rounds = rounds(LowerIsBetter, Main, 14.0, main, &[]);
    let metric = NoisyMetric {
        id: &id,
        direction: LowerIsBetter,
        floor: Percent::new(1.0).unwrap(),
        limit: Limit::relative(Percent::new(3.0).unwrap()),
        rounds: Rounds::One(&rounds),
    };
    let done = RoundsDone {
        main: u32::try_from(main.len()).unwrap(),
        confirmation,
    };
    advisor(1).next_step(&[metric], done, clock).unwrap()
}

#[test]
fn measuring_goes_from_look_to_look_until_all_is_decided() {
    let still = |n| around(0.0, 0.5, n);
    let measure = |until| NextStep::Measure { until };
    assert_eq!(step(&[], 0, Clock::Running), measure(10));
    assert_eq!(step(&still(9), 0, Clock::Running), measure(10));
    assert_eq!(step(&still(10), 0, Clock::Running), NextStep::Done);
    // Between looks nothing is judged.
    assert_eq!(step(&still(11), 0, Clock::Running), measure(20));
    let wild = |n| around(2.0, 6.0, n);
    assert_eq!(step(&wild(10), 0, Clock::Running), measure(20));
    assert_eq!(step(&wild(40), 0, Clock::Running), NextStep::Done);
    assert_eq!(step(&wild(17), 0, Clock::Out), NextStep::Done);
    assert_eq!(step(&wild(3), 0, Clock::Out), NextStep::Done);
}

#[test]
fn what_is_past_its_budget_is_confirmed() {
    let confirm = NextStep::Confirm { until: 10 };
    let slow = around(6.0, 0.5, 10);
    assert_eq!(step(&slow, 0, Clock::Running), confirm);
    assert_eq!(step(&slow, 9, Clock::Running), confirm);
    assert_eq!(step(&slow, 10, Clock::Running), NextStep::Done);
    // Past by its estimate alone: only once no more rounds can resolve it.
    let blurred = |n| around(4.0, 3.0, n);
    assert_eq!(
        step(&blurred(10), 0, Clock::Running),
        NextStep::Measure { until: 20 }
    );
    assert_eq!(step(&blurred(10), 0, Clock::Out), confirm);
}

#[test]
fn metrics_that_have_no_rounds_yet_keep_their_share() {
    let id = MetricId::new("cpu").unwrap();
    // One round of ten below the budget: enough alone, not with half of the error.
    let main = [2.9, 3.3, 3.5, 3.6, 3.7, 3.8, 3.9, 4.0, 4.1, 4.2];
    let rounds = rounds(LowerIsBetter, Main, 14.0, &main, &[]);
    let metric = [NoisyMetric {
        id: &id,
        direction: LowerIsBetter,
        floor: Percent::new(1.0).unwrap(),
        limit: Limit::relative(Percent::new(3.0).unwrap()),
        rounds: Rounds::One(&rounds),
    }];
    let done = RoundsDone {
        main: 10,
        confirmation: 0,
    };
    let next = |family| {
        advisor(family)
            .next_step(&metric, done, Clock::Running)
            .unwrap()
    };
    assert_eq!(next(1), NextStep::Confirm { until: 10 });
    assert_eq!(next(2), NextStep::Measure { until: 20 });
}

#[test]
fn without_a_metric_that_can_fail_the_first_look_is_the_last() {
    let next = |main| {
        let done = RoundsDone {
            main,
            confirmation: 0,
        };
        advisor(0).next_step(&[], done, Clock::Running).unwrap()
    };
    assert_eq!(next(0), NextStep::Measure { until: 10 });
    assert_eq!(next(10), NextStep::Done);
}
