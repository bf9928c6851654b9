//! Collections of five small elements.
//!
//! | case | key | value |
//! |---|---|---|
//! | `hash5` | 16 bytes | five fields of 8 bytes with values of 8 bytes |
//! | `list5` | 16 bytes | five elements of 8 bytes |
//! | `set5` | 16 bytes | five integers of six digits |
//! | `zset5` | 16 bytes | five members of 8 bytes, scores below 1000 |

use store::{End, Key, Shard, StoreError};

use super::NOW;

/// Number of collections, unless the command line says otherwise.
pub(super) const COUNT: u32 = 100_000;
/// Elements of a collection.
const ELEMENTS: u32 = 5;

/// A class of collections.
#[derive(Clone, Copy)]
pub(super) enum Collection {
    Hash,
    List,
    Set,
    Zset,
}

impl Collection {
    pub(super) const ALL: [Self; 4] = [Self::Hash, Self::List, Self::Set, Self::Zset];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hash => "hash5",
            Self::List => "list5",
            Self::Set => "set5",
            Self::Zset => "zset5",
        }
    }

    /// Fills the collection of `key`, element by element as clients often do.
    pub(super) fn fill(
        self,
        shard: &mut Shard,
        key: Key<'_>,
        number: u32,
    ) -> Result<(), StoreError> {
        for element in 0..ELEMENTS {
            let unique = number * ELEMENTS + element;
            let text = format!("{unique:x>8}");
            match self {
                Self::Hash => {
                    let field = format!("field_{element:02}");
                    shard.hash_set(key, field.as_bytes(), text.as_bytes(), NOW)?;
                }
                Self::List => {
                    shard.edit_list(key, NOW, |list| list.push(End::Back, text.as_bytes()))?;
                }
                Self::Set => {
                    let member = (100_000 + unique % 800_000).to_string();
                    shard.edit_members(key, NOW, |set| set.insert(member.as_bytes()))?;
                }
                Self::Zset => {
                    let (member, score) = (
                        format!("member{element:02}"),
                        (number * 7 + element * 13) % 1000,
                    );
                    shard.edit_zset(key, NOW, |zset| {
                        zset.insert(member.as_bytes(), score.into())
                    })?;
                }
            }
        }
        Ok(())
    }
}
