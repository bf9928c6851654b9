//! Every operation on collections against naive ones, step by step, with a recount after each.

#![expect(clippy::unwrap_used, reason = "a step that fails here fails the test")]

mod bounds;
mod check;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use check::{check_hash, check_list, check_set, check_zset};
use proptest::prelude::*;
use store::{
    End, FieldWrite, HashKey, Keyspace, Kind, Millis, PackLimits, ShardCount, Shards, StoreError,
    WrongType,
};

type Bytes = Vec<u8>;

const NOW: Millis = Millis(1_000);
const KEYS: u8 = 4;

#[derive(Debug, Clone)]
enum Value {
    Hash(BTreeMap<Bytes, Bytes>),
    List(Vec<Bytes>),
    Set(BTreeSet<Bytes>),
    Zset(BTreeMap<Bytes, f64>),
}

impl Value {
    fn is_empty(&self) -> bool {
        match self {
            Self::Hash(hash) => hash.is_empty(),
            Self::List(list) => list.is_empty(),
            Self::Set(set) => set.is_empty(),
            Self::Zset(zset) => zset.is_empty(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Hash(_) => Kind::Hash,
            Self::List(_) => Kind::List,
            Self::Set(_) => Kind::Set,
            Self::Zset(_) => Kind::Zset,
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    HashSet(Bytes, Bytes),
    HashRemove(Bytes),
    Push(End, Bytes),
    Pop(End),
    PopSeveral(End, usize),
    ListInsert(usize, Bytes),
    ListSet(usize, Bytes),
    ListRemove(Bytes, End, usize),
    Trim(usize, usize),
    SetInsert(Bytes),
    SetRemove(Bytes),
    ZsetInsert(Bytes, f64),
    ZsetRemove(Bytes),
    /// So many elements at once, to outgrow any bound.
    Fill(Kind, u16),
    /// Takes the elements of a `Fill` out again.
    Drain(u16),
    /// Puts a copy in the place of what that key holds.
    Copy(u8),
    /// Moves the value in the place of what that key holds.
    Rename(u8),
    Expire,
    Remove,
}

fn text() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        6 => "[a-e0-9]{0,2}".prop_map(String::into_bytes),
        2 => (any::<i64>(), 0_u32..64).prop_map(|(n, shift)| (n >> shift).to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 60..68),
        1 => (100_usize..5_000).prop_map(|len| vec![b'l'; len]),
    ]
}

/// An element that a list often has.
fn listed() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        text(),
        (0_u16..900).prop_map(name_of),
        "[a-e]".prop_map(String::into_bytes)
    ]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Front), Just(End::Back)]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-3_i8..4).prop_map(f64::from),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(0.5), Just(-0.0)],
        1 => -1e300_f64..1e300,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(Kind::Hash),
        Just(Kind::List),
        Just(Kind::Set),
        Just(Kind::Zset)
    ];
    prop_oneof![
        6 => (text(), text()).prop_map(|(f, v)| Step::HashSet(f, v)),
        3 => text().prop_map(Step::HashRemove),
        5 => (end(), text()).prop_map(|(e, v)| Step::Push(e, v)),
        2 => end().prop_map(Step::Pop),
        1 => (end(), 0_usize..300).prop_map(|(e, n)| Step::PopSeveral(e, n)),
        2 => (0_usize..900, text()).prop_map(|(at, v)| Step::ListInsert(at, v)),
        2 => (0_usize..900, text()).prop_map(|(at, v)| Step::ListSet(at, v)),
        2 => (listed(), end(), 0_usize..9).prop_map(|(v, e, n)| Step::ListRemove(v, e, n)),
        1 => (0_usize..20, 0_usize..900).prop_map(|(a, b)| Step::Trim(a, b)),
        6 => text().prop_map(Step::SetInsert),
        3 => text().prop_map(Step::SetRemove),
        6 => (text(), score()).prop_map(|(m, s)| Step::ZsetInsert(m, s)),
        3 => text().prop_map(Step::ZsetRemove),
        3 => (kind, 1_u16..900).prop_map(|(k, n)| Step::Fill(k, n)),
        2 => (1_u16..900).prop_map(Step::Drain),
        2 => (0..KEYS).prop_map(Step::Copy),
        2 => (0..KEYS).prop_map(Step::Rename),
        1 => Just(Step::Expire),
        1 => Just(Step::Remove),
    ]
}

fn name_of(number: u16) -> Bytes {
    format!("filler{number}").into_bytes()
}

struct Run {
    keyspace: Keyspace,
    model: HashMap<u8, Value>,
}

