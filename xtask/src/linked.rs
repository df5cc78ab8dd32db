//! A linked module with its relocations (`wasm-ld --emit-relocs`): which function and which piece of data uses which.
//!
//! The linker's symbol table (section `linking`) names every function and piece of data, and its relocations (`reloc.CODE`,
//! `reloc.DATA`) every place that holds the address of one. Together they are the module's reference graph, exact where a look at
//! the instructions alone could not tell an address from a number.

use std::collections::BTreeMap;
use std::ops::Range;

use thiserror::Error;
use wasmparser::{
    DataKind, ElementItems, ElementKind, KnownCustom, Linking, Operator, Parser, Payload, RelocationEntry,
    RelocationType, SymbolFlags, SymbolInfo, TypeRef,
};

use crate::interface::{Interface, ReadError};

/// Why a module can't be read as a linked one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkedError {
    /// The bytes are no valid module.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It has no relocations.
    #[error(
        "the module has no relocations, so what uses what in it is not known: expected the sections \"linking\" and \
         \"reloc.CODE\"; link it with wasm-ld's --emit-relocs and without --strip-all"
    )]
    NoRelocations,
    /// It is linked in a way that this reader does not know.
    #[error("cannot use the module's relocations: {0}")]
    Unsupported(String),
}

fn unsupported<T>(what: impl Into<String>) -> Result<T, LinkedError> {
    Err(LinkedError::Unsupported(what.into()))
}

/// Something that can be used, and use others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A function by its index.
    Function(u32),
    /// A piece of data by its place in [`Linked::data`].
    Data(usize),
}

/// How a place uses a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By the function's index, as in a call.
    Index,
    /// By the function's place in the table, in a LEB128 number of five bytes (code).
    TableLeb,
    /// By the function's place in the table, in four bytes (data).
    TableWord,
    /// By an address in memory.
    Address,
}

/// A place in the file that uses a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Where in the file.
    pub at: usize,
    /// What it uses.
    pub node: Node,
    /// How.
    pub how: How,
}

/// A piece of data that has a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Its symbol; several may share the bytes.
    pub name: String,
    /// Where it is in memory.
    pub address: Range<u32>,
    /// Where its bytes are in the file.
    pub bytes: Range<usize>,
}

/// An active data segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it is in memory.
    pub address: u32,
    /// Where its bytes are in the file.
    pub bytes: Range<usize>,
}

/// A linked module.
#[derive(Clone, Debug, Default)]
pub struct Linked {
    /// How many functions are imported; they come first.
    pub imported: u32,
    /// Where the bodies of the other functions are in the file.
    pub bodies: Vec<Range<usize>>,
    /// The names of functions, where they have one.
    pub names: BTreeMap<u32, String>,
    /// Pieces of data, by address; they may overlap.
    pub data: Vec<Data>,
    /// Segments, by address.
    pub segments: Vec<Segment>,
    /// The functions in the table, and the place of the first.
    pub table: Vec<u32>,
    /// The place of the first function in the table.
    pub table_base: u32,
    /// The function that is called at the start, if there is one.
    pub start: Option<u32>,
    /// All uses in code, by their place.
    pub code_uses: Vec<Use>,
    /// All uses in data, by their place.
    pub data_uses: Vec<Use>,
}

/// Raw contents of the sections of interest.
#[derive(Default)]
struct Raw<'a> {
    symbols: Vec<SymbolInfo<'a>>,
    /// Relocations with the index of the section that they are about.
    relocations: Vec<(u32, Vec<RelocationEntry>)>,
    /// By section index: where its payload starts.
    sections: Vec<usize>,
    code: Option<u32>,
    data: Option<u32>,
}

