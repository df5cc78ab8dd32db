//! Applies `patches/X.Y/NN-name.patch` to upstream's sources: unified diffs, in the order of their numbers, strictly.
//!
//! Context must match to the byte. A hunk may have moved (upstream got an update), but then only one place may fit it, so
//! that a patch with little context never lands in a wrong place silently. Each patch starts with a header, free text before
//! the first `---` line: why it exists and what it costs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diffy::patch_set::{FileOperation, FilePatch, ParseOptions, PatchKind, PatchSet};
use diffy::{Hunk, Line};
use thiserror::Error;

use crate::nearest;

/// Why a patch can't be used.
#[derive(Debug, Error)]
pub enum PatchError {
    /// The folder or a file in it can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file's name does not say when its turn is.
    #[error("{}: expected a name such as 01-yield-without-unwinding.patch: two digits, a dash, a name", path.display())]
    Name {
        /// The patch.
        path: PathBuf,
    },
    /// The patch does not say why it exists.
    #[error(
        "{}: has no header; put above the first `---` line why the patch exists and what it costs or gains, with figures",
        path.display()
    )]
    NoHeader {
        /// The patch.
        path: PathBuf,
    },
    /// The file is no unified diff.
    #[error("{}: {message}; make it with `diff -U1` or `git diff -U1`", path.display())]
    Parse {
        /// The patch.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The patch touches something that it may not.
    #[error("{}: {message}", path.display())]
    Target {
        /// The patch.
        path: PathBuf,
        /// What is wrong with the file name.
        message: String,
    },
    /// A hunk has no place.
    #[error(
        "{}: hunk {number} (line {line}) does not apply to {target}: {reason}; regenerate the patch against the sources \
         that lua-src/upstream.toml names", path.display()
    )]
    Hunk {
        /// The patch.
        path: PathBuf,
        /// The file that it changes.
        target: String,
        /// The hunk's position among that file's hunks, from 1.
        number: usize,
        /// The line in `target` where the hunk was to go.
        line: usize,
        /// What was expected and found there.
        reason: String,
    },
}

/// A patch file, read but not looked into yet.
#[derive(Clone, Debug)]
pub struct PatchFile {
    /// Where it stands.
    pub path: PathBuf,
    /// Its name, `NN-name.patch`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Reads the `.patch` files of a folder in the order of their numbers; a folder that does not exist holds none.
///
/// # Errors
/// When the folder or a patch can't be read, or a name does not start with two digits and a dash.
pub fn load(folder: &Path) -> Result<Vec<PatchFile>, PatchError> {
    let read = |path: &Path, source| PatchError::Read { path: path.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(read(folder, error)),
    };
    let mut patches = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| read(folder, error))?.path();
        if path.extension().is_none_or(|extension| extension != "patch") {
            continue;
        }
        let name = match path.file_name().and_then(|name| name.to_str()) {
            Some(name) if is_numbered(name) => name.to_owned(),
            _ => return Err(PatchError::Name { path }),
        };
        let text = std::fs::read_to_string(&path).map_err(|error| read(&path, error))?;
        patches.push(PatchFile { path, name, text });
    }
    patches.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(patches)
}

fn is_numbered(name: &str) -> bool {
    let name = name.as_bytes();
    name.len() > 3 && name[0].is_ascii_digit() && name[1].is_ascii_digit() && name[2] == b'-'
}

/// Applies `patches` in the given order to `files` (name to text), in place.
///
/// # Errors
/// At the first patch that is malformed, has no header, touches a file that `files` does not have or a path outside, or has a
/// hunk that fits nowhere or at several places. `files` is then partly changed and of no further use.
pub fn apply(patches: &[PatchFile], files: &mut BTreeMap<String, String>) -> Result<(), PatchError> {
    for patch in patches {
        apply_one(patch, files)?;
    }
    Ok(())
}

fn apply_one(patch: &PatchFile, files: &mut BTreeMap<String, String>) -> Result<(), PatchError> {
    let parse = |message: String| PatchError::Parse { path: patch.path.clone(), message };
    let body = body(patch)?;
    let parts = PatchSet::parse(body, ParseOptions::unidiff())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| parse(error.to_string()))?;
    check_no_stray_lines(body, &parts).map_err(parse)?;
    for part in &parts {
        let target = target(part, files).map_err(|message| PatchError::Target { path: patch.path.clone(), message })?;
        let PatchKind::Text(diff) = part.patch() else {
            return Err(parse(format!("the change of {target} is binary")));
        };
        let text = files.get_mut(&target).expect("the name was looked up in `files`");
        *text = apply_hunks(text, diff.hunks()).map_err(|failed| PatchError::Hunk {
            path: patch.path.clone(),
            target: target.clone(),
            number: failed.number,
            line: failed.line,
            reason: failed.reason,
        })?;
    }
    Ok(())
}

