//! What a program loads besides itself.
//!
//! Two programs of the same bytes do the same only if their bytes are all that they are. A script reads other
//! files of its tree, and a program may load libraries that the same build made: these are told by the folders
//! that the dynamic loader is to search (`DT_RPATH` and `DT_RUNPATH`, System V ABI, chapter 5). A library beside
//! the program (`$ORIGIN`) is one of the artifacts, or it is not found at all. One in the build room would be
//! the library of whichever arm was built last.

use std::path::{Path, PathBuf};

use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader, SectionHeader as _};
use object::{Endianness, FileKind};

use super::BuildError;

/// The folders in which an ELF file has its libraries searched for; `None` for what is no ELF file, or a damaged
/// one.
pub(super) fn library_folders(path: &Path) -> Result<Option<Vec<PathBuf>>, BuildError> {
    let data = std::fs::read(path).map_err(BuildError::io("read", path))?;
    let folders = match FileKind::parse(data.as_slice()) {
        Ok(FileKind::Elf64) => folders::<FileHeader64<Endianness>>(&data),
        Ok(FileKind::Elf32) => folders::<FileHeader32<Endianness>>(&data),
        _ => return Ok(None),
    };
    Ok(folders.ok())
}

fn folders<Elf: FileHeader>(data: &[u8]) -> Result<Vec<PathBuf>, object::read::Error> {
    let header = Elf::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let mut found = Vec::new();
    for section in sections.iter() {
        let Some((entries, link)) = section.dynamic(endian, data)? else {
            continue;
        };
        let strings = sections.strings(endian, data, link)?;
        for entry in entries {
            if matches!(entry.tag32(endian), Some(elf::DT_RPATH | elf::DT_RUNPATH)) {
                let text = String::from_utf8_lossy(entry.string(endian, strings)?).into_owned();
                found.extend(text.split(':').map(PathBuf::from));
            }
        }
    }
    Ok(found)
}
