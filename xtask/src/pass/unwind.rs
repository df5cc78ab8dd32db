//! Fills in the imports `lua_try` and `lua_throw` with WebAssembly exception handling.
//!
//! Lua raises errors by unwinding the C stack. The runtime leaves both halves of that to imports:
//!
//! ```wat
//! (import "env" "lua_try" (func $try (param i32 i32 i32) (result i32)))   ;; call entry f of the table with (L, ud)
//! (import "env" "lua_throw" (func $throw (param i32)))                    ;; unwind to the innermost lua_try
//! ```
//!
//! which this pass replaces by functions of the module, in the encoding asked for:
//!
//! ```wat
//! (tag $error)                                     | standard:
//! (func $throw (param i32) throw $error)           |
//! (func $try (param $f i32) (param $L i32) (param $ud i32) (result i32)
//!   global.get $__stack_pointer                    |   global.get $__stack_pointer
//!   try                                            |   block $caught
//!     (call_indirect                               |     try_table (catch $error $caught)
//!       (local.get $L) (local.get $ud)             |       (call_indirect
//!       (local.get $f))                            |         (local.get $L) (local.get $ud) (local.get $f))
//!     i32.const 0                                  |     end
//!     return                                       |     i32.const 0
//!   catch $error                                   |     return
//!   end                                            |   end
//!   global.set $__stack_pointer                    |   global.set $__stack_pointer
//!   i32.const 1)                                   |   i32.const 1)
//! ```
//!
//! The frames between throw and catch never ran their epilogues, so the stack pointer is put back to what it was on entry;
//! it waits on the operand stack below the block, which costs no local. Only our own tag is caught: exceptions of the host
//! and traps go on outward.
//!
//! It runs after the optimiser, so that one run of that serves every encoding, and Binaryen, which cannot read the standard
//! one, never meets either. The exports of the stack pointer and of the function table, which the optimiser had to see, are
//! dropped here. With [`Unwind::Host`] the imports and both exports stay, for a host that serves them.

use std::collections::BTreeMap;

use thiserror::Error;
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    BlockType, Catch, CodeSection, EntityType, Function, IndirectNameMap, InstructionSink, NameMap, SectionId, TagKind,
};
use wasmparser::Parser;

use super::conventions::{FUNCTION_TABLE, IMPORT_MODULE, STACK_POINTER, THROW, TRY, UNWIND_EXPORTS};
use super::debug_validate;
use crate::features::FeatureSet;
use crate::interface::{Interface, ItemType, ReadError, Signature};
use crate::recipe::Unwind;

mod facts;

use facts::Facts;

/// What the pass did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwound {
    /// The module.
    pub wasm: Vec<u8>,
    /// The imports that were filled in, by name. Empty: there was none, or they are left to the host, and the module is
    /// as it was.
    pub filled: Vec<&'static str>,
}

/// Why the imports can't be filled in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnwindError {
    /// The bytes are no valid module.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An import has another type than the runtime declares.
    #[error("import `env.{name}`: expected function {expected}, found {found}")]
    Signature {
        /// `lua_try` or `lua_throw`.
        name: &'static str,
        /// Its type by the contract.
        expected: String,
        /// Its type in the module.
        found: String,
    },
    /// Several globals may be the stack pointer, and none is marked.
    #[error(
        "cannot tell which global is the stack pointer: none is exported as `__stack_pointer` or has that name, and \
         {candidates} are mutable and of type i32; export it before the optimiser runs"
    )]
    StackPointer {
        /// How many globals may be it.
        candidates: usize,
    },
    /// What has the stack pointer's name can't be it.
    #[error("`__stack_pointer`: expected global, mutable i32, found {found}")]
    NoStackPointer {
        /// Its type in the module.
        found: String,
    },
    /// `lua_try` has no table to call through.
    #[error("`lua_try` calls through a table of functions, but the module has none")]
    NoTable,
    /// A host can't serve the imports without this export.
    #[error("a host that unwinds needs the export `{name}`, which the module lacks")]
    MissingExport {
        /// The name of the export.
        name: &'static str,
    },
    /// The module has something that can't be written again.
    #[error("cannot rewrite the module: {0}")]
    Encode(String),
}

impl From<reencode::Error> for UnwindError {
    fn from(error: reencode::Error) -> Self {
        match error {
            reencode::Error::ParseError(error) => ReadError::from(error).into(),
            other => UnwindError::Encode(other.to_string()),
        }
    }
}

/// The signature of `lua_try` or `lua_throw`.
fn signature(name: &str) -> Signature {
    let i32s = |count| vec!["i32".to_owned(); count];
    if name == TRY {
        Signature { params: i32s(3), results: i32s(1) }
    } else {
        Signature { params: i32s(1), results: vec![] }
    }
}

