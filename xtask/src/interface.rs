//! What a module offers and wants: its exports and imports with their types, and the names of its functions.
//!
//! Both the validation pass and `inspect-exports` hold this against a contract. It reads any core module, whatever made
//! it, and never panics: the bytes are validated first, under every feature that the parser knows.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wasmparser::{ExternalKind, KnownCustom, Name, Parser, Payload, TypeRef, Validator, WasmFeatures};

/// Why bytes can't be read as a WebAssembly module.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// There are no bytes.
    #[error("the file is empty; expected a WebAssembly module")]
    Empty,
    /// The bytes start differently from every WebAssembly module.
    #[error(
        "not a WebAssembly module: it starts with {found}, a module starts with the bytes 00 61 73 6d (\"\\0asm\"){remedy}"
    )]
    Magic {
        /// How it starts, as text where it is text.
        found: String,
        /// What to do about it, where that can be told.
        remedy: &'static str,
    },
    /// A component, not a core module.
    #[error("this is a WebAssembly component; expected a core module")]
    Component,
    /// The bytes end before the module does.
    #[error(
        "the file is cut off or damaged: the section at byte {offset} (0x{offset:x}) has {expected} bytes, only {found} are left"
    )]
    CutOff {
        /// Where the section starts; 0 stands for the module's header.
        offset: usize,
        /// How many bytes it should have from there on.
        expected: u64,
        /// How many there are.
        found: usize,
    },
    /// Something in the module is wrong.
    #[error("not a valid module: at byte {offset} (0x{offset:x}): {message}")]
    Invalid {
        /// Where.
        offset: usize,
        /// What is wrong there.
        message: String,
    },
}

impl From<wasmparser::BinaryReaderError> for ReadError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        ReadError::Invalid { offset: error.offset(), message: error.message().to_owned() }
    }
}

/// Refuses, with a message that says what it is instead, what cannot be a whole core module by its first bytes and by the
/// lengths of its sections; the parser would only say that it met an unexpected end.
pub(crate) fn preflight(bytes: &[u8]) -> Result<(), ReadError> {
    const MAGIC: &[u8] = b"\0asm";
    const COMPONENT: &[u8] = &[0x0d, 0, 1, 0];
    const HEADER: usize = 8;
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    let start = &bytes[..bytes.len().min(MAGIC.len())];
    if !MAGIC.starts_with(start) {
        let text = bytes[..bytes.len().min(64)].trim_ascii_start();
        let remedy = if text.starts_with(b"(") || text.starts_with(b";;") {
            "; this looks like the text format, which wat2wasm turns into a binary"
        } else {
            ""
        };
        return Err(ReadError::Magic { found: quote(start), remedy });
    }
    if bytes.len() < HEADER {
        return Err(ReadError::CutOff { offset: 0, expected: HEADER as u64, found: bytes.len() });
    }
    if &bytes[4..HEADER] == COMPONENT {
        return Err(ReadError::Component);
    }
    let mut offset = HEADER;
    while offset < bytes.len() {
        let found = bytes.len() - offset;
        match section_length(&bytes[offset..]) {
            Some(expected) if expected > found as u64 => return Err(ReadError::CutOff { offset, expected, found }),
            Some(length) => offset += length as usize,
            // A length that is no number: the parser says so, at its place.
            None => break,
        }
    }
    Ok(())
}

/// The bytes of a section from its id on: id, length in LEB128, payload. `None`: the length is malformed.
fn section_length(bytes: &[u8]) -> Option<u64> {
    const LONGEST_LEB128: usize = 5;
    let mut payload = 0;
    for place in 0..LONGEST_LEB128 {
        let Some(byte) = bytes.get(1 + place) else { return Some(2 + place as u64) };
        payload |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(2 + place as u64 + payload);
        }
    }
    None
}

fn quote(start: &[u8]) -> String {
    match std::str::from_utf8(start) {
        Ok(text) if !text.contains(|c: char| c.is_control()) => format!("{text:?}"),
        _ => {
            let bytes: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("the bytes {}", bytes.join(" "))
        }
    }
}

/// Parameters and results of a function, each type as WebAssembly's text format writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Types of the parameters.
    #[serde(default)]
    pub params: Vec<String>,
    /// Types of the results.
    #[serde(default)]
    pub results: Vec<String>,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let results =
            if self.results.len() == 1 { self.results[0].clone() } else { format!("({})", self.results.join(", ")) };
        f.pad(&format!("({}) -> {results}", self.params.join(", ")))
    }
}

