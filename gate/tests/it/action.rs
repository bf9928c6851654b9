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
fn a_comment_that_nobody_wants_is_not_even_prepared() {
    let repository = exact_repository();
    let post = |comment: &str| {
        let mut gate = repository.gate(&["post"]);
        Run::from(gate.env("GATE_COMMENT", comment).output().unwrap())
    };
    let never = post("never");
    assert_eq!(never.status, 0, "{}", never.stderr);
    assert!(never.stdout.contains("nothing posted"), "{}", never.stdout);
    post("perhaps").refused(&["comment", "perhaps", "use auto or never"]);
    // Wanted, and outside of GitHub: that is an error and not silence.
    post("auto").refused(&["GITHUB_EVENT_NAME is not set"]);
}

/// Every action of this repository.
const ACTIONS: [(&str, &str); 5] = [
    ("action.yml", include_str!("../../../action.yml")),
    (
        "post",
        include_str!("../../../.github/actions/post/action.yml"),
    ),
    (
        "fill",
        include_str!("../../../.github/actions/fill/action.yml"),
    ),
    (
        "measure",
        include_str!("../../../.github/actions/measure/action.yml"),
    ),
    (
        "judge",
        include_str!("../../../.github/actions/judge/action.yml"),
    ),
];

#[test]
fn every_input_of_an_action_reaches_the_program() {
    let program = concat!(
        include_str!("../../src/cli/settings.rs"),
        include_str!("../../src/cli/mod.rs"),
        include_str!("../../src/cli/cache.rs"),
        include_str!("../../src/cli/measure.rs"),
        include_str!("../../src/cli/judge.rs"),
        include_str!("../../src/cli/post.rs"),
        include_str!("../../src/build/room.rs"),
    );
    let installer = include_str!("../../../.github/actions/install");
    for (name, action) in ACTIONS {
        let (inputs, steps) = action.split_once("\nruns:\n").unwrap();
        let inputs: Vec<&str> = inputs
            .split_once("\ninputs:\n")
            .unwrap()
            .1
            .lines()
            .take_while(|line| !line.starts_with("outputs:"))
            .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
            .filter(|input| !input.starts_with(' '))
            .collect();
        assert!(inputs.len() >= 3, "{name}: {inputs:?}");
        for input in inputs {
            let used = format!("inputs.{input} ");
            assert!(
                steps.contains(&used),
                "{name}: nobody uses the input {input}"
            );
        }
        let handed: Vec<&str> = steps
            .lines()
            .filter_map(|line| line.trim().split_once(": ")?.0.strip_prefix("GATE_"))
            .collect();
        assert!(handed.len() >= 5, "{name}: {handed:?}");
        for variable in handed {
            let read = program.contains(&format!("\"GATE_{variable}\""));
            let installs = installer.contains(&format!("{{GATE_{variable}:-"));
            assert!(read || installs, "{name}: nobody reads GATE_{variable}");
        }
    }
}

#[test]
fn an_input_is_never_pasted_into_a_script() {
    for (name, action) in ACTIONS {
        let mut script = false;
        for line in action.lines() {
            if line.trim_start().starts_with("run:") {
                script = true;
            } else if line.trim_start().starts_with("- ") {
                script = false;
            }
            assert!(!(script && line.contains("${{")), "{name}: {line}");
        }
    }
}

#[test]
fn a_base_and_a_head_that_nobody_names_are_those_of_the_event() {
    let compared = ["action.yml", "measure"];
    for (name, action) in ACTIONS.iter().filter(|(name, _)| compared.contains(name)) {
        let of = |variable: &str| -> Vec<&str> {
            let lines = action.lines().map(str::trim);
            lines
                .filter_map(|line| line.strip_prefix(variable))
                .collect()
        };
        let new_branch = "0".repeat(40);
        let base = format!(
            "${{{{ inputs.base || github.event.pull_request.base.sha || github.event.merge_group.base_sha \
             || (!github.event.forced && github.event.before != '{new_branch}' && github.event.before) \
             || '' }}}}"
        );
        // What base's build is kept under must be that of the base which is compared with.
        assert_eq!(of("GATE_BASE: "), [base.as_str(); 2], "{name}");
        let head = "${{ inputs.head || github.event.pull_request.head.sha || github.event.merge_group.head_sha }}";
        assert_eq!(of("GATE_HEAD: "), [head; 2], "{name}");
    }
}
