//! The passes: each is one file with one public `run`, from a module (and its options) to what it did.
//!
//! A pass knows nothing of the command line, of progress bars or of the other passes; `pipeline.rs` puts them in order. A
//! pass that finds nothing to do leaves the module as it was. No input makes one panic: bytes are validated before they
//! reach Binaryen, which trusts what it is given. Passes take and give bytes, and copy what they don't change.

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use crate::interface::ReadError;

pub mod conventions;
pub mod exports;
pub mod locals;
pub mod names;
pub mod optimise;
pub mod order;
pub mod preload;
pub mod prune;
mod segments;
pub mod strip;
pub mod unwind;
pub mod validate;

/// In debug builds, panics when the bytes that `pass` gave are no valid module: that is a defect of the pass.
pub(crate) fn debug_validate(pass: &str, wasm: &[u8]) {
    if cfg!(debug_assertions)
        && let Err(error) = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm)
    {
        panic!("the pass {pass} made an invalid module: {error}");
    }
}

/// A section's place in the file: from its id byte to the end of its payload.
pub(crate) struct SectionRange<'a> {
    pub start: usize,
    pub end: usize,
    /// The name, if it is a custom section.
    pub custom: Option<&'a str>,
}

/// Calls `visit` for every section of `wasm` in order.
pub(crate) fn for_each_section<'a>(wasm: &'a [u8], mut visit: impl FnMut(SectionRange<'a>)) -> Result<(), ReadError> {
    const HEADER: usize = 8;
    let mut start = HEADER;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Some((_, range)) = payload.as_section() {
            let custom = if let Payload::CustomSection(section) = &payload { Some(section.name()) } else { None };
            visit(SectionRange { start, end: range.end, custom });
            start = range.end;
        }
    }
    Ok(())
}
