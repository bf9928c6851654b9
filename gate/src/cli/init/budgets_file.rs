//! The text of `budgets.toml`.

use super::project::{Port, Project, Speaks};
use crate::budget::FILL_IN;

/// A budgets file with every value commented.
pub(super) fn text(project: &Project) -> String {
    let build = project.build.clone().unwrap_or_else(|| {
        vec![format!(
            "{FILL_IN}: the program that builds, and its arguments one by one"
        )]
    });
    let artifact = project
        .artifact
        .clone()
        .unwrap_or_else(|| format!("{FILL_IN}: the path of what the build leaves behind"));
    let mut text = format!(
        r#"# What a change of this repository may cost.
#
# `gate compare` builds base and head, measures both on the same machine, and holds every metric below
# against its budget. The file is read from both: a budget that head loosens against base needs a
# `reason = "…"` beside it. `gate check` tells what is wrong here without measuring anything.

schema = 1                            # the version of this format

[subject]
# Run at the top of the repository, for base and for head, in the same folder.
build = {build}
# What the build leaves behind. Commands below call it by its name in braces. Only these files are kept.
# Where they are equal byte for byte in base and head, nothing is timed: there is nothing to find.
artifacts = {{ server = {artifact} }}

"#,
        build = list(&build),
        artifact = quoted(&artifact),
    );
    text.push_str(&serve(project));
    text.push_str(RUN);
    if project.speaks == Speaks::Resp {
        text.push_str(TIMED);
    }
    text.push_str(COUNTED);
    text
}

fn serve(project: &Project) -> String {
    let mut command: Vec<String> = Vec::new();
    if project.port == Some(Port::Variable) {
        command.extend(["env".to_owned(), "PORT={port}".to_owned()]);
    }
    command.extend(project.runner.map(str::to_owned));
    command.push("{server}".to_owned());
    match project.port {
        Some(Port::Option) => command.extend(["--port".to_owned(), "{port}".to_owned()]),
        Some(Port::Variable) => {}
        None => command.push(format!(
            "{FILL_IN}: how the server is told its port, {{port}}"
        )),
    }
    let (ready, meaning) = match project.speaks {
        Speaks::Resp => (
            "resp",
            "it is ready once it answers PING; else \"tcp\" or \"http:/path\"",
        ),
        Speaks::Http => (
            "http:/",
            "it is ready once this path is answered; else \"tcp\" or \"resp\"",
        ),
        Speaks::Unknown => {
            return "# A server that speaks the protocol of Redis can be timed. How it is started:\n#\n\
                    # [subject.serve]\n# command = [\"{server}\", \"--port\", \"{port}\"]\n\
                    # ready = \"resp\"                    # once it answers PING; else \"tcp\" or \"http:/path\"\n\n"
                .to_owned();
        }
    };
    format!(
        "[subject.serve]\n# How a server under test is started; `{{port}}` is a free port that gate picks.\n\
         command = {}\n{:<37} # {meaning}\n\n",
        list(&command),
        format!("ready = {}", quoted(ready))
    )
}

const RUN: &str = r#"[run]
max_time = "6m"                       # for measuring, builds apart
confidence = 0.99                     # one interval in a hundred misses the true change
inconclusive = "warn"                 # what could not be decided in that time warns; else "fail"

# What is measured. A budget is the largest change for the worse that may land, in percent of base; a
# change for the better is never held against anyone.

"#;

const TIMED: &str = r#"[metrics.qps]
# Requests answered per second, under gate's own load generator.
probe = "resp-load"                   # it speaks the protocol of Redis
direction = "higher-is-better"        # a fall is what the budget bounds
budget = "3%"                         # a larger fall fails
floor = "1%"                          # smaller moves are never called real
# GET and SET of keys drawn by zipf's law, one request in flight on each connection.
load = { connections = 16, pipeline = 1, read_ratio = 0.9, keys = 100000, value_bytes = 128, zipf = 0.99 }

[metrics.cpu_per_request]
# CPU time that the server spends per request: far less disturbed by what else the machine does.
probe = "resp-load"                   # with the same `load`, taken in the same runs
direction = "lower-is-better"         # a rise is what the budget bounds
budget = "3%"                         # a larger rise fails

"#;

const COUNTED: &str = r#"[metrics.binary_size]
# Bytes of the program: its file, and where it is an executable also stripped, its code and its data.
probe = "size"                        # counted: the same in every run
artifact = "server"                   # the name in `subject.artifacts`
direction = "lower-is-better"         # a rise is what the budget bounds
budget = "2%"                         # of each; or an amount, such as "64 KiB"

# Any program that prints JSON, one object a line, and the same when it is run again: memory for a given
# load, allocations, the size of an answer. {"case": "small", "value": 29.4, "unit": "B"}
#
# [metrics.bytes_per_key]
# probe = "command"
# run = ["{server}", "--report-memory"]
# direction = "lower-is-better"
# exact = true                        # counted: two runs must agree to the last digit
# budget = "5%"

# Instructions of an operation, counted by valgrind, of a program that does it {count} times without a
# clock, a socket or a thread: it tells half a percent apart on any runner. Name the program under
# `artifacts`, and in `[subject] harness = ["benches/**"]` the sources that measure.
#
# [metrics.instructions_per_op]
# probe = "callgrind"
# run = ["{bench}", "--class", "{case}", "--count", "{count}"]
# cases = ["get", "set"]
# counts = [1000, 5000]
# direction = "lower-is-better"

# A change that is worth more than it costs adds an entry such as this one. It counts for that change
# only; once merged it is spent, and stays here as the record of why.
#
# [[trades]]
# metric = "binary_size/file"
# allow = "12%"                       # or "removed", for a metric that is taken out
# reason = "links the TLS library, which users asked for"
"#;

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

/// As TOML writes a text.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
