//! A look over JSON before anything is built from it.
//!
//! A report is a few hundred kilobytes with a few dozen metrics. JSON that is far beyond that is
//! refused while it is being read, so that nothing large is ever made of it. Numbers are checked
//! for being finite where they can be written otherwise (`1e999`).

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// How much a document may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonBounds {
    /// Bytes of one text, names of members included.
    pub(super) text_len: usize,
    /// Values of one list, members of one object.
    pub(super) list_len: usize,
    /// Values in all.
    pub(super) values: usize,
    /// Lists and objects inside one another.
    pub(super) depth: usize,
}

impl JsonBounds {
    /// Reads `json` to its end and keeps nothing of it.
    pub(super) fn check(&self, json: &[u8]) -> Result<(), serde_json::Error> {
        let seen = Cell::new(0);
        let mut reader = serde_json::Deserializer::from_slice(json);
        Walk {
            bounds: self,
            seen: &seen,
            depth: 0,
        }
        .deserialize(&mut reader)?;
        reader.end()
    }
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    bounds: &'a JsonBounds,
    seen: &'a Cell<usize>,
    depth: usize,
}

impl Walk<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= self.bounds.depth {
            return Err(E::custom(format_args!(
                "deeper than {} levels",
                self.bounds.depth
            )));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn one_more<E: Error>(self, in_list: usize) -> Result<(), E> {
        let seen = self.seen.get() + 1;
        self.seen.set(seen);
        if seen > self.bounds.values {
            return Err(E::custom(format_args!(
                "more than {} values",
                self.bounds.values
            )));
        }
        if in_list > self.bounds.list_len {
            return Err(E::custom(format_args!(
                "a list of more than {}",
                self.bounds.list_len
            )));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON within bounds")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if value.is_finite() {
            Ok(())
        } else {
            Err(E::custom("a number that is not finite"))
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if text.len() > self.bounds.text_len {
            return Err(E::custom(format_args!(
                "a text of more than {} bytes",
                self.bounds.text_len
            )));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inside = self.deeper()?;
        let mut length = 0;
        while list.next_element_seed(inside)?.is_some() {
            length += 1;
            self.one_more(length)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.deeper()?;
        let mut length = 0;
        while members.next_key_seed(inside)?.is_some() {
            length += 1;
            self.one_more(length)?;
            members.next_value_seed(inside)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> String {
        let bounds = JsonBounds {
            text_len: 5,
            list_len: 4,
            values: 10,
            depth: 3,
        };
        bounds
            .check(json.as_bytes())
            .map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_while_it_is_read() {
        for fine in [
            "1",
            "null",
            "true",
            r#"{"a":[1,2.5,-3,"abcde"]}"#,
            "[[[]]]",
            "[1,2,3,4]",
        ] {
            assert_eq!(refusal(fine), "fine", "{fine}");
        }
        for (json, why) in [
            ("[1,2,3,4,5]", "a list of more than 4"),
            (
                r#"{"a":1,"b":1,"c":1,"d":1,"e":1}"#,
                "a list of more than 4",
            ),
            (r#""abcdef""#, "a text of more than 5"),
            (r#"{"abcdef":1}"#, "a text of more than 5"),
            ("[[[[]]]]", "deeper than 3"),
            ("[[1,2,3],[1,2,3],[1,2,3]]", "more than 10 values"),
            ("[1e999]", "number out of range"),
            ("[NaN]", "expected value"),
            ("[Infinity]", "expected value"),
            ("1 2", "trailing characters"),
            ("[1", "EOF"),
        ] {
            let told = refusal(json);
            assert!(told.contains(why), "{json}: {told}");
        }
    }
}
