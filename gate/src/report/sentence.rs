//! The words for each outcome: one sentence a row, without the metric's name.
//!
//! What is claimed is what the interval bears: "at least" goes with the lower bound and the run's
//! confidence, "beyond" with the upper bound, which errs in 5 % of runs. An estimate is given with
//! both. The direction has a word of its own, by what the metric is counted in:
//!
//! | unit | worse | better |
//! |---|---|---|
//! | a time, or something per second | slower | faster |
//! | bytes, lower is better | larger | smaller |
//! | anything else | worse | better |

use super::by_runner::strays;
use super::number::{percent, percent_apart};
use crate::judge::{Doubt, Estimate, Evidence, Limit, Row};
use crate::model::{Bound, Direction, Kind, Percent, Reason, Verdict};

/// The outcome of a row in words.
pub(super) fn sentence(row: &Row) -> String {
    outcome(row) + &strays(row)
}

fn outcome(row: &Row) -> String {
    let words = Words::of(row);
    match &row.evidence {
        Evidence::Identical => "base and head are the same binary, byte for byte".to_owned(),
        Evidence::NotMeasured(why) => format!("not measured: {why}"),
        _ if row.kind == Kind::ReportOnly => shown_only(row, words),
        Evidence::Rounds {
            estimate,
            doubt,
            confidence,
        } => {
            let rounds = Rounds {
                row,
                words,
                estimate,
                confidence: *confidence,
            };
            match doubt {
                Some(doubt) => rounds.doubted(*doubt),
                None => rounds.believed(),
            }
        }
        Evidence::Counts(adverse) => counts(row, words, *adverse),
        Evidence::Unstable { base, head } => unstable(row, base, head),
        Evidence::Absent => absent(row.reason).to_owned(),
        Evidence::Otherwise => {
            "base measures it with another probe, so there is nothing to compare \
                                with: nobody knows whether it got worse"
                .to_owned()
        }
    }
}

/// How a metric gets worse and better.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    worse: &'static str,
    better: &'static str,
    /// A move for the worse, as a noun.
    worsening: &'static str,
}

impl Words {
    pub(super) fn of(row: &Row) -> Self {
        let unit = row.unit.as_str();
        let (worse, better, worsening) = if is_time(unit) || unit.ends_with("/s") {
            ("slower", "faster", "slowdown")
        } else if is_bytes(unit) && row.direction == Direction::LowerIsBetter {
            ("larger", "smaller", "growth")
        } else {
            ("worse", "better", "worsening")
        };
        Self {
            worse,
            better,
            worsening,
        }
    }

    /// `2.1 % slower`; a change of nothing is `unchanged`.
    pub(super) fn moved(self, adverse: f64) -> String {
        if adverse > 0.0 {
            format!("{} {}", percent(adverse), self.worse)
        } else if adverse < 0.0 {
            format!("{} {}", percent(adverse), self.better)
        } else {
            "unchanged".to_owned()
        }
    }
}

fn is_time(unit: &str) -> bool {
    let unit = unit.split('/').next().unwrap_or(unit);
    matches!(unit, "ns" | "us" | "µs" | "ms" | "s")
}

fn is_bytes(unit: &str) -> bool {
    let unit = unit.split('/').next().unwrap_or(unit);
    matches!(
        unit,
        "B" | "kB" | "KB" | "KiB" | "MB" | "MiB" | "GB" | "GiB" | "bytes"
    )
}

/// The budget, and the trade where one raises it.
fn allowance(limit: Option<&Limit>) -> String {
    match limit {
        None => "there is no budget".to_owned(),
        Some(Limit {
            budget,
            allow: None,
        }) => format!("the budget is {}", bound(budget)),
        Some(Limit {
            budget,
            allow: Some(allow),
        }) => format!(
            "the budget is {}, the trade allows {}",
            bound(budget),
            bound(allow)
        ),
    }
}

/// A bound as sentences write percentages: `5 %`, `16 B`, `the looser of 5 % and 16 B`.
pub(super) fn bound(bound: &Bound) -> String {
    let article = match bound {
        Bound::Relative(_) | Bound::Absolute(_) => "",
        Bound::LooserOf(..) | Bound::TighterOf(..) => "the ",
    };
    format!("{article}{}", bound.to_string().replace('%', " %"))
}

/// A noisy metric that can fail.
struct Rounds<'a> {
    row: &'a Row,
    words: Words,
    estimate: &'a Estimate,
    confidence: f64,
}