/// The type of something imported or exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ItemType {
    /// A function.
    Function(Signature),
    /// A linear memory.
    Memory,
    /// A table.
    Table,
    /// A global.
    Global {
        /// The type of its value.
        value: String,
        /// Whether it can be written to.
        mutable: bool,
    },
    /// An exception's tag.
    Tag(Signature),
}

impl ItemType {
    /// `function`, `memory`, `table`, `global` or `tag`.
    pub fn kind(&self) -> &'static str {
        match self {
            ItemType::Function(_) => "function",
            ItemType::Memory => "memory",
            ItemType::Table => "table",
            ItemType::Global { .. } => "global",
            ItemType::Tag(_) => "tag",
        }
    }
}

impl fmt::Display for ItemType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ItemType::Function(signature) => signature.fmt(f),
            ItemType::Memory => f.pad("memory"),
            ItemType::Table => f.pad("table"),
            ItemType::Global { value, mutable: true } => f.pad(&format!("global, mutable {value}")),
            ItemType::Global { value, mutable: false } => f.pad(&format!("global, {value}")),
            ItemType::Tag(signature) => f.pad(&format!("tag {signature}")),
        }
    }
}

/// Something that the module imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Import {
    /// The module that it comes from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// Its type.
    #[serde(flatten)]
    pub ty: ItemType,
}

/// Something that the module exports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// Its index among the items of its kind.
    pub index: u32,
    /// Its type.
    #[serde(flatten)]
    pub ty: ItemType,
}

/// A function that has a name in the name section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFunction {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its signature.
    pub signature: Signature,
}

/// A module seen from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// In the order of the import section.
    pub imports: Vec<Import>,
    /// In the order of the export table.
    pub exports: Vec<Export>,
    /// Functions in the order of the name section; empty without one.
    pub functions: Vec<NamedFunction>,
    /// How many functions there are, imported ones included.
    pub function_count: u32,
    /// The globals' types, imported ones first.
    pub globals: Vec<ItemType>,
    /// Globals in the order of the name section, by index; empty without one.
    pub global_names: Vec<(u32, String)>,
    /// How many tables there are, imported ones included.
    pub tables: u32,
    /// How many memories there are, imported ones included.
    pub memories: u32,
}

impl Interface {
    /// Reads `wasm`. A name section that is damaged counts as far as it can be read, since it is a comment to an engine.
    ///
    /// # Errors
    /// When the bytes are no valid core module: what is wrong, and where.
    pub fn read(wasm: &[u8]) -> Result<Interface, ReadError> {
        preflight(wasm)?;
        let types = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm)?;
        let types = types.as_ref();
        let signature = |id: wasmparser::types::CoreTypeId| {
            let list = |types: &[wasmparser::ValType]| types.iter().map(ToString::to_string).collect();
            // Types of functions and tags are function types: the validator has seen to that.
            let function = types[id].unwrap_func();
            Signature { params: list(function.params()), results: list(function.results()) }
        };
        let global =
            |ty: wasmparser::GlobalType| ItemType::Global { value: ty.content_type.to_string(), mutable: ty.mutable };

