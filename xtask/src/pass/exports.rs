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
//! still in the module.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use thiserror::Error;
use walrus::{ExportItem, FunctionId, Module};

use super::conventions::{self, FUNCTION_TABLE, MEMORY, STACK_POINTER};
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
}

/// What the pass did, each list in the order of the export table or of the options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

/// Why the export table can't be made: all the reasons at once. The module is then unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", lines(.0))]
pub struct ExportError(pub Vec<ExportProblem>);

fn lines(problems: &[ExportProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Rewrites the export table of `module`.
///
/// The memory, if the module has one, is exported as `memory` in any case. Exports that stay keep their order; new ones
/// follow in the order of the options.
///
/// # Errors
/// When a name is missing or ambiguous, or two exports would have one name; the module is then unchanged.
pub fn run(module: &mut Module, options: &ExportOptions) -> Result<ExportSummary, ExportError> {
    let before: Vec<(String, ExportItem)> = module.exports.iter().map(|e| (e.name.clone(), e.item)).collect();
    let after = plan(module, &before, options)?;
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
    if !summary.is_unchanged() {
        let ids: Vec<_> = module.exports.iter().map(walrus::Export::id).collect();
        ids.into_iter().for_each(|id| module.exports.delete(id));
        for entry in after {
            module.exports.add(&entry.name, entry.item);
        }
    }
    Ok(summary)
}

/// An entry of the new export table.
struct Entry {
    name: String,
    item: ExportItem,
    /// The name that it had in the old table.
    old: Option<String>,
}

fn plan(module: &Module, before: &[(String, ExportItem)], options: &ExportOptions) -> Result<Vec<Entry>, ExportError> {
    let functions = Functions::new(module);
    let mut problems = vec![];
    let mut after: Vec<Entry> =
        before.iter().map(|(name, item)| Entry { name: name.clone(), item: *item, old: Some(name.clone()) }).collect();
    let mut named: BTreeSet<String> = BTreeSet::new();

    // The memory comes first, so that what is asked for by name can't take its place.
    if let Some(memory) = module.memories.iter().next()
        && !after.iter().any(|entry| entry.name == MEMORY)
    {
        after.push(Entry { name: MEMORY.to_owned(), item: memory.id().into(), old: None });
    }
    named.insert(MEMORY.to_owned());

    for name in options.add.iter().chain(options.rename.keys()) {
        if named.insert(name.clone()) && !options.hide.contains(name) && !after.iter().any(|entry| entry.name == *name)
        {
            match find(module, &functions, name) {
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
    if problems.is_empty() { Ok(after) } else { Err(ExportError(problems)) }
}

/// The functions by the name that the name section gives them.
struct Functions<'a>(BTreeMap<&'a str, Vec<FunctionId>>);

impl<'a> Functions<'a> {
    fn new(module: &'a Module) -> Self {
        let mut functions: BTreeMap<&str, Vec<FunctionId>> = BTreeMap::new();
        for function in module.funcs.iter() {
            if let Some(name) = &function.name {
                functions.entry(name).or_default().push(function.id());
            }
        }
        Functions(functions)
    }
}

fn find(module: &Module, functions: &Functions, name: &str) -> Result<ExportItem, ExportProblem> {
    match name {
        STACK_POINTER => {
            if let Some(id) = conventions::stack_pointer(module) {
                return Ok(id.into());
            }
        }
        FUNCTION_TABLE => {
            if let Some(id) = conventions::function_table(module) {
                return Ok(id.into());
            }
        }
        _ => {}
    }
    match functions.0.get(name).map(Vec::as_slice) {
        Some([id]) => Ok((*id).into()),
        Some(several) => Err(ExportProblem::Ambiguous { name: name.to_owned(), functions: several.len() }),
        None => {
            let exported: Vec<&str> = module.exports.iter().map(|export| export.name.as_str()).collect();
            let known = functions.0.keys().copied().chain(exported);
            let near = owned(nearest::names(name, known, SUGGESTIONS));
            Err(ExportProblem::Missing { name: name.to_owned(), near, has_names: !functions.0.is_empty() })
        }
    }
}

fn owned(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