impl Linked {
    /// Reads `wasm`.
    ///
    /// # Errors
    /// When it is not valid, has no relocations, or ones that only dynamic libraries have.
    pub fn read(wasm: &[u8]) -> Result<Linked, LinkedError> {
        // Validates, so that indices can be trusted.
        let interface = Interface::read(wasm)?;
        let mut linked = Linked::default();
        for function in interface.functions {
            linked.names.insert(function.index, function.name);
        }
        let raw = linked.scan(wasm).map_err(|error| match error {
            LinkedError::Read(error) => LinkedError::Read(error),
            other => other,
        })?;
        if raw.symbols.is_empty() || raw.relocations.is_empty() {
            return Err(LinkedError::NoRelocations);
        }
        let nodes = linked.nodes(&raw.symbols);
        for (section, entries) in &raw.relocations {
            // Those of debug sections also name what the linker dropped.
            if ![raw.code, raw.data].contains(&Some(*section)) {
                continue;
            }
            let Some(start) = raw.sections.get(*section as usize) else {
                return unsupported(format!("relocations of section {section}, which is not there"));
            };
            let uses = entries.iter().map(|entry| use_of(entry, *start, &raw.symbols, &nodes));
            let mut uses = uses.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect::<Vec<_>>();
            uses.sort_by_key(|found| found.at);
            if let Some(found) = uses.iter().find(|found| found.at + 5 > wasm.len()) {
                return unsupported(format!("a relocation at byte {}, behind the end of the file", found.at));
            }
            if Some(*section) == raw.code {
                linked.code_uses = uses;
            } else if Some(*section) == raw.data {
                linked.data_uses = uses;
            }
        }
        Ok(linked)
    }

    fn scan<'a>(&mut self, wasm: &'a [u8]) -> Result<Raw<'a>, LinkedError> {
        let mut raw = Raw::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(ReadError::from)?;
            if let Some((_, range)) = payload.as_section() {
                match payload {
                    Payload::CodeSectionStart { .. } => raw.code = Some(raw.sections.len() as u32),
                    Payload::DataSection(_) => raw.data = Some(raw.sections.len() as u32),
                    _ => {}
                }
                raw.sections.push(range.start);
            }
            self.payload(payload, &mut raw)?;
        }
        self.segments.sort_by_key(|segment| segment.address);
        Ok(raw)
    }

    fn payload<'a>(&mut self, payload: Payload<'a>, raw: &mut Raw<'a>) -> Result<(), LinkedError> {
        let fail = |error: wasmparser::BinaryReaderError| LinkedError::Read(error.into());
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.imported += u32::from(matches!(import.map_err(fail)?.ty, TypeRef::Func(_)));
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::CodeSectionEntry(body) => self.bodies.push(body.range()),
            Payload::ElementSection(section) => {
                for element in section {
                    let element = element.map_err(fail)?;
                    let ElementKind::Active { table_index: None | Some(0), offset_expr } = element.kind else {
                        return unsupported("an element segment that is not active");
                    };
                    let ElementItems::Functions(items) = element.items else {
                        return unsupported("an element segment of expressions");
                    };
                    if !self.table.is_empty() {
                        return unsupported("several element segments");
                    }
                    self.table_base = constant(&offset_expr).ok_or_else(|| {
                        LinkedError::Unsupported("an element segment at an offset that is no constant".into())
                    })?;
                    self.table = items.into_iter().collect::<Result<_, _>>().map_err(fail)?;
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    let segment = segment.map_err(fail)?;
                    let DataKind::Active { memory_index: 0, offset_expr } = segment.kind else {
                        return unsupported("a data segment that is not active");
                    };
                    let Some(address) = constant(&offset_expr) else {
                        return unsupported("a data segment at an offset that is no constant");
                    };
                    let bytes = segment.range.end - segment.data.len()..segment.range.end;
                    self.segments.push(Segment { address, bytes });
                }
            }
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Linking(linking) => {
                    for subsection in linking.subsections() {
                        if let Linking::SymbolTable(symbols) = subsection.map_err(fail)? {
                            raw.symbols = symbols.into_iter().collect::<Result<_, _>>().map_err(fail)?;
                        }
                    }
                }
                KnownCustom::Reloc(relocations) => {
                    let entries = relocations.entries().into_iter().collect::<Result<_, _>>().map_err(fail)?;
                    raw.relocations.push((relocations.section_index(), entries));
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    /// The node of each symbol; pieces of data come into [`Linked::data`].
    fn nodes(&mut self, symbols: &[SymbolInfo]) -> Vec<Option<Node>> {
        // The linker numbers segments as they stand in the file, which is by address.
        let mut places: BTreeMap<(u32, u32), Vec<(usize, String)>> = BTreeMap::new();
        let mut nodes = vec![None; symbols.len()];
        for (number, symbol) in symbols.iter().enumerate() {
            match symbol {
                SymbolInfo::Func { index, .. } if (*index as usize) < self.imported as usize + self.bodies.len() => {
                    nodes[number] = Some(Node::Function(*index));
                }
                SymbolInfo::Data { flags, name, symbol: Some(place) } if !flags.contains(SymbolFlags::ABSOLUTE) => {
                    let Some(segment) = self.segments.get(place.index as usize) else { continue };
                    let fits =
                        place.offset.checked_add(place.size).is_some_and(|end| end as usize <= segment.bytes.len());
                    if let Some(address) = segment.address.checked_add(place.offset).filter(|_| fits) {
                        places.entry((address, place.size)).or_default().push((number, (*name).to_owned()));
                    }
                }
                _ => {}
            }
        }
        for ((address, size), symbols) in places {
            for (number, _) in &symbols {
                nodes[*number] = Some(Node::Data(self.data.len()));
            }
            let segment = self.segments.iter().rfind(|segment| segment.address <= address);
            let start = segment.map_or(0, |segment| segment.bytes.start + (address - segment.address) as usize);
            let name = symbols.into_iter().next().map(|(_, name)| name).unwrap_or_default();
            self.data.push(Data { name, address: address..address + size, bytes: start..start + size as usize });
        }
        nodes
    }

    /// The uses within a part of the file.
    pub fn uses_in(&self, range: &Range<usize>, of: &[Use]) -> Range<usize> {
        of.partition_point(|found| found.at < range.start)..of.partition_point(|found| found.at < range.end)
    }

    /// What a node uses.
    pub fn uses(&self, node: Node) -> &[Use] {
        match node {
            Node::Function(index) => match index.checked_sub(self.imported) {
                Some(place) => &self.code_uses[self.uses_in(&self.bodies[place as usize], &self.code_uses)],
                None => &[],
            },
            Node::Data(place) => &self.data_uses[self.uses_in(&self.data[place].bytes, &self.data_uses)],
        }
    }

    /// The function of that name; static functions of several files may share one, then the first.
    pub fn function(&self, name: &str) -> Option<u32> {
        self.names.iter().find(|(_, found)| *found == name).map(|(index, _)| *index)
    }
}