        let mut interface = Interface::default();
        let mut functions = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        let ty = match import.ty {
                            TypeRef::Func(index) | TypeRef::FuncExact(index) => {
                                functions += 1;
                                ItemType::Function(signature(types.core_type_at_in_module(index)))
                            }
                            TypeRef::Memory(_) => ItemType::Memory,
                            TypeRef::Table(_) => ItemType::Table,
                            TypeRef::Global(ty) => global(ty),
                            TypeRef::Tag(ty) => {
                                ItemType::Tag(signature(types.core_type_at_in_module(ty.func_type_idx)))
                            }
                        };
                        match &ty {
                            ItemType::Global { .. } => interface.globals.push(ty.clone()),
                            ItemType::Table => interface.tables += 1,
                            ItemType::Memory => interface.memories += 1,
                            _ => {}
                        }
                        interface.imports.push(Import {
                            module: import.module.to_owned(),
                            name: import.name.to_owned(),
                            ty,
                        });
                    }
                }
                Payload::FunctionSection(section) => functions += section.count(),
                Payload::TableSection(section) => interface.tables += section.count(),
                Payload::MemorySection(section) => interface.memories += section.count(),
                Payload::GlobalSection(section) => {
                    for declared in section {
                        interface.globals.push(global(declared?.ty));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        let ty = match export.kind {
                            ExternalKind::Func | ExternalKind::FuncExact => {
                                ItemType::Function(signature(types.core_function_at(export.index)))
                            }
                            ExternalKind::Memory => ItemType::Memory,
                            ExternalKind::Table => ItemType::Table,
                            ExternalKind::Global => global(types.global_at(export.index)),
                            ExternalKind::Tag => ItemType::Tag(signature(types.tag_at(export.index))),
                        };
                        interface.exports.push(Export { name: export.name.to_owned(), index: export.index, ty });
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        let names = Names::read(names);
                        interface.global_names = names.globals;
                        for (index, name) in names.functions {
                            if index < functions {
                                let signature = signature(types.core_function_at(index));
                                interface.functions.push(NamedFunction { index, name, signature });
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        interface.function_count = functions;
        Ok(interface)
    }

    /// The export of that name.
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| export.name == name)
    }

    /// The functions that have `name` in the name section; static functions of several C files may share one.
    pub fn functions_named(&self, name: &str) -> impl Iterator<Item = &NamedFunction> {
        self.functions.iter().filter(move |function| function.name == name)
    }

    /// All names that a person may have meant: of exports and of functions.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        let exports = self.exports.iter().map(|export| export.name.as_str());
        exports.chain(self.functions.iter().map(|function| function.name.as_str()))
    }
}

/// What a name section says, as far as it can be read.
#[derive(Default)]
struct Names {
    functions: Vec<(u32, String)>,
    globals: Vec<(u32, String)>,
}

impl Names {
    fn read(section: wasmparser::NameSectionReader<'_>) -> Names {
        let mut names = Names::default();
        let list = |map: wasmparser::NameMap<'_>| {
            map.into_iter().map_while(Result::ok).map(|naming| (naming.index, naming.name.to_owned())).collect()
        };
        for subsection in section.into_iter().map_while(Result::ok) {
            match subsection {
                Name::Function(map) => names.functions = list(map),
                Name::Global(map) => names.globals = list(map),
                _ => {}
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_seen_from_outside() {
        let wasm = wat::parse_str(
            "(module (import \"env\" \"now\" (func $now (result f64))) (memory (export \"memory\") 1)
              (global (export \"sp\") (mut i32) (i32.const 0)) (tag (export \"t\") (param i32))
              (func $init (export \"init\") (param i32 i64)) (func $other (result i32 i32) i32.const 1 i32.const 2))",
        )
        .unwrap();
        let interface = Interface::read(&wasm).unwrap();
        let shown: Vec<String> = interface.exports.iter().map(|e| format!("{}: {}", e.name, e.ty)).collect();
        assert_eq!(
            shown,
            ["memory: memory", "sp: global, mutable i32", "t: tag (i32) -> ()", "init: (i32, i64) -> ()"]
        );
        assert_eq!(interface.imports[0].ty.to_string(), "() -> f64");
        assert_eq!(interface.functions_named("other").next().unwrap().signature.to_string(), "() -> (i32, i32)");
    }

    #[test]
    fn what_is_no_module_is_called_what_it_is() {
        let error = |bytes: &[u8]| Interface::read(bytes).unwrap_err().to_string();
        assert_eq!(error(b""), "the file is empty; expected a WebAssembly module");
        assert!(error(b"return 1 + 1").contains("starts with \"retu\""));
        assert!(error(b"(module)").contains("this looks like the text format"));
        assert!(error(&[0x7f, b'E', b'L', b'F']).contains("the bytes 7f 45 4c 46"));
        assert_eq!(error(b"\0asm\x0d\0\x01\0"), "this is a WebAssembly component; expected a core module");
        let cut_off = |offset: &str, expected, found| {
            format!(
                "the file is cut off or damaged: the section at byte {offset} has {expected} bytes, only {found} are left"
            )
        };
        assert_eq!(error(b"\0as"), cut_off("0 (0x0)", 8, 3));
        assert_eq!(error(b"\0asm\x01\0\0\0\x01"), cut_off("8 (0x8)", 2, 1));
        assert_eq!(error(b"\0asm\x01\0\0\0\x01\x84\x01\xff"), cut_off("8 (0x8)", 135, 4));
        let garbage = error(b"\0asm\x01\0\0\0\x01\x02\xff\xff");
        assert!(garbage.starts_with("not a valid module: at byte 1"), "{garbage}");
    }
}
