//! Puts the functions of a module into the order that compresses best.
//!
//! ```wat
//! (elem $b $a) (func $a) (func $b) (func $c)
//! (elem $b $a) (func $c) (func $b) (func $a)
//! ```
//!
//! The order of functions means nothing, but costs bytes: in the element segments, in calls, and in the list of types. The linker's, file
//! after file, is a good one, since functions call those near them. What beats it depends on the module, so a few are weighed.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use thiserror::Error;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, CustomSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, CustomSectionReader, ElementItems, FunctionSectionReader, Parser, Payload};

use super::{debug_validate, names};
use crate::interface::{Interface, ReadError};

/// Within how many neighbours functions are sorted by type, in the orders that are weighed; 1 leaves them as they are.
///
/// What is called most is not put first, although its indices would then take one byte (0.4 % less raw, as much with brotli): in V8 loops that
/// call it became up to 8 % slower.
const WINDOWS: [usize; 4] = [1, 16, 32, 64];

/// How many bytes before compression count as much as one after it.
const RAW_SHARE: usize = 16;

/// Why there is no order.
#[derive(Debug, Error)]
pub enum OrderError {
    /// The module can't be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// Something in the module can't be written again.
    #[error("cannot write the module anew: {0}")]
    Reencode(String),
    /// Brotli failed.
    #[error("cannot weigh the module")]
    Weigh(#[source] std::io::Error),
}

impl From<reencode::Error> for OrderError {
    fn from(error: reencode::Error) -> Self {
        match error {
            reencode::Error::ParseError(error) => ReadError::from(error).into(),
            other => OrderError::Reencode(other.to_string()),
        }
    }
}

impl From<wasmparser::BinaryReaderError> for OrderError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        ReadError::from(error).into()
    }
}

/// Sorts the functions of `wasm`, which keep the names that they have; other names, which would no longer fit, go. The same
/// input gives the same bytes.
///
/// # Errors
/// When `wasm` is no valid module, or has something in it that cannot be written anew.
pub fn run(wasm: &[u8]) -> Result<Vec<u8>, OrderError> {
    let named = Interface::read(wasm)?.functions;
    let facts = Facts::read(wasm)?;
    let bare = names::rename(wasm, &BTreeMap::new())?;
    let weigh = |module: &[u8]| {
        let brotli = moonwright_compress::brotli(module).map_err(OrderError::Weigh)?.len();
        Ok::<_, OrderError>(brotli * RAW_SHARE + module.len())
    };
    let orders = WINDOWS.iter().map(|window| facts.order(*window));
    // The order as it is comes first: of modules that weigh the same, the first one is taken.
    let orders: Vec<Vec<u32>> = std::iter::once((0..facts.types.len() as u32).collect()).chain(orders).collect();
    let weighed = orders
        .into_par_iter()
        .map(|order| {
            let module = reordered(&bare, facts.imported, &order)?;
            Ok((weigh(&module)?, module, order))
        })
        .collect::<Result<Vec<_>, OrderError>>()?;
    let Some((_, module, order)) = weighed.into_iter().min_by_key(|(weight, ..)| *weight) else {
        return Ok(wasm.to_vec());
    };
    let places = places(facts.imported, &order);
    let moved = named.into_iter().map(|function| (place(&places, function.index), function.name)).collect();
    let module = names::rename(&module, &moved)?;
    debug_validate("order", &module);
    Ok(module)
}

/// What an order is made from.
struct Facts {
    /// How many functions are imported: those keep their indices.
    imported: u32,
    /// The type of each function that is not.
    types: Vec<u32>,
    /// Those that element segments list, in that order.
    listed: Vec<u32>,
}

impl Facts {
    fn read(wasm: &[u8]) -> Result<Facts, OrderError> {
        let mut facts = Facts { imported: 0, types: vec![], listed: vec![] };
        let mut seen = BTreeSet::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        facts.imported += u32::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(section) => {
                    facts.types = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        let ElementItems::Functions(items) = element?.items else { continue };
                        for index in items {
                            let index = index?;
                            if index >= facts.imported && seen.insert(index) {
                                facts.listed.push(index - facts.imported);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(facts)
    }

    /// The functions that are not imported: those of no table, sorted by type within windows, and then those of the tables, as they stand
    /// there.
    fn order(&self, window: usize) -> Vec<u32> {
        let listed: BTreeSet<u32> = self.listed.iter().copied().collect();
        let mut others: Vec<u32> = (0..self.types.len() as u32).filter(|index| !listed.contains(index)).collect();
        for neighbours in others.chunks_mut(window) {
            neighbours.sort_by_key(|index| self.types[*index as usize]);
        }
        others.into_iter().chain(self.listed.iter().copied()).collect()
    }
}

/// Where each function that is not imported goes to, by the order that names their old places; indices of the module.
fn places(imported: u32, order: &[u32]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..imported + order.len() as u32).collect();
    for (new, old) in (imported..).zip(order) {
        places[(imported + old) as usize] = new;
    }
    places
}

/// An index beyond all functions stays: whoever validates the module says what is wrong with it.
fn place(places: &[u32], index: u32) -> u32 {
    places.get(index as usize).copied().unwrap_or(index)
}

fn reordered(wasm: &[u8], imported: u32, order: &[u32]) -> Result<Vec<u8>, OrderError> {
    let mut module = Module::new();
    let mut reorder = Reorder { order, places: places(imported, order) };
    reorder.parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

struct Reorder<'a> {
    order: &'a [u32],
    places: Vec<u32>,
}

impl Reencode for Reorder<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error> {
        Ok(place(&self.places, index))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for index in self.order {
            functions.function(types[*index as usize]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for index in self.order {
            self.parse_function_body(code, bodies[*index as usize].clone())?;
        }
        Ok(())
    }

    /// Custom sections stay where and as they are.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        module.section(&CustomSection { name: section.name().into(), data: section.data().into() });
        Ok(())
    }
}
