//! Takes libraries and single functions out of a linked module, as if they had never been there.
//!
//! ```wat
//! (elem (i32.const 1) $luaopen_io $luaopen_os $os_time)       ;; drop io:
//! (data (i32.const 96) "{"io", 1} {"os", 2} {0, 0}")
//! (func $luaopen_io ...) (func $luaopen_os ...) (func $os_time ...)
//!
//! (elem (i32.const 1) $luaopen_os $os_time)
//! (data (i32.const 96) "{"os", 1} {0, 0}")
//! (func $luaopen_os ...) (func $os_time ...)
//! ```
//!
//! A library is what an entry of a `luaL_Reg` array opens, a function of it an entry of an array that its open function uses. The
//! entries go, those behind them move up, and then goes what nothing uses any more: functions, places in the table, data. What
//! uses what is read off the linker's relocations (see [`crate::linked`]), so it runs first, on a module linked with
//! `--emit-relocs`. Data stays where it is in memory; segments are cut around what went.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use thiserror::Error;
use wasm_encoder::reencode;

use super::debug_validate;
use crate::interface::{Interface, ItemType};
use crate::linked::{How, Linked, LinkedError, Node, Use};
use crate::nearest;

mod registration;
mod rewrite;

/// What to take out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneOptions {
    /// Libraries (`io`), functions of one (`string.pack`), basic functions (`dofile`).
    pub drop: Vec<String>,
    /// Functions that stay, with what they use, beside the exported ones; by name. Such as are not there don't matter.
    pub keep: Vec<String>,
    /// Functions in whose place others are called, of the same type: old name and new name.
    pub replace: Vec<(String, String)>,
}

/// What the pass did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// The module, without relocations.
    pub wasm: Vec<u8>,
    /// The functions that stay, by the indices that they had, in the order of those that they have now.
    pub kept: Vec<u32>,
    /// How many functions went.
    pub functions: usize,
    /// How many bytes of data went.
    pub data: usize,
}

/// Why nothing was taken out.
#[derive(Debug, Error)]
pub enum PruneError {
    /// It is not known what uses what.
    #[error(transparent)]
    Linked(#[from] LinkedError),
    /// There is no such library or function.
    #[error("cannot drop `{name}`: the module has no such library or function{hint}")]
    Unknown {
        /// The name.
        name: String,
        /// What is near to it.
        hint: String,
    },
    /// A function that is to be replaced, or to stand in for one.
    #[error("cannot put `{new}` in the place of `{old}`: the module has no function `{missing}`")]
    Replace {
        /// What is to be replaced.
        old: String,
        /// By what.
        new: String,
        /// Which of them is not there.
        missing: String,
    },
    /// The basic library, which opens the others.
    #[error("cannot drop `{0}`, the basic library; its functions can go one by one (`dofile`, `collectgarbage`)")]
    Basic(String),
    /// The module has something that can't be written again.
    #[error("cannot rewrite the module: {0}")]
    Encode(String),
}

impl From<reencode::Error> for PruneError {
    fn from(error: reencode::Error) -> Self {
        PruneError::Encode(error.to_string())
    }
}

/// Takes what the options name out of `wasm`, and whatever nothing uses.
///
/// # Errors
/// When `wasm` has no relocations, or a name is not known.
pub fn run(wasm: &[u8], options: &PruneOptions) -> Result<Pruned, PruneError> {
    let linked = Linked::read(wasm)?;
    let mut cuts = cuts(wasm, &linked, &options.drop)?;
    cuts.stand_ins = stand_ins(&linked, &options.replace)?;
    let live = Live::mark(wasm, &linked, &cuts, &options.keep)?;
    let pruned = rewrite::run(wasm, &linked, &cuts, &live)?;
    debug_validate("prune", &pruned.wasm);
    Ok(pruned)
}

/// The libraries that `wasm` opens, with the names of their functions; the basic functions are those of `_G`.
///
/// # Errors
/// When `wasm` has no relocations.
pub fn libraries(wasm: &[u8]) -> Result<Vec<(String, Vec<String>)>, PruneError> {
    let linked = Linked::read(wasm)?;
    let libraries = registration::libraries(wasm, &linked);
    Ok(libraries.into_iter().map(|library| (library.name.clone(), library.functions())).collect())
}

/// What is cut before the marking.
#[derive(Default)]
struct Cuts {
    /// Entries of arrays: the array's place in [`Linked::data`], and the entries' numbers.
    entries: BTreeMap<usize, BTreeSet<usize>>,
    /// Functions that are called in the place of others, by those.
    stand_ins: BTreeMap<u32, u32>,
}

impl Cuts {
    /// Whether a use is in an entry that goes.
    fn covers(&self, linked: &Linked, place: usize, found: &Use) -> bool {
        let entry = (found.at - linked.data[place].bytes.start) / registration::ENTRY;
        self.entries.get(&place).is_some_and(|entries| entries.contains(&entry))
    }