/// The value of a constant expression, where it is one number.
fn constant(expression: &wasmparser::ConstExpr) -> Option<u32> {
    match expression.get_operators_reader().read().ok()? {
        Operator::I32Const { value } => Some(value as u32),
        _ => None,
    }
}

fn use_of(
    entry: &RelocationEntry,
    start: usize,
    symbols: &[SymbolInfo],
    nodes: &[Option<Node>],
) -> Result<Option<Use>, LinkedError> {
    use RelocationType as R;
    let how = match entry.ty {
        R::FunctionIndexLeb => How::Index,
        R::TableIndexSleb => How::TableLeb,
        R::TableIndexI32 => How::TableWord,
        R::MemoryAddrLeb | R::MemoryAddrSleb | R::MemoryAddrI32 => How::Address,
        // Indices of what is never renumbered here, and places in the code, which only debug information has.
        R::TypeIndexLeb | R::GlobalIndexLeb | R::GlobalIndexI32 | R::TableNumberLeb | R::EventIndexLeb => {
            return Ok(None);
        }
        R::FunctionOffsetI32 | R::SectionOffsetI32 | R::FunctionOffsetI64 => return Ok(None),
        other => {
            return unsupported(format!(
                "a relocation of type {other:?}, which 64-bit or position-independent code has"
            ));
        }
    };
    let Some(symbol) = symbols.get(entry.index as usize) else {
        return unsupported(format!("a relocation to symbol {}, of {}", entry.index, symbols.len()));
    };
    let node = nodes[entry.index as usize];
    match (node, symbol) {
        (Some(node @ Node::Function(_)), _) if how != How::Address => {
            Ok(Some(Use { at: start + entry.offset as usize, node, how }))
        }
        (Some(node @ Node::Data(_)), _) if how == How::Address => {
            Ok(Some(Use { at: start + entry.offset as usize, node, how }))
        }
        // Undefined weak symbols and the linker's own addresses (`__heap_base`) use nothing.
        (None, SymbolInfo::Data { .. }) => Ok(None),
        _ => unsupported(format!("a relocation of type {:?} to {symbol:?}", entry.ty)),
    }
}
