//! Where a module's bytes are, and what changed against an earlier one.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::attribution::{self, Item, OwnNames};
use crate::digest;
use crate::interface::ReadError;
use crate::section::{self, Section, SectionError, Weight};

/// Name of the report that a build leaves beside its module.
pub const BESIDE: &str = "size-report.json";

/// A module's bytes. A build's report has these keys too, so it can be read as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeReport {
    /// SHA-256 of the module, hexadecimal.
    pub sha256: String,
    /// What it weighs.
    pub total: Weight,
    /// Its sections, in file order.
    pub sections: Vec<Section>,
    /// What its bytes are part of; they add up to the file.
    #[serde(default)]
    pub items: Vec<Item>,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum SizeError {
    /// The file can't be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is no module.
    #[error("cannot weigh {}", path.display())]
    Module {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SectionError,
    },
    /// It is JSON, but no report.
    #[error("{}: expected a module or the JSON of `size` or `build`", path.display())]
    Report {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl SizeReport {
    /// Reads a module, or the report that an earlier `size` or `build` made (JSON). Of a module that a build left, the report
    /// beside it says what its parts are; of others the names of functions do, as far as they have any.
    ///
    /// # Errors
    /// When the file can't be read, or is neither.
    pub fn read(path: &Path) -> Result<SizeReport, SizeError> {
        let bytes = std::fs::read(path).map_err(|source| SizeError::File { path: path.into(), source })?;
        if bytes.trim_ascii_start().starts_with(b"{") {
            return serde_json::from_slice(&bytes).map_err(|source| SizeError::Report { path: path.into(), source });
        }
        let beside = std::fs::read(path.with_file_name(BESIDE)).ok();
        if let Some(report) = beside.and_then(|json| serde_json::from_slice::<SizeReport>(&json).ok())
            && report.sha256 == digest::sha256(&bytes)
            // Builds of earlier releases did not say what the bytes are.
            && !report.items.is_empty()
        {
            return Ok(report);
        }
        Self::of(&bytes).map_err(|source| SizeError::Module { path: path.into(), source })
    }

    /// The report of a module, by the names that it has itself.
    ///
    /// # Errors
    /// When `wasm` can't be taken apart. One that is not valid has sections, but no items.
    pub fn of(wasm: &[u8]) -> Result<SizeReport, SectionError> {
        let sections = section::sections(wasm)?;
        let items = |wasm: &[u8]| -> Result<_, ReadError> { attribution::attribute(wasm, &OwnNames::read(wasm)?) };
        Ok(SizeReport {
            sha256: digest::sha256(wasm),
            total: Weight::of(wasm)?,
            sections,
            items: items(wasm).unwrap_or_default(),
        })
    }

    /// Bytes by `by`, the most first.
    pub fn rows(&self, by: By) -> Vec<Row> {
        let mut rows: Vec<Row> = self.sums(by).into_iter().map(|(key, bytes)| Row { key, bytes }).collect();
        rows.sort_by(|a, b| (Reverse(a.bytes), &a.key).cmp(&(Reverse(b.bytes), &b.key)));
        rows
    }

    fn sums(&self, by: By) -> BTreeMap<Key, u64> {
        let mut sums = BTreeMap::new();
        if by == By::Section {
            for section in &self.sections {
                *sums.entry(Key { section: section.name.clone(), ..Key::default() }).or_default() += section.weight.raw;
            }
            return sums;
        }
        for item in &self.items {
            let origin = &item.origin;
            let mut key = Key { group: origin.group.clone(), module: origin.module.clone(), ..Key::default() };
            if by == By::Function {
                key.section.clone_from(&item.section);
                key.name.clone_from(&origin.name);
            }
            *sums.entry(key).or_default() += item.bytes;
        }
        sums
    }

    /// What changed since `old`, the largest change first. Parts are matched by what they are from and their names, so it does
    /// not matter how functions are numbered.
    pub fn changes(&self, old: &SizeReport, by: By) -> Vec<Change> {
        let (before, after) = (old.sums(by), self.sums(by));
        let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
        let of = |sums: &BTreeMap<Key, u64>, key: &Key| sums.get(key).copied().unwrap_or(0);
        let mut changes: Vec<Change> = keys
            .map(|key| Change { key: key.clone(), before: of(&before, key), after: of(&after, key) })
            .filter(|change| change.before != change.after)
            .collect();
        changes.sort_by(|a, b| {
            (Reverse(a.before.abs_diff(a.after)), &a.key).cmp(&(Reverse(b.before.abs_diff(b.after)), &b.key))
        });
        changes
    }
}

/// What bytes are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Section.
    Section,
    /// Library or source file.
    Module,
    /// Function or piece of data.
    Function,
}

/// What bytes are added up under; what does not apply is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Key {
    /// The group, such as `Lua library`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The library or source file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// The function or piece of data.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The section.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub section: String,
}

/// Bytes of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What they are.
    #[serde(flatten)]
    pub key: Key,
    /// How many.
    pub bytes: u64,
}

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What changed.
    #[serde(flatten)]
    pub key: Key,
    /// Bytes then; 0: it was not there.
    pub before: u64,
    /// Bytes now; 0: it is gone.
    pub after: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> SizeReport {
        SizeReport::of(&wat::parse_str(text).unwrap()).unwrap()
    }

    #[test]
    fn every_view_adds_up_to_the_module() {
        let report = report("(module (memory 1) (func $a nop) (func $b nop nop) (data (i32.const 0) \"x\"))");
        for by in [By::Section, By::Module, By::Function] {
            assert_eq!(report.rows(by).iter().map(|row| row.bytes).sum::<u64>(), report.total.raw);
        }
    }

    #[test]
    fn functions_are_matched_whatever_their_index() {
        let old = report("(module (func $a nop) (func $b nop nop nop))");
        let new = report("(module (func $new) (func $b nop) (func $a nop))");
        let changes = new.changes(&old, By::Function);
        let code: Vec<_> = changes
            .iter()
            .filter(|change| change.key.section == "code")
            .map(|change| (change.key.name.as_str(), change.before, change.after))
            .collect();
        assert_eq!(code, [("new", 0, 3), ("b", 6, 4)]);
    }

    #[test]
    fn a_report_comes_back_from_its_json() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.json");
        let report = report("(module (func $a nop))");
        std::fs::write(&path, serde_json::to_vec(&report).unwrap()).unwrap();
        assert_eq!(SizeReport::read(&path).unwrap(), report);
        std::fs::write(&path, "{}").unwrap();
        assert!(SizeReport::read(&path).unwrap_err().to_string().contains("expected a module or the JSON"));
    }
}
