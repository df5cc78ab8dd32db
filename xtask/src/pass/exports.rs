//! Rewrites the export table: adds functions by name, renames, hides.
//!
//! ```wat
//! (module (memory 1) (func $init ...) (func $old (export "old") ...) (func (export "junk") ...))
//! ;; add init, rename old to new, keep only what was asked for:
//! (module (memory (export "memory") 1) (func (export "init") ...) (func (export "new") ...))
//! ```
//!
//! The linker exports only what it is told on its command line, and drops nothing that stands in the sources as used; so
//! what a module offers is decided here, in one place, against names that must be there. Runs while the name section is
//! still in the module. Only the export section is written anew, all else is copied: so indices, and with them debug
//! information, stay right, and any module will do, whatever it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use thiserror::Error;
use wasm_encoder::{ExportKind, ExportSection, SectionId};
use wasmparser::{Validator, WasmFeatures};

use super::conventions::{self, FUNCTION_TABLE, MEMORY, STACK_POINTER};
use super::{debug_validate, for_each_section};
use crate::interface::{Interface, ItemType, ReadError};
use crate::nearest;

/// How many near names an error message offers.
const SUGGESTIONS: usize = 3;

/// What the export table is to become. Edits are made in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// What to export under its own name, unless it is already. A name is that of an export, of a function in the name
    /// section, or one of the linker's: `memory`, `__stack_pointer`, `__indirect_function_table`.
    pub add: Vec<String>,
    /// What to export under another name: old name to new name. The old one is an export or a function.
    pub rename: BTreeMap<String, String>,
    /// Exports to leave out, by their names before `rename`.
    pub hide: Vec<String>,
    /// Leave out every export that neither `add` nor `rename` names (the memory always stays).
    pub only_named: bool,
    /// Export the memory, if there is one, as `memory` in any case.
    pub memory: bool,
}

impl ExportOptions {
    /// Whether they ask for no change, whatever the module.
    pub fn is_nothing(&self) -> bool {
        *self == ExportOptions::default()
    }
}

/// What the pass did, each list in the order of the export table or of the options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExportSummary {
    /// Names that were not exported before.
    pub added: Vec<String>,
    /// Old and new name of each renamed export.
    pub renamed: Vec<(String, String)>,
    /// Names that are not exported any more.
    pub hidden: Vec<String>,
}

impl ExportSummary {
    /// Whether the export table is as it was.
    pub fn is_unchanged(&self) -> bool {
        *self == ExportSummary::default()
    }
}

/// One reason why the export table can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportProblem {
    /// Nothing in the module has the name.
    Missing {
        /// The name that was asked for.
        name: String,
        /// Names near to it.
        near: Vec<String>,
        /// Whether the module has names at all.
        has_names: bool,
    },
    /// Several functions have the name, as static functions of different C files may.
    Ambiguous {
        /// The name that was asked for.
        name: String,
        /// How many functions have it.
        functions: usize,
    },
    /// An export that is to be hidden is not there.
    NotExported {
        /// The name that was asked for.
        name: String,
        /// Exports near to it.
        near: Vec<String>,
    },
    /// Two exports would have one name.
    Clash {
        /// The name that both would have.
        name: String,
        /// What was to be renamed to it.
        old: String,
    },
}

impl fmt::Display for ExportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExportProblem::Missing { name, has_names: false, .. } => write!(
                f,
                "`{name}`: not exported, and the module has no name section to look it up in; build it with names (--keep-names)"
            ),
            ExportProblem::Missing { name, near, .. } => {
                write!(f, "`{name}`: no function has this name")?;
                near_names(f, near)
            }
            ExportProblem::Ambiguous { name, functions } => write!(
                f,
                "`{name}`: {functions} functions have this name (static functions of different files); give the wanted one a name of its own"
            ),
            ExportProblem::NotExported { name, near } => {
                write!(f, "`{name}`: cannot be hidden, it is not exported")?;
                near_names(f, near)
            }
            ExportProblem::Clash { name, old } => {
                write!(
                    f,
                    "`{old}`: cannot be renamed to `{name}`, which is exported already; hide that or rename it too"
                )
            }
        }
    }
}

