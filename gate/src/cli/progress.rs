//! Progress on standard error: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How much a run tells while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chatter {
    /// Every step.
    Steps,
    /// Nothing but errors.
    Quiet,
}

/// Tells what the run is doing.
#[derive(Debug)]
pub(super) struct Progress {
    chatter: Chatter,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Progress on standard error.
    pub(super) fn new(chatter: Chatter) -> Self {
        let bar = (chatter == Chatter::Steps && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_style(
                ProgressStyle::with_template("{spinner} {elapsed:>4} {wide_msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { chatter, bar }
    }

    /// Something that stays on the screen.
    pub(super) fn say(&self, text: &str) {
        match (&self.bar, self.chatter) {
            (_, Chatter::Quiet) => {}
            (Some(bar), Chatter::Steps) => bar.println(text),
            // Standard error may be closed; the run goes on without being watched.
            (None, Chatter::Steps) => drop(writeln!(std::io::stderr(), "{text}")),
        }
    }

    /// What is going on, replaced by the next step on a terminal.
    pub(super) fn step(&self, text: &str) {
        match (&self.bar, self.chatter) {
            (_, Chatter::Quiet) => {}
            (Some(bar), Chatter::Steps) => bar.set_message(text.to_owned()),
            (None, Chatter::Steps) => drop(writeln!(std::io::stderr(), "{text}")),
        }
    }

    /// Clears the line that is being replaced.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
