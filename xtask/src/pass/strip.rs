//! Removes custom sections: debug information, names, who produced the module, what linkers left over.
//!
//! ```wat
//! (module (@custom ".debug_info" "...") (@producers (language "C" "")) (func $f))
//! (module (func))
//! ```
//!
//! An engine needs none of them, and in an unstripped build DWARF alone outweighs the code several times. It works on
//! bytes, copying what stays, so that the rest of the module cannot change.

use super::{debug_validate, for_each_section};
use crate::interface::{ReadError, preflight};

/// What to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StripOptions {
    /// Keep the section `name`.
    pub keep_names: bool,
    /// Keep sections that this toolchain does not know: a loader may read them (`WebAssembly.Module.customSections`).
    pub keep_unknown: bool,
}

/// A section that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedSection {
    /// Its name.
    pub name: String,
    /// The bytes that it took in the file, header included.
    pub bytes: usize,
}

/// What the pass did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// The module without those sections.
    pub wasm: Vec<u8>,
    /// What was removed, in the order of the file.
    pub removed: Vec<RemovedSection>,
}

/// Whether a module without this custom section would be another module: a dynamic library's says how to load it.
fn is_essential(name: &str) -> bool {
    matches!(name, "dylink" | "dylink.0")
}

/// Whether a section is known to be of no use to a loader: names, debug information, what linkers and optimisers left, who made it.
/// What says where in the code something is would be wrong after another pass anyway.
fn is_useless(name: &str) -> bool {
    const EXACT: [&str; 8] = [
        "name",
        "producers",
        "target_features",
        "linking",
        "sourceMappingURL",
        "external_debug_info",
        "build_id",
        "emscripten_metadata",
    ];
    const PREFIXES: [&str; 4] = [".debug_", "reloc.", "metadata.code.", "llvm."];
    EXACT.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Removes every custom section from `wasm` but those that the options keep.
///
/// # Errors
/// When `wasm` can't be split into sections.
pub fn run(wasm: &[u8], options: &StripOptions) -> Result<Stripped, ReadError> {
    preflight(wasm)?;
    let mut kept = Vec::with_capacity(wasm.len());
    let mut removed = vec![];
    let mut copied = 0;
    for_each_section(wasm, |section| {
        let Some(name) = section.custom else { return };
        let keeps = if name == "name" { options.keep_names } else { options.keep_unknown && !is_useless(name) };
        if is_essential(name) || keeps {
            return;
        }
        kept.extend_from_slice(&wasm[copied..section.start]);
        copied = section.end;
        removed.push(RemovedSection { name: name.to_owned(), bytes: section.end - section.start });
    })?;
    kept.extend_from_slice(&wasm[copied..]);
    debug_validate_if_it_was(wasm, &kept);
    Ok(Stripped { wasm: kept, removed })
}

/// The pass only splits its input into sections, so what was invalid before may stay so.
fn debug_validate_if_it_was(before: &[u8], after: &[u8]) {
    let valid =
        |wasm| wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all()).validate_all(wasm).is_ok();
    if cfg!(debug_assertions) && valid(before) {
        debug_validate("strip", after);
    }
}
