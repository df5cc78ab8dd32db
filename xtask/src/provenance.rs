//! Where every function and every byte of data of a linked module comes from: its source file, and the library that this is of.
//!
//! The linker's map says which object file each function and piece of data is from; the object that defines `luaopen_string` is the
//! library `string`. String constants, which the linker merges, belong to whoever uses them: to one file, or to several.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::linked::{Linked, LinkedError, Node};

/// What something is part of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// `Lua library`, `Lua core`, `runtime`, `libc`, `compiler support`, …
    pub group: String,
    /// Of a library its name (`string`), else the source file without its ending (`lvm`).
    pub module: String,
    /// The function's or the piece of data's name.
    pub name: String,
}

/// Groups and modules that use a string constant.
type Users = BTreeSet<(String, String)>;

/// Origins of everything in a linked module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Of each function, imported ones first.
    pub functions: Vec<Origin>,
    /// Of each piece of data, by address, without overlaps.
    pub data: Vec<(Range<u32>, Origin)>,
}

/// Why origins can't be told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProvenanceError {
    /// The module has no relocations.
    #[error(transparent)]
    Linked(#[from] LinkedError),
    /// The map is not of this module.
    #[error("the link map lists {listed} functions, the module has {found}")]
    Map {
        /// Functions in the map.
        listed: usize,
        /// Functions in the module.
        found: usize,
    },
}

/// The group of Lua's standard libraries.
pub const LIBRARY: &str = "Lua library";
/// The group of upstream's other files.
pub const CORE: &str = "Lua core";
/// The group of this project's files.
pub const RUNTIME: &str = "runtime";
/// The group of the C library.
pub const LIBC: &str = "libc";
/// The group of a state of Lua that the module starts with.
pub const STATE: &str = "state of Lua";
/// The group of what the compiler calls behind the sources' back.
pub const COMPILER: &str = "compiler support";
/// The module of string constants that several modules use.
pub const SHARED: &str = "shared strings";

/// An input section in the map.
struct Input {
    address: Option<u32>,
    size: u32,
    file: String,
    section: String,
}

/// What the map says: functions in order, and data.
#[derive(Default)]
struct Map {
    functions: Vec<Input>,
    data: Vec<Input>,
}

impl Map {
    /// Reads wasm-ld's map: a line for each output section, input section (indented by 8) and symbol (by 16).
    fn read(text: &str) -> Map {
        let mut map = Map::default();
        let mut code = false;
        for line in text.lines().skip(1) {
            let mut rest = line;
            let mut columns = [""; 3];
            for column in &mut columns {
                rest = rest.trim_start();
                let end = rest.find(' ').unwrap_or(rest.len());
                (*column, rest) = rest.split_at(end);
            }
            let indent = rest.len() - rest.trim_start().len();
            let what = rest.trim();
            match indent {
                1 => code = what == "CODE",
                9 => {
                    let Some((file, section)) = what.rsplit_once(":(") else { continue };
                    let input = Input {
                        address: u32::from_str_radix(columns[0], 16).ok(),
                        size: u32::from_str_radix(columns[2], 16).unwrap_or(0),
                        file: file.to_owned(),
                        section: section.trim_end_matches(')').to_owned(),
                    };
                    if code {
                        map.functions.push(input);
                    } else if input.address.is_some() {
                        map.data.push(input);
                    }
                }
                _ => {}
            }
        }
        map
    }
}

/// The source files that objects are named after, without their ending.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Upstream's.
    pub upstream: BTreeSet<String>,
    /// The runtime's that only some contracts need: the part that each belongs to (`persist`, `bridge`).
    pub parts: BTreeMap<String, String>,
}

/// The group of a part of the runtime that only some contracts need.
pub fn part_group(part: &str) -> String {
    format!("{RUNTIME}, {part}")
}

/// Group and module of an input file.
struct Files<'a> {
    sources: &'a Sources,
    /// The library of each object that defines an open function.
    libraries: BTreeMap<String, String>,
}

impl Files<'_> {
    fn origin(&self, file: &str, name: &str) -> Origin {
        let stem = |path: &str| {
            let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
            name.trim_end_matches(')').split('.').next().unwrap_or(name).to_owned()
        };
        let (group, module) = match file.split_once(".a(") {
            Some((archive, member)) => {
                let archive = stem(archive);
                let support = archive.contains("compiler_rt") || archive.contains("clang_rt");
                (if support { COMPILER } else { LIBC }.to_owned(), stem(member))
            }
            None if file.starts_with('<') => (COMPILER.to_owned(), "linker".to_owned()),
            None => {
                let stem = stem(file);
                match (self.libraries.get(file), self.sources.parts.get(&stem)) {
                    (Some(library), _) => (LIBRARY.to_owned(), library.clone()),
                    _ if self.sources.upstream.contains(&stem) => (CORE.to_owned(), stem),
                    (None, Some(part)) => (part_group(part), stem),
                    (None, None) => (RUNTIME.to_owned(), stem),
                }
            }
        };
        Origin { group, module, name: name.to_owned() }
    }
}

