//! What callgrind writes: instructions by function.
//!
//! ```text
//! events: Ir                        what is counted; the first column is taken, and must be Ir
//! ob=(3) /bin/probe                 object, file and function that the next costs belong to;
//! fl=(7) src/lib.rs                 `(id) name` gives an id its name, `(id)` alone refers to it
//! fn=(12) store::set
//! 41 9                              line 41: 9 instructions of the function itself
//! cfn=(13) memcpy                   it called another function,
//! calls=2 60                        twice,
//! +3 140                            and the calls took 140 instructions, callees included
//! totals: 149
//! ```
//!
//! A function's own instructions are the sum of its cost lines, its inclusive ones those and the calls
//! that it made; calls of itself are left out, since they would be counted at every depth. Functions of
//! one name are one: instances of a generic function, statics of two files. Where there is no name but
//! an address, which moves with every build, the object stands for the function.
//!
//! Invariant: all own instructions together are the file's total, or the file is refused.
//!
//! Source: "Callgrind Format Specification", Valgrind manual.

use std::collections::BTreeMap;

/// The longest name of a function that is kept, in bytes.
const NAME_LEN_MAX: usize = 200;
/// The event that is counted.
const INSTRUCTIONS: &str = "Ir";

/// Instructions of a whole run, by function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Instructions of the run.
    pub total: u64,
    /// Instructions of each function, by its demangled name.
    pub functions: BTreeMap<String, Cost>,
}

/// Instructions of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Its own.
    pub own: u64,
    /// Its own and those of what it called.
    pub inclusive: u64,
}

/// Why a text is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A line that the format does not have.
    #[error("line {line} of callgrind's output {what}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// No sum to check against.
    #[error("callgrind's output has no total: it was cut off")]
    NoTotal,
    /// Lines are missing, or read wrongly.
    #[error("callgrind's output says {total} instructions in all, its functions add up to {sum}")]
    Sum {
        /// As the file says.
        total: u64,
        /// As the functions say.
        sum: u64,
    },
}

impl Profile {
    /// Reads a `callgrind.out`.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            let wrong = |what| ProfileError::Line {
                line: index + 1,
                what,
            };
            reader.line(line.trim_end()).map_err(wrong)?;
        }
        reader.finish()
    }
}

#[derive(Default)]
struct Reader<'t> {
    functions: Names<'t>,
    objects: Names<'t>,
    object: &'t str,
    called_object: Option<&'t str>,
    function: Option<String>,
    called: Option<String>,
    /// Numbers before the first cost on a line.
    positions: Option<usize>,
    /// Which cost counts instructions.
    column: Option<usize>,
    /// The next cost line is of the calls that were announced, of no function itself.
    after: After,
    total: Option<u64>,
    costs: BTreeMap<String, Cost>,
}

/// What the line before announced.
#[derive(Default, PartialEq, Eq)]
enum After {
    #[default]
    Nothing,
    Calls,
    Jump,
}

/// Names by id.
#[derive(Default)]
struct Names<'t>(BTreeMap<u32, &'t str>);

impl<'t> Names<'t> {
    /// `(id) name`, `(id)` or `name`.
    fn take(&mut self, text: &'t str) -> Result<&'t str, &'static str> {
        let Some((id, name)) = text.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
            return Ok(text);
        };
        let Ok(id) = id.parse() else {
            // A name such as `(below main)`.
            return Ok(text);
        };
        match name.trim_start() {
            "" => self
                .0
                .get(&id)
                .copied()
                .ok_or("refers to a name that it does not have"),
            name => {
                self.0.insert(id, name);
                Ok(name)
            }
        }
    }
}

impl<'t> Reader<'t> {
    fn line(&mut self, line: &'t str) -> Result<(), &'static str> {
        let first = line.bytes().next();
        match first {
            None | Some(b'#') => Ok(()),
            Some(b'0'..=b'9' | b'+' | b'-' | b'*') => self.cost(line),
            _ => match line.split_once('=') {
                Some((key, value)) if key.bytes().all(|b| b.is_ascii_lowercase()) => {
                    self.place(key, value.trim_start())
                }
                _ => self.header(line),
            },
        }
    }

    fn header(&mut self, line: &str) -> Result<(), &'static str> {
        let (key, value) = line
            .split_once(':')
            .ok_or("is nothing that the format has")?;
        match key {
            "positions" => self.positions = Some(value.split_whitespace().count()),
            "events" => {
                let column = value.split_whitespace().position(|e| e == INSTRUCTIONS);
                self.column = Some(column.ok_or("counts no instructions (Ir)")?);
            }
            "totals" | "summary" => {
                let column = self.column.ok_or("comes before the events are named")?;
                let total = value.split_whitespace().nth(column);
                let total = total.map_or(Ok(0), str::parse);
                self.total = Some(total.map_err(|_| "has a total that is no number")?);
            }
            _ => {}
        }
        Ok(())
    }

