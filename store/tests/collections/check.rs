//! Every reader of a collection against the naive one.

use std::collections::{BTreeMap, BTreeSet};

use crate::Bytes;

pub(crate) fn owned(string: store::StringRef<'_>) -> Bytes {
    string.to_bytes().into_owned()
}

/// What all calls of a scan visit, a few elements a call.
fn scanned<T>(mut call: impl FnMut(u64, &mut Vec<T>) -> u64) -> Vec<T> {
    let (mut found, mut cursor) = (Vec::new(), 0);
    loop {
        cursor = call(cursor, &mut found);
        if cursor == 0 {
            return found;
        }
    }
}

pub(crate) fn check_hash(ours: store::HashRef<'_>, theirs: &BTreeMap<Bytes, Bytes>) {
    assert_eq!(ours.len(), theirs.len());
    let all: BTreeMap<_, _> = ours.iter().map(|(f, v)| (owned(f), owned(v))).collect();
    assert_eq!(all, *theirs);
    for (field, value) in theirs {
        assert_eq!(ours.get(field).map(owned).as_ref(), Some(value));
    }
    assert!(ours.get(b"no such field").is_none());
    let last = ours.nth(theirs.len() - 1).map(|(field, _)| owned(field));
    assert_eq!(last, ours.iter().last().map(|(field, _)| owned(field)));
    assert!(ours.nth(theirs.len()).is_none());
    let mut found =
        scanned(|cursor, found| ours.scan(cursor, 7, |f, v| found.push((owned(f), owned(v)))));
    found.sort();
    assert!(found.into_iter().eq(theirs.clone()));
}

pub(crate) fn check_list(ours: store::ListRef<'_>, theirs: &[Bytes]) {
    assert_eq!(ours.len(), theirs.len());
    assert!(ours.iter().map(owned).eq(theirs.iter().cloned()));
    for at in [0, 1, theirs.len() / 2, theirs.len() - 1, theirs.len()] {
        assert_eq!(ours.get(at).map(owned).as_ref(), theirs.get(at));
        let range = ours.range(at..at + 5).map(owned);
        assert!(range.eq(theirs.iter().skip(at).take(5).cloned()));
    }
}

pub(crate) fn check_set(ours: store::SetRef<'_>, theirs: &BTreeSet<Bytes>) {
    assert_eq!(ours.len(), theirs.len());
    let all: BTreeSet<_> = ours.iter().map(owned).collect();
    assert_eq!(all, *theirs);
    assert!(theirs.iter().all(|member| ours.contains(member)));
    assert!(!ours.contains(b"no such member"));
    assert_eq!(ours.nth(theirs.len() - 1), ours.iter().last());
    let mut found = scanned(|cursor, found| ours.scan(cursor, 7, |m| found.push(owned(m))));
    found.sort();
    assert!(found.iter().eq(theirs));
}

pub(crate) fn check_zset(ours: store::ZsetRef<'_>, theirs: &BTreeMap<Bytes, f64>) {
    let mut sorted: Vec<_> = theirs.iter().map(|(m, s)| (m.clone(), *s)).collect();
    sorted.sort_by(|a, b| a.1.partial_cmp(&b.1).unwrap().then_with(|| a.0.cmp(&b.0)));
    assert_eq!(ours.len(), theirs.len());
    assert!(ours.iter().map(|(m, s)| (owned(m), s)).eq(sorted.clone()));
    let step = sorted.len() / 40 + 1;
    for (rank, (member, score)) in sorted.iter().enumerate().step_by(step) {
        assert_eq!(ours.score(member), Some(*score));
        assert_eq!(ours.rank(member), Some(rank));
        let first = ours.partition_point(|_, there| there < *score);
        assert_eq!(first, sorted.partition_point(|(_, there)| there < score));
        let range = ours.range(rank..rank + 3).map(|(m, s)| (owned(m), s));
        assert!(range.eq(sorted.iter().skip(rank).take(3).cloned()));
    }
    assert!(ours.score(b"no such member").is_none() && ours.rank(b"no such member").is_none());
    let mut found = scanned(|cursor, found| ours.scan(cursor, 7, |m, _| found.push(owned(m))));
    found.sort();
    assert!(found.iter().eq(theirs.keys()));
}
