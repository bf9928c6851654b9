//! Changing a collection, wherever it lies.
//!
//! ```text
//! absent ─► an empty one ─┐                  ┌─► empty: the key goes
//! packed ─► a copy ───────┼─► the change ────┼─► packed: into the entry
//! boxed ─► as it is ──────┘                  └─► outgrown: apart from the entry
//! ```

use std::sync::Arc;

use super::{Collections, Entries, note_use};
use crate::arena::Handle;
use crate::collection::{Context, Outgrown, PackLimits, Write};
use crate::entry::{Draft, Form};
use crate::eviction::Usage;
use crate::hash::Key;
use crate::time::Millis;
use crate::{StoreError, WrongType};

/// What a change came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edited<R> {
    pub(crate) result: R,
    pub(crate) write: Write,
}

impl Entries {
    /// Lets collections that are written from here on stay packed for so long.
    pub(crate) fn set_limits(&mut self, limits: PackLimits) {
        self.context = Arc::new(Context {
            limits,
            hash_key: self.hash_key.clone(),
        });
    }

    /// Changes the collection that `key` holds, an empty one where there is no key; one that is empty
    /// then goes with its key.
    pub(crate) fn edit<C: Outgrown, R>(
        &mut self,
        key: Key<'_>,
        act: impl FnOnce(&mut C) -> R,
    ) -> Result<Edited<R>, StoreError> {
        let Some((place, handle)) = self.find(key) else {
            let mut collection = C::from_packed(&self.context, Vec::new());
            let result = act(&mut collection);
            let write = *collection.write();
            if write == Write::Refused {
                return Err(StoreError::OutOfMemory);
            }
            if !collection.is_empty() {
                self.put_collection(key, None, collection)?;
                return Ok(Edited { result, write });
            }
            // What came and went at once was never there.
            return Ok(Edited {
                result,
                write: Write::None,
            });
        };
        let entry = self.entry(handle);
        if let Some(number) = entry.collection() {
            let edited = self.collections.update(number, |collection| {
                let collection = C::of(collection)?;
                *collection.write() = Write::None;
                let result = act(collection);
                Some((result, *collection.write(), collection.is_empty()))
            });
            let (result, write, empty) = edited.flatten().ok_or(WrongType)?;
            if empty {
                self.remove_at(place, handle, key.hash());
            } else {
                self.note_use(handle);
            }
            if write == Write::Refused {
                return Err(StoreError::OutOfMemory);
            }
            return Ok(Edited { result, write });
        }
        if entry.form != C::FORM {
            return Err(WrongType.into());
        }
        let expiry = entry.expiry;
        let mut collection = C::from_packed(&self.context, entry.value.to_vec());
        let result = act(&mut collection);
        let write = *collection.write();
        match write {
            Write::None => self.note_use(handle),
            Write::Refused => return Err(StoreError::OutOfMemory),
            Write::Done if collection.is_empty() => self.remove_at(place, handle, key.hash()),
            Write::Done => self.put_collection(key, expiry, collection)?,
        }
        Ok(Edited { result, write })
    }

    /// Notes that an entry was used, where no write to it does.
    fn note_use(&mut self, handle: Handle) {
        if self.usage != Usage::Unnoted {
            note_use(self.usage, self.arena.get_mut(handle));
        }
    }

    /// Lets `key` hold a collection in the place of what it held.
    fn put_collection<C: Outgrown>(
        &mut self,
        key: Key<'_>,
        expiry: Option<Millis>,
        collection: C,
    ) -> Result<(), StoreError> {
        if let Some(value) = collection.to_packed() {
            let form = C::FORM;
            return Ok(self.set(key, &draft(key, form, expiry, value))?);
        }
        let added = collection.places();
        self.attach_outgrown(key, expiry, Box::new(collection.into_collection()))
            .map_err(|(error, _)| error)?;
        self.collections.free_for(added);
        Ok(())
    }

    /// Bytes of the collection that `key` names, apart from its entry.
    pub(super) fn collection_bytes(&self, number: Option<u32>) -> usize {
        let collection = number.and_then(|number| self.collections.get(number));
        collection.map_or(0, Collections::bytes_of)
    }
}

/// An entry as a write makes it.
pub(super) fn draft<'a>(
    key: Key<'a>,
    form: Form,
    expiry: Option<Millis>,
    value: &'a [u8],
) -> Draft<'a> {
    Draft {
        form,
        expiry,
        frequency: 0,
        key: key.bytes(),
        value,
    }
}
