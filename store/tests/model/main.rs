//! Every operation against a naive oracle, step by step, with a recount of every counter after each.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a step that fails here fails the test"
)]

mod oracle;

use std::collections::{BTreeMap, HashMap};

use oracle::{Bytes, Oracle, Refused};
use proptest::prelude::*;
use store::{
    EvictionOrder, EvictionPolicy, EvictionScope, ExpiryChange, HashKey, Hint, IncrementError,
    Keyspace, Kind, Millis, Room, ShardCount, ShardInTurn, Shards, StoreError, WatchVersion,
    WrongType,
};

#[derive(Debug, Clone)]
enum Step {
    Set(usize, Bytes, Expiry),
    /// Sets what stays text.
    SetText(usize, Bytes),
    Append(usize, Bytes),
    WriteAt(usize, usize, Bytes),
    MakeRaw(usize),
    Increment(usize, i64),
    Remove(usize),
    Expire(usize, i64),
    Persist(usize),
    HashSet(usize, Bytes, Bytes),
    HashRemove(usize, Bytes),
    /// Sets this many fields at once, to grow past what a row holds, or goes with its key.
    HashFill(usize, u16),
    Watch(usize),
    Unwatch(usize),
    /// From here on says that a key lies where another one, or it, lies now.
    Hint(usize, usize),
    Random(u64),
    Sweep(usize),
    /// Makes room in so many percent of what is used.
    Room(Option<EvictionPolicy>, usize, u64),
    /// Moves entries closer together.
    Compact,
    /// Frees so many elements of collections whose keys are gone.
    Free(usize),
    Clear,
    Pass(u64),
}

#[derive(Debug, Clone)]
enum Expiry {
    Clear,
    Keep,
    In(u64),
}

/// Few keys, so that steps meet: the empty one, short ones, and two longer than one byte can count.
fn key_of(number: usize) -> Bytes {
    match number {
        0 => Vec::new(),
        1 => vec![0xFF; 254],
        2 => vec![b'k'; 255],
        3 => vec![b'k'; 70_000],
        _ => format!("key:{number:012}").into_bytes(),
    }
}

const KEYS: usize = 10;

fn text() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        4 => any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        2 => (-300_i64..300).prop_map(|n| n.to_string().into_bytes()),
        2 => "[-0-9]{0,21}".prop_map(String::into_bytes),
        4 => prop::collection::vec(any::<u8>(), 0..80),
        1 => prop::collection::vec(any::<u8>(), 200..600),
    ]
}

fn field() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        9 => "[a-e]{0,1}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 64..66),
    ]
}

