//! What `action.yml` hands over: inputs as variables, outputs and a summary in files.

use crate::repository::{Run, gate_in};
use crate::subject::{exact_repository, probe};

#[test]
fn inputs_come_as_variables_and_outputs_go_to_files() {
    let repository = exact_repository();
    let base = repository.git(&["rev-parse", "HEAD"]);
    repository.write(
        "probe.sh",
        &probe(&[("int", "60", "B"), ("raw", "300.25", "B")]),
    );
    let head = repository.commit("much larger");
    // Something else is checked out by then.
    repository.git(&["checkout", "--quiet", &base]);
    let (output, summary) = (repository.beside("output"), repository.beside("summary"));

    let elsewhere = tempfile::tempdir().unwrap();
    let run = gate_in(elsewhere.path(), &repository.cache(), &["compare"])
        .env("GATE_REPOSITORY", repository.path())
        .env("GATE_BASE", &base)
        .env("GATE_HEAD", &head)
        .env("GATE_BUDGETS", "budgets.toml")
        .env("GATE_MAX_TIME", "")
        .env("GATE_FAIL_ON", "never")
        .env("GATE_STEP_SUMMARY", "true")
        .env("GITHUB_OUTPUT", &output)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .map(Run::from)
        .unwrap();

    assert_eq!(
        run.status, 0,
        "the caller wants no failed step: {}",
        run.stderr
    );
    let outputs = std::fs::read_to_string(&output).unwrap();
    let value = |name: &str| {
        let mut lines = outputs
            .lines()
            .skip_while(|line| !line.starts_with(&format!("{name}<<")));
        lines.nth(1).unwrap().to_owned()
    };
    assert_eq!(value("verdict"), "FAIL");
    let report = std::fs::read_to_string(value("report-json")).unwrap();
    assert!(
        report.contains(&head),
        "the head that was named is the one that was judged"
    );
    let markdown = std::fs::read_to_string(value("report-md")).unwrap();
    assert_eq!(
        std::fs::read_to_string(&summary).unwrap().trim(),
        markdown.trim()
    );
}

#[test]
fn an_input_that_makes_no_sense_is_named_as_the_user_wrote_it() {
    let repository = exact_repository();
    for (variable, input) in [
        ("GATE_MAX_TIME", "max-time"),
        ("GATE_FAIL_ON", "fail-on"),
        ("GATE_STEP_SUMMARY", "step-summary"),
    ] {
        let output = repository
            .gate(&["compare"])
            .env(variable, "perhaps")
            .output()
            .unwrap();
        Run::from(output).refused(&[input, "perhaps"]);
    }
}

#[test]
fn every_input_of_the_action_reaches_the_program() {
    let action = include_str!("../../../action.yml");
    let read = concat!(
        include_str!("../../src/cli/settings.rs"),
        include_str!("../../src/cli/mod.rs")
    );
    let handed: Vec<&str> = action
        .lines()
        .filter_map(|line| {
            line.trim()
                .split_once(": ${{ inputs.")
                .map(|(variable, _)| variable)
        })
        .collect();
    assert!(handed.len() >= 7, "{handed:?}");
    for variable in handed {
        assert!(
            read.contains(&format!("\"{variable}\"")),
            "nobody reads {variable}"
        );
    }
}
