//! What the unwind pass must know of a module before it writes the first byte of the new one.

use wasm_encoder::ValType;
use wasmparser::{CompositeInnerType, ExternalKind, KnownCustom, Name, Parser, Payload, TypeRef};

use super::UnwindError;
use crate::interface::ReadError;
use crate::pass::conventions::{FUNCTION_TABLE, IMPORT_MODULE, STACK_POINTER, THROW, TRY};

/// A function type: parameters and results.
pub(super) type FunctionType = (Vec<ValType>, Vec<ValType>);

/// Whether an import is `lua_try` or `lua_throw`.
pub(super) fn is_ours(import: &wasmparser::Import) -> bool {
    import.module == IMPORT_MODULE && [TRY, THROW].contains(&import.name)
}

/// Indices in the module as it was, unless said otherwise.
#[derive(Default)]
pub(super) struct Facts {
    /// The functions imported as `lua_try`: one as a rule, but an import may stand in a module twice.
    pub try_imports: Vec<u32>,
    /// The functions imported as `lua_throw`.
    pub throw_imports: Vec<u32>,
    /// All functions, imported and defined.
    functions: u32,
    /// The type of `lua_try`.
    pub try_type: u32,
    /// The type of `lua_throw`.
    pub throw_type: u32,
    /// The type of what `lua_try` calls.
    pub callee_type: u32,
    /// The type of the tag.
    pub tag_type: u32,
    /// Types that must be added, behind those that are there.
    pub new_types: Vec<FunctionType>,
    /// The new tag's index: behind those that are there.
    pub tag: u32,
    /// The table that `lua_try` calls through.
    pub table: u32,
    /// The stack pointer. `None`: no global can be it, so the module's code does not use one.
    pub stack_pointer: Option<u32>,
}

/// What a scan of the sections finds.
#[derive(Default)]
struct Scan {
    /// All types; `None` stands for what is no plain function type.
    types: Vec<Option<FunctionType>>,
    globals: Vec<wasmparser::GlobalType>,
    tables: Vec<wasmparser::TableType>,
    tags: u32,
    exported_table: Option<u32>,
    exported_stack_pointer: Option<u32>,
    named_stack_pointers: Vec<u32>,
}

impl Facts {
    /// Reads the facts of a module that is valid and whose imports have the right signatures.
    pub fn read(wasm: &[u8]) -> Result<Facts, UnwindError> {
        let mut facts = Facts::default();
        let scan = facts.scan(wasm)?;
        let i32s = |count| vec![ValType::I32; count];
        let mut next_type = scan.types.len() as u32;
        let mut type_index = |wanted: FunctionType| {
            let known = scan.types.iter().position(|ty| ty.as_ref() == Some(&wanted));
            known.map(|index| index as u32).unwrap_or_else(|| {
                facts.new_types.push(wanted);
                next_type += 1;
                next_type - 1
            })
        };
        facts.tag_type = type_index((vec![], vec![]));
        // A module without lua_try has nothing to call, and must not get a type that nothing uses.
        if !facts.try_imports.is_empty() {
            facts.callee_type = type_index((i32s(2), vec![]));
            facts.table = scan.exported_table.unwrap_or(0);
            let table = scan.tables.get(facts.table as usize);
            if !table.is_some_and(|table| table.element_type == wasmparser::RefType::FUNCREF && !table.table64) {
                return Err(UnwindError::NoTable);
            }
            facts.stack_pointer = stack_pointer(&scan)?;
        }
        facts.tag = scan.tags;
        Ok(facts)
    }

    /// The index of a function in the new module: defined functions move up by the imports that go, and the functions that
    /// take their place come last, `lua_try` before `lua_throw`.
    pub fn new_function_index(&self, index: u32) -> u32 {
        let gone = || self.try_imports.iter().chain(&self.throw_imports);
        let kept = self.functions - gone().count() as u32;
        if self.try_imports.contains(&index) {
            kept
        } else if self.throw_imports.contains(&index) {
            kept + u32::from(!self.try_imports.is_empty())
        } else {
            index - gone().filter(|import| **import < index).count() as u32
        }
    }

