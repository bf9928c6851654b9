//! Recorded baselines that change: what needs a reason, and what is not held against anything.

use crate::baselines::{budgets, compare, edit, file, line, record, recorded};
use crate::repository::TestRepository;
use crate::subject::probe;

#[test]
fn a_rise_that_is_recorded_anew_needs_a_reason() {
    let repository = recorded();
    repository.write(
        "probe.sh",
        &probe(&[("int", "102", "B"), ("raw", "4000", "B")]),
    );
    repository.commit("two bytes");
    let told = record(&repository, &[]);
    assert!(told.contains("fails until the file says why"), "{told}");
    assert!(
        told.contains("\n  bytes_per_key/int: 100 B -> 102 B\n") && !told.contains("raw"),
        "{told}"
    );
    let run = repository.run(&["compare", "HEAD~1"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    for said in [
        "100 B -> 102 B; no reason given",
        "or write `reason = \"…\"` at the top of that file",
    ] {
        assert!(run.stdout.contains(said), "{}", run.stdout);
    }
    let markdown = |repository: &TestRepository| {
        std::fs::read_to_string(repository.path().join("target/gate/report.md")).unwrap()
    };
    let text = markdown(&repository);
    let sentence = format!("❌ **FAIL**: `{} bytes_per_key/int` is loosened", file());
    assert!(text.contains(&sentence), "{text}");

    // Each of the two ways that the advice names.
    let by_hand = |text: &str| {
        text.replace(
            "[counted_on]",
            "reason = \"holds the version of a key\"\n\n[counted_on]",
        )
    };
    let text = std::fs::read_to_string(repository.path().join(file())).unwrap();
    repository.write(&file(), &by_hand(&text));
    let explained = |repository: &TestRepository| {
        let run = repository.run(&["compare", "HEAD~1"]);
        assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
        let said = "\"holds the version of a key\"";
        assert!(run.stdout.contains(said), "{}", run.stdout);
    };
    explained(&repository);
    let told = record(&repository, &["--reason", "holds the version of a key"]);
    assert!(!told.contains("why"), "{told}");
    explained(&repository);
    // Without the file nothing would be held against anything.
    std::fs::remove_file(repository.path().join(file())).unwrap();
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(
        run.stdout.contains("2 metrics -> no file; no reason given")
            && run
                .stdout
                .contains("in the `[baseline]` table of `budgets.toml`, or bring the file back"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_baseline_that_changes_is_held_against_counts_of_the_same_binary() {
    let repository = recorded();
    repository.write("README", "another word\n");
    repository.commit("a document");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let said = "identical binary";
    assert!(run.stdout.contains(said), "{}", run.stdout);
    assert!(
        run.stdout.contains("baseline: not judged"),
        "{}",
        run.stdout
    );

    let text = std::fs::read_to_string(repository.path().join(file())).unwrap();
    repository.write(&file(), &text.replace("100.0", "90.0"));
    repository.commit("say that it was smaller");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let said = "FAIL bytes_per_key/int: 90 B when it was recorded, 100 B: 11.1 % more";
    assert!(run.stdout.contains(said), "{}", run.stdout);

    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let tighter = budgets().replace("[baseline]\nbudget = \"5%\"", "[baseline]\nbudget = \"4%\"");
    repository.write("budgets.toml", &tighter);
    repository.commit("a tighter creep budget");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("2 metrics are as recorded"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_baseline_of_another_machine_or_compiler_is_not_judged() {
    let repository = recorded();
    let text = std::fs::read_to_string(repository.path().join(file())).unwrap();
    let toolchain = text
        .lines()
        .find(|line| line.starts_with("toolchain = "))
        .unwrap();
    for (from, to, said) in [
        (
            toolchain,
            "toolchain = \"another shell 1.0\"",
            ["recorded with another toolchain", "WARN"],
        ),
        (
            "target = \"",
            "target = \"m68k-",
            ["was recorded on m68k-", "PASS"],
        ),
    ] {
        repository.write(&file(), &text.replace(from, to));
        repository.commit("recorded elsewhere");
        let run = compare(&repository, "90");
        assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
        assert!(
            run.stdout.contains("baseline: not judged: "),
            "{}",
            run.stdout
        );
        let [said, verdict] = said;
        assert!(run.stdout.contains(said), "{}", run.stdout);
        assert_eq!(repository.report()["verdict"], verdict);
        repository.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    }
}

#[test]
fn a_baseline_that_nobody_holds_any_more_warns_until_it_is_recorded_again() {
    let repository = recorded();
    edit(&repository, |text| {
        line(text, "toolchain = ", "toolchain = \"another shell 1.0\"")
    });
    // Nothing was counted: nobody missed anything.
    repository.write("README", "another word\n");
    repository.commit("a document");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(repository.report()["verdict"], "PASS");

    let run = compare(&repository, "90");
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let told = format!(
        "WARN: {} was recorded with another toolchain (another shell 1.0; this is ",
        file()
    );
    for told in [
        told.as_str(),
        "): record it again. It may land; until `gate baseline record` is run",
    ] {
        assert!(run.stdout.contains(told), "{}", run.stdout);
    }
    let again = repository.run(&["judge", "target/gate/report.json"]);
    assert_eq!((again.status, again.stdout), (0, run.stdout));
    let check = repository.run(&["baseline", "check"]);
    assert_eq!(check.status, 0, "{}", check.stdout);
    assert!(
        check.stdout.contains("WARN: nothing is held against it"),
        "{}",
        check.stdout
    );

    record(&repository, &[]);
    repository.commit("record it again");
    let run = repository.run(&["compare"]);
    assert_eq!(repository.report()["verdict"], "PASS", "{}", run.stdout);
}

#[test]
fn a_baseline_of_another_machine_may_not_be_loosened_unseen() {
    let repository = recorded();
    let other = "baselines/m68k-amiga.toml";
    let text = std::fs::read_to_string(repository.path().join(file())).unwrap();
    let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
    let text = text.replace(&format!("{arch}-{os}"), "m68k-amiga");
    repository.write(other, &text);
    repository.commit("record it on another machine");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);

    repository.write(other, &text.replace("100.0", "110.0"));
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let told = format!("{other} bytes_per_key/int");
    assert!(run.stdout.contains(&told), "{}", run.stdout);
    assert!(
        run.stdout.contains("100 B -> 110 B; no reason given"),
        "{}",
        run.stdout
    );
    let again = repository.run(&["judge", "target/gate/report.json"]);
    assert_eq!((again.status, again.stdout), (1, run.stdout));
}
