//! Artifacts of strangers: which one is taken, and what may be in it.

use std::io::{Cursor, Write as _};

use gate::publish::github::{ArchiveError, ArtifactError, PostError, Posted};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::fake::{Answer, Fault};
use crate::world::{ARTIFACT, ARTIFACT_ID, Scene, artifact, refusal, zipped};

fn archive_error(scene: &Scene) -> ArchiveError {
    match refusal(scene) {
        PostError::Artifact(ArtifactError::Archive { cause, .. }) => cause,
        other => panic!("{other}"),
    }
}

#[test]
fn nothing_or_two_of_the_name_is_refused() {
    let scene = Scene::foreign();
    scene.fake.world().artifacts[0]["name"] = json!("gate-report-2");
    let error = refusal(&scene);
    assert_eq!(
        error.to_string(),
        "run 289782451 has no artifact \"gate-report\", only gate-report-2"
    );

    let scene = Scene::foreign();
    scene
        .fake
        .world()
        .artifacts
        .push(artifact(12, ARTIFACT, 100));
    let error = refusal(&scene);
    assert!(
        matches!(
            error,
            PostError::Artifact(ArtifactError::Several { count: 2, .. })
        ),
        "{error}"
    );
}

#[test]
fn an_attempt_that_was_repeated_does_not_count() {
    let scene = Scene::foreign();
    let mut earlier = artifact(12, ARTIFACT, 100);
    earlier["created_at"] = json!("2020-10-05T16:33:48Z");
    scene.fake.world().artifacts.insert(0, earlier);
    assert!(matches!(scene.post().unwrap(), Posted::Created(_)));
}

#[test]
fn an_artifact_that_is_too_large_is_not_even_taken() {
    let scene = Scene::foreign();
    scene.fake.world().artifacts[0]["size_in_bytes"] = json!(9 * 1024 * 1024);
    assert!(matches!(
        refusal(&scene),
        PostError::Artifact(ArtifactError::TooLarge { .. })
    ));
    assert!(
        scene
            .fake
            .seen()
            .iter()
            .all(|seen| !seen.path.contains("/zip"))
    );
}

#[test]
fn an_artifact_that_lied_about_its_size_is_cut_off() {
    let scene = Scene::foreign();
    scene.archive(&vec![0; 9 * 1024 * 1024]);
    scene.fake.world().artifacts[0]["size_in_bytes"] = json!(1000);
    assert!(matches!(
        refusal(&scene),
        PostError::Artifact(ArtifactError::Longer { .. })
    ));

    let scene = Scene::foreign();
    let gone = Answer::json(410, &json!({"message": "Artifact has expired"}));
    scene.fake.fault(
        "GET /repos/octo-org/octo-repo/actions/artifacts/",
        Fault::Answer(gone),
    );
    assert!(matches!(
        refusal(&scene),
        PostError::Artifact(ArtifactError::Expired(_))
    ));
}

#[test]
fn an_artifact_that_expired_or_was_changed_is_refused() {
    let scene = Scene::foreign();
    scene.fake.world().artifacts[0]["expired"] = json!(true);
    assert!(matches!(
        refusal(&scene),
        PostError::Artifact(ArtifactError::Expired(_))
    ));

    let scene = Scene::foreign();
    let digest = Sha256::digest(&scene.fake.world().archives[&ARTIFACT_ID]);
    let hex = digest
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    scene.fake.world().artifacts[0]["digest"] = json!(format!("sha256:{hex}"));
    scene.post().unwrap();
    let wrong = hex.chars().rev().collect::<String>();
    scene.fake.world().artifacts[0]["digest"] = json!(format!("sha256:{wrong}"));
    assert!(matches!(
        refusal(&scene),
        PostError::Artifact(ArtifactError::Digest(_))
    ));
}

