//! The `callgrind` probe: instructions of a program, counted by valgrind on a processor of its own.
//!
//! The same program does the same work, so two counts of it must agree to the last instruction. What
//! would move them, and what keeps it still:
//!
//! | moves the count | kept still by |
//! |---|---|
//! | the processor, for which the C library and `memchr` and the like choose their routines | valgrind, which shows a program one processor: on x86-64 with AVX2 always a Haswell with 8 MiB of cache |
//! | where code, heap and stack lie | valgrind, which lays out the program's memory itself; under `setarch -R` the counts are the same |
//! | what lies at the top of the stack: variables, arguments, the program's path | an environment of fixed size and nothing of the caller's; the program is run as `./NAME` from a folder of links |
//! | names that are resolved when first used | `LD_BIND_NOW`: all are, before the first operation |
//! | jemalloc, which gives memory back and thins its caches by the clock, and has arenas for cores | its options in `MALLOC_CONF`, `_RJEM_MALLOC_CONF` and `JE_MALLOC_CONF`; one core |
//! | hash seeds of Python and Perl | their variables |
//! | hash seeds, clocks, threads and sockets of the program itself | the program, which must do without |
//!
//! `GLIBC_TUNABLES` stays unset: `glibc.cpu.hwcaps` would choose the C library's routines by name, but
//! with it the dynamic loader itself took 2 to 15 instructions more in one of five runs (glibc 2.36).
//!
//! Only the program itself is counted, not what it starts. Instructions compare two versions of one
//! program, never two programs.

mod profile;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::process::{Interrupt, Launch, ProcessError, last_lines};

pub use profile::{Cost, Profile, ProfileError};

/// What a person can do where there is no valgrind.
pub const HOW_TO_GET: &str = "`apt-get install valgrind` or `dnf install valgrind` gets it";

const PROGRAM: &str = "valgrind";
/// The most that callgrind may write, in bytes: a program of a million functions.
const PROFILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The lines of standard error that an error shows.
const STDERR_LINES: usize = 8;
/// What jemalloc does by the clock or by the number of cores, turned off.
const JEMALLOC: &str = "narenas:1,dirty_decay_ms:-1,muzzy_decay_ms:-1,experimental_tcache_gc:false";
/// The whole environment of a counted program.
const ENVIRONMENT: [(&str, &str); 11] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("HOME", "/"),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
    ("TZ", "UTC"),
    ("LD_BIND_NOW", "1"),
    ("MALLOC_CONF", JEMALLOC),
    ("_RJEM_MALLOC_CONF", JEMALLOC),
    ("JE_MALLOC_CONF", JEMALLOC),
    ("PYTHONHASHSEED", "0"),
    ("PERL_HASH_SEED", "0"),
];

/// One run of a program whose instructions are counted.
#[derive(Debug)]
pub struct CallgrindProbe<'a> {
    /// Where valgrind is.
    pub valgrind: &'a Path,
    /// Program and arguments; paths are seen from `folder`.
    pub argv: &'a [OsString],
    /// The folder to run in.
    pub folder: &'a Path,
    /// Cores to run on; none means any.
    pub cores: &'a [usize],
    /// The longest that it may take.
    pub limit: Duration,
}

/// Why a program's instructions were not counted.
#[derive(Debug, thiserror::Error)]
pub enum CallgrindError {
    /// It could not be run to its end.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It ended with a failure.
    #[error("`{program}` under valgrind ended with {status}; the last it said:\n{stderr}")]
    Failed {
        /// The command line.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its standard error.
        stderr: String,
    },
    /// Valgrind left no counts.
    #[error(
        "`{program}` left no counts: it must end by itself, and not by becoming another program \
         (in a shell: `exec`); {source}"
    )]
    NoCounts {
        /// The command line.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The counts are beyond reading.
    #[error("the counts of `{program}` take more than {} MiB", PROFILE_BYTES_MAX >> 20)]
    TooMuch {
        /// The command line.
        program: String,
    },
    /// The counts are no counts.
    #[error("`{program}`: {source}")]
    Profile {
        /// The command line.
        program: String,
        /// What is wrong with them.
        source: ProfileError,
    },
    /// What the program said could not be read back.
    #[error("cannot read the output of `{program}`: {source}")]
    Output {
        /// The command line.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Where valgrind is; `None` where the `PATH` has none.
#[must_use]
pub fn valgrind() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(PROGRAM))
        .find(|path| path.is_file())
}

impl CallgrindProbe<'_> {
    /// Runs the program and reads how many instructions it took, by function.
    pub fn run(&self, interrupt: &Interrupt) -> Result<Profile, CallgrindError> {
        let [stdout, stderr, counts] = ["stdout", "stderr", "counts"].map(|n| self.folder.join(n));
        let mut argv: Vec<OsString> = vec![self.valgrind.into()];
        let options = [
            "--tool=callgrind",
            "--quiet",
            "--vgdb=no",
            "--callgrind-out-file=counts",
        ];
        argv.extend(options.map(OsString::from));
        argv.extend(self.argv.iter().cloned());
        let mut child = Launch::new(&argv)?
            .current_dir(self.folder)
            .only_env(ENVIRONMENT.map(|(name, value)| (name.into(), value.into())))
            .on_cores(self.cores)
            .with_orphans()
            .start_captured(&stdout, &stderr)?;
        let status = child.wait_with(interrupt, Some(Instant::now() + self.limit))?;
        if !status.success() {
            let program = self.shown();
            let stderr = last_lines(&stderr, STDERR_LINES);
            return Err(match stderr {
                Ok(stderr) => CallgrindError::Failed {
                    program,
                    status,
                    stderr,
                },
                Err(source) => CallgrindError::Output { program, source },
            });
        }
        let text = self.read(&counts)?;
        Profile::parse(&text).map_err(|source| CallgrindError::Profile {
            program: self.shown(),
            source,
        })
    }

    fn read(&self, counts: &Path) -> Result<String, CallgrindError> {
        let program = || self.shown();
        let missing = |source| CallgrindError::NoCounts {
            program: program(),
            source,
        };
        let mut bytes = Vec::new();
        let file = fs::File::open(counts).map_err(missing)?;
        file.take(PROFILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(missing)?;
        if bytes.len() as u64 > PROFILE_BYTES_MAX {
            return Err(CallgrindError::TooMuch { program: program() });
        }
        // Names are bytes of the program's symbols, which need not be text.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn shown(&self) -> String {
        let argv: Vec<_> = self.argv.iter().map(|a| a.to_string_lossy()).collect();
        argv.join(" ")
    }
}
