//! A shard whose arena has few pages and few boxes: what is refused changes nothing.

use std::collections::HashMap;

use proptest::prelude::*;

use super::Shard;
use crate::arena::Limits;
use crate::{
    EvictionOrder, EvictionPolicy, EvictionScope, ExpiryChange, HashKey, Key, Millis, StoreError,
    StringRef,
};

const NOW: Millis = Millis(1);

#[derive(Debug, Clone)]
enum Step {
    Set(u8, usize),
    Append(u8, usize),
    WriteAt(u8, usize, usize),
    Copy(u8, u8),
    Rename(u8, u8),
    Expire(u8),
    Persist(u8),
    Field(u8, u8, usize),
    Remove(u8),
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(Vec<u8>),
    Fields(HashMap<Vec<u8>, Vec<u8>>),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0_u8..40;
    let len = || prop_oneof![1_usize..40, 900_usize..1200, 3000_usize..40_000];
    prop_oneof![
        6 => (key(), len()).prop_map(|(key, len)| Step::Set(key, len)),
        2 => (key(), len()).prop_map(|(key, len)| Step::Append(key, len)),
        2 => (key(), len(), len()).prop_map(|(key, at, len)| Step::WriteAt(key, at, len)),
        1 => (key(), key()).prop_map(|(from, to)| Step::Copy(from, to)),
        2 => (key(), key()).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => key().prop_map(Step::Expire),
        1 => key().prop_map(Step::Persist),
        3 => (key(), 0_u8..9, len()).prop_map(|(key, field, len)| Step::Field(key, field, len)),
        2 => key().prop_map(Step::Remove),
    ]
}

fn read(shard: &mut Shard, key: Key<'_>) -> Option<Value> {
    if let Ok(text) = shard.string(key, NOW) {
        return text.map(|text| Value::Text(text.to_bytes().into_owned()));
    }
    let hash = shard.hash(key, NOW).unwrap().unwrap();
    let owned = |text: StringRef<'_>| text.to_bytes().into_owned();
    Some(Value::Fields(
        hash.iter().map(|(f, v)| (owned(f), owned(v))).collect(),
    ))
}

/// What a step that is not refused makes of a value.
enum After {
    Is(Value),
    Gone,
    Same,
}