#[test]
fn archives_of_anything_but_one_regular_file_are_refused() {
    let honest = b"{}".as_slice();
    let named = |name: &str| zipped(&[(name, honest)]);
    let mut link = ZipWriter::new(Cursor::new(Vec::new()));
    link.add_symlink("report.json", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    let mut folder = ZipWriter::new(Cursor::new(Vec::new()));
    folder
        .add_directory("report.json", SimpleFileOptions::default())
        .unwrap();
    let wrong_name = |found: &str| ArchiveError::Name {
        found: found.to_owned(),
        expected: "report.json",
    };
    let cases = [
        (named("../report.json"), wrong_name("../report.json")),
        (named("/report.json"), wrong_name("/report.json")),
        (named("a/report.json"), wrong_name("a/report.json")),
        (named("..\\report.json"), wrong_name("..\\report.json")),
        (named("REPORT.JSON"), wrong_name("REPORT.JSON")),
        (named("report.json\u{202e}"), wrong_name("report.json")),
        (
            folder.finish().unwrap().into_inner(),
            wrong_name("report.json/"),
        ),
        (
            link.finish().unwrap().into_inner(),
            ArchiveError::Kind("a link or a device"),
        ),
        (
            zipped(&[("report.json", honest), ("x", b"")]),
            ArchiveError::Count(2),
        ),
        (zipped(&[]), ArchiveError::Count(0)),
    ];
    for (archive, expected) in cases {
        let scene = Scene::foreign();
        scene.archive(&archive);
        assert_eq!(archive_error(&scene), expected);
    }
}

#[test]
fn archives_that_lie_about_themselves_are_refused() {
    let honest = zipped(&[("report.json", b"{}"), ("report.jsom", b"{}")]);
    // Both entries by the same name: a reader that keeps entries by name sees one.
    let twins = String::from_utf8_lossy(&honest)
        .contains("report.jsom")
        .then(|| {
            let mut twins = honest.clone();
            while let Some(at) = twins.windows(11).position(|name| name == b"report.jsom") {
                twins[at + 10] = b'n';
            }
            twins
        });
    let single = zipped(&[("report.json", b"{}")]);
    let mut commented = single.clone();
    let end = commented.len();
    commented[end - 2] = 4;
    commented.extend(b"more");
    let mut with_tail = single.clone();
    with_tail.extend(b"tail");
    for archive in [
        twins.unwrap(),
        commented,
        with_tail,
        single[..single.len() - 1].to_vec(),
        b"PK".to_vec(),
        Vec::new(),
        vec![0; 4096],
    ] {
        let scene = Scene::foreign();
        scene.archive(&archive);
        let error = archive_error(&scene);
        assert!(
            matches!(error, ArchiveError::Format(_) | ArchiveError::Count(2)),
            "{error}"
        );
    }
}

#[test]
fn a_bomb_is_not_inflated() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file("report.json", SimpleFileOptions::default())
        .unwrap();
    let zeros = vec![b' '; 1024 * 1024];
    for _ in 0..64 {
        writer.write_all(&zeros).unwrap();
    }
    let bomb = writer.finish().unwrap().into_inner();
    assert!(
        bomb.len() < 100_000,
        "{} bytes stand for 64 MiB",
        bomb.len()
    );
    let scene = Scene::foreign();
    scene.archive(&bomb);
    assert!(matches!(archive_error(&scene), ArchiveError::TooLarge(_)));

    // The same, with a directory that says it is small: at the stated sizes' places in the central
    // directory (offset 24) and in the local header (offset 22).
    let mut lying = bomb;
    let central = lying
        .windows(4)
        .rposition(|mark| mark == b"PK\x01\x02")
        .unwrap();
    lying[central + 24..central + 28].copy_from_slice(&100u32.to_le_bytes());
    lying[22..26].copy_from_slice(&100u32.to_le_bytes());
    let scene = Scene::foreign();
    scene.archive(&lying);
    let error = archive_error(&scene);
    assert!(
        matches!(error, ArchiveError::TooLarge(_) | ArchiveError::Format(_)),
        "{error}"
    );
}