fn policy() -> impl Strategy<Value = EvictionPolicy> {
    let order = prop_oneof![
        Just(EvictionOrder::LeastRecent),
        Just(EvictionOrder::LeastFrequent),
        Just(EvictionOrder::Random),
        Just(EvictionOrder::SoonestExpiry),
    ];
    let scope = prop_oneof![Just(EvictionScope::Every), Just(EvictionScope::Expiring)];
    (order, scope).prop_map(|(order, scope)| {
        let all = order == EvictionOrder::SoonestExpiry;
        let scope = if all { EvictionScope::Expiring } else { scope };
        EvictionPolicy { order, scope }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS;
    let expiry = prop_oneof![
        Just(Expiry::Clear),
        Just(Expiry::Keep),
        (0_u64..40).prop_map(Expiry::In)
    ];
    prop_oneof![
        8 => (key(), text(), expiry).prop_map(|(k, v, e)| Step::Set(k, v, e)),
        2 => (key(), text()).prop_map(|(k, v)| Step::SetText(k, v)),
        3 => (key(), text()).prop_map(|(k, v)| Step::Append(k, v)),
        2 => (key(), 0_usize..100, prop_oneof![9 => "[a-z0-9]{1,90}", 1 => Just(String::new())])
            .prop_map(|(k, at, v)| Step::WriteAt(k, at, v.into_bytes())),
        1 => key().prop_map(Step::MakeRaw),
        3 => (key(), prop_oneof![-9_i64..9, any::<i64>()]).prop_map(|(k, n)| Step::Increment(k, n)),
        3 => key().prop_map(Step::Remove),
        3 => (key(), -5_i64..40).prop_map(|(k, at)| Step::Expire(k, at)),
        2 => key().prop_map(Step::Persist),
        5 => (key(), field(), text()).prop_map(|(k, f, v)| Step::HashSet(k, f, v)),
        3 => (key(), field()).prop_map(|(k, f)| Step::HashRemove(k, f)),
        1 => (key(), prop_oneof![4 => 500_u16..520, 1 => 1020_u16..1040])
            .prop_map(|(k, n)| Step::HashFill(k, n)),
        1 => (1_usize..600).prop_map(Step::Free),
        3 => key().prop_map(Step::Watch),
        2 => key().prop_map(Step::Unwatch),
        6 => key().prop_map(|k| Step::Hint(k, k)),
        1 => (key(), key()).prop_map(|(k, other)| Step::Hint(k, other)),
        1 => any::<u64>().prop_map(Step::Random),
        1 => (1_usize..50).prop_map(Step::Sweep),
        2 => (prop::option::weighted(0.8, policy()), 20_usize..101, any::<u64>())
            .prop_map(|(p, n, r)| Step::Room(p, n, r)),
        1 => Just(Step::Compact),
        1 => Just(Step::Clear),
        4 => (0_u64..20).prop_map(Step::Pass),
    ]
}

struct Watch {
    key: Bytes,
    version: WatchVersion,
    writes: u64,
}

struct Run {
    keyspace: Keyspace,
    oracle: Oracle,
    now: Millis,
    watches: Vec<Watch>,
    /// Where keys lay some time ago, by their numbers.
    hints: [Hint; KEYS],
}

impl Run {
    fn new(shards: usize) -> Self {
        Self {
            keyspace: Keyspace::new(HashKey::from_seed(9), ShardCount::at_least(shards)),
            oracle: Oracle::default(),
            now: Millis(1_000_000),
            watches: Vec::new(),
            hints: [Hint::NONE; KEYS],
        }
    }

    fn writes(&self, key: &[u8]) -> u64 {
        self.oracle.writes.get(key).copied().unwrap_or_default()
    }

    fn take(&mut self, step: Step) {
        let now = self.now;
        let oracle = &mut self.oracle;
        let with = |k: usize, act: &mut dyn FnMut(&[u8], &mut store::Shard, store::Key<'_>)| {
            let name = key_of(k);
            let hash = self.keyspace.key(&name).hash();
            let key = store::Key::with_hash(&name, hash, self.hints[k]);
            act(&name, &mut self.keyspace.lock(key), key);
        };
        match step {
            Step::Set(k, value, expiry) => with(k, &mut |name, shard, key| {
                let change = match expiry {
                    Expiry::Clear => ExpiryChange::Clear,
                    Expiry::Keep => ExpiryChange::Keep,
                    Expiry::In(ms) => ExpiryChange::At(Millis(now.0 + ms)),
                };
                shard.set(key, &value, change, now).unwrap();
                oracle.set(name, &value, change);
            }),
            Step::SetText(k, value) => with(k, &mut |name, shard, key| {
                shard.set_text(key, &value, now).unwrap();
                oracle.set_text(name, &value);
            }),
            Step::WriteAt(k, at, bytes) => with(k, &mut |name, shard, key| {
                let got = shard.write_at(key, at, &bytes, now).map_err(refused);
                assert_eq!(got, oracle.write_at(name, at, &bytes));
            }),
            Step::MakeRaw(k) => with(k, &mut |name, shard, key| {
                let got = shard.make_raw(key, now).map_err(refused);
                assert_eq!(got, oracle.make_raw(name));
            }),
            Step::Append(k, tail) => with(k, &mut |name, shard, key| {
                let got = shard.append(key, &tail, now).map_err(refused);
                assert_eq!(got, oracle.append(name, &tail));
            }),
            Step::Increment(k, by) => with(k, &mut |name, shard, key| {
                let got = shard.increment(key, by, now).map_err(|error| match error {
                    IncrementError::Store(error) => refused(error),
                    IncrementError::NotAnInteger => Refused::NotAnInteger,
                    IncrementError::Overflow => Refused::Overflow,
                });
                assert_eq!(got, oracle.increment(name, by));
            }),
            Step::Remove(k) => with(k, &mut |name, shard, key| {
                assert_eq!(shard.remove(key, now), oracle.remove(name));
            }),
            Step::Expire(k, ms) => with(k, &mut |name, shard, key| {
                let at = Millis(now.0.checked_add_signed(ms).unwrap());
                let got = shard.set_expiry(key, at, now).unwrap();
                assert_eq!(got, oracle.set_expiry(name, at, now));
            }),
            Step::Persist(k) => with(k, &mut |name, shard, key| {
                assert_eq!(shard.persist(key, now), oracle.persist(name));
            }),
            Step::HashSet(k, f, v) => with(k, &mut |name, shard, key| {
                let got = shard.hash_set(key, &f, &v, now).map_err(refused);
                assert_eq!(got, oracle.hash_set(name, &f, &v));
            }),
            Step::HashFill(k, fields) => with(k, &mut |name, shard, key| {
                for number in 0..fields {
                    let field = number.to_le_bytes();
                    let got = shard.hash_set(key, &field, b"v", now).map_err(refused);
                    assert_eq!(got, oracle.hash_set(name, &field, b"v"));
                }
            }),
            Step::HashRemove(k, f) => with(k, &mut |name, shard, key| {
                let got = shard.hash_remove(key, &f, now).map_err(refused);
                assert_eq!(got, oracle.hash_remove(name, &f));
            }),
            Step::Watch(k) => self.watch(k),
            Step::Unwatch(k) => self.unwatch(k),
            Step::Hint(k, other) => {
                let hash = self.keyspace.key(&key_of(other)).hash();
                let mut turn = ShardInTurn::new(&self.keyspace);
                let mut homes = turn.touch_buckets(&[hash]);
                [self.hints[k], ..] = turn.touch(&mut homes, &[]);
            }
            Step::Random(random) => {
                let key = self.keyspace.random_key(random, now);
                let known = |key: &[u8]| oracle.entries.contains_key(key);
                assert!(key.map_or(oracle.entries.is_empty(), |key| known(&key)));
            }
            Step::Sweep(budget) => self.sweep(budget),
            Step::Room(policy, percent, random) => self.make_room(policy, percent, random),
            Step::Compact => {
                let _moved = self.keyspace.compact(4);
            }
            Step::Free(count) => {
                let freed = self.keyspace.free_remains(count);
                assert!(freed <= count, "{freed} of {count}");
            }
            Step::Clear => {
                self.keyspace.clear();
                oracle.clear();
                assert_eq!(self.keyspace.used_bytes(), 0);
            }
            Step::Pass(ms) => {
                self.now = Millis(now.0 + ms);
                oracle.advance(self.now);
            }
        }
    }

    fn watch(&mut self, number: usize) {
        let name = key_of(number);
        let key = self.keyspace.key(&name);
        let version = self.keyspace.lock(key).watch(key, self.now);
        let writes = self.writes(&name);
        self.watches.push(Watch {
            key: name,
            version,
            writes,
        });
    }

    fn unwatch(&mut self, number: usize) {
        let name = key_of(number);
        if let Some(at) = self.watches.iter().position(|watch| watch.key == name) {
            self.watches.remove(at);
            let key = self.keyspace.key(&name);
            self.keyspace.lock(key).unwatch(key);
        }
    }

    fn sweep(&self, budget: usize) {
        let mut cursor = 0;
        loop {
            let sweep = self.keyspace.sweep_expired(cursor, budget, self.now);
            cursor = sweep.cursor;
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(self.keyspace.len(), self.oracle.entries.len());
    }

    /// Room is made; the oracle is told what went, which must be what may go, and no more than counted.
    fn make_room(&mut self, policy: Option<EvictionPolicy>, percent: usize, random: u64) {
        let now = self.now;
        self.keyspace.set_policy(policy);
        let bound = self.keyspace.used_bytes() * percent / 100;
        let before = self.keyspace.evicted_total();
        let room = self.keyspace.make_room(bound, policy, random);
        let evicted = self.keyspace.evicted_total() - before;
        let is_gone = |name: &&Bytes| {
            let key = self.keyspace.key(name);
            !self.keyspace.lock(key).contains(key, now)
        };
        let gone: Vec<Bytes> = self
            .oracle
            .entries
            .keys()
            .filter(is_gone)
            .cloned()
            .collect();
        assert!(gone.len() as u64 <= evicted);
        let scope = policy.map(|policy| policy.scope);
        for name in &gone {
            let entry = self.oracle.entries.get(name).unwrap();
            let expires = entry.expiry.is_some();
            assert!(expires && scope.is_some() || scope == Some(EvictionScope::Every));
            self.oracle.remove(name);
        }
        match (room, scope) {
            (Room::Enough, _) => assert!(self.keyspace.used_bytes() <= bound),
            (Room::Lacking, Some(EvictionScope::Every)) => assert!(self.keyspace.is_empty()),
            (Room::Lacking, Some(EvictionScope::Expiring)) => {
                assert_eq!(self.keyspace.expiring(), 0);
            }
            (Room::Lacking, None) => assert!(gone.is_empty()),
        }
    }

    /// Everything that can be read is read, and every counter counted again.
    fn check(&self) {
        let now = self.now;
        let mut all = &self.keyspace;
        for index in 0..Shards::count(&all).get() {
            all.with_shard(index, |shard| shard.assert_counters());
        }
        let sum: usize = (0..Shards::count(&all).get())
            .map(|index| all.with_shard(index, |shard| shard.used_bytes()))
            .sum();
        assert_eq!(self.keyspace.used_bytes(), sum, "the total of all shards");
        let parts = self.keyspace.memory_parts();
        assert_eq!(parts.total(), sum, "the parts of all shards");
        let keys: usize = self.oracle.entries.keys().map(Vec::len).sum();
        assert!(parts.entries >= keys, "entries hold their keys: {parts:?}");
        assert_eq!(self.scan_all(3), self.scan_all(1000), "SCAN by any count");
        let scanned: BTreeMap<Bytes, Kind> = self.scan_all(2).into_iter().collect();
        assert!(scanned.keys().eq(self.oracle.entries.keys()));
        assert!(self.keyspace.len() >= self.oracle.entries.len());

        for number in 0..KEYS {
            let name = key_of(number);
            let hash = self.keyspace.key(&name).hash();
            let key = store::Key::with_hash(&name, hash, self.hints[number]);
            let mut shard = self.keyspace.lock(key);
            let entry = self.oracle.entries.get(&name);
            assert_eq!(scanned.get(&name).copied(), self.oracle.kind(&name));
            let text = shard
                .string(key, now)
                .map(|s| s.map(|s| s.to_bytes().into_owned()));
            let expected = self.oracle.string(&name).map(Option::<&Bytes>::cloned);
            assert_eq!(text.map_err(|WrongType| Refused::WrongType), expected);
            assert_eq!(shard.contains(key, now), entry.is_some());
            assert_eq!(shard.get(key, now).is_some(), entry.is_some());
            assert_eq!(shard.kind(key, now), self.oracle.kind(&name));
            assert_eq!(shard.encoding(key, now), self.oracle.encoding(&name));
            assert_eq!(shard.expiry(key, now), entry.map(|entry| entry.expiry));
            let bytes = shard.memory_usage(key, now);
            assert_eq!(bytes.is_some(), entry.is_some());
            assert!(bytes.is_none_or(|bytes| bytes >= name.len()));
            let fields = shard.hash(key, now).map(|hash| {
                let owned = |text: store::StringRef<'_>| text.to_bytes().into_owned();
                hash.map(|hash| hash.iter().map(|(f, v)| (owned(f), owned(v))).collect())
            });
            let expected = self
                .oracle
                .hash(&name)
                .map(Option::<&BTreeMap<_, _>>::cloned);
            if let Ok(Some(fields)) = &expected {
                assert_eq!(shard.hash_len(key, now), Ok(fields.len()));
                let hash = shard.hash(key, now).unwrap().unwrap();
                for (field, value) in fields {
                    let got = hash.get(field).map(|got| got.to_bytes().into_owned());
                    assert_eq!(got.as_ref(), Some(value));
                }
            }
            assert_eq!(fields.map_err(|WrongType| Refused::WrongType), expected);
        }

        let mut watched = HashMap::new();
        for watch in &self.watches {
            let key = self.keyspace.key(&watch.key);
            let version = self.keyspace.lock(key).version(key, now).unwrap();
            let unwritten = self.writes(&watch.key) == watch.writes;
            assert_eq!(version == watch.version, unwritten, "{:?}", watch.key);
            watched.insert(watch.key.clone(), version);
        }
        for number in 0..KEYS {
            let name = key_of(number);
            let key = self.keyspace.key(&name);
            let version = self.keyspace.lock(key).version(key, now);
            assert_eq!(version, watched.get(&name).copied());
        }
    }

    fn scan_all(&self, count: usize) -> Vec<(Bytes, Kind)> {
        let (mut found, mut cursor) = (Vec::new(), 0);
        loop {
            let visit = |key: &[u8], kind| found.push((key.to_vec(), kind));
            cursor = self.keyspace.scan(cursor, count, self.now, visit);
            if cursor == 0 {
                return found;
            }
        }
    }
}

fn refused(error: StoreError) -> Refused {
    assert_eq!(
        error,
        StoreError::WrongType(WrongType),
        "nothing is too long here"
    );
    Refused::WrongType
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_store_does_what_the_oracle_does(
        shards in prop_oneof![Just(1_usize), Just(4)],
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut run = Run::new(shards);
        for step in steps {
            run.take(step);
            run.check();
        }
    }
}