impl Provenance {
    /// Reads origins off a linked module with relocations and its map.
    ///
    /// # Errors
    /// When the module has no relocations, or the map is that of another.
    pub fn read(linked: &Linked, map: &str, sources: &Sources) -> Result<Provenance, ProvenanceError> {
        let map = Map::read(map);
        if map.functions.len() != linked.bodies.len() {
            return Err(ProvenanceError::Map { listed: map.functions.len(), found: linked.bodies.len() });
        }
        let open = |input: &Input| Some((input.file.clone(), input.section.strip_prefix("luaopen_")?.to_owned()));
        let files = Files { sources, libraries: map.functions.iter().filter_map(open).collect() };
        let import = |index| {
            let name = linked.names.get(&index).cloned().unwrap_or_default();
            Origin { group: RUNTIME.to_owned(), module: "unwind".to_owned(), name }
        };
        let mut functions: Vec<Origin> = (0..linked.imported).map(import).collect();
        functions.extend(map.functions.iter().map(|input| files.origin(&input.file, &input.section)));
        let data = data(linked, &map, &files, &functions);
        Ok(Provenance { functions, data })
    }

    /// The same after functions were taken out: `kept` holds the old indices of those that stay.
    pub fn keep(&mut self, kept: &[u32]) {
        self.functions = kept.iter().filter_map(|index| self.functions.get(*index as usize).cloned()).collect();
    }

    /// The same with a state of Lua in memory, which is whatever has no origin from `base` up to `end`.
    pub fn add_state(&mut self, base: u32, end: u32) {
        let origin =
            || Origin { group: STATE.to_owned(), module: "memory".to_owned(), name: "values of Lua".to_owned() };
        let mut all = Vec::new();
        let mut at = base;
        for (range, known) in std::mem::take(&mut self.data) {
            if at < range.start {
                all.push((at..range.start, origin()));
            }
            at = at.max(range.end);
            all.push((range, known));
        }
        if at < end {
            all.push((at..end, origin()));
        }
        self.data = all;
    }

    /// The origin of the byte at an address, and how far it goes.
    pub fn data_at(&self, address: u32) -> Option<(&Range<u32>, &Origin)> {
        let place = self.data.partition_point(|(range, _)| range.end <= address);
        self.data.get(place).filter(|(range, _)| range.contains(&address)).map(|(range, origin)| (range, origin))
    }
}

fn data(linked: &Linked, map: &Map, files: &Files, functions: &[Origin]) -> Vec<(Range<u32>, Origin)> {
    let mut found: Vec<(Range<u32>, Origin)> = Vec::new();
    for input in &map.data {
        let Some(start) = input.address else { continue };
        let range = start..start.saturating_add(input.size);
        if !input.file.starts_with('<') {
            // `.rodata.strlib`, `.rodata..L.str.5`: section, then the symbol.
            let name = input.section.trim_start_matches('.').split_once('.').map_or("data", |(_, name)| name);
            found.push((range, files.origin(&input.file, name)));
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    let mut users: BTreeMap<usize, Users> = BTreeMap::new();
    let mut note = |node: Node, origin: &Origin| {
        for used in linked.uses(node) {
            if let Node::Data(place) = used.node {
                users.entry(place).or_default().insert((origin.group.clone(), origin.module.clone()));
            }
        }
    };
    for (index, origin) in functions.iter().enumerate() {
        note(Node::Function(index as u32), origin);
    }
    for place in 0..linked.data.len() {
        let start = linked.data[place].address.start;
        let at = found.partition_point(|(range, _)| range.end <= start);
        if let Some((_, origin)) = found.get(at).filter(|(range, _)| range.contains(&start)) {
            note(Node::Data(place), origin);
        }
    }
    let strings = merged(linked, &found, &users);
    found.extend(strings);
    found.retain(|(range, _)| !range.is_empty());
    found.sort_by_key(|(range, _)| range.start);
    found
}

/// Merged string constants: each byte goes to the longest constant that covers it, and with it to the users of all of them.
fn merged(
    linked: &Linked,
    placed: &[(Range<u32>, Origin)],
    users: &BTreeMap<usize, Users>,
) -> Vec<(Range<u32>, Origin)> {
    let is_placed = |address: u32| {
        let at = placed.partition_point(|(range, _)| range.end <= address);
        placed.get(at).is_some_and(|(range, _)| range.contains(&address))
    };
    let mut found: Vec<(Range<u32>, Users)> = Vec::new();
    for (place, data) in linked.data.iter().enumerate() {
        if data.address.is_empty() || is_placed(data.address.start) {
            continue;
        }
        let used_by = users.get(&place).cloned().unwrap_or_default();
        match found.last_mut() {
            // Tails of a constant serve as constants of their own.
            Some((last, by)) if data.address.start < last.end => {
                last.end = last.end.max(data.address.end);
                by.extend(used_by);
            }
            _ => found.push((data.address.clone(), used_by)),
        }
    }
    let origin = |users: Users| {
        let mut users = users.into_iter();
        let (group, module) = match (users.next(), users.next()) {
            (Some(only), None) => only,
            _ => (CORE.to_owned(), SHARED.to_owned()),
        };
        Origin { group, module, name: "strings".to_owned() }
    };
    found.into_iter().map(|(range, users)| (range, origin(users))).collect()
}
