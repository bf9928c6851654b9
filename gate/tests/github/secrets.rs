//! The token is seen by GitHub and by nobody else.

use std::fmt::Write as _;

use gate::publish::github::{Delivery, PostError, Token};
use miette::{Diagnostic, GraphicalReportHandler};
use serde_json::json;

use crate::fake::{Answer, Fault, TOKEN};
use crate::world::Scene;

/// Everything that can be seen of a run.
fn everything(scene: &Scene, write: &mut String) {
    let posted = scene.post();
    writeln!(write, "{:?}\n{posted:?}", scene.settings).unwrap();
    if let Err(error) = posted {
        shown(&error, write);
    }
    writeln!(write, "{:#?}", scene.fake.world().comments).unwrap();
    writeln!(write, "{:#?}", scene.fake.world().checks).unwrap();
    for entry in std::fs::read_dir(scene.folder()).unwrap() {
        write.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
}

fn shown(error: &PostError, write: &mut String) {
    writeln!(write, "{error}\n{error:?}\n{error:#?}").unwrap();
    let diagnostic: &dyn Diagnostic = error;
    GraphicalReportHandler::new()
        .render_report(write, diagnostic)
        .unwrap();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        writeln!(write, "{inner}\n{inner:?}").unwrap();
        source = inner.source();
    }
}

#[test]
fn the_token_is_in_no_error_report_or_output() {
    let mut all = String::new();
    let echo = |status| {
        let body = json!({"message": format!("who is Bearer {TOKEN}?"), "errors": [TOKEN]});
        Fault::Answer(Answer::json(status, &body))
    };
    let mut faults: Vec<Fault> = [400, 401, 403, 404, 410, 418, 422, 429, 500]
        .map(echo)
        .to_vec();
    faults.push(Fault::Answer(Answer::text(500, &format!("<p>{TOKEN}</p>"))));
    faults.push(Fault::Answer(Answer::text(
        500,
        &format!("trace: Authorization: Bearer {TOKEN}"),
    )));
    faults.push(Fault::Answer(Answer::text(
        200,
        &format!("{{\"id\": {TOKEN}"),
    )));
    faults.push(Fault::Answer(Answer::text(
        200,
        &format!("[{{\"id\": \"{TOKEN}\"}}]"),
    )));
    faults.push(Fault::Reset);
    for fault in faults {
        for what in ["GET", "POST"] {
            let mut scene = Scene::foreign();
            scene.settings.check = Some("gate".to_owned());
            scene.settings.patience.tries = 1;
            scene.fake.fault(what, fault.clone());
            everything(&scene, &mut all);
        }
    }
    let mut dry = Scene::own();
    dry.settings.delivery = Delivery::DryRun;
    everything(&dry, &mut all);
    assert!(all.contains("***"), "an echo was shown, without the token");
    for line in all.lines() {
        assert!(!line.contains(TOKEN), "the token was shown: {line}");
    }
}

#[test]
fn another_host_is_never_shown_the_token() {
    let scene = Scene::own();
    let elsewhere = crate::fake::Fake::start("x/y");
    let place = format!("{}/elsewhere", elsewhere.url);
    scene.fake.fault(
        "GET",
        Fault::Answer(Answer::text(302, "").with("location", &place)),
    );
    scene.post().unwrap_err();
    let seen = elsewhere.seen();
    assert_eq!(seen.len(), 1, "the redirection was followed");
    assert_eq!(seen[0].headers.get("authorization"), None);
}

#[test]
fn a_token_with_a_line_break_is_refused_before_it_is_sent() {
    let error = Token::new(&format!("{TOKEN}\n")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(TOKEN));
}
