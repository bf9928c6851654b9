//! What keeps the judge from a verdict. Each of these ends a run as "could not judge", never as PASS.

use crate::model::{Arm, Bound, MetricId, Unit};
use crate::statistics::StatisticsError;

/// Why there is no verdict.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum JudgeError {
    /// The looks are not what a run can be planned as.
    #[error("the planned looks must come after more and more rounds")]
    Plan,
    /// The confidence cannot be had.
    #[error("the confidence of the run cannot be had: {0}")]
    Confidence(#[source] StatisticsError),
    /// More noisy metrics than can share one error.
    #[error(
        "{metrics} noisy metrics share one confidence, {most} can; leave some to be only shown"
    )]
    TooManyMetrics {
        /// How many there are.
        metrics: usize,
        /// How many can be.
        most: usize,
    },
    /// More rounds than were planned.
    #[error("{rounds} rounds were measured, {planned} were planned")]
    BeyondPlan {
        /// Rounds of the main set.
        rounds: u32,
        /// What the plan ends at.
        planned: u32,
    },
    /// Nothing to judge.
    #[error("the run has no metric")]
    NoMetrics,
    /// The budgets have a metric that the run did not yield.
    #[error("`{0}` has a budget, but the run has no value of it")]
    NoValues(String),
    /// The run yielded a metric that the budgets do not have.
    #[error("`{0}` was measured, but no budgets file has it")]
    NotInBudgets(MetricId),
    /// A metric came twice.
    #[error("`{0}` was measured twice under the same name")]
    Duplicate(MetricId),
    /// A case has a budget and does not occur.
    #[error("the budgets name the case `{0}`, which the run does not have")]
    UnknownCase(MetricId),
    /// A metric that can fail has no budget.
    #[error("`{0}` can fail, but has no budget")]
    NoBudget(MetricId),
    /// A budget in a unit that the values cannot be told in.
    #[error(
        "`{metric}` is counted in {unit:?}, but what it may grow by is written as \"{bound}\"; write \
         the budget or the trade in the metric's unit, or as a percentage", unit = .unit.as_str()
    )]
    BudgetUnit {
        /// Which metric.
        metric: MetricId,
        /// As the budgets write it.
        bound: Bound,
        /// The unit of the values.
        unit: Unit,
    },
    /// A recorded value in another unit.
    #[error(
        "`{metric}` is counted in {unit:?}, the baseline recorded it in {recorded:?}; record it again",
        unit = .unit.as_str(), recorded = .recorded.as_str()
    )]
    RecordedUnit {
        /// Which metric.
        metric: MetricId,
        /// The unit in the baseline.
        recorded: Unit,
        /// The unit of the values.
        unit: Unit,
    },
    /// Rounds of an exact metric, or counted values of a noisy one.
    #[error("the samples of `{0}` are not of the kind that the budgets call for")]
    WrongKind(MetricId),
    /// Neither arm has a value.
    #[error("neither base nor head has a value of `{0}`")]
    NoArm(MetricId),
    /// An exact metric that was not measured twice.
    #[error("`{metric}` was counted only once on {arm}, so that nobody knows whether it is exact")]
    CountedOnce {
        /// Which metric.
        metric: MetricId,
        /// On which arm.
        arm: Arm,
    },
    /// A value that an exact metric cannot have.
    #[error("`{metric}` has the value {value} on {arm}; it must be a finite number, 0 or more")]
    CountedValue {
        /// Which metric.
        metric: MetricId,
        /// On which arm.
        arm: Arm,
        /// The value.
        value: f64,
    },
    /// A round that cannot be read.
    #[error("round {round} of `{metric}`: {fault}")]
    Round {
        /// Which metric.
        metric: MetricId,
        /// The number that the round carries.
        round: u32,
        /// What is wrong with it.
        fault: RoundFault,
    },
    /// Not enough rounds for any interval.
    #[error(
        "`{metric}` has {rounds} rounds, too few for an interval at this confidence: {needed} are \
         needed; give the run more time"
    )]
    TooFewRounds {
        /// Which metric.
        metric: MetricId,
        /// Rounds of the main set.
        rounds: usize,
        /// What would do.
        needed: usize,
    },
    /// Metrics that share their rounds have different numbers of them.
    #[error("`{0}` has not as many main rounds as were measured")]
    UnequalRounds(MetricId),
    /// A statistic of one metric does not exist.
    #[error("`{metric}`: {source}")]
    Statistics {
        /// Which metric.
        metric: MetricId,
        /// Why not.
        source: StatisticsError,
    },
    /// Values so far apart that their ratio is not a number of percent.
    #[error("the values of `{0}` are too far apart for a percentage")]
    Overflow(MetricId),
    /// The values of several runners are not told apart.
    #[error(
        "the runners of `{0}` must be numbered from 1, ascending, each once, and at most {max}",
        max = super::RUNNERS_MAX
    )]
    RunnerNumbers(MetricId),
    /// The runners of a run are not told apart.
    #[error(
        "the runners of the run must be numbered from 1, ascending, each once, and at most {max}",
        max = super::RUNNERS_MAX
    )]
    RunnerList,
    /// Values of a runner that the run does not have.
    #[error("`{metric}` has values of runner {number}, which is none of this run's")]
    UnknownRunner {
        /// Which metric.
        metric: MetricId,
        /// Which runner.
        number: u32,
    },
    /// Some metrics are of one machine, some of several runners.
    #[error("some metrics have values of one machine, some of several runners")]
    MixedRunners,
    /// Rounds of several runners that may have ended when their data were clear.
    #[error("rounds of several runners can only be pooled where one look was planned")]
    PooledLooks,
    /// One runner counted what another did not have.
    #[error(
        "`{metric}` was counted on {arm} by runner {with}, but runner {without} has no value of it"
    )]
    OnSomeRunners {
        /// Which metric.
        metric: MetricId,
        /// On which arm.
        arm: Arm,
        /// A runner that has it.
        with: u32,
        /// A runner that has not.
        without: u32,
    },
    /// A FAIL would rest on rounds without the copy of base.
    #[error(
        "the confirmation of `{0}` lacks the control arm, without which a FAIL is not believed"
    )]
    NoControl(MetricId),
    /// A live trade for a metric that the run does not have.
    #[error("a trade names `{metric}`, which this run does not have; it has {known}")]
    UnknownTrade {
        /// What the trade names.
        metric: MetricId,
        /// What it could have named.
        known: String,
    },
    /// Two live trades for one metric.
    #[error("two trades of this change name `{0}`")]
    TradedTwice(MetricId),
}

/// What is wrong with a round.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RoundFault {
    /// A slice that no ratio can be taken of.
    #[error("slice {slice} of {arm} has the value {value}; it must be a finite number above 0")]
    Value {
        /// Which arm.
        arm: Arm,
        /// Counted from 0 among the arm's slices.
        slice: usize,
        /// The value.
        value: f64,
    },
    /// The recorded order and the values do not match.
    #[error("{values} values of {arm}, but {slices} slices in the recorded order")]
    Count {
        /// Which arm.
        arm: Arm,
        /// Values that there are.
        values: usize,
        /// Slices that the order has.
        slices: usize,
    },
    /// Arms without partner slices.
    #[error("{arm} has {values} slices where base has {base}")]
    Unpaired {
        /// Which arm.
        arm: Arm,
        /// Slices that it has.
        values: usize,
        /// Slices that base has.
        base: usize,
    },
    /// A figure of the round's health that is no number.
    #[error("a figure of its health is no finite number")]
    Health,
    /// A letter that stands for no arm.
    #[error("the recorded order has the letter {0:?}, which stands for no arm")]
    Letter(char),
    /// An order of starts without base or head, or with one of them twice.
    #[error("the recorded order of starts must have base and head once each")]
    Starts,
}