    fn scan(&mut self, wasm: &[u8]) -> Result<Scan, UnwindError> {
        let mut scan = Scan::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(ReadError::from)? {
                Payload::TypeSection(section) => {
                    for group in section {
                        let group = group.map_err(ReadError::from)?;
                        let alone = !group.is_explicit_rec_group();
                        scan.types.extend(group.into_types().map(|ty| if alone { plain_function(&ty) } else { None }));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(ReadError::from)?;
                        match import.ty {
                            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                                if is_ours(&import) && import.name == TRY {
                                    self.try_imports.push(self.functions);
                                    self.try_type = ty;
                                } else if is_ours(&import) {
                                    self.throw_imports.push(self.functions);
                                    self.throw_type = ty;
                                }
                                self.functions += 1;
                            }
                            TypeRef::Table(ty) => scan.tables.push(ty),
                            TypeRef::Global(ty) => scan.globals.push(ty),
                            TypeRef::Tag(_) => scan.tags += 1,
                            TypeRef::Memory(_) => {}
                        }
                    }
                }
                Payload::FunctionSection(section) => self.functions += section.count(),
                Payload::TableSection(section) => {
                    for table in section {
                        scan.tables.push(table.map_err(ReadError::from)?.ty);
                    }
                }
                Payload::TagSection(section) => scan.tags += section.count(),
                Payload::GlobalSection(section) => {
                    for global in section {
                        scan.globals.push(global.map_err(ReadError::from)?.ty);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.map_err(ReadError::from)?;
                        match (export.kind, export.name) {
                            (ExternalKind::Table, FUNCTION_TABLE) => scan.exported_table = Some(export.index),
                            (ExternalKind::Global, STACK_POINTER) => scan.exported_stack_pointer = Some(export.index),
                            _ => {}
                        }
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        scan.named_stack_pointers = named_stack_pointers(names);
                    }
                }
                _ => {}
            }
        }
        Ok(scan)
    }
}

fn plain_function(ty: &wasmparser::SubType) -> Option<FunctionType> {
    if !ty.is_final || ty.supertype_idx.is_some() || ty.composite_type.shared {
        return None;
    }
    let CompositeInnerType::Func(function) = &ty.composite_type.inner else { return None };
    let list =
        |types: &[wasmparser::ValType]| types.iter().map(|ty| ValType::try_from(*ty).ok()).collect::<Option<Vec<_>>>();
    Some((list(function.params())?, list(function.results())?))
}

fn named_stack_pointers(section: wasmparser::NameSectionReader<'_>) -> Vec<u32> {
    let mut found = vec![];
    // The section is a comment to an engine; one that is damaged counts as far as it can be read.
    for subsection in section.into_iter().map_while(Result::ok) {
        if let Name::Global(map) = subsection {
            found.extend(
                map.into_iter()
                    .map_while(Result::ok)
                    .filter(|naming| naming.name == STACK_POINTER)
                    .map(|naming| naming.index),
            );
        }
    }
    found
}

fn stack_pointer(scan: &Scan) -> Result<Option<u32>, UnwindError> {
    let can_be = |index: &u32| {
        scan.globals
            .get(*index as usize)
            .is_some_and(|ty| ty.mutable && ty.content_type == wasmparser::ValType::I32 && !ty.shared)
    };
    if let Some(index) = scan.exported_stack_pointer {
        return Ok(Some(index));
    }
    if let [index] = scan.named_stack_pointers[..]
        && can_be(&index)
    {
        return Ok(Some(index));
    }
    match (0..scan.globals.len() as u32).filter(can_be).count() {
        0 => Ok(None),
        candidates => Err(UnwindError::StackPointer { candidates }),
    }
}
