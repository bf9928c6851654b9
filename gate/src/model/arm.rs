//! The arms of a comparison.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One side of a comparison.
///
/// `Control` is a second copy of base: what it differs from base by is the runner's own noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// The revision that the change starts from.
    Base,
    /// The revision that is judged.
    Head,
    /// A copy of base, measured like an arm of its own.
    Control,
}

impl Arm {
    /// One letter that stands for the arm in the recorded order of slices: `b`, `h` or `c`.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Base => 'b',
            Self::Head => 'h',
            Self::Control => 'c',
        }
    }

    /// The arm that `letter` stands for.
    #[must_use]
    pub const fn from_letter(letter: char) -> Option<Self> {
        match letter {
            'b' => Some(Self::Base),
            'h' => Some(Self::Head),
            'c' => Some(Self::Control),
            _ => None,
        }
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "base",
            Self::Head => "head",
            Self::Control => "control",
        })
    }
}
