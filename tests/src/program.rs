//! The Lua programs of a folder, and what all who run them have to know.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};

use crate::module::LuaVersion;
use crate::record::{ResultRecord, Value};

/// A Lua program.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file's name.
    pub name: String,
    /// Its text.
    pub text: Arc<[u8]>,
}

impl Program {
    /// Whether the program is for this Lua version: `*_55.lua` has syntax that 5.4 does not have.
    pub fn runs_in(&self, lua: LuaVersion) -> bool {
        !self.name.ends_with("_55.lua") || lua == LuaVersion::V55
    }
}

/// The programs in `folder`, a folder of the tests, sorted by name.
///
/// # Errors
/// Where the folder or a file cannot be read, or there are none.
pub fn programs(folder: &str) -> Result<Vec<Program>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "lua") {
            let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?.into();
            found.push(Program { name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text });
        }
    }
    ensure!(!found.is_empty(), "expected Lua programs in {}, found none", folder.display());
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The text of a file below the folder of the tests.
///
/// # Errors
/// Where the file cannot be read, or is not UTF-8.
pub fn text(path: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Holds a program of tests/lua to its last line, `return "ok", checks`: one that ended early has proved nothing.
///
/// # Errors
/// Where the record has other values, or no check was made.
pub fn ended_well(record: &ResultRecord) -> Result<()> {
    match record.values.as_slice() {
        [ok, Value::Integer(1..)] if *ok == Value::str("ok") => Ok(()),
        other => bail!("expected \"ok\" and a number of checks, found {other:?}"),
    }
}
