//! Writes results so that a reader, or an interrupt, never meets half a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file could not be written; what stood there before is untouched.
#[derive(Debug, Error)]
#[error("cannot write {}", path.display())]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

/// Writes `bytes` to `path`, creating missing folders: first to a temporary file beside it, then renamed, so that `path` always
/// holds either what it held before or all of `bytes`.
///
/// # Errors
/// When the folder can't be created or written to, or `path` is a folder.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let fail = |source| WriteError { path: path.to_owned(), source };
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Err(fail(io::ErrorKind::IsADirectory.into())),
    };
    std::fs::create_dir_all(folder).map_err(fail)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".moonwright-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary file is private by default; the result is an ordinary file, subject to the umask.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

/// Makes sure, before long work, that results can be written into `folder`: creates it, and a file in it that goes again.
///
/// # Errors
/// When the folder can't be created or written to, or is a file.
pub fn check_folder(folder: &Path) -> Result<(), WriteError> {
    let fail = |source| WriteError { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(fail)?;
    tempfile::tempfile_in(folder).map_err(fail)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_folders_are_created_and_old_content_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_can_be_written_to_is_created_and_left_empty() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        check_folder(&folder).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        let file = folder.join("file");
        std::fs::write(&file, "x").unwrap();
        assert!(check_folder(&file).unwrap_err().to_string().contains("file"));
    }

    #[test]
    fn a_folder_that_is_a_file_is_an_error_that_names_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let error = write(&file.join("c.txt"), b"one").unwrap_err();
        assert!(error.to_string().contains("c.txt"));
        assert_eq!(std::fs::read(&file).unwrap(), b"x");
    }
}
