//! The mistakes of a budgets file, collected so that all are told at once.
//!
//! What rests on a part that is wrong is not read: a trade of a metric that cannot be read would be said to
//! name none.

use super::error::{BudgetError, Found, Located};

/// The most that are told at once: the rest of a file with more is told when these are mended.
const TOLD_MAX: usize = 20;

/// Mistakes in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Mistakes(Vec<Located>);

impl Mistakes {
    /// What was found, unless it is a mistake: that is kept.
    pub(super) fn keep<T>(&mut self, found: Found<T>) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(mistake) => {
                self.0.push(mistake);
                None
            }
        }
    }

    /// Ends the reading where there are mistakes.
    pub(super) fn check(&mut self) -> Found<()> {
        self.0.pop().map_or(Ok(()), Err)
    }

    /// The error for the file `name` with the content `text`: `last`, which ended the reading, and all before
    /// it, in the order of the text.
    pub(super) fn in_file(mut self, last: Located, name: &str, text: &str) -> BudgetError {
        let mut first = last;
        for other in &mut self.0 {
            if other.start() < first.start() {
                std::mem::swap(other, &mut first);
            }
        }
        self.0.sort_by_key(Located::start);
        let others = self.0.into_iter().take(TOLD_MAX - 1);
        let others = others.map(|other| other.in_file(name, text)).collect();
        first.in_file(name, text).with(others)
    }
}
