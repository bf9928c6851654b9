//! `gate doctor` on this machine, whatever it is, and on one that lacks everything.

use std::os::unix::fs::symlink;

use crate::subject::exact_repository;

fn states(examination: &serde_json::Value) -> Vec<(&str, &str, bool)> {
    let checks = examination["checks"].as_array().unwrap();
    checks
        .iter()
        .map(|check| {
            let of = |field: &str| check[field].as_str().unwrap();
            (of("check"), of("state"), check["mend"].is_string())
        })
        .collect()
}

#[test]
fn a_machine_is_examined_and_what_is_wrong_can_be_mended() {
    let repository = exact_repository();
    let run = repository.run(&["doctor", "--format", "json"]);
    let examination: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(examination["schema"], "gate-doctor/1");
    assert!(examination["machine"]["kernel"].is_string());
    let checks = states(&examination);
    for name in [
        "cores",
        "CPU quota",
        "burn-in",
        "steal",
        "governor",
        "load",
        "memory",
        "clock",
        "CPU account",
        "room",
        "tool",
    ] {
        assert!(checks.iter().any(|(check, ..)| *check == name), "{name}");
    }
    for (check, state, is_mended) in &checks {
        assert_eq!(*is_mended, *state != "fit", "{check}: {state}");
    }
    let is_unfit = checks.iter().any(|(_, state, _)| *state == "unfit");
    assert_eq!(run.status, i32::from(is_unfit), "{}", run.stdout);
    assert_eq!(examination["state"] == "unfit", is_unfit);
}

#[test]
fn what_is_missing_is_named_with_what_needs_it() {
    let repository = exact_repository();
    let programs = repository.beside("programs");
    std::fs::create_dir(&programs).unwrap();
    symlink("/bin/true", programs.join("git")).unwrap();
    let mut gate = repository.gate(&["doctor"]);
    let output = gate.env("PATH", &programs).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // The budgets build with `sh`.
    assert_eq!(output.status.code(), Some(1), "{text}");
    for line in [
        "UNFIT    sh is not on the PATH; `subject.build` needs it",
        "mend     install sh",
        "WARNING  cc is not on the PATH; building most servers needs it",
        "WARNING  valgrind is not on the PATH; the probe `callgrind` needs it",
        "unfit to measure on: ",
    ] {
        assert!(text.contains(line), "no {line:?} in:\n{text}");
    }
    assert!(text.contains("fit      git: "), "{text}");
    repository.write("budgets.toml", "schema = 2");
    repository
        .run(&["doctor"])
        .refused(&["schema 2 is not known"]);
}
