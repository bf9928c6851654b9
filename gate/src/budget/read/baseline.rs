//! `[baseline]`: how far exact metrics may creep from what was recorded.

use std::collections::BTreeMap;

use toml::Spanned;

use super::super::error::{Found, Located, Mistake};
use super::super::file::BaselineTable;
use super::super::nearest::Names;
use super::super::spec::{CreepBudget, MetricSpec, Probe};
use super::value::{bound, missing, reason};
use crate::model::MetricId;

pub(super) fn baseline(
    table: Spanned<BaselineTable>,
    metrics: &BTreeMap<String, MetricSpec>,
) -> Found<CreepBudget> {
    let span = table.span();
    let table = table.into_inner();
    let budget = table
        .budget
        .ok_or_else(|| missing(span, "[baseline]", "budget", "budget = \"5%\""))?;
    let own = table.metrics.map(Spanned::into_inner).unwrap_or_default();
    let own = own
        .into_iter()
        .map(|(name, budget)| {
            let written = name.get_ref().clone();
            let id = MetricId::try_from(written.clone())
                .map_err(|_| Located::new(name.span(), Mistake::MetricId(written.clone())))?;
            let exact = || metrics.iter().filter(|(_, spec)| spec.exact);
            let spec = metrics.get(id.name()).filter(|spec| spec.exact);
            let Some(spec) = spec else {
                let known = Names::new(exact().map(|(name, _)| name));
                let mistake = Mistake::NotExact {
                    name: written,
                    known,
                };
                return Err(Located::new(name.span(), mistake));
            };
            is_listed(&id, &spec.probe).map_err(|mistake| Located::new(name.span(), mistake))?;
            Ok((id, bound("baseline", &budget, spec.probe.unit())?))
        })
        .collect::<Found<_>>()?;
    Ok(CreepBudget {
        budget: bound("budget", &budget, None)?,
        metrics: own,
        reason: table.reason.as_ref().map(reason).transpose()?,
    })
}

/// Only `callgrind` lists its cases; those of other probes are known when they are counted.
fn is_listed(id: &MetricId, probe: &Probe) -> Result<(), Mistake> {
    let (Probe::Callgrind(callgrind), Some(case)) = (probe, id.case()) else {
        return Ok(());
    };
    if callgrind.cases.iter().any(|listed| listed == case) {
        return Ok(());
    }
    Err(Mistake::UnlistedCase {
        case: case.to_owned(),
        known: Names::new(callgrind.cases.iter().cloned()),
    })
}
