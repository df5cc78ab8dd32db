//! Lua libraries in a linked module: arrays of `luaL_Reg`, which are a name and a function each.

use std::collections::BTreeSet;

use crate::linked::{How, Linked, Node};

/// The bytes of a `luaL_Reg`: two pointers.
pub(super) const ENTRY: usize = 8;

/// The name of the basic library in the array of libraries.
pub(super) const BASIC: &str = "_G";

/// How the names of open functions start.
const OPEN: &str = "luaopen_";

/// An array of names and functions.
pub(super) struct Registration {
    /// Its place in [`Linked::data`].
    pub place: usize,
    /// Names and functions; an entry without function is a place for a value that comes later.
    pub entries: Vec<(String, Option<u32>)>,
}

/// A library.
pub(super) struct Library {
    /// Its name.
    pub name: String,
    /// Where its entry is: array and number.
    entry: (usize, usize),
    /// Its functions: name, array and number.
    functions: Vec<(String, usize, usize)>,
}

impl Library {
    /// The names of its functions, each once.
    pub fn functions(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.functions.iter().map(|(name, _, _)| name).collect();
        names.into_iter().cloned().collect()
    }

    /// The library's own name and those of its functions, as options write them.
    pub fn names(&self) -> Vec<String> {
        let mut names = vec![self.name.clone()];
        names.extend(self.functions.iter().map(|(name, _, _)| self.full_name(name)));
        names
    }

    fn full_name(&self, function: &str) -> String {
        if self.name == BASIC { function.to_owned() } else { format!("{}.{function}", self.name) }
    }

    /// The entries that have this name: that of the library, or those of the function.
    pub fn find(&self, name: &str) -> Vec<(usize, usize)> {
        if name == self.name {
            return vec![self.entry];
        }
        let named = self.functions.iter().filter(|(function, _, _)| self.full_name(function) == name);
        named.map(|(_, array, entry)| (*array, *entry)).collect()
    }
}

/// All arrays of `luaL_Reg` in the module.
fn registrations(wasm: &[u8], linked: &Linked) -> Vec<Registration> {
    let mut found = Vec::new();
    'data: for (place, data) in linked.data.iter().enumerate() {
        if data.bytes.is_empty() || !data.bytes.len().is_multiple_of(ENTRY) {
            continue;
        }
        let mut entries: Vec<(Option<String>, Option<u32>)> = vec![(None, None); data.bytes.len() / ENTRY];
        for used in linked.uses(Node::Data(place)) {
            let offset = used.at - data.bytes.start;
            match (offset % ENTRY, used.node, used.how) {
                (0, Node::Data(text), How::Address) => {
                    let bytes = &wasm[linked.data[text].bytes.clone()];
                    let Some(end) = bytes.iter().position(|byte| *byte == 0) else { continue 'data };
                    let Ok(name) = std::str::from_utf8(&bytes[..end]) else { continue 'data };
                    entries[offset / ENTRY].0 = Some(name.to_owned());
                }
                (4, Node::Function(index), How::TableWord) => entries[offset / ENTRY].1 = Some(index),
                _ => continue 'data,
            }
        }
        // The last entry is the end's mark; every other has a name.
        let Some(((None, None), named)) = entries.split_last() else { continue };
        let named: Option<Vec<_>> = named.iter().map(|(name, function)| Some((name.clone()?, *function))).collect();
        match named {
            Some(entries) if !entries.is_empty() => found.push(Registration { place, entries }),
            _ => {}
        }
    }
    found
}

/// The libraries that the module opens by an array of them, with their functions.
pub(super) fn libraries(wasm: &[u8], linked: &Linked) -> Vec<Library> {
    let arrays = registrations(wasm, linked);
    let is_open = |index: &u32| linked.names.get(index).is_some_and(|name| name.starts_with(OPEN));
    let mut libraries = Vec::new();
    for array in &arrays {
        for (number, (name, function)) in array.entries.iter().enumerate() {
            let Some(open) = function.filter(is_open) else { continue };
            // The open function's arrays, and those of what it calls: it may leave metamethods to a helper.
            let callees = linked.uses(Node::Function(open)).iter().filter_map(|used| match used.node {
                Node::Function(index) if used.how == How::Index && !is_open(&index) => Some(index),
                _ => None,
            });
            let using: BTreeSet<u32> = callees.chain([open]).collect();
            let used: BTreeSet<usize> = using
                .iter()
                .flat_map(|index| linked.uses(Node::Function(*index)))
                .filter_map(|used| match used.node {
                    Node::Data(place) if place != array.place => Some(place),
                    _ => None,
                })
                .collect();
            let mut of_it: Vec<&Registration> = arrays.iter().filter(|array| used.contains(&array.place)).collect();
            // The library's own array is the longest; others are metamethods and methods of its objects, whose names may be the
            // same (`io.close`, `file:close`), or functions for which the library's own has a place (`math.random`).
            of_it.sort_by_key(|array| std::cmp::Reverse(array.entries.len()));
            let own: Vec<(&str, bool)> = of_it.first().map_or(vec![], |array| {
                array.entries.iter().map(|(name, function)| (name.as_str(), function.is_some())).collect()
            });
            let mut functions = vec![];
            for (order, array) in of_it.iter().enumerate() {
                for (number, (name, _)) in array.entries.iter().enumerate() {
                    if order == 0 || !own.contains(&(name.as_str(), true)) {
                        functions.push((name.clone(), array.place, number));
                    }
                }
            }
            libraries.push(Library { name: name.clone(), entry: (array.place, number), functions });
        }
    }
    libraries
}
