//! What can be wrong with a budgets file, and how each mistake is told.
//!
//! A [`BudgetError`] is a [`Mistake`] in its place. Rendered by miette it has four parts:
//!
//! ```text
//!   × `direction` must be `higher-is-better` or `lower-is-better`, not "higher"      what
//!     ╭─[budgets.toml:12:13]                                                        where
//!  12 │ direction = "higher"
//!     ·             ────┬───
//!     ·                 ╰── did you mean `higher-is-better`?                        label
//!     ╰────
//!   help: …                                                                         how to mend it
//! ```
//!
//! Text of the file is quoted with its control characters escaped or replaced: a budgets file comes
//! with a pull request, and what it says is printed on terminals and in build logs.

use std::fmt;
use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use super::nearest::Names;

/// A mistake in a budgets file, with the file and the place.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.mistake)]
pub struct BudgetError(Box<Placed>);

#[derive(Debug)]
struct Placed {
    mistake: Mistake,
    span: Range<usize>,
    source: NamedSource<String>,
    others: Vec<BudgetError>,
}

/// A mistake and the bytes that it stands in, before the file's name and text are known.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) mistake: Mistake,
    pub(super) span: Range<usize>,
}

/// The outcome of reading a part of the file.
pub(super) type Found<T> = Result<T, Located>;

impl Located {
    pub(super) const fn new(span: Range<usize>, mistake: Mistake) -> Self {
        Self { mistake, span }
    }

    /// The first byte that it stands in.
    pub(super) const fn start(&self) -> usize {
        self.span.start
    }

    /// The error for the file `name` with the content `text`.
    pub(super) fn in_file(self, name: &str, text: &str) -> BudgetError {
        // A parser may point one past the end; miette would then show no text at all.
        let end = self.span.end.clamp(0, text.len());
        let start = self.span.start.clamp(0, end);
        BudgetError(Box::new(Placed {
            mistake: self.mistake,
            span: start..end,
            source: NamedSource::new(name, printable(text)),
            others: Vec::new(),
        }))
    }
}

impl BudgetError {
    /// The same, with others in the same file, which are told after it.
    pub(super) fn with(mut self, others: Vec<Self>) -> Self {
        self.0.others = others;
        self
    }

    /// Further mistakes in the same file, in the order of its text.
    #[must_use]
    pub fn others(&self) -> &[Self] {
        &self.0.others
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn mistake(&self) -> &Mistake {
        &self.0.mistake
    }

    /// The bytes of the file that the mistake stands in.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.0.span.clone()
    }
}

impl Diagnostic for BudgetError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.mistake.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.0.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(self.0.mistake.label(), self.0.span.clone());
        Some(Box::new(std::iter::once(label)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.0.others.is_empty() {
            return None;
        }
        let others = self.0.others.iter();
        Some(Box::new(others.map(|other| other as &dyn Diagnostic)))
    }
}

/// `text` with every character that could move a terminal's cursor or reorder a line replaced by
/// as many `?` as it has bytes, so that spans stay true.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let harmful = match c {
            '\n' | '\t' => false,
            '\r' => chars.peek() != Some(&'\n'),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
            c => c.is_control(),
        };
        if harmful {
            shown.extend(std::iter::repeat_n('?', c.len_utf8()));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// What is wrong: the message says what, the help how to mend it.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Diagnostic)]
#[expect(
    missing_docs,
    reason = "every variant's message says what it stands for"
)]
pub enum Mistake {
    #[error("this is not valid TOML: {0}")]
    #[diagnostic(help("the format is described at https://toml.io"))]
    Syntax(String),

    #[error("`{}` is written a second time", .0.escape_debug())]
    #[diagnostic(help("keep one of the two, with everything that belongs into it"))]
    Twice(String),

    #[error("a value is missing")]
    #[diagnostic(help("write a value after the `=`, or take the whole line out"))]
    NoValue,

    #[error("`{}` is neither a number nor a text in quotes", .0.escape_debug())]
    #[diagnostic(help("where a text is meant, write it in quotes: \"{}\"", .0.escape_debug()))]
    Unquoted(String),

