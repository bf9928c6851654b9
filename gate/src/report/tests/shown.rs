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
fn what_passes_of_a_long_table_is_folded() {
    let report = many();
    let comment = markdown(&report);
    let (open, folded) = comment.split_once("<details>").unwrap();
    let rows = |text: &str| text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!((rows(open), rows(folded)), (10, 50));
    assert!(folded.contains("<b>50 more metrics pass</b>, 3 of them improved"));
    for metric in &report.metrics {
        let shown = comment.matches(&format!("| `{}` |", metric.id)).count();
        assert_eq!(shown, 1, "{}", metric.id);
        let is_open = open.contains(&format!("| `{}` |", metric.id));
        assert!(is_open || metric.verdict == Verdict::Pass, "{}", metric.id);
    }
    // What is not PASS is never folded, however much it is.
    let all_fail = (0..60)
        .map(|i| counted(&format!("bytes_per_key/{i}"), "B", Some(100.0), Some(120.0)))
        .collect();
    let comment = markdown(&unchanged(&[BYTES], all_fail));
    assert_eq!(rows(comment.split_once("<details>").unwrap().0), 60);
}

#[test]
fn nothing_but_the_sentence_and_the_table_is_in_the_open() {
    for (name, report) in all() {
        let comment = markdown(&report);
        let lines: Vec<&str> = comment.lines().collect();
        assert_eq!(lines[0], MARKER);
        let verdict = format!("**{}**: ", report.verdict);
        assert!(lines[1].contains(&verdict), "{name}: {}", lines[1]);
        assert!(
            lines[1].ends_with('.') && lines[1].contains(". "),
            "{name}: {}",
            lines[1]
        );
        let mut folded = false;
        for line in &lines[2..] {
            folded |= line.starts_with("<details>");
            let table = line.starts_with('|');
            assert!(folded || table || line.is_empty(), "{name}: {line}");
            folded &= *line != "</details>";
        }
        assert!(!folded, "{name}");
    }
}

#[test]
fn a_load_generator_that_holds_the_server_back_is_told() {
    let held_back = |rounds_of_ten| {
        let mut main = rounds(HigherIsBetter, Main, 71_203.0, &around(0.1, 0.8, 10), &[]);
        for round in &mut main[..rounds_of_ten] {
            round.health.generator_busy_pct = 99.0;
            round.health.server_busy_pct = 71.0;
        }
        unchanged(&[QPS], vec![noisy("qps", "req/s", main)])
    };
    let report = held_back(6);
    let marked = &report.measuring.rounds[0].generator_bound;
    assert_eq!(marked, &[0, 1, 2, 3, 4, 5]);
    let told =
        "note: qps: the load generator, not the server, was the bottleneck in 6 of 10 rounds";
    assert!(table(&report, Palette::Plain).contains(told));
    assert!(markdown(&report).contains("- **note**: `qps`: the load generator, not the server"));
    // Few such rounds are a burst, and all are calm in the other reports.
    assert!(!table(&held_back(5), Palette::Plain).contains("note: "));
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
