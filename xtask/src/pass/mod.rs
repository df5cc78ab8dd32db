//! The passes: each is one file with one public `run`, from a module (and its options) to what it did.
//!
//! A pass knows nothing of the command line, of progress bars or of the other passes; `pipeline.rs` puts them in order. A
//! pass that finds nothing to do leaves the module as it was. No input makes one panic: bytes are validated before they
//! reach walrus or Binaryen, which both trust what they are given.
//!
//! Passes over walrus' model take `&mut walrus::Module`, see [`parse`] and [`emit`]; the others take and give bytes.

use thiserror::Error;
use walrus::{Module, ModuleConfig};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use crate::interface::{ReadError, preflight};

pub mod conventions;
pub mod exports;
pub mod optimise;
pub mod strip;
pub mod unwind;
pub mod validate;

/// Why bytes can't become walrus' model of a module.
#[derive(Debug, Error)]
pub enum ParseError {
    /// The bytes are no valid module.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The module is valid, but walrus can't handle it.
    #[error("walrus cannot read the module: {0:#}")]
    Walrus(anyhow::Error),
}

/// Reads `wasm` into walrus' model, for the passes that need one.
///
/// Custom sections whose contents are offsets into the code section (DWARF, relocations, the linker's symbol table) are
/// left out: walrus writes every function anew, after which they would be wrong.
///
/// # Errors
/// When `wasm` is no valid module, or uses what walrus does not know.
pub fn parse(wasm: &[u8]) -> Result<Module, ParseError> {
    preflight(wasm)?;
    // The very set that walrus 0.28 parses with: its own validation runs alongside its parsing, so that an invalid module
    // can reach code that relies on validity.
    let features = WasmFeatures::default() | WasmFeatures::LEGACY_EXCEPTIONS | WasmFeatures::WIDE_ARITHMETIC;
    Validator::new_with_features(features).validate_all(wasm).map_err(ReadError::from)?;
    let mut config = ModuleConfig::new();
    // The tool's own name in the output would only cost bytes; what the compilers wrote there stays for the strip pass.
    config.generate_producers_section(false);
    config.parse(&without_offsets(wasm)?).map_err(ParseError::Walrus)
}

/// Writes the model as bytes. A debug build checks that they are a valid module.
pub fn emit(module: &mut Module) -> Vec<u8> {
    let wasm = module.emit_wasm();
    debug_validate("walrus", &wasm);
    wasm
}

/// In debug builds, panics when the bytes that `pass` gave are no valid module: that is a defect of the pass.
pub(crate) fn debug_validate(pass: &str, wasm: &[u8]) {
    if cfg!(debug_assertions)
        && let Err(error) = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm)
    {
        panic!("the pass {pass} made an invalid module: {error}");
    }
}

fn without_offsets(wasm: &[u8]) -> Result<Vec<u8>, ReadError> {
    let dead = |name: &str| name.starts_with(".debug_") || name.starts_with("reloc.") || name == "linking";
    let mut kept = Vec::with_capacity(wasm.len());
    let mut copied = 0;
    for_each_section(wasm, |section| {
        if section.custom.is_some_and(dead) {
            kept.extend_from_slice(&wasm[copied..section.start]);
            copied = section.end;
        }
    })?;
    kept.extend_from_slice(&wasm[copied..]);
    Ok(kept)
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