/// The patch from its first `---` line on, after a look at the header.
fn body(patch: &PatchFile) -> Result<&str, PatchError> {
    let mut offset = 0;
    let mut has_header = false;
    for line in patch.text.split_inclusive('\n') {
        if line.starts_with("--- ") {
            return match has_header {
                true => Ok(&patch.text[offset..]),
                false => Err(PatchError::NoHeader { path: patch.path.clone() }),
            };
        }
        has_header |= !line.trim().is_empty() && !is_git_line(line);
        offset += line.len();
    }
    Err(PatchError::Parse { path: patch.path.clone(), message: "expected a `---` line, found none".into() })
}

/// Lines that git puts before a file's `---` line and that carry nothing for us.
fn is_git_line(line: &str) -> bool {
    line.starts_with("diff ") || line.starts_with("index ")
}

/// The parser skips what it can't assign to a hunk, such as the rest of one whose `@@` line counts too few lines.
fn check_no_stray_lines(body: &str, parts: &[FilePatch<'_, str>]) -> Result<(), String> {
    let present = body.trim_end().lines().filter(|line| !is_git_line(line) && !line.starts_with('\\')).count();
    let assigned: usize = parts
        .iter()
        .filter_map(|part| part.patch().as_text())
        .map(|diff| 2 + diff.hunks().iter().map(|hunk| 1 + hunk.lines().len()).sum::<usize>())
        .sum();
    if present == assigned {
        Ok(())
    } else {
        Err(format!("expected {assigned} lines by the counts in its `@@` lines, found {present}"))
    }
}

/// The name of the file that a part changes, which must be one of upstream's.
fn target(part: &FilePatch<'_, str>, files: &BTreeMap<String, String>) -> Result<String, String> {
    let (old, new) = match part.operation() {
        FileOperation::Modify { original, modified } => (original, modified),
        _ => return Err("expected changes of upstream's files; files of our own belong in lua-src/".into()),
    };
    let name = old
        .strip_prefix("a/")
        .filter(|name| new.strip_prefix("b/") == Some(name))
        .ok_or_else(|| format!("expected `a/FILE` and `b/FILE` of the same name, found `{old}` and `{new}`"))?;
    if name.contains(['/', '\\', ':']) || name.starts_with('.') {
        return Err(format!("`{name}` is outside upstream's folder; expected the plain name of a file in it"));
    }
    if !files.contains_key(name) {
        let hint = nearest::hint(name, files.keys().map(String::as_str));
        return Err(format!("upstream has no file `{name}`{hint}"));
    }
    Ok(name.to_owned())
}

/// Where and why a hunk failed.
struct Failed {
    number: usize,
    line: usize,
    reason: String,
}

fn apply_hunks(text: &str, hunks: &[Hunk<'_, str>]) -> Result<String, Failed> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut patched = String::with_capacity(text.len() + 1024);
    let mut done = 0; // lines of `text` that are in `patched`, as they were or changed
    for (index, hunk) in hunks.iter().enumerate() {
        let expected: Vec<&str> = hunk
            .lines()
            .iter()
            .filter_map(|line| match line {
                Line::Context(line) | Line::Delete(line) => Some(*line),
                Line::Insert(_) => None,
            })
            .collect();
        let at = place(&lines, done, &expected, hunk.old_range().start()).map_err(|reason| Failed {
            number: index + 1,
            line: hunk.old_range().start(),
            reason,
        })?;
        patched.extend(lines[done..at].iter().copied());
        for line in hunk.lines() {
            if let Line::Context(line) | Line::Insert(line) = line {
                patched.push_str(line);
            }
        }
        done = at + expected.len();
    }
    patched.extend(lines[done..].iter().copied());
    Ok(patched)
}

/// The index in `lines`, not before `from`, where all of `expected` stand: at line `stated` (counted from 1) if they are
/// there, else at the only place that has them.
fn place(lines: &[&str], from: usize, expected: &[&str], stated: usize) -> Result<usize, String> {
    if expected.is_empty() {
        return Err("it has neither context nor deleted lines, so nothing says where it belongs".into());
    }
    let fits = |at: usize| lines.get(at..at + expected.len()) == Some(expected);
    let stated = stated.saturating_sub(1);
    if stated >= from && fits(stated) {
        return Ok(stated);
    }
    let places: Vec<usize> = (from..lines.len()).filter(|&at| fits(at)).collect();
    match places[..] {
        [only] => Ok(only),
        [] => {
            let differs = (0..expected.len()).find(|&i| lines.get(stated + i) != Some(&expected[i])).unwrap_or(0);
            let found =
                lines.get(stated + differs).map_or("the end of the file".into(), |line| format!("`{}`", line.trim()));
            Err(format!(
                "expected `{}` at line {}, found {found}, and no other place has the hunk's lines",
                expected[differs].trim(),
                stated + differs + 1
            ))
        }
        _ => Err(format!(
            "its lines stand at lines {}; give it more context",
            places.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPSTREAM: &str = "one\ntwo\nthree\nfour\nfive\n";
    const GOOD: &str = "Two becomes zwei.\n--- a/l.c\n+++ b/l.c\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n";

    fn run(text: &str, upstream: &str) -> Result<String, String> {
        let path = PathBuf::from("patches/5.4/01-x.patch");
        let patch = PatchFile { name: "01-x.patch".into(), path, text: text.into() };
        let mut files =
            BTreeMap::from([("l.c".to_owned(), upstream.to_owned()), ("m.c".to_owned(), UPSTREAM.to_owned())]);
        apply(&[patch], &mut files).map_err(|error| error.to_string())?;
        Ok(files.remove("l.c").unwrap())
    }

    #[test]
    fn a_good_patch_applies() {
        assert_eq!(run(GOOD, UPSTREAM).unwrap(), "one\nzwei\nthree\nfour\nfive\n");
    }

    #[test]
    fn a_moved_hunk_applies_where_it_alone_fits() {
        assert_eq!(run(GOOD, "new\nnew\none\ntwo\nthree\n").unwrap(), "new\nnew\none\nzwei\nthree\n");
    }

    #[test]
    fn a_moved_hunk_that_fits_twice_is_refused() {
        let error = run(GOOD, "new\none\ntwo\nthree\none\ntwo\nthree\n").unwrap_err();
        assert!(error.contains("its lines stand at lines 2, 5"), "{error}");
    }

    #[test]
    fn wrong_context_names_patch_file_hunk_and_line() {
        let text = format!("{GOOD}@@ -4,2 +4,2 @@\n four\n-fife\n+fünf\n");
        let error = run(&text, UPSTREAM).unwrap_err();
        let expected =
            "patches/5.4/01-x.patch: hunk 2 (line 4) does not apply to l.c: expected `fife` at line 5, found `five`";
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn hunks_apply_in_order_without_overlap() {
        let second = "@@ -1,2 +1,2 @@\n one\n-two\n+zwo\n";
        let error = run(&format!("{GOOD}{second}"), UPSTREAM).unwrap_err();
        assert!(error.contains("01-x.patch") && error.contains("overlap"), "{error}");
        // In order by their numbers, but what the second wants stands before what the first got.
        let error = run(&format!("{GOOD}{}", second.replace("-1,2 +1,2", "-4,2 +4,2")), UPSTREAM).unwrap_err();
        assert!(error.contains("hunk 2"), "{error}");
    }

    #[test]
    fn a_missing_header_is_refused() {
        let diff = &GOOD[GOOD.find("---").unwrap()..];
        for text in [diff.to_owned(), format!("\n \ndiff --git a/l.c b/l.c\nindex 1..2\n{diff}")] {
            let error = run(&text, UPSTREAM).unwrap_err();
            assert!(error.contains("has no header"), "{error}");
        }
    }

    #[test]
    fn paths_stay_inside_and_name_known_files() {
        for (name, expected) in [
            ("../l.c", "outside upstream's folder"),
            ("/etc/passwd", "outside upstream's folder"),
            ("sub/l.c", "outside upstream's folder"),
            ("..\\l.c", "invalid char"),
            ("C:l.c", "outside upstream's folder"),
            ("n.c", "upstream has no file `n.c`"),
        ] {
            let error = run(&GOOD.replace("l.c", name), UPSTREAM).unwrap_err();
            assert!(error.contains(expected), "{name}: {error}");
        }
        let error = run(&GOOD.replace("b/l.c", "b/m.c"), UPSTREAM).unwrap_err();
        assert!(error.contains("of the same name"), "{error}");
        let error = run(&GOOD.replace("--- a/l.c", "--- /dev/null"), UPSTREAM).unwrap_err();
        assert!(error.contains("files of our own belong in lua-src/"), "{error}");
    }

    #[test]
    fn lines_beyond_a_hunks_count_are_not_dropped_silently() {
        let error = run(&format!("{GOOD}-four\n"), UPSTREAM).unwrap_err();
        assert!(error.contains("expected 7 lines"), "{error}");
        assert!(run("Just a text.\n", UPSTREAM).unwrap_err().contains("expected a `---` line"));
        assert!(run(&GOOD.replace("@@ -1,3", "@@ -1,x"), UPSTREAM).is_err());
    }

    #[test]
    fn one_patch_may_change_two_files() {
        let text = format!("{GOOD}{}", GOOD[GOOD.find("---").unwrap()..].replace("l.c", "m.c"));
        assert_eq!(run(&text, UPSTREAM).unwrap(), "one\nzwei\nthree\nfour\nfive\n");
    }

    #[test]
    fn patches_load_in_order_and_need_a_number() {
        let dir = tempfile::tempdir().unwrap();
        assert!(load(&dir.path().join("absent")).unwrap().is_empty());
        for name in ["10-b.patch", "02-a.patch", "notes.txt"] {
            std::fs::write(dir.path().join(name), GOOD).unwrap();
        }
        let names: Vec<_> = load(dir.path()).unwrap().into_iter().map(|patch| patch.name).collect();
        assert_eq!(names, ["02-a.patch", "10-b.patch"]);
        std::fs::write(dir.path().join("x.patch"), GOOD).unwrap();
        assert!(load(dir.path()).unwrap_err().to_string().contains("two digits"));
    }
}