/// Fills in `lua_try` and `lua_throw` in `wasm` by the encoding `unwind`; a module that imports neither stays as it is. With
/// `keep_exports` the exports of the stack pointer and of the function table stay.
///
/// # Errors
/// When `wasm` is not valid, an import has another type, or the stack pointer or the table is not to be found.
pub fn run(wasm: &[u8], unwind: Unwind, keep_exports: bool) -> Result<Unwound, UnwindError> {
    FeatureSet::known().validate(wasm)?;
    let interface = Interface::read(wasm)?;
    check_signatures(&interface)?;
    let is_ours = |import: &&crate::interface::Import| {
        import.module == IMPORT_MODULE && [TRY, THROW].contains(&import.name.as_str())
    };
    let untouched = Unwound { wasm: wasm.to_vec(), filled: vec![] };
    if !interface.imports.iter().any(|import| is_ours(&import)) {
        return Ok(untouched);
    }
    if unwind == Unwind::Host {
        let missing = UNWIND_EXPORTS.into_iter().find(|name| interface.export(name).is_none());
        return missing.map_or(Ok(untouched), |name| Err(UnwindError::MissingExport { name }));
    }
    let facts = Facts::read(wasm)?;
    let filled = [TRY, THROW].into_iter().zip([&facts.try_imports, &facts.throw_imports]);
    let filled = filled.filter(|(_, imports)| !imports.is_empty()).map(|(name, _)| name).collect();
    let mut module = wasm_encoder::Module::new();
    let mut rewriter = Rewriter { facts, unwind, keep_exports, stage: Stage::default() };
    rewriter.parse_core_module(&mut module, Parser::new(0), wasm)?;
    let wasm = module.finish();
    debug_validate("unwind", &wasm);
    Ok(Unwound { wasm, filled })
}

fn check_signatures(interface: &Interface) -> Result<(), UnwindError> {
    for import in interface.imports.iter().filter(|import| import.module == IMPORT_MODULE) {
        let Some(name) = [TRY, THROW].into_iter().find(|name| *name == import.name) else { continue };
        let expected = signature(name);
        match &import.ty {
            ItemType::Function(found) if *found == expected => {}
            ItemType::Function(found) => {
                let (expected, found) = (expected.to_string(), format!("function {found}"));
                return Err(UnwindError::Signature { name, expected, found });
            }
            other => {
                let (expected, found) = (expected.to_string(), other.to_string());
                return Err(UnwindError::Signature { name, expected, found });
            }
        }
    }
    match interface.export(STACK_POINTER).map(|export| &export.ty) {
        None => Ok(()),
        Some(ItemType::Global { value, mutable: true }) if value == "i32" => Ok(()),
        Some(found) => Err(UnwindError::NoStackPointer { found: found.to_string() }),
    }
}

/// Which sections have been written, to tell those that must be made because the module lacks them.
#[derive(Default)]
struct Stage {
    functions: bool,
    tags: bool,
    code: bool,
}

/// Writes the module anew with the functions in place of the imports.
struct Rewriter {
    facts: Facts,
    unwind: Unwind,
    keep_exports: bool,
    stage: Stage,
}

impl Rewriter {
    fn add_functions(&self, functions: &mut wasm_encoder::FunctionSection) {
        for (imports, ty) in
            [(&self.facts.try_imports, self.facts.try_type), (&self.facts.throw_imports, self.facts.throw_type)]
        {
            if !imports.is_empty() {
                functions.function(ty);
            }
        }
    }

    fn add_bodies(&self, code: &mut CodeSection) {
        let mut add = |write: &dyn Fn(&mut InstructionSink)| {
            let mut function = Function::new([]);
            write(&mut function.instructions());
            code.function(&function);
        };
        if !self.facts.try_imports.is_empty() {
            add(&|body| self.write_try(body));
        }
        if !self.facts.throw_imports.is_empty() {
            add(&|body| _ = body.throw(self.facts.tag).end());
        }
    }

    fn write_try(&self, body: &mut InstructionSink) {
        let (function, state, userdata) = (0, 1, 2);
        let facts = &self.facts;
        if let Some(global) = facts.stack_pointer {
            body.global_get(global);
        }
        let call = |body: &mut InstructionSink| {
            body.local_get(state).local_get(userdata).local_get(function).call_indirect(facts.table, facts.callee_type);
        };
        if self.unwind == Unwind::Standard {
            body.block(BlockType::Empty);
            // Labels of catch clauses count from outside the try_table: 0 is the block around it.
            body.try_table(BlockType::Empty, [Catch::One { tag: facts.tag, label: 0 }]);
            call(body);
            body.end().i32_const(0).return_().end();
        } else {
            body.try_(BlockType::Empty);
            call(body);
            body.i32_const(0).return_().catch(facts.tag).end();
        }
        if let Some(global) = facts.stack_pointer {
            body.global_set(global);
        }
        body.i32_const(1).end();
    }

