//! One file out of a zip archive that somebody hostile may have made.
//!
//! ```text
//! local header, name, data … │ central directory, one entry │ end record, 22 bytes
//!                                                             entries on disk 1, entries 1, comment 0
//! ```
//!
//! The end record must be the last 22 bytes and count one entry: an archive reader keeps entries by
//! name, so two of the same name would look like one. The one entry must be a regular file of exactly
//! the name that is asked for. What it inflates to is counted while it inflates; the sizes that the
//! archive states are believed only where they are already too large.
//!
//! Source: PKWARE APPNOTE 6.3.10, sections 4.3.16 (end record) and 4.4.2 (host and mode).

use std::io::{Cursor, Read as _};

use miette::Diagnostic;
use zip::{CompressionMethod, ZipArchive};

use super::foreign_text::disarm;

/// Bytes of the end record without a comment.
const END_LEN: usize = 22;
const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";
/// File type bits of a Unix mode, and a regular file's.
const TYPE_BITS: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// Why an archive is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum ArchiveError {
    /// It cannot be read.
    #[error("it is no zip archive of one file: {0}")]
    Format(String),
    /// It holds several files, or none.
    #[error("it holds {0} files, where exactly one belongs")]
    Count(u16),
    /// It holds another file.
    #[error("it holds {found}, where {expected} belongs")]
    Name {
        /// What is in it.
        found: String,
        /// What belongs in it.
        expected: &'static str,
    },
    /// A link, a folder, a device, or encrypted.
    #[error("its file is {0}, where a regular file belongs")]
    Kind(&'static str),
    /// It inflates to more than is taken.
    #[error("its file is larger than {0} bytes")]
    TooLarge(usize),
}

/// The content of the file called `name`, which must be all that is in `archive`.
pub(super) fn only_file(
    archive: &[u8],
    name: &'static str,
    bytes_max: usize,
) -> Result<Vec<u8>, ArchiveError> {
    let count = counted(archive)?;
    if count != 1 {
        return Err(ArchiveError::Count(count));
    }
    let format = |error: zip::result::ZipError| ArchiveError::Format(disarm(&error.to_string()));
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(format)?;
    if archive.len() != 1 {
        return Err(ArchiveError::Format(
            "its directory has not one entry".to_owned(),
        ));
    }
    // Looked at raw first: an entry that is refused is never inflated, not even one byte.
    let entry = archive.by_index_raw(0).map_err(format)?;
    if entry.name_raw() != name.as_bytes() {
        let found = disarm(&String::from_utf8_lossy(entry.name_raw()));
        return Err(ArchiveError::Name {
            found,
            expected: name,
        });
    }
    let mode = entry.unix_mode().unwrap_or(REGULAR);
    match (
        entry.is_dir(),
        entry.encrypted(),
        mode & TYPE_BITS,
        entry.compression(),
    ) {
        (true, ..) => return Err(ArchiveError::Kind("a folder")),
        (_, true, ..) => return Err(ArchiveError::Kind("encrypted")),
        // Archives made where there are no modes have none.
        (.., REGULAR | 0, CompressionMethod::Stored | CompressionMethod::Deflated) => {}
        (.., REGULAR | 0, _) => return Err(ArchiveError::Kind("compressed in an unknown way")),
        _ => return Err(ArchiveError::Kind("a link or a device")),
    }
    let too_large = |length: u64| usize::try_from(length).map_or(true, |length| length > bytes_max);
    if too_large(entry.size()) {
        return Err(ArchiveError::TooLarge(bytes_max));
    }
    drop(entry);
    let file = archive.by_index(0).map_err(format)?;
    let mut content = Vec::new();
    let limit = u64::try_from(bytes_max)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    file.take(limit)
        .read_to_end(&mut content)
        .map_err(|error| ArchiveError::Format(disarm(&error.to_string())))?;
    if content.len() > bytes_max {
        return Err(ArchiveError::TooLarge(bytes_max));
    }
    Ok(content)
}

/// How many entries the archive says it has.
fn counted(archive: &[u8]) -> Result<u16, ArchiveError> {
    let end = archive
        .len()
        .checked_sub(END_LEN)
        .and_then(|start| archive.get(start..));
    match end {
        Some(
            &[
                a,
                b,
                c,
                d,
                _,
                _,
                _,
                _,
                here,
                here_high,
                all,
                all_high,
                ..,
                comment,
                comment_high,
            ],
        ) if [a, b, c, d] == END_SIGNATURE && [comment, comment_high] == [0, 0] => {
            let here = u16::from_le_bytes([here, here_high]);
            let all = u16::from_le_bytes([all, all_high]);
            if here == all {
                Ok(all)
            } else {
                Err(ArchiveError::Format(
                    "it is one of several parts".to_owned(),
                ))
            }
        }
        _ => Err(ArchiveError::Format(
            "it does not end as an archive does".to_owned(),
        )),
    }
}
