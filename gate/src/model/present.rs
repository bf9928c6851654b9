//! Fields of the report that must be there, `null` or not.

use serde::{Deserialize, Deserializer};

/// Reads a field that must be there, `null` or not: an `Option` alone may be left out.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}
