//! What a module consists of, and what it weighs: sections, raw and compressed.

use std::io;
use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use wasmparser::{Parser, Payload};

use crate::interface::{ReadError, preflight};

/// Bytes as they are, and as a web server sends them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// Bytes.
    pub raw: u64,
    /// Bytes after gzip at its best level (9).
    pub gzip: u64,
    /// Bytes after brotli at its best level (11, window 2^22).
    pub brotli: u64,
}

impl Weight {
    /// Weighs `bytes`.
    ///
    /// # Errors
    /// When a compressor fails, which writing to memory never made one do.
    pub fn of(bytes: &[u8]) -> io::Result<Weight> {
        let (gzip, brotli) = rayon::join(|| moonwright_compress::gzip(bytes), || moonwright_compress::brotli(bytes));
        Ok(Weight { raw: bytes.len() as u64, gzip: gzip?.len() as u64, brotli: brotli?.len() as u64 })
    }
}

/// A section of a module with its weight, header included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// `type`, `import`, …, `code`, `data`; custom sections as `custom "name"`.
    pub name: String,
    /// What it weighs.
    #[serde(flatten)]
    pub weight: Weight,
}

/// A module could not be taken apart.
#[derive(Debug, Error)]
pub enum SectionError {
    /// The bytes are no core module.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A compressor failed.
    #[error("cannot compress a section")]
    Compress(#[from] io::Error),
}

/// The module's header (magic number and version), then its sections in file order; together they are the whole file.
///
/// # Errors
/// When `wasm` is no core module, is truncated, or a section's length is wrong (the message names the offset).
pub fn sections(wasm: &[u8]) -> Result<Vec<Section>, SectionError> {
    ranges(wasm)?.into_par_iter().map(|(name, range)| Ok(Section { name, weight: Weight::of(&wasm[range])? })).collect()
}

/// Section names and the byte ranges that they fill, header included, in file order.
///
/// # Errors
/// As for [`sections`].
pub fn ranges(wasm: &[u8]) -> Result<Vec<(String, Range<usize>)>, ReadError> {
    preflight(wasm)?;
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    let mut end = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let (name, range) = match payload? {
            Payload::Version { range, .. } => ("header".to_owned(), range),
            Payload::CustomSection(custom) => (format!("custom \"{}\"", custom.name()), custom.range()),
            Payload::CodeSectionEntry(_) | Payload::End(_) => continue,
            Payload::CodeSectionStart { range, .. } => ("code".to_owned(), range),
            other => match other.as_section() {
                Some((id, range)) => (section_name(id).to_owned(), range),
                None => continue,
            },
        };
        // A payload's range is its content; the id and length before it belong to the section too.
        found.push((name, end..range.end));
        end = range.end;
    }
    Ok(found)
}

/// The specification's name of a section id (core specification 5.5.2).
fn section_name(id: u8) -> &'static str {
    const NAMES: [&str; 14] = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
        "tag",
    ];
    NAMES.get(usize::from(id)).copied().unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_add_up_to_the_file() {
        let wasm = wat::parse_str(
            r#"(module (import "env" "f" (func)) (memory 1) (func (export "g") call 0) (data (i32.const 0) "hello")
               (@custom "note" "text"))"#,
        )
        .unwrap();
        let sections = sections(&wasm).unwrap();
        assert_eq!(sections.iter().map(|section| section.weight.raw).sum::<u64>(), wasm.len() as u64);
        let names: Vec<&str> = sections.iter().map(|section| section.name.as_str()).collect();
        for name in ["header", "type", "import", "function", "memory", "export", "code", "data", "custom \"note\""] {
            assert!(names.contains(&name), "{name} is missing in {names:?}");
        }
    }

    #[test]
    fn broken_modules_are_errors() {
        let wasm = wat::parse_str("(module (func) (memory 1))").unwrap();
        for length in 0..wasm.len() {
            // A cut between two sections leaves a module that is whole, if not the one it was.
            if let Ok(sections) = sections(&wasm[..length]) {
                assert_eq!(sections.iter().map(|section| section.weight.raw).sum::<u64>(), length as u64);
            }
        }
        assert!(sections(b"").is_err());
        assert!(sections(b"print('hello')").is_err());
    }

    #[test]
    fn repetition_compresses() {
        let weight = Weight::of(&[b'a'; 10_000]).unwrap();
        assert_eq!(weight.raw, 10_000);
        assert!(weight.gzip < 100 && weight.brotli < 100, "{weight:?}");
    }
}
