//! Writes the module anew without what went.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, FunctionSection, NameMap, TableSection,
};
use wasmparser::Parser;

use super::registration::ENTRY;
use super::{Cuts, Live, PruneError, Pruned};
use crate::interface::{Interface, ItemType};
use crate::linked::{How, Linked, LinkedError, Node, Use};
use crate::pass::segments;

/// The bytes of a relocated LEB128 number.
const PADDED_LEB: usize = 5;

/// See [`super::run`].
pub(super) fn run(wasm: &[u8], linked: &Linked, cuts: &Cuts, live: &Live) -> Result<Pruned, PruneError> {
    let kept: Vec<u32> = live.functions.iter().copied().collect();
    let mut indices: BTreeMap<u32, u32> = kept.iter().enumerate().map(|(new, old)| (*old, new as u32)).collect();
    for (old, stand_in) in cuts.stand_ins.iter().filter(|(old, _)| !live.functions.contains(old)) {
        // The body of what went is not there to be called, and whoever calls it calls the other.
        indices.extend(indices.get(stand_in).map(|index| (*old, *index)).into_iter().collect::<Vec<_>>());
    }
    let patched = patched(wasm, linked, cuts, live);
    let interface = Interface::read(wasm).map_err(LinkedError::from)?;
    // An imported memory may hold anything.
    let zeros_stay = interface.imports.iter().any(|import| import.ty == ItemType::Memory);
    let segments = laid_out(&patched, linked, live, zeros_stay);
    let before: usize = linked.segments.iter().map(|segment| segment.bytes.len()).sum();
    let after: usize = segments.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut rewriter = Rewriter {
        linked,
        live,
        indices,
        segments: segments.iter().map(|(address, bytes)| (*address, &patched[bytes.clone()])).collect(),
        body: 0,
    };
    let mut module = wasm_encoder::Module::new();
    rewriter.parse_core_module(&mut module, Parser::new(0), &patched)?;
    let functions = linked.bodies.len() + linked.imported as usize - kept.len();
    Ok(Pruned { wasm: module.finish(), kept, functions, data: before - after })
}

/// The file with new places in the table wherever one stands, and with arrays closed up.
fn patched(wasm: &[u8], linked: &Linked, cuts: &Cuts, live: &Live) -> Vec<u8> {
    let mut patched = wasm.to_vec();
    let place =
        |index: u32| live.table.iter().position(|found| *found == index).map(|place| linked.table_base + place as u32);
    for found in linked.code_uses.iter().chain(&linked.data_uses) {
        let Node::Function(index) = found.node else { continue };
        // What went keeps its old place, which nobody reads.
        let Some(place) = place(index) else { continue };
        put(&mut patched, found, place);
    }
    for (array, entries) in &cuts.entries {
        let range = linked.data[*array].bytes.clone();
        let old = patched[range.clone()].to_vec();
        let stay = old.chunks(ENTRY).enumerate().filter(|(number, _)| !entries.contains(number));
        let mut new: Vec<u8> = stay.flat_map(|(_, entry)| entry.iter().copied()).collect();
        new.resize(old.len(), 0);
        patched[range].copy_from_slice(&new);
    }
    patched
}

fn put(bytes: &mut [u8], found: &Use, value: u32) {
    match found.how {
        How::TableWord => bytes[found.at..found.at + 4].copy_from_slice(&value.to_le_bytes()),
        How::TableLeb => {
            let mut rest = value as i32;
            for place in 0..PADDED_LEB {
                let more = if place + 1 < PADDED_LEB { 0x80 } else { 0 };
                bytes[found.at + place] = (rest & 0x7f) as u8 | more;
                rest >>= 7;
            }
        }
        How::Index | How::Address => {}
    }
}

