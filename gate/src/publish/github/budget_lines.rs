//! Where a metric stands in `budgets.toml`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::MetricId;

/// The line, counted from 1, that names the budget of `id`: that of its case, else of its metric.
/// `None` where the file does not have it.
pub(super) fn line_of(budgets: &str, id: &MetricId) -> Option<u32> {
    let file = DeTable::parse(budgets).ok()?;
    let metrics = table(file.get_ref(), "metrics")?.1;
    let (metric, inside) = table(metrics, id.name())?;
    let case = id
        .case()
        .and_then(|case| table(table(inside, "case")?.1, case));
    let start = case.map_or(metric, |(start, _)| start);
    let before = budgets.get(..start)?;
    u32::try_from(before.matches('\n').count() + 1).ok()
}

/// Where the key of a table inside of `parent` starts, and the table.
fn table<'a, 'b>(parent: &'a DeTable<'b>, name: &str) -> Option<(usize, &'a DeTable<'b>)> {
    let (key, value) = parent.iter().find(|(key, _)| key.get_ref() == name)?;
    match Spanned::get_ref(value) {
        DeValue::Table(table) => Some((key.span().start, table)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "schema = 1\n\n[metrics.qps]\nbudget = \"3%\"\n\n[metrics.bytes]\n\
                        budget = \"5%\"\n[metrics.bytes.case.int]\nbudget = \"2%\"\n\
                        [metrics.\"a.b\".case]\n\"x:y\" = { budget = \"1%\" }\n";

    #[test]
    fn the_line_is_the_one_that_names_the_budget() {
        for (id, line) in [
            ("qps", Some(3)),
            ("qps/unknown", Some(3)),
            ("bytes", Some(6)),
            ("bytes/int", Some(8)),
            ("bytes/raw", Some(6)),
            ("a.b/x:y", Some(11)),
            ("gone", None),
        ] {
            let parsed = MetricId::try_from(id.to_owned()).unwrap();
            assert_eq!(line_of(FILE, &parsed), line, "{id}");
        }
        assert_eq!(line_of("not [toml", &MetricId::new("qps").unwrap()), None);
    }
}