fn expected(before: Option<&Value>, step: &Step, letter: u8) -> After {
    match (step, before) {
        (Step::Set(_, len), _) | (Step::Append(_, len), None) => {
            After::Is(Value::Text(vec![letter; *len]))
        }
        (Step::Append(_, len), Some(Value::Text(text))) => {
            After::Is(Value::Text([&text[..], &vec![letter; *len]].concat()))
        }
        (Step::WriteAt(_, at, len), None | Some(Value::Text(_))) => {
            let mut text = match before {
                Some(Value::Text(text)) => text.clone(),
                _ => Vec::new(),
            };
            text.resize(text.len().max(at + len), 0);
            text[*at..at + len].fill(letter);
            After::Is(Value::Text(text))
        }
        (Step::Field(_, field, len), None | Some(Value::Fields(_))) => {
            let mut fields = match before {
                Some(Value::Fields(fields)) => fields.clone(),
                _ => HashMap::new(),
            };
            fields.insert(vec![*field], vec![letter; *len]);
            After::Is(Value::Fields(fields))
        }
        (Step::Remove(_), _) => After::Gone,
        _ => After::Same,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_is_refused_changes_nothing(
        (pages, boxes) in (1_u32..10, 1_u32..4),
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let hash_key = HashKey::from_seed(1);
        let mut shard = Shard::with_limits(hash_key.clone(), 0, Limits { pages, boxes });
        let mut model: HashMap<u8, Value> = HashMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            let letter = b'a' + u8::try_from(number % 26).unwrap();
            let (Step::Set(name, _) | Step::Append(name, _) | Step::Expire(name)
                | Step::WriteAt(name, ..) | Step::Copy(name, _) | Step::Rename(name, _)
                | Step::Persist(name) | Step::Field(name, ..) | Step::Remove(name)) = step;
            let bytes = [b'k', name];
            let key = Key::new(&bytes, &hash_key);
            let done = match &step {
                Step::Set(_, len) => shard.set(key, &vec![letter; *len], ExpiryChange::Keep, NOW),
                Step::Append(_, len) => shard.append(key, &vec![letter; *len], NOW).map(|_| ()),
                Step::WriteAt(_, at, len) => {
                    shard.write_at(key, *at, &vec![letter; *len], NOW).map(|_| ())
                }
                Step::Copy(_, to) | Step::Rename(_, to) => {
                    let target = [b'k', *to];
                    let target = Key::new(&target, &hash_key);
                    let is_rename = matches!(step, Step::Rename(..));
                    let value = if is_rename {
                        shard.detach(key, NOW)
                    } else {
                        shard.copy(key, NOW)
                    };
                    if let Some(value) = value {
                        match shard.attach(target, value, NOW) {
                            Ok(()) => {
                                let moved = model[&name].clone();
                                if is_rename {
                                    model.remove(&name);
                                }
                                model.insert(*to, moved);
                            }
                            Err((error, value)) => {
                                prop_assert_eq!(error, StoreError::OutOfMemory);
                                if is_rename {
                                    let back = shard.attach(key, value, NOW);
                                    prop_assert!(back.is_ok(), "its room is there");
                                }
                            }
                        }
                    }
                    Ok(())
                }
                Step::Expire(_) => shard.set_expiry(key, Millis(1000), NOW).map(|_| ()),
                Step::Persist(_) => {
                    let expired = shard.expiry(key, NOW).flatten();
                    prop_assert_eq!(shard.persist(key, NOW), expired.is_some());
                    prop_assert_eq!(shard.expiry(key, NOW).flatten(), None);
                    Ok(())
                }
                Step::Field(_, field, len) => {
                    shard.hash_set(key, &[*field], &vec![letter; *len], NOW).map(|_| ())
                }
                Step::Remove(_) => {
                    shard.remove(key, NOW);
                    Ok(())
                }
            };
            let wanted = expected(model.get(&name), &step, letter);
            match (done, wanted) {
                (Ok(()), After::Is(value)) => {
                    model.insert(name, value);
                }
                (Ok(()), After::Gone) => {
                    model.remove(&name);
                }
                (Ok(()) | Err(StoreError::OutOfMemory | StoreError::WrongType(_)), _) => {}
                (Err(error), _) => panic!("{step:?}: {error}"),
            }
            shard.assert_counters();
            prop_assert_eq!(shard.len(), model.len());
            for name in 0..40 {
                let bytes = [b'k', name];
                let value = read(&mut shard, Key::new(&bytes, &hash_key));
                prop_assert_eq!(value.as_ref(), model.get(&name));
            }
        }
    }
}

#[test]
fn a_full_arena_has_room_again_once_keys_go() {
    let hash_key = HashKey::from_seed(1);
    let limits = Limits { pages: 4, boxes: 0 };
    let mut shard = Shard::with_limits(hash_key.clone(), 0, limits);
    let mut stored: u32 = 0;
    let refused = loop {
        let name = stored.to_be_bytes();
        let key = Key::new(&name, &hash_key);
        if let Err(error) = shard.set(key, &[b'v'; 100], ExpiryChange::Clear, NOW) {
            break error;
        }
        stored += 1;
    };
    assert_eq!(refused, StoreError::OutOfMemory);
    assert!(stored > 10);
    let name = 0_u32.to_be_bytes();
    let key = Key::new(&name, &hash_key);
    let large = shard.set(key, &vec![b'v'; 20_000], ExpiryChange::Clear, NOW);
    assert_eq!(large, Err(StoreError::OutOfMemory));
    assert_eq!(
        shard.string(key, NOW).unwrap().map(StringRef::len),
        Some(100)
    );
    for number in 0..stored {
        let name = number.to_be_bytes();
        assert!(shard.remove(Key::new(&name, &hash_key), NOW));
    }
    assert_eq!(
        shard.set(key, &[b'v'; 100], ExpiryChange::Clear, NOW),
        Ok(())
    );
}