    /// What a use of `node` uses.
    fn used(&self, node: Node) -> Node {
        match node {
            Node::Function(index) => Node::Function(self.stand_ins.get(&index).copied().unwrap_or(index)),
            Node::Data(_) => node,
        }
    }
}

fn stand_ins(linked: &Linked, replace: &[(String, String)]) -> Result<BTreeMap<u32, u32>, PruneError> {
    let index = |name: &String| linked.names.iter().find(|(_, found)| *found == name).map(|(index, _)| *index);
    let pair = |(old, new): &(String, String)| match (index(old), index(new)) {
        (Some(index), Some(stand_in)) => Ok((index, stand_in)),
        (found, _) => {
            let missing = if found.is_none() { old } else { new };
            Err(PruneError::Replace { old: old.clone(), new: new.clone(), missing: missing.clone() })
        }
    };
    replace.iter().map(pair).collect()
}

fn cuts(wasm: &[u8], linked: &Linked, drop: &[String]) -> Result<Cuts, PruneError> {
    let libraries = registration::libraries(wasm, linked);
    let mut cuts = Cuts::default();
    for name in drop {
        if name == registration::BASIC || name == "base" {
            return Err(PruneError::Basic(name.clone()));
        }
        let found: Vec<(usize, usize)> = libraries.iter().flat_map(|library| library.find(name)).collect();
        if found.is_empty() {
            let known: Vec<String> = libraries.iter().flat_map(|library| library.names()).collect();
            let hint = nearest::hint(name, known.iter().map(String::as_str));
            return Err(PruneError::Unknown { name: name.clone(), hint });
        }
        for (array, entry) in found {
            cuts.entries.entry(array).or_default().insert(entry);
        }
    }
    Ok(cuts)
}

/// What stays.
struct Live {
    functions: BTreeSet<u32>,
    data: BTreeSet<usize>,
    /// The functions in the table that stay, by their places.
    table: Vec<u32>,
}

impl Live {
    fn mark(wasm: &[u8], linked: &Linked, cuts: &Cuts, keep: &[String]) -> Result<Live, PruneError> {
        let interface = Interface::read(wasm).map_err(LinkedError::from)?;
        let mut live = Live { functions: BTreeSet::new(), data: BTreeSet::new(), table: vec![] };
        let mut queue: VecDeque<Node> = VecDeque::new();
        let mut in_table: BTreeSet<u32> = BTreeSet::new();
        let exported = interface.exports.iter().filter(|export| matches!(export.ty, ItemType::Function(_)));
        queue.extend(exported.map(|export| Node::Function(export.index)));
        queue.extend(linked.start.map(Node::Function));
        let kept = linked.names.iter().filter(|(_, name)| keep.contains(name));
        queue.extend(kept.map(|(index, _)| Node::Function(*index)));
        // Data without a symbol: nobody can say who uses it.
        let covered = |found: &&Use| !linked.data.iter().any(|data| data.bytes.contains(&found.at));
        for found in linked.data_uses.iter().filter(covered) {
            queue.push_back(found.node);
            in_table.extend(table_function(found));
        }
        queue.extend((0..linked.imported).map(Node::Function));
        while let Some(node) = queue.pop_front() {
            let new = match node {
                Node::Function(index) => live.functions.insert(index),
                Node::Data(place) => live.data.insert(place),
            };
            if !new {
                continue;
            }
            for found in linked.uses(node) {
                if matches!(node, Node::Data(place) if cuts.covers(linked, place, found)) {
                    continue;
                }
                in_table.extend(table_function(found));
                queue.push_back(cuts.used(found.node));
            }
        }
        live.table = linked.table.iter().copied().filter(|index| in_table.contains(index)).collect();
        Ok(live)
    }
}

fn table_function(found: &Use) -> Option<u32> {
    match (found.how, found.node) {
        (How::TableLeb | How::TableWord, Node::Function(index)) => Some(index),
        _ => None,
    }
}
