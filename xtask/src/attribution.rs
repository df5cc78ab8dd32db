//! Every byte of a module: the section that it is in and, of code and data, what it is part of.
//!
//! The items add up to the file. A function that the optimiser inlined counts with the one that it went into, and one of several
//! equal functions that were merged counts for itself, the others for nothing.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use wasmparser::{DataKind, Operator, Parser, Payload};

use crate::interface::{Interface, ReadError};
use crate::pass::names;
use crate::provenance::{Origin, Provenance};
use crate::section;

/// The group of what the file format itself takes: headers, type and function sections, tables.
pub const FORMAT: &str = "format";
/// The group of code and data whose origin is not known.
pub const UNPLACED: &str = "unplaced";

/// Some bytes of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The section that they are in.
    pub section: String,
    /// What they are part of.
    #[serde(flatten)]
    pub origin: Origin,
    /// How many.
    pub bytes: u64,
}

/// Who knows where functions and data come from.
pub trait Origins {
    /// The origin of a function, by its index in this module.
    fn function(&self, index: u32) -> Option<Origin>;

    /// The origin of the byte at an address, and the address up to which it goes.
    fn data(&self, address: u32) -> Option<(u32, Origin)>;

    /// The names of functions, by their indices in this module.
    fn names(&self) -> BTreeMap<u32, String>;
}

/// Origins by [`Provenance`], of a module whose functions [`names::number`] had named before the optimiser ran.
pub struct Numbered<'a> {
    provenance: &'a Provenance,
    /// The numbers that functions have as names, by their indices now.
    numbers: BTreeMap<u32, u32>,
}

impl<'a> Numbered<'a> {
    /// Reads the numbers off the module's names.
    ///
    /// # Errors
    /// When `named` is no valid module.
    pub fn read(named: &[u8], provenance: &'a Provenance) -> Result<Numbered<'a>, ReadError> {
        let functions = Interface::read(named)?.functions;
        let numbers = functions.iter().filter_map(|function| Some((function.index, names::index(&function.name)?)));
        Ok(Numbered { provenance, numbers: numbers.collect() })
    }
}

impl Origins for Numbered<'_> {
    fn function(&self, index: u32) -> Option<Origin> {
        self.provenance.functions.get(*self.numbers.get(&index)? as usize).cloned()
    }

    fn data(&self, address: u32) -> Option<(u32, Origin)> {
        self.provenance.data_at(address).map(|(range, origin)| (range.end, origin.clone()))
    }

    fn names(&self) -> BTreeMap<u32, String> {
        let name = |number: &u32| self.provenance.functions.get(*number as usize).map(|origin| origin.name.clone());
        self.numbers.iter().filter_map(|(index, number)| Some((*index, name(number)?))).collect()
    }
}

/// Origins by what a module says of itself: names of functions and exports.
pub struct OwnNames(BTreeMap<u32, String>);

impl OwnNames {
    /// Reads the names of `wasm`.
    ///
    /// # Errors
    /// When it is no valid module.
    pub fn read(wasm: &[u8]) -> Result<OwnNames, ReadError> {
        let interface = Interface::read(wasm)?;
        let exported = interface.exports.iter().filter(|export| export.ty.kind() == "function");
        let mut found: BTreeMap<u32, String> = exported.map(|export| (export.index, export.name.clone())).collect();
        found.extend(interface.functions.into_iter().map(|function| (function.index, function.name)));
        Ok(OwnNames(found))
    }
}

impl OwnNames {
    /// The same for a module whose functions were named by [`names::number`] and then went through the optimiser: `named` is what
    /// came out.
    ///
    /// # Errors
    /// When `named` is no valid module.
    pub fn after(&self, named: &[u8]) -> Result<OwnNames, ReadError> {
        let functions = Interface::read(named)?.functions;
        let old = |name: &str| {
            let number = names::index(name)?;
            Some(self.0.get(&number).cloned().unwrap_or_else(|| format!("function {number}")))
        };
        Ok(OwnNames(functions.iter().filter_map(|function| Some((function.index, old(&function.name)?))).collect()))
    }
}

impl Origins for OwnNames {
    fn function(&self, index: u32) -> Option<Origin> {
        let name = self.0.get(&index).cloned().unwrap_or_else(|| format!("function {index}"));
        Some(Origin { group: "code".to_owned(), module: "functions".to_owned(), name })
    }

    fn data(&self, _: u32) -> Option<(u32, Origin)> {
        None
    }

    fn names(&self) -> BTreeMap<u32, String> {
        self.0.clone()
    }
}

