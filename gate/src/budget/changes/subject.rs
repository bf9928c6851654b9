//! What is built and how it is started, compared between base and head.

use std::collections::BTreeSet;

use super::{BudgetChange, ChangeKind};
use crate::budget::spec::{Ready, Subject};

/// What differs in `[subject]`: how to build and start, not what may land.
pub(super) fn changes(old: &Subject, new: &Subject, found: &mut Vec<BudgetChange>) {
    let words = |words: &Vec<String>| format!("{words:?}");
    let mut differs = |target: String, was: Option<String>, is: Option<String>| {
        let kind = match (&was, &is) {
            _ if was == is => return,
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        };
        let mut change = BudgetChange::new(target, kind);
        (change.old, change.new) = (was, is);
        found.push(change);
    };
    differs(
        "subject.build".to_owned(),
        Some(words(&old.build)),
        Some(words(&new.build)),
    );
    let toolchain = |subject: &Subject| subject.toolchain.as_ref().map(words);
    differs(
        "subject.toolchain".to_owned(),
        toolchain(old),
        toolchain(new),
    );
    let harness =
        |subject: &Subject| (!subject.harness.is_empty()).then(|| words(&subject.harness));
    differs("subject.harness".to_owned(), harness(old), harness(new));
    let names: BTreeSet<&String> = old.artifacts.keys().chain(new.artifacts.keys()).collect();
    for name in names {
        let path = |subject: &Subject| subject.artifacts.get(name).cloned();
        differs(format!("subject.artifacts.{name}"), path(old), path(new));
    }
    let command = |subject: &Subject| subject.serve.as_ref().map(|serve| words(&serve.command));
    differs(
        "subject.serve.command".to_owned(),
        command(old),
        command(new),
    );
    let ready = |subject: &Subject| subject.serve.as_ref().map(|serve| ready(&serve.ready));
    differs("subject.serve.ready".to_owned(), ready(old), ready(new));
}

fn ready(ready: &Ready) -> String {
    match ready {
        Ready::Resp => "resp".to_owned(),
        Ready::Tcp => "tcp".to_owned(),
        Ready::Http(path) => format!("http:{path}"),
    }
}
