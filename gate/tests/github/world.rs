//! A change on the fake GitHub: its event, its report, its pull request, and the budgets of both
//! commits.

use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gate::budget;
use gate::judge::{JudgeInput, MetricInput, Plan, Taken};
use gate::model::{ExactSamples, MetricId, Samples, Unit};
use gate::publish::github::{
    ApiUrl, Delivery, Event, Patience, PostError, PostSettings, Posted, RepositoryName, Token, post,
};
use gate::report::{Report, Revision, RunFacts, Runner, Tool};
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::fake::{BOT, Fake, TOKEN};

/// Where base's branch stands; the change branched off earlier.
pub(crate) const TIP: &str = "1111111111111111111111111111111111111111";
/// Where the change branched off.
pub(crate) const BASE: &str = "2222222222222222222222222222222222222222";
pub(crate) const ARTIFACT: &str = "gate-report";
/// The artifact's id on the fake.
pub(crate) const ARTIFACT_ID: u64 = 11;

pub(crate) const BUDGETS: &str = r#"schema = 1

[subject]
build = ["make"]
artifacts = { probe = "probe" }

[metrics.bytes]
probe = "command"
run = ["{probe}"]
direction = "lower-is-better"
exact = true
budget = "5%"
[metrics.bytes.case.int]
budget = "2%"
"#;

/// A change, and the settings of the job that posts its report.
pub(crate) struct Scene {
    pub(crate) fake: Fake,
    pub(crate) settings: PostSettings,
    pub(crate) head: String,
    folder: TempDir,
}