    fn add_tag(&self, tags: &mut wasm_encoder::TagSection) {
        tags.tag(wasm_encoder::TagType { kind: TagKind::Exception, func_type_idx: self.facts.tag_type });
    }
}

impl Reencode for Rewriter {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error> {
        Ok(self.facts.new_function_index(index))
    }

    fn parse_type_section(
        &mut self,
        types: &mut wasm_encoder::TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_type_section(self, types, section)?;
        for (params, results) in &self.facts.new_types {
            types.ty().function(params.iter().copied(), results.iter().copied());
        }
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut wasm_encoder::ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        for import in section.into_imports() {
            let import = import?;
            if !facts::is_ours(&import) {
                let ty: EntityType = self.entity_type(import.ty)?;
                imports.import(import.module, import.name, ty);
            }
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut wasm_encoder::FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_function_section(self, functions, section)?;
        self.add_functions(functions);
        self.stage.functions = true;
        Ok(())
    }

    fn parse_tag_section(
        &mut self,
        tags: &mut wasm_encoder::TagSection,
        section: wasmparser::TagSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_tag_section(self, tags, section)?;
        self.add_tag(tags);
        self.stage.tags = true;
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut wasm_encoder::ExportSection,
        export: wasmparser::Export<'_>,
    ) -> Result<(), reencode::Error> {
        if !self.keep_exports && [STACK_POINTER, FUNCTION_TABLE].contains(&export.name) {
            return Ok(());
        }
        utils::parse_export(self, exports, export)
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        utils::parse_code_section(self, code, section)?;
        self.add_bodies(code);
        self.stage.code = true;
        Ok(())
    }

    fn intersperse_section_hook(
        &mut self,
        module: &mut wasm_encoder::Module,
        _after: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), reencode::Error> {
        // A module without functions, tags or code of its own gets the section here, in its place in the fixed order.
        let reached = before.map_or(u8::MAX, order);
        if !self.stage.functions && reached > order(SectionId::Function) {
            let mut functions = wasm_encoder::FunctionSection::new();
            self.add_functions(&mut functions);
            module.section(&functions);
            self.stage.functions = true;
        }
        if !self.stage.tags && reached > order(SectionId::Tag) {
            let mut tags = wasm_encoder::TagSection::new();
            self.add_tag(&mut tags);
            module.section(&tags);
            self.stage.tags = true;
        }
        if !self.stage.code && reached > order(SectionId::Code) {
            let mut code = CodeSection::new();
            self.add_bodies(&mut code);
            module.section(&code);
            self.stage.code = true;
        }
        Ok(())
    }

    fn parse_custom_name_subsection(
        &mut self,
        names: &mut wasm_encoder::NameSection,
        section: wasmparser::Name<'_>,
    ) -> Result<(), reencode::Error> {
        // Name maps are ordered by index, which the functions that were imports no longer keep.
        match section {
            wasmparser::Name::Function(map) => {
                let mut sorted = BTreeMap::new();
                for naming in map {
                    let naming = naming?;
                    // Of an import that stands there twice, the first name stays.
                    sorted.entry(self.function_index(naming.index)?).or_insert(naming.name);
                }
                let mut map = NameMap::new();
                sorted.into_iter().for_each(|(index, name)| map.append(index, name));
                names.functions(&map);
                Ok(())
            }
            wasmparser::Name::Local(map) => {
                names.locals(&self.sorted_by_function(map)?);
                Ok(())
            }
            wasmparser::Name::Label(map) => {
                names.labels(&self.sorted_by_function(map)?);
                Ok(())
            }
            other => utils::parse_custom_name_subsection(self, names, other),
        }
    }
}

impl Rewriter {
    fn sorted_by_function(&mut self, map: wasmparser::IndirectNameMap<'_>) -> Result<IndirectNameMap, reencode::Error> {
        let mut sorted = BTreeMap::new();
        for function in map {
            let function = function?;
            let inner = utils::name_map(function.names, Ok)?;
            sorted.entry(self.function_index(function.index)?).or_insert(inner);
        }
        let mut map = IndirectNameMap::new();
        sorted.into_iter().for_each(|(index, inner)| map.append(index, &inner));
        Ok(map)
    }
}

/// A section's place in a module; ids follow it but for two that came later.
fn order(section: SectionId) -> u8 {
    match section {
        SectionId::Custom => 0,
        SectionId::Type => 1,
        SectionId::Import => 2,
        SectionId::Function => 3,
        SectionId::Table => 4,
        SectionId::Memory => 5,
        SectionId::Tag => 6,
        SectionId::Global => 7,
        SectionId::Export => 8,
        SectionId::Start => 9,
        SectionId::Element => 10,
        SectionId::DataCount => 11,
        SectionId::Code => 12,
        SectionId::Data => 13,
    }
}
