//! Puts a state of Lua into a module: its memory starts as it was when the toolchain had run it so far.
//!
//! ```wat
//! (memory 17) (data (i32.const 1048576) "...the C files' data")
//!
//! (memory 18) (data (i32.const 1048576) "...that, and the state, without its zeros")
//! ```
//!
//! Globals need nothing: the only one that changes is the C stack's pointer, which is back where it was. What stands in memory names functions
//! by their places in the table, so it has to be the memory of this very module, after pruning and before anything that may number the
//! table anew.

use std::convert::Infallible;

use thiserror::Error;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{DataSection, MemorySection};
use wasmparser::{DataKind, Operator, Parser, Payload};

use super::{debug_validate, segments};
use crate::machine::State;

/// The unit of memory's size.
const PAGE: usize = 65_536;

/// Why a state can't be put into a module.
#[derive(Debug, Error)]
pub enum PreloadError {
    /// The module has something that can't be written again.
    #[error("cannot rewrite the module: {0}")]
    Encode(String),
}

impl From<reencode::Error> for PreloadError {
    fn from(error: reencode::Error) -> Self {
        PreloadError::Encode(error.to_string())
    }
}

/// Gives `wasm` with the memory of `state`, which comes from this module.
///
/// # Errors
/// When it can't be written again.
pub fn run(wasm: &[u8], state: &State) -> Result<Vec<u8>, PreloadError> {
    let mut rewriter = Rewriter { segments: of_state(state), pages: (state.memory.len() / PAGE) as u64 };
    let mut module = wasm_encoder::Module::new();
    rewriter.parse_core_module(&mut module, Parser::new(0), wasm)?;
    let preloaded = module.finish();
    debug_validate("preload", &preloaded);
    Ok(preloaded)
}

/// Gives `wasm` as [`run`] writes it, with the memory that it starts with anyway: the difference is what a state costs.
///
/// # Errors
/// When it can't be written again.
pub fn rewritten(wasm: &[u8]) -> Result<Vec<u8>, PreloadError> {
    let mut memory = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::DataSection(section) = payload.map_err(reencode::Error::ParseError)? else { continue };
        for segment in section {
            let segment = segment.map_err(reencode::Error::ParseError)?;
            let DataKind::Active { offset_expr, .. } = segment.kind else { continue };
            let offset = offset_expr.get_operators_reader().read().map_err(reencode::Error::ParseError)?;
            let Operator::I32Const { value } = offset else { continue };
            let start = value.cast_unsigned() as usize;
            memory.resize(memory.len().max(start + segment.data.len()), 0);
            memory[start..start + segment.data.len()].copy_from_slice(segment.data);
        }
    }
    run(wasm, &State { memory, base: 0, until: None })
}

/// What is not zero, from the state's base on.
fn of_state(state: &State) -> Vec<(u32, &[u8])> {
    let memory = &state.memory;
    let ranges = segments::ranges(state.base as usize..memory.len(), |at| memory[at] != 0);
    ranges.into_iter().map(|range| (range.start as u32, &memory[range])).collect()
}

struct Rewriter<'a> {
    segments: Vec<(u32, &'a [u8])>,
    pages: u64,
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    fn parse_memory_section(
        &mut self,
        memories: &mut MemorySection,
        section: wasmparser::MemorySectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        for (number, memory) in section.into_iter().enumerate() {
            let mut memory = memory?;
            if number == 0 {
                memory.initial = memory.initial.max(self.pages);
            }
            memories.memory(self.memory_type(memory)?);
        }
        Ok(())
    }

    fn data_count(&mut self, _: u32) -> Result<u32, reencode::Error> {
        Ok(self.segments.len() as u32)
    }

    fn parse_data_section(
        &mut self,
        data: &mut DataSection,
        _: wasmparser::DataSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        segments::write(data, &self.segments);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_zero_becomes_segments() {
        let mut memory = vec![0; 2 * PAGE];
        memory[5] = 9;
        memory[100..103].copy_from_slice(b"abc");
        memory[108] = b'd';
        memory[PAGE + 1] = 7;
        let state = State { memory, base: 16, until: None };
        let found = of_state(&state);
        assert_eq!(found, [(100, b"abc\0\0\0\0\0d".as_slice()), (PAGE as u32 + 1, b"\x07")]);
        let wasm = wat::parse_str("(module (memory (export \"memory\") 1) (data (i32.const 16) \"old\"))").unwrap();
        let text = wasmprinter::print_bytes(run(&wasm, &state).unwrap()).unwrap();
        let bare = wasmprinter::print_bytes(rewritten(&wasm).unwrap()).unwrap();
        assert!(bare.contains("(memory (;0;) 1)") && bare.contains("(i32.const 16) \"old\""), "{bare}");
        assert!(
            text.contains("(memory (;0;) 2)") && text.contains("export \"memory\"") && !text.contains("old"),
            "{text}"
        );
    }
}
