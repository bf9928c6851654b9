//! `budgets.toml`: what is measured, how, and what may land.
//!
//! A budgets file is read in two steps: `file` takes the text as written, `spec` is what the rest
//! of the gate works with, every default filled in and every value checked. What differs between
//! base's file and head's is found by `changes` and `trades`.
//!
//! | file | owns |
//! |---|---|
//! | `file` | the keys that may stand in the file |
//! | `read` | from the text to [`Budgets`], or to the mistakes |
//! | `schema` | the JSON schema by which editors complete and check the file |
//! | `error`, `mistakes`, `nearest` | how mistakes are told |
//! | `placeholder` | `{name}` in the words of a command |
//! | `import_format` | the benchmark tools whose files are read |
//! | `spec` | the resolved form |
//! | `changes` | what head loosens, tightens, adds or removes, and whether it says why |
//! | `baseline` | recorded counts, against which slow creep is seen |
//! | `counted_on` | the kind of machine on which the same code counts the same |
//! | `trades` | which trades count for this change, which are spent |

mod baseline;
mod changes;
mod counted_on;
mod error;
mod file;
mod import_format;
mod mistakes;
mod nearest;
mod placeholder;
mod read;
mod schema;
mod spec;
mod trades;

pub use baseline::{Baseline, BaselineError, Recorded, baseline_folder, differing, is_target};
pub use changes::{BudgetChange, ChangeKind, Justification, budget_changes, recorded_changes};
pub use counted_on::CountedOn;
pub use error::{BudgetError, Mistake};
pub use import_format::ImportFormat;
pub use nearest::Names;
pub use placeholder::{FILL_IN, fill};
pub use read::read;
pub use schema::schema;
pub use spec::{
    Allow, Budget, BudgetOverride, Budgets, Callgrind, CreepBudget, Inconclusive, Load, MetricSpec,
    Percentile, Probe, Quantity, Rate, Ready, Run, Serve, Subject, Trade, Without,
};
pub use trades::{TradeLedger, live_trades};
