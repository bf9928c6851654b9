//! The `size` probe: how large an artifact is, as a file, stripped, and by what it is made of.
//!
//! | case | bytes of |
//! |---|---|
//! | `file` | the file as it lies on disk |
//! | `stripped` | the file without what `strip` takes out: symbol tables and debug information |
//! | `text` | sections that are loaded to be executed |
//! | `rodata` | sections that are loaded to be read only |
//! | `data` | sections that are loaded to be written |
//! | `bss` | memory that is zeroed at the start, which takes no place in the file |
//! | `debug` | sections that are not loaded: debug information, symbols, notes of the compiler |
//! | `.name` | one section, where `sections` names it |
//!
//! An ELF file is read by the `object` crate: sections and their flags as in the System V ABI,
//! chapter 4. `stripped` is where the last byte of a loaded section or of the program headers ends;
//! GNU `strip` adds a table of what is left, which is a few hundred bytes and the same for both
//! arms. A file that is no ELF file, a script say, has the case `file` alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use object::elf;
use object::read::elf::{ElfFile32, ElfFile64, FileHeader, ProgramHeader as _};
use object::read::{Object as _, ObjectSection as _};
use object::{FileKind, SectionFlags};

use super::Reading;
use crate::model::{Shares, Unit, UnitError};

/// Why an artifact has no size.
#[derive(Debug, thiserror::Error)]
pub enum SizeError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The artifact.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is an ELF file whose tables are damaged.
    #[error("{} is an ELF file that cannot be read: {source}", .path.display())]
    Elf {
        /// The artifact.
        path: PathBuf,
        /// What is wrong with it.
        source: object::read::Error,
    },
    /// A section is asked for that a file without sections cannot have.
    #[error("{} is no ELF file, so it has no section `{section}`", .path.display())]
    NoSections {
        /// The artifact.
        path: PathBuf,
        /// What was asked for.
        section: String,
    },
    /// No unit: a constant that is wrong.
    #[error(transparent)]
    Unit(#[from] UnitError),
}

/// The sizes of an artifact. A section of `sections` that it does not have is left out.
pub fn sizes(path: &Path, sections: &[String]) -> Result<Vec<Reading>, SizeError> {
    let data = fs::read(path).map_err(|source| SizeError::Read {
        path: path.to_owned(),
        source,
    })?;
    let failed = |source| SizeError::Elf {
        path: path.to_owned(),
        source,
    };
    let mut sizes = vec![("file".to_owned(), data.len() as u64)];
    match FileKind::parse(data.as_slice()) {
        Ok(FileKind::Elf64) => {
            let file = ElfFile64::<object::Endianness>::parse(data.as_slice()).map_err(failed)?;
            sizes.extend(parts(&file, sections).map_err(failed)?);
        }
        Ok(FileKind::Elf32) => {
            let file = ElfFile32::<object::Endianness>::parse(data.as_slice()).map_err(failed)?;
            sizes.extend(parts(&file, sections).map_err(failed)?);
        }
        _ => {
            if let Some(section) = sections.first() {
                return Err(SizeError::NoSections {
                    path: path.to_owned(),
                    section: section.clone(),
                });
            }
        }
    }
    sizes
        .into_iter()
        .map(|(case, bytes)| {
            Ok(Reading {
                case: Some(case),
                value: exactly(bytes),
                unit: Unit::new("B")?,
                shares: Shares::new(),
            })
        })
        .collect()
}