/// Attributes every byte of `wasm`. Items are in the order of the file; those of one section and origin are one.
///
/// # Errors
/// When `wasm` is no valid module.
pub fn attribute(wasm: &[u8], origins: &dyn Origins) -> Result<Vec<Item>, ReadError> {
    let mut ledger = Ledger::default();
    let function_count = Interface::read(wasm)?.function_count;
    let ranges = section::ranges(wasm)?;
    let mut bodies = vec![];
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::CodeSectionEntry(body) => bodies.push(body.range()),
            Payload::DataSection(section) => {
                for segment in section {
                    let segment = segment?;
                    let bytes = segment.range.end - segment.data.len()..segment.range.end;
                    let address = match segment.kind {
                        DataKind::Active { memory_index: 0, offset_expr } => {
                            match offset_expr.get_operators_reader().read()? {
                                Operator::I32Const { value } => Some(value as u32),
                                _ => None,
                            }
                        }
                        _ => None,
                    };
                    ledger.segment(address, &wasm[bytes], origins);
                }
            }
            _ => {}
        }
    }
    let imported = function_count - bodies.len() as u32;
    for (place, body) in bodies.iter().enumerate() {
        // The body's length stands before it.
        let bytes = body.len() + leb128_len(body.len());
        ledger.add("code", origins.function(imported + place as u32), "function", bytes);
    }
    for (name, range) in ranges {
        let (known, what) = match name.as_str() {
            "code" | "data" => (ledger.sums.get(&name).copied().unwrap_or(0), "lengths and segment headers".to_owned()),
            _ => (0, name.clone()),
        };
        let origin = Origin { group: FORMAT.to_owned(), module: "sections".to_owned(), name: what };
        ledger.add(&name, Some(origin), "", range.len().saturating_sub(known));
    }
    Ok(ledger.items)
}

fn leb128_len(value: usize) -> usize {
    (usize::BITS - value.leading_zeros()).div_ceil(7).max(1) as usize
}

/// The items so far.
#[derive(Default)]
struct Ledger {
    items: Vec<Item>,
    places: BTreeMap<(String, Origin), usize>,
    /// What is attributed already, by section.
    sums: BTreeMap<String, usize>,
}

impl Ledger {
    fn add(&mut self, section: &str, origin: Option<Origin>, what: &str, bytes: usize) {
        if bytes == 0 {
            return;
        }
        *self.sums.entry(section.to_owned()).or_default() += bytes;
        let unplaced = || Origin { group: UNPLACED.to_owned(), module: UNPLACED.to_owned(), name: what.to_owned() };
        let origin = origin.unwrap_or_else(unplaced);
        let place = *self.places.entry((section.to_owned(), origin.clone())).or_insert(self.items.len());
        match self.items.get_mut(place) {
            Some(item) => item.bytes += bytes as u64,
            None => self.items.push(Item { section: section.to_owned(), origin, bytes: bytes as u64 }),
        }
    }

    fn segment(&mut self, address: Option<u32>, content: &[u8], origins: &dyn Origins) {
        let mut at = 0;
        while at < content.len() {
            let here = address.and_then(|address| address.checked_add(at as u32));
            let known = here.and_then(|here| origins.data(here).map(|(end, origin)| (end - here, origin)));
            match known {
                Some((length, origin)) => {
                    let end = (at + length.max(1) as usize).min(content.len());
                    self.add("data", Some(origin), "", end - at);
                    at = end;
                }
                None => {
                    let rest = here.map_or(content.len() - at, |here| self.gap(here, &content[at..], origins));
                    let gap: Range<usize> = at..at + rest;
                    let zeros = content[gap.clone()].iter().all(|byte| *byte == 0);
                    let padding = Origin {
                        group: FORMAT.to_owned(),
                        module: "sections".to_owned(),
                        name: "alignment".to_owned(),
                    };
                    // Between two pieces of data; a whole segment without origin is no padding.
                    self.add("data", (zeros && rest < 16).then_some(padding), "data", rest);
                    at = gap.end;
                }
            }
        }
    }

    /// How many bytes from `here` on have no origin.
    fn gap(&self, here: u32, content: &[u8], origins: &dyn Origins) -> usize {
        let known = |offset: &usize| origins.data(here.saturating_add(*offset as u32)).is_some();
        (1..content.len()).find(known).unwrap_or(content.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_add_up_to_the_file() {
        let wasm = wat::parse_str(
            "(module (import \"env\" \"f\" (func)) (memory 1) (func $g (export \"g\") call 0) (func call 1)
               (data (i32.const 8) \"hello\") (data \"passive\") (@custom \"note\" \"text\") (@custom \"note\" \"more\"))",
        )
        .unwrap();
        let items = attribute(&wasm, &OwnNames::read(&wasm).unwrap()).unwrap();
        assert_eq!(items.iter().map(|item| item.bytes).sum::<u64>(), wasm.len() as u64);
        let code: Vec<&str> = items.iter().filter(|i| i.section == "code").map(|i| i.origin.name.as_str()).collect();
        assert_eq!(code, ["g", "function 2", "lengths and segment headers"]);
    }
}