    #[error("the file does not say which schema it follows")]
    #[diagnostic(help("add `schema = 1` as the first line"))]
    NoSchema,

    #[error("schema {0} is not known to this version of gate")]
    #[diagnostic(help("write `schema = 1`, or use a version of gate that knows schema {0}"))]
    SchemaUnsupported(String),

    #[error("unknown key `{}`", .key.escape_debug())]
    #[diagnostic(help("keys that may stand here: {known}"))]
    UnknownKey { key: String, known: Names },

    #[error("`{path}` must be {expected}, not {found}")]
    #[diagnostic(help("for example: {example}"))]
    WrongType {
        path: String,
        expected: String,
        found: String,
        example: String,
    },

    #[error("`{path}` cannot be read: {why}")]
    #[diagnostic(help("for example: {example}"))]
    Unreadable {
        path: String,
        why: String,
        example: String,
    },

    #[error("`{table}` has no `{key}`")]
    #[diagnostic(help("add for example: {example}"))]
    MissingKey {
        table: String,
        key: &'static str,
        example: &'static str,
    },

    #[error("the file has no `[subject]` table, so there is nothing to build")]
    #[diagnostic(help("add `[subject]` with a `build` command and its `artifacts`"))]
    NoSubject,

    #[error("no metric is named, so there would be nothing to judge")]
    #[diagnostic(help("add a `[metrics.NAME]` table with `probe`, `direction` and `budget`"))]
    NoMetrics,

    #[error("`{key}` must be {known}, not {found:?}")]
    #[diagnostic(help("write one of these words in quotes, as in `{key} = \"{example}\"`"))]
    UnknownWord {
        key: &'static str,
        found: String,
        known: Names,
        example: &'static str,
    },

    #[error("there is no probe {found:?}")]
    #[diagnostic(help("this version of gate measures with {known}"))]
    UnknownProbe { found: String, known: Names },

    #[error("there is no artifact {found:?}")]
    #[diagnostic(help("`artifacts` of `[subject]` has {known}"))]
    NoSuchArtifact { found: String, known: Names },