/// What an ELF file is made of.
fn parts<Elf>(
    file: &object::read::elf::ElfFile<'_, Elf>,
    wanted: &[String],
) -> Result<Vec<(String, u64)>, object::read::Error>
where
    Elf: FileHeader,
{
    let endian = file.endian();
    let header = file.elf_header();
    let table_end =
        |offset: u64, entry: u16, count: usize| offset + u64::from(entry) * count as u64;
    let mut stripped = table_end(
        header.e_phoff(endian).into(),
        header.e_phentsize(endian),
        file.elf_program_headers().len(),
    );
    for segment in file.elf_program_headers() {
        if segment.p_type(endian) == elf::PT_LOAD {
            let end = segment.p_offset(endian).into() + segment.p_filesz(endian).into();
            stripped = stripped.max(end);
        }
    }
    let [mut text, mut rodata, mut data, mut bss, mut debug] = [0; 5];
    let mut named: Vec<(String, u64)> = Vec::new();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags } = section.flags() else {
            continue;
        };
        let has = |flag: u32| sh_flags & u64::from(flag) != 0;
        let in_file = section.file_range().map_or(0, |(_, size)| size);
        let sum = if !has(elf::SHF_ALLOC) {
            &mut debug
        } else if section.file_range().is_none() {
            &mut bss
        } else if has(elf::SHF_EXECINSTR) {
            &mut text
        } else if has(elf::SHF_WRITE) {
            &mut data
        } else {
            &mut rodata
        };
        let size = if has(elf::SHF_ALLOC) {
            section.size()
        } else {
            in_file
        };
        *sum += size;
        let name = section.name()?;
        if wanted.iter().any(|section| section == name) {
            match named.iter_mut().find(|(other, _)| other == name) {
                Some((_, sum)) => *sum += size,
                None => named.push((name.to_owned(), size)),
            }
        }
    }
    let sums = [
        ("stripped", stripped),
        ("text", text),
        ("rodata", rodata),
        ("data", data),
        ("bss", bss),
        ("debug", debug),
    ];
    Ok(sums
        .map(|(case, bytes)| (case.to_owned(), bytes))
        .into_iter()
        .chain(named)
        .collect())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact below 2^53 bytes, which are 8 PiB"
)]
fn exactly(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::process::Command;

    use super::*;

    fn measured(path: &Path, sections: &[&str]) -> BTreeMap<String, f64> {
        let sections: Vec<String> = sections.iter().map(|&name| name.to_owned()).collect();
        sizes(path, &sections)
            .unwrap()
            .into_iter()
            .map(|reading| (reading.case.unwrap(), reading.value))
            .collect()
    }

    /// The oracle is `strip`, and this test program itself the file: it has debug information.
    #[test]
    fn stripped_is_what_strip_leaves() {
        let this = std::env::current_exe().unwrap();
        let sizes = measured(&this, &[".text", ".no_such_section"]);
        let folder = tempfile::TempDir::new().unwrap();
        let copy = folder.path().join("copy");
        let strip = Command::new("strip")
            .arg("-o")
            .arg(&copy)
            .arg(&this)
            .status();
        match strip {
            Ok(status) => assert!(status.success()),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "{error}");
                println!("skipped: no strip: {error}");
                return;
            }
        }
        let left = fs::metadata(&copy).unwrap().len();
        let table = exactly(left) - sizes["stripped"];
        assert!((0.0..4096.0).contains(&table), "{left} {sizes:?}");
        assert!(sizes["file"] > sizes["stripped"] + sizes["debug"] / 2.0);
        assert!(sizes["text"] >= sizes[".text"] && sizes[".text"] > 100_000.0);
        assert!(!sizes.contains_key(".no_such_section"));
        let again = measured(&copy, &[]);
        for case in ["text", "rodata", "data", "bss", "stripped"] {
            assert_eq!(again[case].to_bits(), sizes[case].to_bits(), "{case}");
        }
        assert!(again["debug"] < sizes["debug"] / 100.0);
    }

    #[test]
    fn what_is_no_elf_file_has_its_length_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let script = folder.path().join("script");
        fs::write(&script, "#!/bin/sh\n").unwrap();
        assert_eq!(
            measured(&script, &[]),
            BTreeMap::from([("file".to_owned(), 10.0)])
        );
        let error = sizes(&script, &[".text".to_owned()])
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("is no ELF file, so it has no section `.text`"),
            "{error}"
        );
        let error = sizes(&folder.path().join("none"), &[]).unwrap_err();
        assert!(matches!(error, SizeError::Read { .. }));
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("cut");
        let whole = fs::read(std::env::current_exe().unwrap()).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let error = sizes(&path, &[]).unwrap_err();
        assert!(matches!(error, SizeError::Elf { .. }), "{error}");
    }
}
