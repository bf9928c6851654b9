//! Values on their way from one key to another, perhaps of another shard.

use super::{Entries, draft};
use crate::StoreError;
use crate::arena::OutOfMemory;
use crate::collection::Collection;
use crate::entry::{self, Draft, Form};
use crate::hash::Key;
use crate::time::Millis;

/// A value and its expiry, without a key.
#[derive(Debug, Clone)]
pub struct Detached {
    expiry: Option<Millis>,
    body: Body,
    /// Elements of a large collection that were copied for it.
    copied: usize,
}

#[derive(Debug, Clone)]
enum Body {
    InEntry(Form, Vec<u8>),
    Apart(Box<Collection>),
}

impl Entries {
    /// A copy of what `key` holds.
    pub(crate) fn copy(&self, key: Key<'_>) -> Option<Detached> {
        let (_, handle) = self.find(key)?;
        let entry = self.entry(handle);
        let (body, copied) = match entry.collection() {
            None => (Body::InEntry(entry.form, entry.value.to_vec()), 0),
            Some(number) => {
                let collection = self.collections.get(number)?;
                (
                    Body::Apart(Box::new(collection.clone())),
                    collection.places(),
                )
            }
        };
        Some(Detached {
            expiry: entry.expiry,
            body,
            copied,
        })
    }

    /// Removes `key`, and gives what it held; a large collection is not copied for it.
    pub(crate) fn detach(&mut self, key: Key<'_>) -> Option<Detached> {
        let (place, handle) = self.find(key)?;
        let entry = self.entry(handle);
        let (expiry, form) = (entry.expiry, entry.form);
        let body = match entry.collection() {
            None => Body::InEntry(form, entry.value.to_vec()),
            Some(number) => Body::Apart(self.collections.take(number)?),
        };
        self.remove_at(place, handle, key.hash());
        Some(Detached {
            expiry,
            body,
            copied: 0,
        })
    }

    /// Lets `key` hold a value in the place of what it held; the value comes back where it is refused.
    pub(crate) fn attach(
        &mut self,
        key: Key<'_>,
        value: Detached,
    ) -> Result<(), (StoreError, Detached)> {
        let Detached {
            expiry,
            body,
            copied,
        } = value;
        let refused = match body {
            Body::InEntry(form, bytes) => self
                .set_somehow(key, &draft(key, form, expiry, &bytes))
                .map_err(|error| (error.into(), Body::InEntry(form, bytes))),
            Body::Apart(collection) => self
                .attach_outgrown(key, expiry, collection)
                .map_err(|(error, collection)| (error, Body::Apart(collection))),
        };
        refused.map_err(|(error, body)| {
            let value = Detached {
                expiry,
                body,
                copied,
            };
            (error, value)
        })?;
        self.collections.free_for(copied);
        Ok(())
    }

    /// Lets `key` name a collection apart from its entry.
    pub(super) fn attach_outgrown(
        &mut self,
        key: Key<'_>,
        expiry: Option<Millis>,
        collection: Box<Collection>,
    ) -> Result<(), (StoreError, Box<Collection>)> {
        if let Err(error) = self.collections.reserve() {
            return Err((error.into(), collection));
        }
        let number = self.collections.insert_reserved(collection);
        let value = number.to_le_bytes();
        let Err(error) = self.set_somehow(key, &draft(key, Form::Boxed, expiry, &value)) else {
            return Ok(());
        };
        match self.collections.take(number) {
            Some(collection) => Err((error.into(), collection)),
            None => Ok(()),
        }
    }
    /// The same as [`set`](Self::set), in a larger slot where there is none that is just large enough: an entry that lost
    /// its expiry when there was no memory stayed in a slot for one, and what was taken out of it must find its way back.
    fn set_somehow(&mut self, key: Key<'_>, draft: &Draft<'_>) -> Result<(), OutOfMemory> {
        let set = self.set(key, draft);
        if set.is_ok() || draft.expiry.is_some() {
            return set;
        }
        for expiry in [entry::NEAR_MAX, Millis(u64::MAX)] {
            let roomy = Draft {
                expiry: Some(expiry),
                ..*draft
            };
            if self.set(key, &roomy).is_ok() {
                return self.set_expiry(key, None).map(drop);
            }
        }
        set
    }
}