    fn place(&mut self, key: &str, value: &'t str) -> Result<(), &'static str> {
        match key {
            "ob" => self.object = self.objects.take(value)?,
            "cob" => self.called_object = Some(self.objects.take(value)?),
            "fn" => {
                let name = self.functions.take(value)?;
                self.function = Some(named(name, self.object));
            }
            "cfn" => {
                let name = self.functions.take(value)?;
                let object = self.called_object.take().unwrap_or(self.object);
                self.called = Some(named(name, object));
            }
            "calls" => {
                if self.called.is_none() {
                    return Err("tells calls of no function");
                }
                self.after = After::Calls;
            }
            "jump" | "jcnd" => self.after = After::Jump,
            // Files are not told apart.
            "fl" | "fi" | "fe" | "cfi" | "cfl" => {}
            _ => return Err("is nothing that the format has"),
        }
        Ok(())
    }

    fn cost(&mut self, line: &str) -> Result<(), &'static str> {
        let after = std::mem::take(&mut self.after);
        if after == After::Jump {
            return Ok(());
        }
        let column = self.column.ok_or("comes before the events are named")?;
        let costs = line.split_whitespace().skip(self.positions.unwrap_or(1));
        // Zeros at the end of a line may be left out.
        let cost = costs.into_iter().nth(column).map_or(Ok(0), str::parse);
        let cost: u64 = cost.map_err(|_| "has a cost that is no number")?;
        let function = self.function.clone().ok_or("has a cost of no function")?;
        let calls_itself = after == After::Calls && self.called.take().as_ref() == Some(&function);
        let entry = self.costs.entry(function).or_default();
        let most = "adds up to more than a number can hold";
        if after == After::Nothing {
            entry.own = entry.own.checked_add(cost).ok_or(most)?;
        }
        if !calls_itself {
            entry.inclusive = entry.inclusive.checked_add(cost).ok_or(most)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Profile, ProfileError> {
        let total = self.total.ok_or(ProfileError::NoTotal)?;
        let own = self.costs.values().map(|cost| cost.own);
        let sum = own.fold(0, u64::saturating_add);
        if sum != total {
            return Err(ProfileError::Sum { total, sum });
        }
        Ok(Profile {
            total,
            functions: self.costs,
        })
    }
}

/// A function's name, or its object's where it has none but its address.
fn named(name: &str, object: &str) -> String {
    let is_address = name
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_address || name == "???" {
        let file = object.rsplit('/').next().unwrap_or(object);
        return format!("[{file}]");
    }
    // Recursion levels and cycles are told apart by a mark behind the name.
    let name = name.split_once('\'').map_or(name, |(plain, level)| {
        let is_level = !level.is_empty() && level.bytes().all(|b| b.is_ascii_digit());
        if is_level { plain } else { name }
    });
    match name.char_indices().find(|(at, _)| *at >= NAME_LEN_MAX) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    const SMALL: &str = "# callgrind format\nversion: 1\npart: 1\n\npositions: line\nevents: Ir\n\
        summary: 149\n\n\nob=(1) /bin/probe\nfl=(1) lib.rs\nfn=(1) set\n41 4\n+1 5\ncob=(2) /lib/libc.so.6\n\
        cfi=(2) mem.c\ncfn=(2) memcpy\ncalls=2 60\n* 140\n\nob=(2)\nfl=(2)\nfn=(2)\n60 140\n\ntotals: 149\n";

    fn costs(text: &str) -> Vec<(String, u64, u64)> {
        let profile = Profile::parse(text).unwrap();
        let each = |(name, cost): (String, Cost)| (name, cost.own, cost.inclusive);
        profile.functions.into_iter().map(each).collect()
    }

    #[test]
    fn own_and_inclusive_instructions_are_told_apart() {
        let expected = [("memcpy".to_owned(), 140, 140), ("set".to_owned(), 9, 149)];
        assert_eq!(costs(SMALL), expected);
        assert_eq!(Profile::parse(SMALL).unwrap().total, 149);
    }

    #[test]
    fn events_positions_and_jumps_of_other_options_are_read() {
        let text = "positions: instr line\nevents: Dr Ir\nfn=f\n0x10 3 7 20\n+4 * 1 2\njcnd=1/2 0x14 3\n\
            0x10 3\n+1 +1\ntotals: 8 22\n";
        assert_eq!(costs(text), [("f".to_owned(), 22, 22)]);
    }

    #[test]
    fn recursion_is_not_counted_at_every_depth() {
        let text =
            "events: Ir\nfn=(1) f\n1 10\ncfn=(1)\ncalls=1 1\n1 6\nfn=(2) f'2\n1 2\ntotals: 12\n";
        assert_eq!(costs(text), [("f".to_owned(), 12, 12)]);
    }

    #[test]
    fn what_has_no_name_goes_by_its_object() {
        let text = "events: Ir\nob=/lib/ld.so.2\nfn=0x0000000004838000\n0 6\nfn=0x4838278\n0 3\n\
            fn=(below main)\n0 1\ntotals: 10\n";
        let expected = [
            ("(below main)".to_owned(), 1, 1),
            ("[ld.so.2]".to_owned(), 9, 9),
        ];
        assert_eq!(costs(text), expected);
    }

    #[test]
    fn what_is_no_profile_says_where() {
        for (text, told) in [
            ("", "no total"),
            (
                SMALL.split("60 140").next().unwrap(),
                "says 149 instructions in all, its functions add up to 9",
            ),
            (
                "events: Ir\nfn=f\n1 5\ntotals: 6\n",
                "says 6 instructions in all, its functions add up to 5",
            ),
            (
                "events: Dr\n",
                "line 1 of callgrind's output counts no instructions",
            ),
            (
                "events: Ir\n1 5\n",
                "line 2 of callgrind's output has a cost of no function",
            ),
            (
                "fn=f\n1 5\n",
                "line 2 of callgrind's output comes before the events",
            ),
            ("events: Ir\nfn=(7)\n", "refers to a name"),
            ("events: Ir\nfn=f\n1 x\n", "no number"),
            ("events: Ir\nfn=f\n1 -5\n", "no number"),
            ("events: Ir\nfn=f\ncalls=1 1\n", "calls of no function"),
            (
                "events: Ir\nfn=f\n1 18446744073709551615\n1 1\n",
                "more than a number",
            ),
            ("events: Ir\ntotals: many\n", "no number"),
            ("what is this", "nothing that the format has"),
            ("x=1", "nothing that the format has"),
        ] {
            let error = Profile::parse(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let name = "ü".repeat(400);
        let text = format!("events: Ir\nfn={name}\n1 5\ntotals: 5\n");
        let kept = costs(&text).remove(0).0;
        assert!(kept.len() <= NAME_LEN_MAX + 2 + '…'.len_utf8() && kept.ends_with('…'));
    }

    /// One function's costs and calls: name, own costs, calls of others with their cost.
    type Section = (u8, Vec<u32>, Vec<(u8, u32)>);

    fn sections() -> impl Strategy<Value = Vec<Section>> {
        let calls = prop::collection::vec((0_u8..6, any::<u32>()), 0..4);
        let costs = prop::collection::vec(any::<u32>(), 0..5);
        prop::collection::vec((0_u8..6, costs, calls), 0..12)
    }

    proptest! {
        /// Against the sums of what was written.
        #[test]
        fn sums_are_those_of_what_was_written(sections in sections()) {
            let (mut text, mut model) = ("events: Ir\n".to_owned(), BTreeMap::<String, Cost>::new());
            for (function, costs, calls) in &sections {
                let name = format!("f{function}");
                writeln!(text, "fn=({function}) {name}").unwrap();
                for cost in costs {
                    writeln!(text, "+1 {cost}").unwrap();
                    let entry = model.entry(name.clone()).or_default();
                    entry.own += u64::from(*cost);
                    entry.inclusive += u64::from(*cost);
                }
                for (called, cost) in calls {
                    writeln!(text, "cfn=({called}) f{called}\ncalls=1 0\n* {cost}").unwrap();
                    let entry = model.entry(name.clone()).or_default();
                    entry.inclusive += if called == function { 0 } else { u64::from(*cost) };
                }
            }
            let total: u64 = model.values().map(|cost| cost.own).sum();
            writeln!(text, "totals: {total}").unwrap();
            let profile = Profile::parse(&text).unwrap();
            prop_assert_eq!(profile.functions, model);
        }

        #[test]
        fn no_text_panics(
            text in "(((fn|cfn|ob|cob|fl|calls|jump)=)?(\\([0-9]{0,2}\\))? ?[a-z'0-9+*-]{0,6}( [0-9]{0,20})?\n|events: Ir\n|totals: [0-9]\n|\\PC{0,8}\n){0,12}"
        ) {
            let _outcome = Profile::parse(&text);
        }
    }
}