    #[error("{found:?} cannot name a section")]
    #[diagnostic(help(
        "write names as `readelf -S` shows them, each once: [\".text\", \".rodata\"]"
    ))]
    SectionName { found: String },

    #[error("the file {found:?} {why}")]
    #[diagnostic(help(
        "write the path of what the program writes, seen from the empty folder that it runs in"
    ))]
    ImportFile { found: String, why: &'static str },

    #[error("what the probe `size` measures is always exact")]
    #[diagnostic(help("take `exact = false` out"))]
    SizeIsExact,

    #[error("`{key}` must be a percentage from 0% to 1000%, not {found:?}")]
    #[diagnostic(help("write a number and a percent sign, as in `{key} = \"3%\"`"))]
    Percentage { key: &'static str, found: String },

    #[error("`{key}` must be a percentage from 0% to 1000% or an amount{or}, not {found:?}")]
    #[diagnostic(help(
        "write `{key} = \"3%\"`, `\"16 B\"`, or both as `\"looser of 3% and 16 B\"` or \
         `\"tighter of 3% and 16 B\"`{or}"
    ))]
    Bound {
        key: &'static str,
        found: String,
        or: &'static str,
    },

    #[error("`{key}` is {found:?}, but the metric is counted in {unit:?}")]
    #[diagnostic(help("write the amount in {unit:?}, or a percentage"))]
    BoundUnit {
        key: &'static str,
        found: String,
        unit: String,
    },

    #[error("`max_time` must be a time above 0 and of at most 24 hours, not {found:?}{why}")]
    #[diagnostic(help("write a number and a unit, as in `max_time = \"6m\"` or \"90s\""))]
    Duration { found: String, why: String },

    #[error("`confidence` must be above 0.5 and below 1, not {0}")]
    #[diagnostic(help("0.99 is usual: one interval in a hundred misses the true change"))]
    Confidence(f64),

    #[error("`{key}` must be {bounds}, not {found}")]
    #[diagnostic(help("left out, it is {default}"))]
    OutOfRange {
        key: &'static str,
        bounds: String,
        found: String,
        default: String,
    },

    #[error("this is still to be filled in")]
    #[diagnostic(help("`gate init` could not find it out: write what it asks for in its place"))]
    NotFilledIn,

    #[error("`{0}` names no program")]
    #[diagnostic(help(
        "write the program and each argument in quotes: `{0} = [\"program\", \"argument\"]`"
    ))]
    EmptyCommand(&'static str),

    #[error("`{0}` contains a control character that cannot stand there")]
    #[diagnostic(help("take the character (often written `\\u0000` or `\\u001b`) out"))]
    ControlCharacter(&'static str),

    #[error("{name:?} cannot name {what}")]
    #[diagnostic(help("use letters, digits{marks}; at most 120 bytes"))]
    Name {
        what: &'static str,
        name: String,
        marks: &'static str,
    },

    #[error("no artifact may be called `{0}`")]
    #[diagnostic(help("`{{{0}}}` stands for something else in commands: choose another name"))]
    ReservedName(String),

    #[error("`artifacts` names no file, so base and head could not be told apart")]
    #[diagnostic(help("name what the build leaves behind, as in `{{ server = \"bin/server\" }}`"))]
    NoArtifacts,

    #[error("the artifact path {path:?} {why}")]
    #[diagnostic(help(
        "write the path of a file that the build makes, seen from the root of the repository"
    ))]
    ArtifactPath { path: String, why: &'static str },

    #[error("`{{{name}}}` in `{key}` stands for nothing")]
    #[diagnostic(help("what can be filled in here: {known}"))]
    UnknownPlaceholder {
        key: &'static str,
        name: String,
        known: Names,
    },

    #[error("`{{port}}` has no meaning in `run`: no server is started for a `command` probe")]
    #[diagnostic(help(
        "what needs a running server is measured by `resp-load`; else take `{{port}}` out"
    ))]
    PortOutsideServe,

    #[error(
        "the server's command does not say `{{port}}`, so every server would take the same port"
    )]
    #[diagnostic(help(
        "pass the port on, as in `command = [\"{{server}}\", \"--port\", \"{{port}}\"]`"
    ))]
    ServeWithoutPort,

    #[error("`{key}` uses no artifact, so base and head would run the same program")]
    #[diagnostic(help("name at least one of: {known}"))]
    NoArtifactUsed { key: &'static str, known: Names },

    #[error("`ready` must be \"resp\", \"tcp\" or \"http:/path\", not {found:?}")]
    #[diagnostic(help(
        "resp: it answers PING; tcp: it accepts a connection; http:/path: it answers GET /path"
    ))]
    Ready { found: String },

    #[error("the probe `{probe}` needs a server, and nothing says how to start one")]
    #[diagnostic(help(
        "add a `[subject.serve]` table with `command = [\"{{server}}\", \"--port\", \"{{port}}\"]`"
    ))]
    NoServe { probe: &'static str },

    #[error("`{key}` has no meaning for the probe `{probe}`")]
    #[diagnostic(help("take `{key}` out; {instead}"))]
    NotForProbe {
        key: &'static str,
        probe: &'static str,
        instead: &'static str,
    },

    #[error("what `{0}` measures varies from run to run, so it is never exact")]
    #[diagnostic(help(
        "take `exact` out: the metric is then measured in rounds and judged by an interval"
    ))]
    ExactRounds(&'static str),

    #[error("a metric of the probe `{0}` must be exact or only reported")]
    #[diagnostic(help(
        "add `exact = true` where the value is the same every time, else `report_only = true`; \
         times of a whole program are judged by the probe `time`"
    ))]
    NoisyCommand(&'static str),

    #[error("a count of instructions is always exact")]
    #[diagnostic(help("take `exact` out"))]
    InexactCount,

    #[error("`run` says `{{{placeholder}}}`, and nothing says what it stands for")]
    #[diagnostic(help("add for example: {example}"))]
    NothingToFillIn {
        placeholder: &'static str,
        example: &'static str,
    },

    #[error("`run` does not say `{{{placeholder}}}`, so every value of `{key}` would run the same")]
    #[diagnostic(help(
        "pass it on, as in `run = [\"{{probe}}\", \"--{placeholder}\", \"{{{placeholder}}}\"]`"
    ))]
    FilledInNowhere {
        placeholder: &'static str,
        key: &'static str,
    },

    #[error("`counts` must be two whole numbers from 1 to 1000000000, the smaller first")]
    #[diagnostic(help(
        "what is counted is the difference that one more operation makes, as in `counts = [1000, 5000]`"
    ))]
    Counts,

    #[error("this is no pattern of paths{0}")]
    #[diagnostic(help(
        "write paths from the root of the repository, as in `harness = [\"benches/**\"]`"
    ))]
    Glob(String),

    #[error("`cases` lists nothing")]
    #[diagnostic(help("list what `{{case}}` stands for, or take both out"))]
    NoCases,

    #[error("{case:?} is none of the `cases` of this metric")]
    #[diagnostic(help("the cases are: {known}"))]
    UnlistedCase { case: String, known: Names },

    #[error("{name:?} is no quantity of the probe `{probe}`")]
    #[diagnostic(help("name the metric after its quantity, or add `quantity`: {known}"))]
    NoQuantity {
        name: String,
        probe: &'static str,
        known: Names,
    },

    #[error("`direction` contradicts the quantity `{quantity}`, of which {better} is better")]
    #[diagnostic(help("write `direction = \"{direction}\"`"))]
    Contradiction {
        quantity: &'static str,
        better: &'static str,
        direction: &'static str,
    },

    #[error("`{0}` has no meaning where `report_only = true`: the metric never fails")]
    #[diagnostic(help("take `{0}` out, or take `report_only` out to have the metric judged"))]
    ReportOnly(&'static str),

    #[error("`floor` has no meaning where `exact = true`: every change of a count is real")]
    #[diagnostic(help("take `floor` out; what may land is said by `budget`"))]
    ExactFloor,

    #[error("a reason must have at least 10 characters, and {found:?} has {length}")]
    #[diagnostic(help("say what is gained: the reason stays in the file as the record of why"))]
    ShortReason { found: String, length: usize },

    #[error("{0:?} is no metric id")]
    #[diagnostic(help(
        "write the metric's name, with a `/` and the case where it has cases: \"bytes_per_key/int\""
    ))]
    MetricId(String),

    #[error("the trade names the metric {name:?}, which is not in this file")]
    #[diagnostic(help("metrics of this file: {known}"))]
    TradeUnknown { name: String, known: Names },

    #[error("{name:?} is no exact metric of this file, so nothing is recorded of it")]
    #[diagnostic(help("exact metrics of this file: {known}"))]
    NotExact { name: String, known: Names },

    #[error("the trade names a case of `{0}`, which has no cases")]
    #[diagnostic(help("write `metric = \"{0}\"`"))]
    TradeNoCases(String),

    #[error("the trade says that `{0}` is removed, but it is still in this file")]
    #[diagnostic(help("take its table out; or, where it has come back, take this entry out"))]
    TradeStillThere(String),

    #[error("the same trade stands in line {line} already")]
    #[diagnostic(help(
        "a trade is spent once it is merged: what it shall allow again needs a reason of its own"
    ))]
    TradeTwice { line: usize },
}

impl Mistake {
    /// What is written beside the marked text.
    fn label(&self) -> Option<String> {
        let nearest = match self {
            Self::UnknownKey { key, known } | Self::UnlistedCase { case: key, known } => {
                known.nearest(key)
            }
            Self::UnknownWord { found, known, .. } | Self::UnknownProbe { found, known } => {
                known.nearest(found)
            }
            Self::UnknownPlaceholder { name, known, .. }
            | Self::NoQuantity { name, known, .. }
            | Self::NoSuchArtifact { found: name, known } => known.nearest(name),
            Self::TradeUnknown { name, known } | Self::NotExact { name, known } => {
                let (metric, case) = name.split_at(name.find('/').unwrap_or(name.len()));
                let nearest = known.nearest(metric)?;
                return Some(format!("did you mean `{nearest}{case}`?"));
            }
            _ => None,
        };
        nearest.map(|name| format!("did you mean `{name}`?"))
    }
}
