//! From the rows to the verdict of the run.

use super::JudgeError;
use super::judged::Row;
use crate::budget::BudgetChange;
use crate::model::Verdict;

/// FAIL where a metric fails or a budget was loosened without a reason, else the worst metric.
pub(super) fn overall(rows: &[Row], changes: &[BudgetChange]) -> Result<Verdict, JudgeError> {
    let worst = rows
        .iter()
        .map(|row| row.verdict)
        .max()
        .ok_or(JudgeError::NoMetrics)?;
    let unjustified = changes.iter().any(BudgetChange::is_unjustified);
    Ok(if unjustified { Verdict::Fail } else { worst })
}
