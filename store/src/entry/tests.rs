//! Entries against the parts that they were made of.

use proptest::prelude::*;

use super::*;
use crate::arena::{Arena, Limits};

#[derive(Debug, Clone)]
struct Parts {
    form: Form,
    expiry: Option<Millis>,
    frequency: u8,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Parts {
    fn draft(&self) -> Draft<'_> {
        Draft {
            form: self.form,
            expiry: self.expiry,
            frequency: self.frequency,
            key: &self.key,
            value: &self.value,
        }
    }

    fn blob(&self) -> Vec<u8> {
        self.draft().with_parts(|parts| parts.concat())
    }
}

fn expiry() -> impl Strategy<Value = Option<Millis>> {
    let near = 1_577_836_800_000_u64;
    prop_oneof![
        Just(None),
        any::<u64>().prop_map(|at| Some(Millis(at))),
        (near..near + (1 << 40) + 10).prop_map(|at| Some(Millis(at))),
        (near - 3..near + 3).prop_map(|at| Some(Millis(at))),
        (near + (1 << 40) - 5..near + (1 << 40)).prop_map(|at| Some(Millis(at))),
    ]
}

fn parts() -> impl Strategy<Value = Parts> {
    let key = prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 0..40),
        2 => prop::collection::vec(any::<u8>(), 252..258),
        1 => prop::collection::vec(any::<u8>(), 65_530..65_540),
    ];
    let value = prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 0..300),
        1 => prop::collection::vec(any::<u8>(), 16_370..16_400),
    ];
    let form = prop_oneof![
        Just(Form::Int),
        Just(Form::Text),
        Just(Form::Appended),
        Just(Form::Boxed),
    ];
    (form, expiry(), 0..4_u8, key, value).prop_map(|(form, expiry, frequency, key, value)| Parts {
        form,
        expiry,
        frequency,
        key,
        value,
    })
}

/// The last millisecond stands for never.
fn kept(expiry: Option<Millis>) -> Option<Millis> {
    expiry.map(|at| at.min(Millis(u64::MAX - 1)))
}

fn check(blob: &[u8], parts: &Parts) -> Result<(), TestCaseError> {
    prop_assert_eq!(key_of(blob), &parts.key);
    prop_assert_ne!(blob[0] & RESERVED, RESERVED);
    let entry = EntryRef::parse(blob);
    let highest = if parts.form == Form::Boxed { 2 } else { 3 };
    let frequency = entry.map(|entry| entry.frequency);
    prop_assert!(frequency == Some(parts.frequency) || frequency == Some(highest));
    let expected = EntryRef {
        form: parts.form,
        expiry: kept(parts.expiry),
        frequency: frequency.unwrap_or_default(),
        key: &parts.key,
        value: &parts.value,
    };
    prop_assert_eq!(entry, Some(expected));
    Ok(())
}

#[test]
fn the_example_of_the_header_holds() {
    let parts = Parts {
        form: Form::Int,
        expiry: None,
        frequency: 0,
        key: b"k".to_vec(),
        value: vec![6],
    };
    assert_eq!(parts.blob(), [0x00, 0x01, 0x6B, 0x06]);
}

#[test]
fn an_expiry_takes_five_bytes_until_2054() {
    let mut parts = Parts {
        form: Form::Text,
        expiry: None,
        frequency: 0,
        key: b"key".to_vec(),
        value: b"value".to_vec(),
    };
    let lasting = parts.blob().len();
    assert_eq!(lasting, 2 + 3 + 5);
    // 2054-11-01T00:00:00Z.
    parts.expiry = Some(Millis(2_677_104_000_000));
    assert_eq!(parts.blob().len(), lasting + 5);
    parts.expiry = Some(Millis(253_402_300_799_000));
    assert_eq!(parts.blob().len(), lasting + 13);
}

proptest! {
    #[test]
    fn entries_round_trip(parts in parts()) {
        check(&parts.blob(), &parts)?;
    }

    #[test]
    fn the_arena_keeps_entries_whole(parts in parts()) {
        let mut arena = Arena::new(Limits::HANDLE);
        let handle = parts.draft().with_parts(|parts| arena.insert(parts)).unwrap();
        check(arena.get(handle), &parts)?;
    }

    #[test]
    fn expiries_are_written_where_they_fit(parts in parts(), expiry in expiry()) {
        let mut blob = parts.blob();
        match expiry_fit(&blob, expiry) {
            Fit::None => {
                let longer = Parts { expiry, ..parts.clone() }.blob().len() > blob.len();
                prop_assert!(longer, "an entry of another length is needed");
                // Whether an entry is large is told before its expiry, of at most 13 bytes, is added.
                prop_assert!(blob.len() < ROOMY_LEN + 13, "large entries stay where they are");
            }
            fit => {
                write_expiry(&mut blob, expiry);
                let written = Parts { expiry, ..parts.clone() };
                check(&blob, &written)?;
                let shortest = written.blob().len() == blob.len();
                prop_assert!(shortest || fit == Fit::Loose || parts.expiry.is_some());
            }
        }
    }

    #[test]
    fn frequencies_stay_in_their_bits(parts in parts(), frequency in 0..4_u8) {
        let mut blob = parts.blob();
        set_frequency(&mut blob, frequency);
        check(&blob, &Parts { frequency, ..parts.clone() })?;
        prop_assert!(super::frequency(&blob) <= frequency);
    }

    #[test]
    fn other_bytes_are_refused_or_read_without_panic(
        mut blob in prop::collection::vec(any::<u8>(), 0..40),
        expiry in expiry(),
    ) {
        let _ = EntryRef::parse(&blob);
        let _ = expiry_fit(&blob, expiry);
        write_expiry(&mut blob, expiry);
    }
}
