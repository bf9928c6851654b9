//! Replaying: every rule on every class, many times, and the table of how often it said what.

use std::fmt::Write as _;
use std::path::Path;

use gate::budget::Budgets;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::error::StudyError;
use crate::ours::Gate;
use crate::outcome::Tally;
use crate::rivals::RIVALS;
use crate::trace::Trace;
use crate::world::World;

/// What rounds are shifted to, in percent, so that a change is known exactly.
const SHIFTS: [f64; 7] = [0.0, 1.0, 2.0, 3.0, 6.0, 10.0, 20.0];

/// Rules by classes.
#[derive(Debug)]
pub(crate) struct Table {
    classes: Vec<(String, (f64, f64))>,
    rows: Vec<(&'static str, Vec<Tally>)>,
}

/// Every trace in `folder`, those of one class as one, by iterations.
pub(crate) fn traces(folder: &Path) -> Result<Vec<Trace>, StudyError> {
    let entries = std::fs::read_dir(folder).map_err(StudyError::file("list", folder))?;
    let mut traces: Vec<Trace> = Vec::new();
    for entry in entries {
        let path = entry.map_err(StudyError::file("list", folder))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            traces.push(Trace::read(&path)?);
        }
    }
    traces.sort_by(|a, b| {
        let key = |trace: &Trace| (trace.header.iterations, trace.header.date.clone());
        key(a).cmp(&key(b))
    });
    traces.dedup_by(|later, earlier| {
        let same = later.header.class == earlier.header.class;
        if same {
            earlier.rounds.append(&mut later.rounds);
        }
        same
    });
    if traces.is_empty() {
        let why = format!("{} has no trace", folder.display());
        return Err(StudyError::Plan(why));
    }
    Ok(traces)
}

/// The classes of the study: all rounds at exactly so many percent, and what was recorded.
pub(crate) fn worlds(traces: &[Trace]) -> Result<Vec<World>, StudyError> {
    let mut worlds: Vec<World> = SHIFTS
        .iter()
        .map(|shift| World::shifted(traces, *shift))
        .collect::<Result<_, _>>()?;
    for trace in traces {
        let world = World::recorded(trace)?;
        worlds.push(match worlds.first() {
            // A trace without a confirmation is one of code that does not differ.
            Some(same) if trace.header.iterations == 0 => world.confirmed_by(same),
            _ => world,
        });
    }
    Ok(worlds)
}

impl Table {
    /// Replays `runs` runs of every rule on every world.
    pub(crate) fn new(
        worlds: &[World],
        budgets: &Budgets,
        runs: u32,
        seed: u64,
    ) -> Result<Self, StudyError> {
        let gate = Gate::new(budgets)?;
        let mut ours = Vec::new();
        let mut rivals: Vec<(&'static str, Vec<Tally>)> =
            RIVALS.iter().map(|(name, _)| (*name, Vec::new())).collect();
        for (number, world) in (0..).zip(worlds) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number);
            ours.push(replay_ours(&gate, world, runs, &mut rng)?);
            for ((_, tallies), (_, rule)) in rivals.iter_mut().zip(RIVALS) {
                let mut tally = Tally::default();
                for _ in 0..runs {
                    tally.push(rule(world, &mut rng));
                }
                tallies.push(tally);
            }
        }
        let mut rows = vec![(GATE, ours)];
        rows.extend(rivals);
        Ok(Self {
            classes: worlds
                .iter()
                .map(|world| (world.name.clone(), world.reads))
                .collect(),
            rows,
        })
    }

    /// One table a class: a rule a line, rates in percent of the runs.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for (column, (class, (qps, cpu))) in self.classes.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n{class}: qps {qps:+.2} %, cpu_per_request {cpu:+.2} % worse\n\n| rule | FAIL | WARN | inconclusive | told worse | by both metrics | \
                 measuring, median |\n|---|---|---|---|---|---|---|\n"
            );
            for (rule, tallies) in &self.rows {
                if let Some(tally) = tallies.get(column) {
                    let _ = writeln!(
                        text,
                        "| {rule} | {:.1} % | {:.1} % | {:.1} % | {:.1} % | {:.1} % | {:.0} s |",
                        tally.fail_pct(),
                        tally.warn_pct(),
                        tally.inconclusive_pct(),
                        tally.told_pct(),
                        tally.told_of_all_pct(),
                        tally.median_time().as_secs_f64(),
                    );
                }
            }
        }
        text
    }

    /// A rule a line, a class a column: percent of the runs that failed; of a rule that has more to
    /// say, lines of their own. The last column is the measuring time of the first class.
    pub(crate) fn summary(&self) -> String {
        let mut text = "| rule |".to_owned();
        for (class, (qps, cpu)) in &self.classes {
            let _ = write!(text, " {class}: {qps:+.1} / {cpu:+.1} |");
        }
        let _ = writeln!(text, " measuring |");
        let _ = writeln!(text, "|---|{}---|", "---|".repeat(self.classes.len()));
        for (rule, tallies) in &self.rows {
            let lines: [(&str, Share); 4] = [
                ("FAIL", Tally::fail_pct),
                ("WARN", Tally::warn_pct),
                ("inconclusive", Tally::inconclusive_pct),
                (TOLD, Tally::told_of_all_pct),
            ];
            for (word, share) in lines {
                let shares: Vec<f64> = tallies.iter().map(share).collect();
                // A rival that tells a change fails it: that line is there already.
                let is_told = word == TOLD && *rule != GATE;
                if is_told || (word != "FAIL" && shares.iter().all(|share| *share <= 0.0)) {
                    continue;
                }
                let _ = write!(text, "| {rule}: {word} |");
                for share in shares {
                    let _ = write!(text, " {share:.1} |");
                }
                let seconds = tallies.first().map(Tally::median_time).unwrap_or_default();
                let _ = writeln!(text, " {:.0} s |", seconds.as_secs_f64());
            }
        }
        text
    }
}

/// The gate's own rule.
const GATE: &str = "gate";
/// What a summary calls a change that both metrics tell.
const TOLD: &str = "told worse by both metrics";

/// A share of the runs, in percent.
type Share = fn(&Tally) -> f64;

/// The gate's own rule alone.
pub(crate) fn replay_ours(
    gate: &Gate,
    world: &World,
    runs: u32,
    rng: &mut ChaCha8Rng,
) -> Result<Tally, StudyError> {
    let mut tally = Tally::default();
    for _ in 0..runs {
        tally.push(gate.run(world, rng)?);
    }
    Ok(tally)
}
