//! What a count may depend on beside the code and its compiler.
//!
//! | fact | because |
//! |---|---|
//! | C library | its routines are counted with the program's own |
//! | processor | it and what it can do decide which routines are chosen, under valgrind too |
//! | valgrind | another version may show a program another processor |
//!
//! Where all three are the same, two machines are of one kind, and the same code must count the same on
//! both. Memory, cores, kernel and load are left out: what depends on them is not exact.

use serde::{Deserialize, Serialize};

/// The kind of machine that something was counted on. A fact that it does not tell is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountedOn {
    /// Name and version of the C library.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_library: Option<String>,
    /// Whose processor it is, and those of its features that decide what valgrind shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor: Option<String>,
    /// What valgrind says of itself; `None` where nothing is counted by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valgrind: Option<String>,
}

impl CountedOn {
    /// The first fact in which another machine differs: its name, here, and there.
    #[must_use]
    pub fn difference<'a>(&'a self, other: &'a Self) -> Option<[&'a str; 3]> {
        let facts = [
            ("the C library", &self.c_library, &other.c_library),
            ("the processor", &self.processor, &other.processor),
            ("valgrind", &self.valgrind, &other.valgrind),
        ];
        let told = |fact: &'a Option<String>| fact.as_deref().unwrap_or("not told");
        facts
            .into_iter()
            .find(|(_, one, another)| one != another)
            .map(|(name, one, another)| [name, told(one), told(another)])
    }
}