impl Rounds<'_> {
    fn believed(&self) -> String {
        let Words {
            worse,
            better,
            worsening,
        } = self.words;
        let Estimate {
            middle, low, high, ..
        } = *self.estimate;
        let budget = allowance(self.row.limit.as_ref());
        match self.row.reason {
            Reason::PastBudget if low > self.most() => format!(
                "at least {} {worse} with {} confidence; {budget}",
                percent_apart(low.get(), self.most()),
                self.confidence(),
            ),
            Reason::PastBudget => format!(
                "{} {worse}, at least {} with {} confidence; {budget}",
                percent_apart(middle.get(), self.most()),
                percent(low.get()),
                self.confidence(),
            ),
            Reason::InsideBudget => {
                format!("{}; {budget}", self.with_interval())
            }
            Reason::Traded => format!("{}; {budget}", self.with_interval()),
            Reason::Improved => format!(
                "{} {better}, at least {}",
                percent(middle.get()),
                percent(high.get())
            ),
            Reason::WithinNoise if high > Percent::ZERO => {
                format!(
                    "no change found; a {worsening} beyond {} is ruled out",
                    self.high()
                )
            }
            Reason::WithinNoise => format!("not {worse}"),
            _ => self.open(),
        }
    }

    /// What could not be decided, and what the run could have seen.
    fn open(&self) -> String {
        let seen = percent(self.estimate.visible.get());
        let real = if self.estimate.is_worse() {
            format!("{}; ", self.with_interval())
        } else {
            String::new()
        };
        format!(
            "{real}could rule out only a {} beyond {}; {}; this run could not have seen less than {seen}",
            self.words.worsening,
            self.high(),
            allowance(self.row.limit.as_ref()),
        )
    }

    fn doubted(&self, doubt: Doubt) -> String {
        let measured = self.with_interval();
        let budget = allowance(self.row.limit.as_ref());
        match doubt {
            Doubt::Unconfirmed => format!(
                "{measured}, but time ran out before independent rounds could confirm it; {budget}"
            ),
            Doubt::Contradicted => format!(
                "the first rounds were past the budget, independent ones did not confirm it; \
                 together {measured}; {budget}"
            ),
            Doubt::UnfitRunner(runner, by) => format!(
                "{measured}, but in the same rounds a copy of base was {} than base itself on runner \
                 {runner}: that one is not fit to judge it; {budget}",
                self.words.moved(by.get())
            ),
            Doubt::Divided(runner, by) => format!(
                "runner {runner} alone is past the limit, {}; all together are not, {measured}; {budget}",
                self.words.moved(by.get())
            ),
            Doubt::Unfit(by) => format!(
                "{measured}, but in the same rounds a copy of base was {} than base itself: this \
                 runner is not fit to judge it; {budget}",
                self.words.moved(by.get())
            ),
        }
    }

    /// `2.1 % slower (1.4 % to 2.8 %)`, ends on the better side marked.
    fn with_interval(&self) -> String {
        let Estimate {
            middle, low, high, ..
        } = *self.estimate;
        let end = |end: Percent| {
            let other_side = end.get() * middle.get() < 0.0;
            if other_side {
                self.words.moved(end.get())
            } else {
                percent(end.get())
            }
        };
        let (near, far) = if middle < Percent::ZERO {
            (high, low)
        } else {
            (low, high)
        };
        format!(
            "{} ({} to {})",
            self.words.moved(middle.get()),
            end(near),
            end(far)
        )
    }

    /// The upper bound, told apart from what it is held against.
    fn high(&self) -> String {
        percent_apart(self.estimate.high.get(), self.most())
    }

    fn most(&self) -> Percent {
        most(self.row)
    }

    /// `99 %`.
    fn confidence(&self) -> String {
        confidence(self.confidence)
    }
}

/// The most that may land, in percent of base; 0 where there is no such percentage.
fn most(row: &Row) -> Percent {
    row.ceilings()
        .map_or(Percent::ZERO, |ceilings| ceilings.most)
}

/// A share of 1 in percent, without what binary fractions add.
fn confidence(share: f64) -> String {
    format!("{} %", (share * 1e6).round() / 1e4)
}

fn counts(row: &Row, words: Words, adverse: Option<Percent>) -> String {
    let budget = allowance(row.limit.as_ref());
    let apart = |adverse: Percent| percent_apart(adverse.get(), most(row));
    let amounts = row.limit.as_ref().is_some_and(|limit| {
        let allow = limit.allow.as_ref();
        limit.budget.amount().is_some() || allow.is_some_and(|allow| allow.amount().is_some())
    });
    match (row.reason, adverse) {
        (Reason::WithinNoise, _) => "equal to the last digit".to_owned(),
        (Reason::Improved, Some(adverse)) => words.moved(adverse.get()),
        (Reason::Improved, None) => format!("{}: base is 0", words.better),
        (_, Some(adverse)) => format!("{} {}; {budget}", apart(adverse), words.worse),
        (_, None) if amounts => format!("{}: base is 0; {budget}", words.worse),
        (_, None) => {
            format!(
                "{}: base is 0, and no percentage of 0 covers a rise",
                words.worse
            )
        }
    }
}

fn unstable(row: &Row, base: &[f64], head: &[f64]) -> String {
    let list = |values: &[f64]| {
        let shown: Vec<String> = values.iter().map(f64::to_string).collect();
        shown.join(" / ")
    };
    let past = match row.verdict {
        Verdict::Fail => format!(
            "; past the budget every time, {}",
            allowance(row.limit.as_ref())
        ),
        Verdict::Warn | Verdict::Pass => String::new(),
    };
    format!(
        "called exact, but not the same twice: base {}, head {}{past}",
        list(base),
        list(head)
    )
}

const fn absent(reason: Reason) -> &'static str {
    match reason {
        Reason::New => "head has it, base does not",
        Reason::Traded => "removed; the trade of this change lets it go",
        _ => "base has it, head does not; only a trade with allow = \"removed\" lets it go",
    }
}

fn shown_only(row: &Row, words: Words) -> String {
    let found = match (&row.evidence, row.delta) {
        (
            Evidence::Rounds {
                estimate,
                confidence,
                ..
            },
            _,
        ) => Rounds {
            row,
            words,
            estimate,
            confidence: *confidence,
        }
        .with_interval(),
        (_, Some(delta)) => words.moved(row.direction.adverse_sign() * delta.get()),
        (_, None) => "no interval, for lack of rounds or of an arm".to_owned(),
    };
    format!("shown, not judged: {found}")
}
