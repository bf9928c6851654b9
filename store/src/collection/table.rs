//! The large form of hashes and sets: a blob for each field or member, found by its hash.
//!
//! ```text
//! parts ─► 16 bytes a place ─► │ field │ value │   of a hash     elements as in `element`,
//!                              │ member │          of a set      one allocation for both
//! ```

use std::sync::Arc;

use super::element::{self, Elements};
use super::limits::Context;
use super::parts::Parts;
use crate::hash::KeyHash;
use crate::size_class::allocated;
use crate::value::StringRef;

/// Blobs by their first element.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    context: Arc<Context>,
    parts: Parts<Box<[u8]>>,
    /// Bytes of the blobs, as the allocator rounds them.
    blob_bytes: usize,
}

const _: () = assert!(size_of::<Box<[u8]>>() == 16);

impl Context {
    fn hash_of(&self, blob: &[u8]) -> KeyHash {
        let name = name_of(blob);
        name.with_bytes(|name| self.hash_key.hash(name))
    }
}

fn name_of(blob: &[u8]) -> StringRef<'_> {
    Elements(blob).next().unwrap_or(StringRef::Bytes(&[]))
}

impl Table {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
            parts: Parts::new(),
            blob_bytes: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.parts.len()
    }

    pub(crate) const fn heap_bytes(&self) -> usize {
        self.parts.heap_bytes() + self.blob_bytes
    }

    /// The blob whose first element is `name`.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        let hash = self.context.hash_key.hash(name);
        let blob = self
            .parts
            .find(hash, |blob| element::is_text(name_of(blob), name))?;
        Some(blob)
    }

    /// Puts `blob` in, and what is called as it out; whether that was there.
    pub(crate) fn put(&mut self, name: &[u8], blob: Box<[u8]>) -> Option<()> {
        let Self {
            context,
            parts,
            blob_bytes,
        } = self;
        let hash = context.hash_key.hash(name);
        *blob_bytes += allocated(blob.len());
        if let Some(old) = parts.find_mut(hash, |blob| element::is_text(name_of(blob), name)) {
            *blob_bytes -= allocated(old.len());
            *old = blob;
            return Some(());
        }
        parts.insert(hash, blob, |blob| context.hash_of(blob));
        None
    }

    /// Takes the blob of `name` out; `None` where there is none.
    pub(crate) fn remove(&mut self, name: &[u8]) -> Option<()> {
        let Self { context, parts, .. } = self;
        let hash = context.hash_key.hash(name);
        let blob = parts.remove(
            hash,
            |blob| element::is_text(name_of(blob), name),
            |blob| context.hash_of(blob),
        )?;
        self.blob_bytes -= allocated(blob.len());
        Some(())
    }

    /// Frees `count` blobs, whichever they are, or all where there are fewer.
    pub(crate) fn shed(&mut self, count: usize) {
        let Self {
            parts, blob_bytes, ..
        } = self;
        parts.shed(count, |blob| *blob_bytes -= allocated(blob.len()));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().map(|blob| &**blob)
    }

    pub(crate) fn nth(&self, at: usize) -> Option<&[u8]> {
        self.parts.nth(at).map(|blob| &**blob)
    }

    /// See [`Parts::scan`].
    pub(crate) fn scan(
        &self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(&[u8]),
    ) -> Option<u64> {
        self.parts.scan(
            cursor,
            count,
            |blob| self.context.hash_of(blob),
            |blob| visit(blob),
        )
    }

    /// Counts again, and compares.
    pub(crate) fn assert_counters(&self) {
        self.parts
            .assert_counters(|blob| self.context.hash_of(blob));
        let bytes = self.parts.iter().map(|blob| allocated(blob.len()));
        assert_eq!(self.blob_bytes, bytes.sum::<usize>(), "bytes of blobs");
    }
}
