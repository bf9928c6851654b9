//! Strings that are written in part: what follows their end, or from an offset on.

use super::{Entries, found};
use crate::arena::OutOfMemory;
use crate::entry::{self, Draft, Form};
use crate::hash::Key;

impl Entries {
    /// Adds bytes to the string that `key` holds; that is no use of it.
    pub(crate) fn append(&mut self, key: Key<'_>, tail: &[u8]) -> Result<(), OutOfMemory> {
        let Some((place, handle)) = self.find(key) else {
            return Ok(());
        };
        let entry = self.entry(handle);
        let moved = if entry.form == Form::Int {
            let mut digits = itoa::Buffer::new();
            let head = digits.format(found::number(entry.value));
            let value = [head.as_bytes(), tail].concat();
            let draft = Draft {
                form: Form::Appended,
                expiry: entry.expiry,
                frequency: entry.frequency,
                key: key.bytes(),
                value: &value,
            };
            draft.with_parts(|parts| self.arena.rewrite(handle, parts))?
        } else {
            let moved = self.arena.append(handle, tail)?;
            entry::set_form(self.arena.get_mut(moved), Form::Appended);
            moved
        };
        self.note_moved(place, handle, moved);
        self.defragment();
        Ok(())
    }

    /// Writes `bytes` over the string that `key` holds, from `offset` on; zeros fill what lies between.
    /// Where there is no memory, the string stays as it is.
    pub(crate) fn write_at(
        &mut self,
        key: Key<'_>,
        offset: usize,
        bytes: &[u8],
    ) -> Result<(), OutOfMemory> {
        // A number becomes its digits.
        self.append(key, &[])?;
        let Some((_, handle)) = self.find(key) else {
            return Ok(());
        };
        let len = self.entry(handle).value.len();
        let (over, beyond) = bytes.split_at(len.saturating_sub(offset).min(bytes.len()));
        if !beyond.is_empty() {
            let gap = vec![0; offset.saturating_sub(len)];
            self.append(key, &[&gap, beyond].concat())?;
        }
        let Some((_, handle)) = self.find(key) else {
            return Ok(());
        };
        let value_len = self.entry(handle).value.len();
        let blob = self.arena.get_mut(handle);
        let start = blob.len() - value_len + offset.min(value_len);
        if let Some(place) = blob.get_mut(start..start + over.len()) {
            place.copy_from_slice(over);
        }
        Ok(())
    }
}