/// A payload of GitHub's own.
pub(crate) fn payload(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/github/events")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Waits that do not hold up a test.
pub(crate) const HASTE: Patience = Patience {
    call: Duration::from_millis(1500),
    tries: 4,
    first_wait: Duration::from_millis(5),
    unsaid_wait: Duration::from_millis(5),
    wait_max: Duration::from_millis(1200),
};

impl Scene {
    /// A pull request of the repository's own branch; the job measured it.
    pub(crate) fn own() -> Self {
        Self::own_of(&payload("pull_request.json"))
    }

    pub(crate) fn own_of(payload: &Value) -> Self {
        let repository = payload["repository"]["full_name"]
            .as_str()
            .unwrap()
            .to_owned();
        let head = payload["pull_request"]["head"].clone();
        let sha = head["sha"].as_str().unwrap().to_owned();
        let number = payload["pull_request"]["number"].as_u64().unwrap();
        let scene = Self::new("pull_request", payload, &repository, &sha);
        let full_name = head["repo"]["full_name"].as_str().unwrap().to_owned();
        scene.pull(number, &full_name, head["ref"].as_str().unwrap());
        let report = report(BUDGETS, BUDGETS, &sha, (100.0, 100.0));
        std::fs::write(&scene.settings.report, report.to_json().unwrap()).unwrap();
        scene
    }

    /// The end of a run of a fork's code.
    pub(crate) fn foreign() -> Self {
        let mut payload = payload("workflow_run.json");
        let run = &mut payload["workflow_run"];
        run["event"] = json!("pull_request");
        run["head_branch"] = json!("fix/a&state=closed#1");
        run["head_repository"]["full_name"] = json!("Forker/octo-repo");
        run["head_repository"]["owner"]["login"] = json!("Forker");
        run["pull_requests"] = json!([]);
        Self::foreign_of(&payload)
    }

    pub(crate) fn foreign_of(payload: &Value) -> Self {
        let run = &payload["workflow_run"];
        let sha = run["head_sha"].as_str().unwrap().to_owned();
        let scene = Self::new("workflow_run", payload, "octo-org/octo-repo", &sha);
        scene.pull(7, "Forker/octo-repo", "fix/a&state=closed#1");
        scene.artifact(&report(BUDGETS, BUDGETS, &sha, (100.0, 100.0)));
        scene
    }

    fn new(event: &str, payload: &Value, repository: &str, head: &str) -> Self {
        let fake = Fake::start(repository);
        {
            let mut world = fake.world();
            BASE.clone_into(&mut world.merge_base);
            for commit in [BASE, head] {
                let key = (commit.to_owned(), "budgets.toml".to_owned());
                world.files.insert(key, BUDGETS.to_owned());
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        std::fs::write(&path, payload.to_string()).unwrap();
        let settings = PostSettings {
            repository: RepositoryName::new(repository).unwrap(),
            event: Event::read(event, &path).unwrap(),
            api: ApiUrl::new(&fake.url).unwrap(),
            token: Some(Token::new(TOKEN).unwrap()),
            report: folder.path().join("report.json"),
            page: None,
            artifact: ARTIFACT.to_owned(),
            budgets: "budgets.toml".to_owned(),
            author: BOT.to_owned(),
            check: None,
            delivery: Delivery::Send,
            patience: HASTE,
        };
        Self {
            fake,
            settings,
            head: head.to_owned(),
            folder,
        }
    }

    /// Opens a pull request with this change as its head.
    pub(crate) fn pull(&self, number: u64, from: &str, branch: &str) {
        self.fake.world().pulls.push(json!({
            "number": number,
            "state": "open",
            "head": {"sha": self.head, "ref": branch, "repo": {"full_name": from}},
            "base": {"sha": TIP, "ref": "main", "repo": {"full_name": "octo-org/octo-repo"}},
        }));
    }

    /// Uploads a report as the run's artifact, in place of what is there.
    pub(crate) fn artifact(&self, report: &Report) {
        self.archive(&zipped(&[(
            "report.json",
            report.to_json().unwrap().as_bytes(),
        )]));
    }

    /// Uploads an archive as the run's artifact, in place of what is there.
    pub(crate) fn archive(&self, archive: &[u8]) {
        let mut world = self.fake.world();
        world.artifacts = vec![artifact(ARTIFACT_ID, ARTIFACT, archive.len())];
        world.archives.insert(ARTIFACT_ID, archive.to_vec());
    }

    /// Head's budgets file.
    pub(crate) fn head_budgets(&self, text: &str) {
        let key = (self.head.clone(), "budgets.toml".to_owned());
        self.fake.world().files.insert(key, text.to_owned());
    }

    /// The baseline of a commit, for counts on x86-64 Linux.
    pub(crate) fn baseline(&self, commit: &str, text: &str) {
        let key = (commit.to_owned(), "baselines/x86_64-linux.toml".to_owned());
        self.fake.world().files.insert(key, text.to_owned());
    }

    pub(crate) fn post(&self) -> Result<Posted, PostError> {
        post(&self.settings)
    }

    /// The text of the only comment that the bot has written.
    pub(crate) fn comment(&self) -> String {
        let bodies = self.fake.world().bodies();
        assert_eq!(bodies.len(), 1, "{bodies:#?}");
        bodies[0].clone()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

pub(crate) fn artifact(id: u64, name: &str, size: usize) -> Value {
    json!({"id": id, "name": name, "size_in_bytes": size, "expired": false,
        "created_at": "2020-10-05T16:40:00Z", "digest": null})
}

/// An archive of regular files.
pub(crate) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The first file of an archive.
pub(crate) fn unzipped(archive: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut content = Vec::new();
    archive
        .by_index(0)
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    content
}

/// The report of a run that counted `bytes/int` on both arms.
pub(crate) fn report(base: &str, head: &str, commit: &str, values: (f64, f64)) -> Report {
    report_of(base, head, commit, vec![counted("bytes/int", values)])
}

pub(crate) fn counted(id: &str, (base, head): (f64, f64)) -> MetricInput {
    MetricInput {
        id: MetricId::try_from(id.to_owned()).unwrap(),
        unit: Unit::new("B").unwrap(),
        taken: Taken::Samples(Samples::Exact(ExactSamples {
            base: vec![base, base],
            head: vec![head, head],
        })),
    }
}

pub(crate) fn report_of(base: &str, head: &str, commit: &str, metrics: Vec<MetricInput>) -> Report {
    let read = |text: &str| budget::read("budgets.toml", text).unwrap();
    let input = JudgeInput {
        base_budgets: Some(read(base)),
        head_budgets: read(head),
        plan: Plan::for_rounds(30, 0.99).unwrap(),
        metrics,
        baseline: None,
    };
    let revision = |name: &str, commit: &str| Revision {
        revision: name.to_owned(),
        commit: Some(commit.to_owned()),
        tree: commit.to_owned(),
    };
    let facts = RunFacts {
        runners: Vec::new(),
        base: revision("main", BASE),
        head: revision("topic", commit),
        runner: Runner::default(),
        seed: 1,
        tool: Tool {
            name: "gate".to_owned(),
            version: "0.1.0".to_owned(),
        },
        timings: Vec::new(),
        notes: Vec::new(),
        breakdowns: std::collections::BTreeMap::new(),
        harness: Vec::new(),
    };
    Report::new(facts, &input).unwrap()
}

/// Posts, expects that the report is refused, and that the comment says no more than that.
pub(crate) fn refusal(scene: &Scene) -> PostError {
    let error = scene.post().expect_err("posted");
    let comment = scene.comment();
    let told = "**gate could not judge `3484a3fb8`**: its run left no report that could be taken";
    assert!(comment.contains(told), "{comment}");
    assert!(
        comment.contains("/octo-org/octo-repo/actions/runs/289782451)"),
        "{comment}"
    );
    assert_eq!(comment.lines().count(), 2, "{comment}");
    error
}
