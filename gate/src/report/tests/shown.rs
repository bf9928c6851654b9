//! What people read, kept as snapshots.

use super::*;

#[test]
fn comments_read_as_they_are_kept() {
    for (name, report) in all() {
        insta::assert_snapshot!(format!("markdown_{name}"), markdown(&report));
    }
}

#[test]
fn tables_read_as_they_are_kept() {
    for (name, report) in all() {
        insta::assert_snapshot!(format!("table_{name}"), table(&report, Palette::Plain));
    }
}

#[test]
fn colours_change_nothing_but_colour() {
    for (_, report) in all() {
        let plain = table(&report, Palette::Plain);
        let painted = table(&report, Palette::Ansi);
        assert_ne!(plain, painted);
        let mut bare = painted;
        for code in ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m"] {
            bare = bare.replace(code, "");
        }
        assert_eq!(plain, bare);
    }
}

#[test]
fn rows_come_worst_first() {
    for (name, report) in all() {
        let verdicts: Vec<Verdict> = report.metrics.iter().map(|m| m.verdict).collect();
        assert!(verdicts.is_sorted_by(|a, b| a >= b), "{name}: {verdicts:?}");
    }
    assert_eq!(fail().metrics[0].reason, Reason::Missing);
}

#[test]
fn what_is_not_pass_has_a_sentence_in_both() {
    for (_, report) in all() {
        let (comment, text) = (markdown(&report), table(&report, Palette::Plain));
        for metric in report.metrics.iter().filter(|m| m.verdict != Verdict::Pass) {
            assert!(comment.contains(&format!("- `{}` **{}**: ", metric.id, metric.verdict)));
            assert!(text.contains(&format!(
                "{} {}: {}",
                metric.verdict, metric.id, metric.message
            )));
        }
    }
}
