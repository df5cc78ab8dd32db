//! The JavaScript that a page loads: an ES module with all that it imports at once.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::section::Weight;

/// A file of JavaScript could not be weighed.
#[derive(Debug, Error)]
#[error("cannot weigh {}", path.display())]
pub struct ScriptError {
    /// The file.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

/// Weighs `entry` and the files in `folder` that it and they import by static imports; not what is imported when it is needed.
///
/// # Errors
/// When a file can't be read or compressed.
pub fn load(folder: &Path, entry: &str) -> Result<Vec<(String, Weight)>, ScriptError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([entry.to_owned()]);
    let mut todo = vec![entry.to_owned()];
    while let Some(name) = todo.pop() {
        let path = folder.join(&name);
        let fail = |source| ScriptError { path: path.clone(), source };
        let text = std::fs::read_to_string(&path).map_err(fail)?;
        todo.extend(imports(&text).filter(|next| seen.insert((*next).to_owned())).map(str::to_owned));
        found.push((name, Weight::of(text.as_bytes()).map_err(fail)?));
    }
    Ok(found)
}

/// The files beside it that a module imports (or exports from) statically.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    const START: &str = "\"./";
    text.match_indices(START).filter_map(|(at, _)| {
        let before = text[..at].trim_end();
        let rest = &text[at + START.len()..];
        let name = &rest[..rest.find('"')?];
        (before.ends_with("from") || before.ends_with("import")).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_imports_are_found_and_others_are_not() {
        let text = r#"import{a as t}from"./a.js";import"./b.js";export * from "./c.js";f(()=>import("./d.js"));g("./e.js",new URL("./f.js",u))"#;
        assert_eq!(imports(text).collect::<Vec<_>>(), ["a.js", "b.js", "c.js"]);
    }

    #[test]
    fn a_file_that_two_import_counts_once() {
        let folder = std::env::temp_dir().join(format!("moonwright-script-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in [("a.js", r#"import"./b.js";import"./c.js""#), ("b.js", r#"import"./c.js""#), ("c.js", "1")]
        {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let mut names: Vec<_> = load(&folder, "a.js").unwrap().into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, ["a.js", "b.js", "c.js"]);
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(load(&folder, "a.js").unwrap_err().to_string().contains("a.js"));
    }
}
