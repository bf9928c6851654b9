//! Reports by people who want the comment to say something else.

use super::*;
use crate::judge::Creep;
use crate::model::{Breakdown, Part};

const ATTACKS: [&str; 6] = [
    "</details>\n\n# All good\n",
    "@everyone | fixes #1 |\n| x |",
    "![](https://evil.example/x.png) [click](https://evil.example)",
    "<script>alert(1)</script> www.evil.example",
    "``` \u{1b}[2J \u{202e}",
    "<!-- gate-report -->",
];

fn attacked(text: &str) -> Report {
    let mut report = budget_change();
    report.base.revision = text.to_owned();
    report.base.commit = Some(text.to_owned());
    report.head.tree = text.to_owned();
    report.runner.platform = text.to_owned();
    report.runner.cpu = Some(text.to_owned());
    report.runner.placement = text.to_owned();
    report.runner.kernel = Some(text.to_owned());
    report.runner.libc = Some(text.to_owned());
    report.runner.governor = Some(text.to_owned());
    report.runner.notes = vec![text.to_owned()];
    report.harness = vec![text.to_owned(); 3];
    let mut baseline = crept().baseline.unwrap();
    baseline.creep = Creep::NotJudged(text.to_owned());
    report.baseline = Some(baseline);
    report.measuring.notes = vec![text.to_owned()];
    report.tool.name = text.to_owned();
    report.timings[0].step = text.to_owned();
    report.budget_changes[0].target = text.to_owned();
    report.budget_changes[0].old = Some(text.to_owned());
    report.budget_changes[0].reason = Some(text.to_owned());
    for metric in &mut report.metrics {
        metric.verdict = Verdict::Warn;
        metric.message = text.to_owned();
        metric.breakdown = Some(Breakdown {
            parts: vec![Part {
                name: text.to_owned(),
                own: [1.0, 2.5],
                inclusive: Some([3.0, 4.5]),
            }],
            left_out: 7,
        });
    }
    let mut traded = traded();
    traded.trades[0].reason = text.to_owned();
    report.trades = traded.trades;
    report
}

#[test]
fn no_foreign_text_means_anything_in_a_comment() {
    let calm = markdown(&attacked("calm"));
    for attack in ATTACKS {
        let comment = markdown(&attacked(attack));
        // The repeat command is left out, because the commit is none.
        let structure = |text: &str| {
            text.lines()
                .map(|line| line.chars().next())
                .collect::<Vec<_>>()
        };
        assert_eq!(structure(&comment), structure(&calm), "{attack:?}");
        for mark in [
            "<script",
            "](",
            "https:",
            "@everyone",
            "www.",
            "fixes #",
            "\u{1b}",
            "\u{202e}",
        ] {
            assert!(!comment.contains(mark), "{attack:?} leaves {mark:?}");
        }
        assert_eq!(comment.matches("<!--").count(), 1);
        for tag in ["<details>", "</details>", "<summary>", "</summary>", "<b>"] {
            let (found, wanted) = (comment.matches(tag).count(), calm.matches(tag).count());
            assert_eq!(found, wanted, "{attack:?} changes {tag}");
        }
    }
}

#[test]
fn no_foreign_text_moves_the_cursor_of_a_terminal() {
    for attack in ATTACKS {
        let report = attacked(attack);
        let explained: Vec<String> = report.metrics.iter().map(explanation).collect();
        assert!(!explained.concat().contains(['\u{1b}', '\u{202e}', '\r']));
        for text in explained {
            assert_eq!(text.lines().count(), 4, "{text}");
        }
        let text = table(&report, Palette::Plain);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']));
        assert_eq!(
            text.lines().count(),
            table(&attacked("calm"), Palette::Plain).lines().count()
        );
    }
}

#[test]
fn a_comment_that_is_too_long_is_cut_and_says_so() {
    let metrics = (0..5000)
        .map(|i| {
            let name = format!("bytes_per_key/case-{i}");
            counted(&name, "B", Some(100.0), Some(110.0 + f64::from(i) / 100.0))
        })
        .collect();
    let report = unchanged(&[BYTES], metrics);
    let comment = markdown(&report);
    assert!(comment.len() <= COMMENT_LEN_MAX);
    assert!(comment.starts_with(MARKER) && comment.contains("**FAIL**"));
    assert!(comment.contains("Cut to what GitHub takes"));
    // The worst are kept.
    assert!(comment.contains("case-4999") && !comment.contains("case-0`"));

    let whole = markdown(&unchanged(
        &[BYTES],
        vec![counted("bytes_per_key", "B", Some(1.0), Some(1.0))],
    ));
    assert!(!whole.contains("Cut to"));
}

#[test]
fn every_length_of_report_stays_inside_the_limit() {
    let long = "long reason ".repeat(30);
    for rows in [100, 200, 300, 350, 400, 450, 500, 600] {
        let metrics = (0..rows)
            .map(|i| counted(&format!("bytes_per_key/{i}"), "B", Some(100.0), Some(120.0)))
            .collect();
        let mut report = unchanged(&[BYTES], metrics);
        report.runner.notes = vec![long.clone(); 50];
        let comment = markdown(&report);
        assert!(
            comment.len() <= COMMENT_LEN_MAX,
            "{rows} rows: {}",
            comment.len()
        );
        let closed = comment.matches("<details>").count() == comment.matches("</details>").count();
        assert!(closed, "{rows} rows");
    }
}
