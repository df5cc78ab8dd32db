//! Follows the compiler's debug information through the passes.

use std::collections::BTreeMap;

use super::{
    Alignment, Bodies, DebugInfoError, Lines, Mapped, Section, Sources, generate, read_source_map, relocate,
    write_source_map,
};
use crate::compile::VIRTUAL_ROOT;
use crate::pass::optimise::Optimised;

/// What is known of a linked module.
pub struct Trace<'a> {
    linked: &'a [u8],
    bodies: Bodies,
    lines: Lines,
}

/// The debug information of a finished module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebugInfo {
    /// The source map, with the sources' texts.
    pub map: Vec<u8>,
    /// DWARF.
    pub sections: Vec<Section>,
}

impl<'a> Trace<'a> {
    /// Reads what the compiler and the linker said of `linked`.
    ///
    /// # Errors
    /// When that is malformed.
    pub fn new(linked: &'a [u8]) -> Result<Trace<'a>, DebugInfoError> {
        Ok(Trace { linked, bodies: Bodies::read(linked)?, lines: Lines::read(linked)? })
    }

    /// The source map that the optimiser takes along with `module`, which the passes before it made. `kept` are the functions that
    /// pruning left, by their indices in the linked module; `None`: all.
    ///
    /// # Errors
    /// When `module` has other instructions than the linked one.
    pub fn optimiser_map(&self, module: &[u8], kept: Option<&[u32]>) -> Result<Vec<u8>, DebugInfoError> {
        let bodies = Bodies::read(module)?;
        let lines = self.lines.moved(&Alignment::new(&self.bodies, &bodies, kept)?);
        write_source_map(&bodies, &lines, Mapped::Places, "", None, &Sources::new())
    }

    /// The debug information of `finished`: the linked module without what `kept` lacks, or what was made of `optimised`. `names` are
    /// names of its functions, `text` gives the text of a source file by its path, `file` is the name of the module's file.
    ///
    /// # Errors
    /// When `finished` has other instructions than what it was made of, or the optimiser's map is malformed.
    pub fn finish(
        &self,
        finished: &[u8],
        kept: Option<&[u32]>,
        optimised: Option<&Optimised>,
        names: &BTreeMap<u32, String>,
        text: &dyn Fn(&str) -> Option<String>,
        file: &str,
    ) -> Result<DebugInfo, DebugInfoError> {
        let bodies = Bodies::read(finished)?;
        let (lines, sections) = match optimised.and_then(|optimised| Some((&optimised.wasm, optimised.map.as_ref()?))) {
            None => {
                let alignment = Alignment::new(&self.bodies, &bodies, kept)?;
                (self.lines.moved(&alignment), relocate(self.linked, &alignment)?)
            }
            Some((wasm, map)) => {
                let before = Bodies::read(wasm)?;
                let alignment = Alignment::new(&before, &bodies, None)?;
                let lines = read_source_map(&before, map)?.moved(&alignment);
                let sections = generate(&bodies, &lines, names, file)?;
                (lines, sections)
            }
        };
        let texts = lines.files.iter().filter_map(|path| Some((path.clone(), text(path)?)));
        let sources: Sources = texts.collect();
        Ok(DebugInfo {
            map: write_source_map(&bodies, &lines, Mapped::Whole, file, Some(VIRTUAL_ROOT), &sources)?,
            sections,
        })
    }
}