/// What a step did to the store and to the model must be the same.
macro_rules! both {
    ($run:ident, $key:ident, $edit:ident, $kind:ident, $fresh:expr, |$ours:ident, $theirs:ident| $act:expr) => {{
        let name = [$key];
        let key = $run.keyspace.key(&name);
        let mut shard = $run.keyspace.lock(key);
        let version = shard.watch(key, NOW);
        let theirs = $run
            .model
            .entry($key)
            .or_insert_with(|| Value::$kind($fresh));
        if let Value::$kind($theirs) = theirs {
            let before = $theirs.clone();
            shard.$edit(key, NOW, |$ours| $act).unwrap();
            if before != *$theirs {
                assert_ne!(shard.version(key, NOW), Some(version), "a write");
            }
            if before.is_empty() && $theirs.is_empty() {
                assert_eq!(shard.version(key, NOW), Some(version), "no write");
            }
        } else {
            let refused = shard.$edit(key, NOW, |$ours| {
                let _ = $ours;
            });
            assert_eq!(refused, Err(StoreError::WrongType(WrongType)));
        }
        shard.unwatch(key);
        drop(shard);
        $run.model.retain(|_, value| !value.is_empty());
    }};
}

impl Run {
    #[expect(clippy::too_many_lines, reason = "one arm for each step")]
    fn take(&mut self, key: u8, step: Step) {
        match step {
            Step::HashSet(f, v) => {
                both!(
                    self,
                    key,
                    edit_hash,
                    Hash,
                    BTreeMap::new(),
                    |ours, theirs| {
                        let fresh = theirs.insert(f.clone(), v.clone()).is_none();
                        assert_eq!(ours.set(&f, &v) == FieldWrite::Added, fresh);
                    }
                );
            }
            Step::HashRemove(f) => {
                both!(
                    self,
                    key,
                    edit_hash,
                    Hash,
                    BTreeMap::new(),
                    |ours, theirs| {
                        assert_eq!(ours.remove(&f), theirs.remove(&f).is_some());
                    }
                );
            }
            Step::Push(end, v) => {
                both!(self, key, edit_list, List, Vec::new(), |ours, theirs| {
                    ours.push(end, &v);
                    let at = if end == End::Front { 0 } else { theirs.len() };
                    theirs.insert(at, v.clone());
                });
            }
            Step::Pop(end) => both!(self, key, edit_list, List, Vec::new(), |ours, theirs| {
                let expected = match end {
                    End::Front if theirs.is_empty() => None,
                    End::Front => Some(theirs.remove(0)),
                    End::Back => theirs.pop(),
                };
                assert_eq!(ours.pop(end), expected);
            }),
            Step::PopSeveral(end, count) => {
                both!(self, key, edit_list, List, Vec::new(), |ours, theirs| {
                    let count = count.min(theirs.len());
                    let expected: Vec<_> = match end {
                        End::Front => theirs.drain(..count).collect(),
                        End::Back => theirs.drain(theirs.len() - count..).rev().collect(),
                    };
                    assert_eq!(ours.pop_several(end, count), expected);
                });
            }
            Step::ListInsert(at, v) => {
                both!(self, key, edit_list, List, Vec::new(), |ours, theirs| {
                    ours.insert(at, &v);
                    theirs.insert(at.min(theirs.len()), v.clone());
                });
            }
            Step::ListSet(at, v) => {
                both!(self, key, edit_list, List, Vec::new(), |ours, theirs| {
                    if let Some(place) = theirs.get_mut(at) {
                        place.clone_from(&v);
                        ours.set(at, &v);
                    }
                });
            }
            Step::ListRemove(v, end, most) => {
                both!(self, key, edit_list, List, Vec::new(), |ours, theirs| {
                    let mut gone: Vec<_> = (0..theirs.len())
                        .filter(|at| theirs.get(*at) == Some(&v))
                        .collect();
                    if end == End::Back {
                        gone.reverse();
                    }
                    gone.truncate(most);
                    assert_eq!(ours.remove_equal(&v, end, most), gone.len());
                    let mut at = 0..;
                    theirs.retain(|_| !gone.contains(&at.next().unwrap()));
                });
            }
            Step::Trim(start, end) => {
                both!(self, key, edit_list, List, Vec::new(), |ours, theirs| {
                    ours.trim(&(start..end));
                    let mut at = 0..;
                    theirs.retain(|_| (start..end).contains(&at.next().unwrap()));
                });
            }
            Step::SetInsert(m) => {
                both!(
                    self,
                    key,
                    edit_members,
                    Set,
                    BTreeSet::new(),
                    |ours, theirs| {
                        assert_eq!(ours.insert(&m), theirs.insert(m.clone()));
                    }
                );
            }
            Step::SetRemove(m) => {
                both!(
                    self,
                    key,
                    edit_members,
                    Set,
                    BTreeSet::new(),
                    |ours, theirs| {
                        assert_eq!(ours.remove(&m), theirs.remove(&m));
                    }
                );
            }
            Step::ZsetInsert(m, s) => {
                both!(
                    self,
                    key,
                    edit_zset,
                    Zset,
                    BTreeMap::new(),
                    |ours, theirs| {
                        assert_eq!(ours.insert(&m, s), theirs.insert(m.clone(), s));
                    }
                );
            }
            Step::ZsetRemove(m) => {
                both!(
                    self,
                    key,
                    edit_zset,
                    Zset,
                    BTreeMap::new(),
                    |ours, theirs| {
                        assert_eq!(ours.remove(&m), theirs.remove(&m));
                    }
                );
            }
            Step::Fill(kind, count) => {
                for number in 0..count {
                    let name = name_of(number);
                    let step = match kind {
                        Kind::Hash => Step::HashSet(name, b"v".to_vec()),
                        Kind::List => Step::Push(End::Back, name),
                        Kind::Set => Step::SetInsert(name),
                        _ => Step::ZsetInsert(name, f64::from(number % 7)),
                    };
                    self.take(key, step);
                }
            }
            Step::Drain(count) => {
                for number in 0..count {
                    let name = name_of(number);
                    let step = match self.model.get(&key) {
                        Some(Value::Hash(_)) => Step::HashRemove(name),
                        Some(Value::List(_)) => Step::Pop(End::Back),
                        Some(Value::Set(_)) => Step::SetRemove(name),
                        Some(Value::Zset(_)) => Step::ZsetRemove(name),
                        None => return,
                    };
                    self.take(key, step);
                }
            }
            Step::Copy(to) | Step::Rename(to) => {
                let (from, target) = ([key], [to]);
                let (from, target) = (self.keyspace.key(&from), self.keyspace.key(&target));
                let mut shard = self.keyspace.lock(from);
                let before = (shard.expiry(from, NOW), shard.encoding(from, NOW));
                let moved = matches!(step, Step::Rename(_));
                let value = if moved {
                    shard.detach(from, NOW)
                } else {
                    shard.copy(from, NOW)
                };
                assert_eq!(value.is_some(), self.model.contains_key(&key));
                assert_eq!(shard.contains(from, NOW), !moved && value.is_some());
                if let Some(value) = value {
                    shard.attach(target, value, NOW).unwrap();
                    let after = (shard.expiry(target, NOW), shard.encoding(target, NOW));
                    assert_eq!(after, before);
                    let value = if moved {
                        self.model.remove(&key)
                    } else {
                        self.model.get(&key).cloned()
                    };
                    self.model.insert(to, value.unwrap());
                }
            }
            Step::Expire => {
                let name = [key];
                let key = self.keyspace.key(&name);
                let mut shard = self.keyspace.lock(key);
                shard
                    .set_expiry(key, Millis(2_000_000_000_000), NOW)
                    .unwrap();
            }
            Step::Remove => {
                let name = [key];
                let there = self.model.remove(&key).is_some();
                let key = self.keyspace.key(&name);
                assert_eq!(self.keyspace.lock(key).remove(key, NOW), there);
            }
        }
    }

