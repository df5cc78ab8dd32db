//! The files of an application: which they are, and what `require` calls them.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppFile {
    /// What `require` calls it: `lib.util` for `lib/util.lua` beside the main file.
    pub module: String,
    /// Its path, as it was named.
    pub path: PathBuf,
    /// Its text, without a first line that starts with `#`.
    pub text: Vec<u8>,
}

/// Why there are no files.
#[derive(Debug, Error)]
pub enum FilesError {
    /// A file can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A pattern is none.
    #[error("`{pattern}` is no pattern of file names: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// A pattern that no file has.
    #[error("no file is named as `{0}` says")]
    Nothing(String),
    /// Two files that `require` can't tell apart.
    #[error(
        "{} and {} are both the module `{module}`; name one of them otherwise, as in `other={}`",
        first.display(), second.display(), second.display()
    )]
    Twice {
        /// What `require` calls them.
        module: String,
        /// The first.
        first: PathBuf,
        /// The second.
        second: PathBuf,
    },
}

/// Reads the files that `names` stand for, the main one first: paths, patterns (`lib/*.lua`), or `MODULE=PATH`.
///
/// A module is called by its path from the main file's folder, with points; elsewhere by the file's name. `lib/init.lua` is `lib`.
///
/// # Errors
/// When a file can't be read, a pattern has none, or two are called the same.
pub fn files(names: &[PathBuf]) -> Result<Vec<AppFile>, FilesError> {
    let mut files: Vec<AppFile> = Vec::new();
    let mut root = PathBuf::new();
    for name in names {
        for (module, path) in expand(name)? {
            if files.is_empty() {
                root = path.parent().unwrap_or(Path::new("")).to_owned();
            } else if files.iter().any(|file| file.path == path) {
                continue;
            }
            let module = module.unwrap_or_else(|| module_name(&root, &path));
            if let Some(file) = files.iter().find(|file| file.module == module) {
                return Err(FilesError::Twice { module, first: file.path.clone(), second: path });
            }
            let text = std::fs::read(&path).map_err(|source| FilesError::Read { path: path.clone(), source })?;
            files.push(AppFile { module, path, text: without_first_line(text) });
        }
    }
    Ok(files)
}

/// The paths that a name stands for, and what it calls the module.
fn expand(name: &Path) -> Result<Vec<(Option<String>, PathBuf)>, FilesError> {
    if name.exists() {
        return Ok(vec![(None, name.to_owned())]);
    }
    let text = name.to_string_lossy();
    if let Some((module, path)) = text.split_once('=') {
        return Ok(vec![(Some(module.to_owned()), PathBuf::from(path))]);
    }
    if !text.contains(['*', '?', '[']) {
        return Ok(vec![(None, name.to_owned())]);
    }
    let pattern =
        |error: glob::PatternError| FilesError::Pattern { pattern: text.to_string(), reason: error.to_string() };
    let mut found = Vec::new();
    for path in glob::glob(&text).map_err(pattern)? {
        let path = path.map_err(|error| FilesError::Read { path: error.path().to_owned(), source: error.into() })?;
        found.push((None, path));
    }
    if found.is_empty() { Err(FilesError::Nothing(text.into_owned())) } else { Ok(found) }
}

fn module_name(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).ok().filter(|rest| rest.components().all(|part| part.as_os_str() != ".."));
    let path = inside.unwrap_or_else(|| Path::new(path.file_name().unwrap_or_default())).with_extension("");
    let mut parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| last == "init") {
        parts.pop();
    }
    parts.join(".")
}

/// A first line that starts with `#` is for the system's shell; its end stays, for the numbers of lines.
fn without_first_line(mut text: Vec<u8>) -> Vec<u8> {
    if text.starts_with(b"#") {
        let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
        text.drain(..end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_called_by_their_path_from_the_main_file() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        let main = put("src/main.lua", "#!lua\nreturn 1");
        put("src/lib/util.lua", "");
        put("src/lib/init.lua", "");
        let outside = put("elsewhere/json.lua", "");
        let other = PathBuf::from(format!("a.b={}", put("elsewhere/util.lua", "").display()));
        let named = [main.clone(), folder.path().join("src/lib/*.lua"), outside, main.clone(), other];
        let found = files(&named).unwrap();
        let modules: Vec<_> = found.iter().map(|file| file.module.as_str()).collect();
        assert_eq!(modules, ["main", "lib", "lib.util", "json", "a.b"]);
        assert_eq!(found[0].text, b"\nreturn 1", "the line numbers stay");

        let error = files(&[main.clone(), put("x/main.lua", "")]).unwrap_err().to_string();
        assert!(error.contains("are both the module `main`"), "{error}");
        let error = files(&[folder.path().join("src/*.txt")]).unwrap_err().to_string();
        assert!(error.contains("no file is named as"), "{error}");
        assert!(matches!(files(&[folder.path().join("none.lua")]), Err(FilesError::Read { .. })));
    }
}