fn near_names(f: &mut fmt::Formatter<'_>, near: &[String]) -> fmt::Result {
    if near.is_empty() {
        return Ok(());
    }
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    write!(f, "; near: {}", near.join(", "))
}

/// Why the export table can't be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExportError {
    /// The bytes are no valid module.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// All the reasons at once.
    #[error("{}", lines(.0))]
    Problems(Vec<ExportProblem>),
    /// An instruction takes the reference of a function that only its export declares.
    #[error("cannot hide {}: the code takes the reference of such a function, which only its export declares", .0.join(", "))]
    Declared(Vec<String>),
}

fn lines(problems: &[ExportProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What the pass made and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The module.
    pub wasm: Vec<u8>,
    /// What changed.
    pub summary: ExportSummary,
}

/// Rewrites the export table of `wasm`.
///
/// Exports that stay keep their order; new ones follow in the order of the options. Where nothing changes the bytes are those
/// that were given.
///
/// # Errors
/// When `wasm` is not valid, a name is missing or ambiguous, or two exports would have one name.
pub fn run(wasm: &[u8], options: &ExportOptions) -> Result<Exported, ExportError> {
    let interface = Interface::read(wasm)?;
    let before: Vec<(String, Item)> = interface
        .exports
        .iter()
        .map(|export| (export.name.clone(), Item { kind: kind(&export.ty), index: export.index }))
        .collect();
    let after = plan(&interface, &before, options).map_err(ExportError::Problems)?;
    let mut summary = ExportSummary::default();
    for entry in &after {
        match &entry.old {
            Some(old) if *old != entry.name => summary.renamed.push((old.clone(), entry.name.clone())),
            Some(_) => {}
            None => summary.added.push(entry.name.clone()),
        }
    }
    let stays = |name: &str| after.iter().any(|entry| entry.old.as_deref() == Some(name) || entry.name == name);
    summary.hidden = before.iter().map(|(name, _)| name.clone()).filter(|name| !stays(name)).collect();
    if summary.is_unchanged() {
        return Ok(Exported { wasm: wasm.to_vec(), summary });
    }
    let wasm = with_exports(wasm, &after)?;
    if !summary.hidden.is_empty() && Validator::new_with_features(WasmFeatures::all()).validate_all(&wasm).is_err() {
        return Err(ExportError::Declared(summary.hidden));
    }
    debug_validate("exports", &wasm);
    Ok(Exported { wasm, summary })
}

/// The module with these exports, all other sections as they are.
fn with_exports(wasm: &[u8], entries: &[Entry]) -> Result<Vec<u8>, ReadError> {
    let mut section = ExportSection::new();
    for entry in entries {
        section.export(&entry.name, entry.item.kind, entry.item.index);
    }
    // A section that is empty is left out, as wasm-opt does it.
    let mut module = wasm_encoder::Module::new();
    if !entries.is_empty() {
        module.section(&section);
    }
    let header = wasm_encoder::Module::HEADER.len();
    let mut new = Some(module.finish().split_off(header));
    let mut result = wasm[..header].to_vec();
    let behind = [SectionId::Start, SectionId::Element, SectionId::DataCount, SectionId::Code, SectionId::Data];
    for_each_section(wasm, |range| {
        let id = wasm[range.start];
        if id == SectionId::Export as u8 || behind.iter().any(|later| *later as u8 == id) {
            result.extend(new.take().unwrap_or_default());
        }
        if id != SectionId::Export as u8 {
            result.extend_from_slice(&wasm[range.start..range.end]);
        }
    })?;
    result.extend(new.unwrap_or_default());
    Ok(result)
}

/// What an export stands for.
#[derive(Clone, Copy)]
struct Item {
    kind: ExportKind,
    index: u32,
}

fn kind(ty: &ItemType) -> ExportKind {
    match ty {
        ItemType::Function(_) => ExportKind::Func,
        ItemType::Memory => ExportKind::Memory,
        ItemType::Table => ExportKind::Table,
        ItemType::Global { .. } => ExportKind::Global,
        ItemType::Tag(_) => ExportKind::Tag,
    }
}

/// An entry of the new export table.
struct Entry {
    name: String,
    item: Item,
    /// The name that it had in the old table.
    old: Option<String>,
}

fn plan(
    interface: &Interface,
    before: &[(String, Item)],
    options: &ExportOptions,
) -> Result<Vec<Entry>, Vec<ExportProblem>> {
    let functions = Functions::new(interface);
    let mut problems = vec![];
    let mut after: Vec<Entry> =
        before.iter().map(|(name, item)| Entry { name: name.clone(), item: *item, old: Some(name.clone()) }).collect();
    let mut named: BTreeSet<String> = BTreeSet::new();

    // The memory comes first, so that what is asked for by name can't take its place.
    if options.memory {
        if interface.memories > 0 && !after.iter().any(|entry| entry.name == MEMORY) {
            let item = Item { kind: ExportKind::Memory, index: 0 };
            after.push(Entry { name: MEMORY.to_owned(), item, old: None });
        }
        named.insert(MEMORY.to_owned());
    }

    for name in options.add.iter().chain(options.rename.keys()) {
        if named.insert(name.clone()) && !options.hide.contains(name) && !after.iter().any(|entry| entry.name == *name)
        {
            match find(interface, &functions, name) {
                Ok(item) => after.push(Entry { name: name.clone(), item, old: None }),
                Err(problem) => problems.push(problem),
            }
        }
    }

    for name in &options.hide {
        let known = named.contains(name) || before.iter().any(|(exported, _)| exported == name);
        if !known {
            let near = nearest::names(name, before.iter().map(|(exported, _)| exported.as_str()), SUGGESTIONS);
            problems.push(ExportProblem::NotExported { name: name.clone(), near: owned(near) });
        }
    }
    after.retain(|entry| !options.hide.contains(&entry.name) && (!options.only_named || named.contains(&entry.name)));

    for entry in &mut after {
        if let Some(new) = options.rename.get(&entry.name) {
            entry.name.clone_from(new);
        }
    }
    for (old, new) in &options.rename {
        if after.iter().filter(|entry| entry.name == *new).count() > 1 {
            problems.push(ExportProblem::Clash { name: new.clone(), old: old.clone() });
        }
    }
    if problems.is_empty() { Ok(after) } else { Err(problems) }
}

/// The functions by the name that the name section gives them.
struct Functions<'a>(BTreeMap<&'a str, Vec<u32>>);

impl<'a> Functions<'a> {
    fn new(interface: &'a Interface) -> Self {
        let mut functions: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for function in &interface.functions {
            functions.entry(&function.name).or_default().push(function.index);
        }
        Functions(functions)
    }
}

fn find(interface: &Interface, functions: &Functions, name: &str) -> Result<Item, ExportProblem> {
    let found = match name {
        MEMORY if interface.memories > 0 => Some((ExportKind::Memory, 0)),
        STACK_POINTER => conventions::stack_pointer(interface).map(|index| (ExportKind::Global, index)),
        FUNCTION_TABLE => conventions::function_table(interface).map(|index| (ExportKind::Table, index)),
        _ => None,
    };
    if let Some((kind, index)) = found {
        return Ok(Item { kind, index });
    }
    match functions.0.get(name).map(Vec::as_slice) {
        Some([index]) => Ok(Item { kind: ExportKind::Func, index: *index }),
        Some(several) => Err(ExportProblem::Ambiguous { name: name.to_owned(), functions: several.len() }),
        None => {
            let near = owned(nearest::names(name, interface.names(), SUGGESTIONS));
            Err(ExportProblem::Missing { name: name.to_owned(), near, has_names: !functions.0.is_empty() })
        }
    }
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
