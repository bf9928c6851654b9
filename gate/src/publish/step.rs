//! The step of a GitHub Action: its outputs and its summary.
//!
//! GitHub reads `NAME<<DELIMITER`, the value and `DELIMITER` from the file that `GITHUB_OUTPUT`
//! names; the delimiter is drawn anew for each value, so that no value can end its own block and
//! begin another output. The file that `GITHUB_STEP_SUMMARY` names takes Markdown up to 1 MiB.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::PublishError;

/// GitHub drops a summary that is larger.
const SUMMARY_BYTES_MAX: usize = 1024 * 1024;

/// The files through which a step talks to GitHub.
#[derive(Debug, Clone, Default)]
pub struct Step {
    output: Option<PathBuf>,
    summary: Option<PathBuf>,
}

impl Step {
    /// A step with the files that GitHub named; either may be missing.
    #[must_use]
    pub fn new(output: Option<PathBuf>, summary: Option<PathBuf>) -> Self {
        Self { output, summary }
    }

    /// Sets one output of the step.
    pub fn set(&self, name: &str, value: &str) -> Result<(), PublishError> {
        let Some(path) = &self.output else {
            return Ok(());
        };
        let delimiter = format!("gate-{:032x}", rand::random::<u128>());
        append(
            path,
            &format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"),
        )
    }

    /// Appends the report to the step's summary. One that is too large is left out whole, with a
    /// line that says where to find it.
    pub fn summarise(&self, markdown: &str) -> Result<(), PublishError> {
        let Some(path) = &self.summary else {
            return Ok(());
        };
        if markdown.len() < SUMMARY_BYTES_MAX {
            return append(path, &format!("{markdown}\n"));
        }
        append(
            path,
            "The report is larger than a step summary may be: see `report.md`.\n",
        )
    }
}

fn append(path: &Path, text: &str) -> Result<(), PublishError> {
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| PublishError::Write {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_forge_another_output() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let step = Step::new(Some(path.clone()), None);
        step.set("verdict", "PASS\nEOF\nverdict=FAIL").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let delimiter = lines[0].strip_prefix("verdict<<").unwrap();
        let end = lines
            .iter()
            .skip(1)
            .position(|line| *line == delimiter)
            .unwrap();
        assert_eq!(end + 2, lines.len(), "the block ends where the file ends");
        assert!(delimiter.len() > 30);
    }
}