/// Bytes that a shard uses with `count` keys, all of which were found, overwritten, scanned and removed.
fn used_with(hash_key: &HashKey, count: u32) -> usize {
    let mut shard = Shard::new(hash_key.clone(), 0);
    let name = |number: u32| format!("key:{number:06}").into_bytes();
    for round in 0..2 {
        for number in 0..count {
            let (bytes, value) = (name(number), [round; 20]);
            let key = Key::new(&bytes, hash_key);
            shard.set(key, &value, ExpiryChange::Clear, NOW).unwrap();
        }
    }
    let used = shard.used_bytes();
    shard.assert_counters();
    let mut scanned = 0;
    let step = shard.scan(crate::hash::KeyHash(0), usize::MAX, NOW, |_, _| {
        scanned += 1;
    });
    assert_eq!((scanned, step.next), (count, None));
    for number in 0..count {
        let bytes = name(number);
        let key = Key::new(&bytes, hash_key);
        let value = shard.string(key, NOW).unwrap().unwrap();
        assert_eq!(value.to_bytes()[..], [1; 20]);
        assert!(shard.remove(key, NOW));
    }
    assert_eq!(shard.used_bytes(), 0);
    used
}

#[test]
fn a_flood_of_collisions_costs_no_memory_and_loses_no_key() {
    const COUNT: u32 = 3000;
    let spread = used_with(&HashKey::from_seed(1), COUNT);
    // All bits equal; only low ones differ, which choose no bucket; only high ones, which are in no tag.
    for mask in [0, 0xFFFF, 0xFF << 56] {
        let used = used_with(&HashKey::masked(mask), COUNT);
        assert!(
            used < spread * 5 / 4,
            "{used} bytes of {spread} with mask {mask:x}"
        );
    }
}

#[test]
fn a_write_that_reads_what_was_there_is_one_use() {
    const LFU: EvictionPolicy = EvictionPolicy {
        scope: EvictionScope::Every,
        order: EvictionOrder::LeastFrequent,
    };
    let hash_key = HashKey::from_seed(1);
    let mut shard = Shard::new(hash_key.clone(), 0);
    shard.set_policy(Some(LFU));
    let key = Key::new(b"number", &hash_key);
    let uses = |shard: &Shard| shard.frequency(key, NOW);
    shard.increment(key, 1, NOW).unwrap();
    assert_eq!(uses(&shard), Some(0));
    shard.increment(key, 1, NOW).unwrap();
    assert_eq!(uses(&shard), Some(1));
    shard.set(key, b"7", ExpiryChange::Keep, NOW).unwrap();
    assert_eq!(uses(&shard), Some(2));
    shard.set_text(key, b"8", NOW).unwrap();
    assert_eq!(uses(&shard), Some(3));
    let appended = Key::new(b"appended", &hash_key);
    let written = Key::new(b"written", &hash_key);
    let raw = Key::new(b"raw", &hash_key);
    let uses = |shard: &Shard, key| shard.frequency(key, NOW);
    for (key, write) in [
        (appended, Shard::append as fn(&mut Shard, _, _, _) -> _),
        (written, |shard, key, tail, now| {
            shard.write_at(key, 2, tail, now)
        }),
        (raw, |shard, key, _, now| {
            shard.make_raw(key, now).map(|()| 0)
        }),
    ] {
        shard.set(key, b"12345", ExpiryChange::Clear, NOW).unwrap();
        assert_eq!(uses(&shard, key), Some(0));
        write(&mut shard, key, b"6789", NOW).unwrap();
        assert_eq!(uses(&shard, key), Some(1));
        shard.assert_counters();
    }
}

#[test]
fn what_stayed_in_a_slot_for_an_expiry_that_it_lost_can_be_renamed_without_memory() {
    let hash_key = HashKey::from_seed(1);
    let near = Millis(1_900_000_000_000);
    for (at, beside) in [(Millis(1000), 17), (near, 9)] {
        let limits = Limits { pages: 2, boxes: 0 };
        let mut shard = Shard::with_limits(hash_key.clone(), 0, limits);
        let [key, target, neighbour] =
            [&b"k"[..], b"t", b"n"].map(|name| Key::new(name, &hash_key));
        let set = |shard: &mut Shard, key, len| {
            shard.set(key, &vec![b'v'; len], ExpiryChange::Clear, NOW)
        };
        shard.hash_set(key, b"f", &[b'v'; 900], NOW).unwrap();
        shard.set_expiry(key, at, NOW).unwrap();
        set(&mut shard, target, 900).unwrap();
        set(&mut shard, neighbour, beside).unwrap();
        assert!(shard.persist(key, NOW), "in the slot that it has");
        let value = shard.detach(key, NOW).unwrap();
        assert!(shard.attach(target, value, NOW).is_ok());
        assert_eq!(shard.expiry(target, NOW), Some(None));
        assert_eq!(shard.hash_len(target, NOW), Ok(1));
        shard.assert_counters();
    }
}
