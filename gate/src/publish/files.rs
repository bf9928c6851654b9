//! `report.json` and `report.md`.

use std::io::Write as _;
use std::path::Path;

use super::PublishError;

/// Writes `text` to `folder/name` whole or not at all: a reader never finds half a report.
pub fn write_report(folder: &Path, name: &str, text: &str) -> Result<(), PublishError> {
    let path = folder.join(name);
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        // Temporary files are private; a report is for everybody who may see the folder.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.as_file()
                .set_permissions(std::fs::Permissions::from_mode(0o644))?;
        }
        file.persist(&path)?;
        Ok(())
    };
    write().map_err(|source| PublishError::Write {
        path: path.clone(),
        source,
    })
}