/// The new segments: addresses, and where their bytes are in the file. Zeros need no segment, since memory starts with them.
fn laid_out(bytes: &[u8], linked: &Linked, live: &Live, zeros_stay: bool) -> Vec<(u32, Range<usize>)> {
    let mut found: Vec<(u32, Range<usize>)> = Vec::new();
    for segment in &linked.segments {
        let start = segment.bytes.start;
        // What has no symbol stays.
        let mut stays = vec![true; segment.bytes.len()];
        let within = |place: &usize| {
            let range = &linked.data[*place].bytes;
            range.start >= start && range.end <= segment.bytes.end
        };
        let all = (0..linked.data.len()).filter(within);
        for (fill, alive) in [(false, false), (true, true)] {
            for place in all.clone().filter(|place| live.data.contains(place) == alive) {
                let range = &linked.data[place].bytes;
                stays[range.start - start..range.end - start].fill(fill);
            }
        }
        let wanted = |at: usize| stays[at - start] && (zeros_stay || bytes[at] != 0);
        let ranges = segments::ranges(segment.bytes.clone(), wanted);
        found.extend(ranges.into_iter().map(|range| (segment.address + (range.start - start) as u32, range)));
    }
    found
}

struct Rewriter<'a> {
    linked: &'a Linked,
    live: &'a Live,
    /// New indices by old ones.
    indices: BTreeMap<u32, u32>,
    segments: Vec<(u32, &'a [u8])>,
    /// How many bodies came by.
    body: u32,
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error> {
        // Only what went refers to what went.
        Ok(self.indices.get(&index).copied().unwrap_or(0))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        for (index, ty) in (self.linked.imported..).zip(section) {
            let ty = ty?;
            if self.live.functions.contains(&index) {
                functions.function(self.type_index(ty)?);
            }
        }
        Ok(())
    }

    fn parse_table_section(
        &mut self,
        tables: &mut TableSection,
        section: wasmparser::TableSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        let gone = (self.linked.table.len() - self.live.table.len()) as u64;
        for (number, table) in section.into_iter().enumerate() {
            let mut table = table?;
            if number == 0 {
                table.ty.initial = table.ty.initial.saturating_sub(gone);
                table.ty.maximum = table.ty.maximum.map(|most| most.saturating_sub(gone));
            }
            self.parse_table(tables, table)?;
        }
        Ok(())
    }

    fn parse_element_section(
        &mut self,
        elements: &mut ElementSection,
        _: wasmparser::ElementSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        let functions: Vec<u32> = self.live.table.iter().map(|index| self.indices[index]).collect();
        let base = ConstExpr::i32_const(self.linked.table_base as i32);
        elements.active(None, &base, Elements::Functions(functions.into()));
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        for body in section {
            let body = body?;
            let index = self.linked.imported + self.body;
            self.body += 1;
            if !self.live.functions.contains(&index) {
                continue;
            }
            self.parse_function_body(code, body)?;
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

    fn parse_custom_section(
        &mut self,
        module: &mut wasm_encoder::Module,
        section: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        // What says where in the file something is would be wrong now.
        let dead = |name: &str| name == "linking" || name.starts_with("reloc.") || name.starts_with(".debug_");
        if dead(section.name()) { Ok(()) } else { utils::parse_custom_section(self, module, section) }
    }

    fn parse_custom_name_subsection(
        &mut self,
        names: &mut wasm_encoder::NameSection,
        section: wasmparser::Name<'_>,
    ) -> Result<(), reencode::Error> {
        match section {
            wasmparser::Name::Function(functions) => {
                let mut map = NameMap::new();
                for naming in functions {
                    let naming = naming?;
                    let stays = self.live.functions.contains(&naming.index);
                    if let Some(index) = self.indices.get(&naming.index).filter(|_| stays) {
                        map.append(*index, naming.name);
                    }
                }
                names.functions(&map);
                Ok(())
            }
            // Names within functions, and of segments, which are others now.
            wasmparser::Name::Local(_) | wasmparser::Name::Label(_) | wasmparser::Name::Data(_) => Ok(()),
            other => utils::parse_custom_name_subsection(self, names, other),
        }
    }
}
