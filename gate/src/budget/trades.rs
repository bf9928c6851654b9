//! Which trades count for this change, and which are spent.
//!
//! | in base's file | in head's file | the trade is |
//! |---|---|---|
//! | no | yes | live: it counts for this change |
//! | yes | yes | spent: it counted for the change that added it, and stays as the record of why |
//! | yes | no | gone; nothing depends on it |
//!
//! A trade is the same as another where metric, allowance and reason are the same, white space in
//! the reason apart. So an entry with an edited allowance or reason is a live one, for reviewers to
//! see and the report to name. A second copy of a spent entry is not: the reader refuses a file
//! that holds the same trade twice, because what is allowed again needs a reason of its own.

use serde::{Deserialize, Serialize};

use super::spec::{Budgets, Trade};

/// The trades of head's file, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TradeLedger {
    /// Added by this change: honoured.
    pub live: Vec<Trade>,
    /// Already in base: a record.
    pub spent: Vec<Trade>,
}

/// Sorts head's trades into live and spent ones. Without a file in base all of them are live.
#[must_use]
pub fn live_trades(base: Option<&Budgets>, head: &Budgets) -> TradeLedger {
    let known = base.map_or(&[][..], |base| &base.trades);
    let (spent, live) = head
        .trades
        .iter()
        .cloned()
        .partition(|trade| known.contains(trade));
    TradeLedger { live, spent }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;
    use crate::budget::read;

    const METRICS: &str = r#"
schema = 1
[subject]
build = ["make"]
artifacts = { probe = "probe" }
[metrics.bytes]
probe = "command"
run = ["{probe}"]
direction = "lower-is-better"
exact = true
budget = "5%"
"#;

    fn budgets(trades: &[(&str, &str, &str)]) -> Budgets {
        let entries = trades.iter().map(|(metric, allow, reason)| {
            format!("[[trades]]\nmetric = {metric:?}\nallow = {allow:?}\nreason = {reason:?}\n")
        });
        let text: String = iter::once(METRICS.to_owned()).chain(entries).collect();
        read("budgets.toml", &text).unwrap()
    }

    fn live(base: Option<&Budgets>, head: &Budgets) -> Vec<String> {
        let reasons = |trades: &[Trade]| trades.iter().map(|t| t.reason.clone()).collect();
        let ledger = live_trades(base, head);
        assert_eq!(ledger.live.len() + ledger.spent.len(), head.trades.len());
        reasons(&ledger.live)
    }

    #[test]
    fn a_trade_counts_only_in_the_change_that_adds_it() {
        let first = ("bytes/raw", "12%", "embeds the expiry time");
        let second = ("bytes/raw", "12%", "embeds the version too");
        let (none, one, both) = (budgets(&[]), budgets(&[first]), budgets(&[first, second]));
        assert_eq!(live(None, &one), ["embeds the expiry time"]);
        assert_eq!(live(Some(&none), &one), ["embeds the expiry time"]);
        assert!(live(Some(&one), &one).is_empty());
        assert_eq!(live(Some(&one), &both), ["embeds the version too"]);
        assert!(live(Some(&both), &one).is_empty());
        assert!(live(Some(&one), &none).is_empty());
    }

    #[test]
    fn an_edited_trade_is_live_and_a_reformatted_one_is_not() {
        let base = budgets(&[("bytes", "12%", "embeds the expiry time")]);
        let looser = budgets(&[("bytes", "20%", "embeds the expiry time")]);
        let elsewhere = budgets(&[("bytes/int", "12%", "embeds the expiry time")]);
        let reformatted = budgets(&[("bytes", "12.0 %", "embeds  the\nexpiry time ")]);
        assert_eq!(live(Some(&base), &looser).len(), 1);
        assert_eq!(live(Some(&base), &elsewhere).len(), 1);
        assert!(live(Some(&base), &reformatted).is_empty());
    }
}