    /// Everything that can be read is read, and every counter counted again.
    fn check(&self) {
        (&self.keyspace).with_shard(0, |shard| shard.assert_counters());
        assert_eq!(self.keyspace.len(), self.model.len());
        for number in 0..KEYS {
            let name = [number];
            let key = self.keyspace.key(&name);
            let mut shard = self.keyspace.lock(key);
            let value = self.model.get(&number);
            assert_eq!(shard.kind(key, NOW), value.map(Value::kind));
            match value {
                None => {
                    assert!(shard.get(key, NOW).is_none());
                    continue;
                }
                Some(Value::Hash(theirs)) => {
                    assert_eq!(shard.list(key, NOW).err(), Some(WrongType));
                    check_hash(shard.hash(key, NOW).unwrap().unwrap(), theirs);
                }
                Some(Value::List(theirs)) => {
                    assert_eq!(shard.zset(key, NOW).err(), Some(WrongType));
                    check_list(shard.list(key, NOW).unwrap().unwrap(), theirs);
                }
                Some(Value::Set(theirs)) => {
                    assert_eq!(shard.hash(key, NOW).err(), Some(WrongType));
                    check_set(shard.members(key, NOW).unwrap().unwrap(), theirs);
                }
                Some(Value::Zset(theirs)) => {
                    assert_eq!(shard.members(key, NOW).err(), Some(WrongType));
                    check_zset(shard.zset(key, NOW).unwrap().unwrap(), theirs);
                }
            }
            assert_eq!(shard.string(key, NOW).err(), Some(WrongType));
            assert!(shard.memory_usage(key, NOW).unwrap() > 1);
        }
    }
}

const TIGHT: PackLimits = PackLimits {
    hash_entries: 4,
    hash_value: 8,
    list_bytes: 40,
    set_integers: 6,
    set_entries: 4,
    set_value: 8,
    zset_entries: 4,
    zset_value: 8,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn collections_do_what_naive_ones_do(
        limits in prop_oneof![Just(PackLimits::DEFAULT), Just(TIGHT)],
        steps in prop::collection::vec((0..KEYS, step()), 1..60),
    ) {
        let keyspace = Keyspace::new(HashKey::from_seed(9), ShardCount::ONE);
        (&keyspace).with_shard(0, |shard| shard.set_pack_limits(limits));
        let mut run = Run { keyspace, model: HashMap::new() };
        for (key, step) in steps {
            run.take(key, step);
            run.check();
        }
    }
}
