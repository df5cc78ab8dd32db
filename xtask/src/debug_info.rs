//! What debuggers read of a module: DWARF, a source map, and the custom sections that name the files beside the module.
//!
//! The compiler's debug information says where in the *linked* module each line of C is. Every later pass moves code; what holds at
//! the end is worked out from what each of them leaves alone:
//!
//! - Pruning, exports and unwinding write function bodies anew, instruction by instruction, in the same order: [`Alignment`] pairs
//!   the places of both modules.
//! - wasm-opt takes a source map along, as long as it is told to.
//!
//! So unoptimised code keeps the compiler's DWARF, with new addresses ([`relocate`]); optimised code gets new DWARF with functions
//! and lines ([`generate`]): what is known of variables there does not survive the optimiser.

mod alignment;
mod generate;
mod lines;
mod relocate;
mod source_map;
mod trace;

use std::collections::BTreeMap;

use thiserror::Error;

pub use alignment::{Alignment, Bodies};
pub use generate::generate;
pub use lines::{Lines, Place, Row};
pub use relocate::relocate;
pub use source_map::{Mapped, read_source_map, write_source_map};
pub use trace::{DebugInfo, Trace};

use crate::interface::ReadError;

/// The section that names a module's source map.
pub const SOURCE_MAP_SECTION: &str = "sourceMappingURL";
/// The section that names the file with a module's debug information.
pub const EXTERNAL_SECTION: &str = "external_debug_info";

/// Why there is no debug information.
#[derive(Debug, Error)]
pub enum DebugInfoError {
    /// The bytes are no module.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The compiler's debug information can't be read.
    #[error("cannot read the debug information of the linked module: {0}")]
    Dwarf(#[from] gimli::Error),
    /// It can't be written again.
    #[error("cannot write debug information: {0}")]
    Write(String),
    /// A pass did not keep the instructions of a function, so that nobody can say what became of its lines.
    #[error("cannot follow the debug information: function body {body} had {before} instructions, now it has {after}")]
    Misaligned {
        /// The body's number in the later module.
        body: usize,
        /// Instructions in the earlier module; 0: there was no such body.
        before: usize,
        /// And in the later one.
        after: usize,
    },
    /// A source map can't be read or written.
    #[error("cannot use the source map: {0}")]
    SourceMap(#[from] sourcemap::Error),
}

impl From<wasmparser::BinaryReaderError> for DebugInfoError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        ReadError::from(error).into()
    }
}

impl From<gimli::write::ConvertError> for DebugInfoError {
    fn from(error: gimli::write::ConvertError) -> Self {
        DebugInfoError::Write(error.to_string())
    }
}

impl From<gimli::write::Error> for DebugInfoError {
    fn from(error: gimli::write::Error) -> Self {
        DebugInfoError::Write(error.to_string())
    }
}

/// A custom section: its name and its bytes.
pub type Section = (String, Vec<u8>);

/// The section `name` that holds a URL, relative to the module's own.
pub fn url_section(name: &str, url: &str) -> Section {
    let mut data = Vec::new();
    wasm_encoder::Encode::encode(url, &mut data);
    (name.to_owned(), data)
}

/// The module with custom sections at its end; nothing else moves.
pub fn with_sections(wasm: &[u8], sections: &[Section]) -> Vec<u8> {
    let mut module = wasm.to_vec();
    for (name, data) in sections {
        wasm_encoder::Section::append_to(
            &wasm_encoder::CustomSection { name: name.into(), data: data.into() },
            &mut module,
        );
    }
    module
}

/// The DWARF sections of a `gimli` writer that hold something.
fn dwarf_sections(dwarf: &mut gimli::write::Dwarf) -> Result<Vec<Section>, DebugInfoError> {
    let mut written = gimli::write::Sections::new(gimli::write::EndianVec::new(gimli::LittleEndian));
    dwarf.write(&mut written)?;
    let mut sections = Vec::new();
    written.for_each(|id, data| {
        if !data.slice().is_empty() {
            sections.push((id.name().to_owned(), data.slice().to_vec()));
        }
        Ok::<_, DebugInfoError>(())
    })?;
    Ok(sections)
}

/// The texts of source files, by their names in debug information.
pub type Sources = BTreeMap<String, String>;
