//! What is used of the libraries: the rules of what an access means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use moonwright_bytecode::{Action, Registers};

use super::flow::{Thing, Value, at, key_value, read};
use super::{BASIC, Kept, Library, Reach};

/// Basic functions that run text, which can reach everything.
const RUN_TEXT: [&str; 4] = ["load", "loadstring", "loadfile", "dofile"];

/// Functions of `debug` that give away no table that was not given to them.
const HARMLESS_DEBUG: [&str; 9] = [
    "traceback",
    "getinfo",
    "sethook",
    "gethook",
    "setmetatable",
    "setuservalue",
    "setlocal",
    "upvalueid",
    "setcstacklimit",
];

/// What all that is used adds up to.
pub(super) struct Used<'a> {
    libraries: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The application's own modules.
    modules: BTreeSet<&'a str>,
    /// Functions by library; a library that is there without any stays, empty.
    named: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Libraries that stay whole.
    whole: BTreeSet<&'a str>,
    everything: bool,
    /// Methods, with the first place: they may be those of files.
    methods: BTreeMap<String, (PathBuf, u32)>,
    kept: Vec<Kept>,
    file: PathBuf,
    line: u32,
}

impl<'a> Used<'a> {
    pub fn new(libraries: &'a [Library], modules: BTreeSet<&'a str>) -> Used<'a> {
        let libraries = libraries
            .iter()
            .map(|library| (library.name.as_str(), library.functions.iter().map(String::as_str).collect()))
            .collect();
        Used {
            libraries,
            modules,
            named: BTreeMap::new(),
            whole: BTreeSet::new(),
            everything: false,
            methods: BTreeMap::new(),
            kept: vec![],
            file: PathBuf::new(),
            line: 0,
        }
    }

    /// What follows is in this file.
    pub fn file(&mut self, path: &Path) {
        path.clone_into(&mut self.file);
    }

    /// What follows is in this line.
    pub fn line(&mut self, line: Option<u32>) {
        self.line = line.unwrap_or(0);
    }

    /// What reading a field gives.
    pub fn field(&self, object: &Value, key: &Value) -> Value {
        let Some(names) = key.texts() else { return Value::unknown() };
        let mut value = Value { other: object.other, ..Value::default() };
        for thing in &object.things {
            for name in &names {
                let found = match (thing, str::from_utf8(name)) {
                    (Thing::Globals, Ok(BASIC)) => Some(Thing::Globals),
                    (Thing::Globals, Ok("require")) => Some(Thing::Require),
                    (Thing::Globals | Thing::Loaded, Ok(name)) => self.library(name),
                    (Thing::Library(library), Ok("loaded")) if library == "package" => Some(Thing::Loaded),
                    _ => None,
                };
                match found {
                    Some(thing) => _ = value.things.insert(thing),
                    None => value.other = true,
                }
            }
        }
        value
    }

    fn library(&self, name: &str) -> Option<Thing> {
        match name {
            BASIC => Some(Thing::Globals),
            name => self.libraries.contains_key(name).then(|| Thing::Library(name.to_owned())),
        }
    }

    /// What `require` of these names gives.
    pub fn required(&self, names: &[&[u8]]) -> Value {
        let mut value = Value::default();
        for name in names {
            let name = str::from_utf8(name).unwrap_or_default();
            match self.library(name).filter(|_| !self.modules.contains(name)) {
                Some(thing) => _ = value.things.insert(thing),
                None => value.other = true,
            }
        }
        value
    }

    /// Notes what an instruction uses.
    pub fn uses(&mut self, action: &Action<'_>, state: &[Value], upvalues: &[Value]) {
        match *action {
            Action::Index { object, key, .. } => {
                self.reads(&at(state, upvalues, object), &key_value(state, key), false);
            }
            Action::Method { object, key, .. } => self.reads(&read(state, object), &key_value(state, key), true),
            Action::SetUpvalue { from, .. } => {
                self.escapes(&read(state, from), "is assigned to a variable of an enclosing function");
            }
            Action::Store { object, key, value } => {
                self.stores(&at(state, upvalues, object), &key_value(state, key), value.map(|value| read(state, value)))
            }
            Action::List(values) => self.all_escape(values, state, "is put into a table"),
            Action::Return(values) => self.all_escape(values, state, "is returned"),
            Action::Call { function, arguments } => {
                let callee = read(state, function);
                if callee.things.contains(&Thing::Require) {
                    self.requires(&read(state, arguments.first), arguments);
                }
                self.all_escape(arguments, state, "is passed to a function");
            }
            Action::Nothing
            | Action::Write(_)
            | Action::Text { .. }
            | Action::Move { .. }
            | Action::MayMove { .. }
            | Action::GetUpvalue { .. }
            | Action::Closure { .. } => {}
        }
    }

    fn stores(&mut self, object: &Value, key: &Value, value: Option<Value>) {
        if let Some(value) = value {
            self.escapes(&value, "is put into a table");
        }
        self.escapes(key, "is used as a key");
        for thing in &object.things {
            if let Thing::Library(library) = thing {
                self.name(library, None, None);
            }
        }
    }

    fn reads(&mut self, object: &Value, key: &Value, method: bool) {
        self.escapes(key, "is used as a key");
        // Numbers.
        if *key == Value::default() {
            return;
        }
        let names = key.texts();
        for thing in &object.things {
            match (thing, &names) {
                (Thing::Require, _) => {}
                (Thing::Globals, None) => self.everything("a global's name is computed"),
                (Thing::Globals, Some(names)) => names.iter().for_each(|name| self.global(name)),
                (Thing::Loaded, None) => self.everything("a name in `package.loaded` is computed"),
                (Thing::Loaded, Some(_)) => {}
                (Thing::Library(library), None) => {
                    self.whole(library, "a name in it is computed");
                }
                (Thing::Library(library), Some(names)) => {
                    names.iter().for_each(|name| self.library_field(library, name));
                }
                (Thing::Text(_), None) => self.whole("string", "the name of a string's method is computed"),
                (Thing::Text(_), Some(names)) => names.iter().for_each(|name| self.method(name, method)),
            }
        }
        if object.other {
            names.iter().flatten().for_each(|name| self.method(name, method));
        }
    }

    fn global(&mut self, name: &[u8]) {
        let Ok(name) = str::from_utf8(name) else { return };
        if RUN_TEXT.contains(&name) {
            self.everything(&format!("`{name}` can run any text"));
        } else if name == "require" {
            self.name(BASIC, Some(name), None);
            if self.libraries.contains_key("package") {
                self.whole("package", "`require` is part of it");
            }
        } else if self.libraries.contains_key(name) && name != BASIC {
            self.name(name, None, None);
        } else {
            self.name(BASIC, Some(name), None);
        }
    }

    fn library_field(&mut self, library: &str, name: &[u8]) {
        let Ok(name) = str::from_utf8(name) else { return };
        if library == "debug" && !HARMLESS_DEBUG.contains(&name) {
            self.everything(&format!("`debug.{name}` can give any table"));
        } else {
            self.name(library, Some(name), None);
        }
    }

    /// A field of what may be a string, or a file.
    fn method(&mut self, name: &[u8], method: bool) {
        let Ok(name) = str::from_utf8(name) else { return };
        if name == "__index" {
            self.whole("string", "`__index` may be read from the metatable of strings");
        }
        self.name("string", Some(name), None);
        if method {
            self.methods.entry(name.to_owned()).or_insert_with(|| (self.file.clone(), self.line));
        }
    }

    fn requires(&mut self, name: &Value, arguments: Registers) {
        let names = name.texts().filter(|_| !arguments.iter().is_empty());
        let Some(names) = names else {
            self.everything("the name for `require` is computed");
            return;
        };
        for name in names {
            let name = String::from_utf8_lossy(name);
            if self.modules.contains(name.as_ref()) {
                continue;
            }
            match self.library(&name) {
                Some(Thing::Library(library)) => self.name(&library, None, None),
                Some(_) => {}
                None => self.everything(&format!(
                    "`require` of `{name}`, which is none of the application's files (another --app may name it)"
                )),
            }
        }
    }

    fn all_escape(&mut self, registers: Registers, state: &[Value], why: &str) {
        registers.iter().for_each(|register| self.escapes(&read(state, register), why));
    }

    /// A value goes where nobody follows it.
    fn escapes(&mut self, value: &Value, why: &str) {
        for thing in &value.things {
            match thing {
                Thing::Text(_) => {}
                Thing::Globals => self.everything(&format!("the globals table {why}")),
                Thing::Loaded => self.everything(&format!("`package.loaded` {why}")),
                Thing::Require => self.everything(&format!("`require` {why}")),
                Thing::Library(library) => self.whole(library, &format!("its table {why}")),
            }
        }
    }

    fn everything(&mut self, why: &str) {
        self.everything = true;
        self.note("everything", Some(why));
    }

    fn whole(&mut self, library: &str, why: &str) {
        if let Some((name, _)) = self.libraries.get_key_value(library)
            && self.whole.insert(name)
        {
            self.note(&format!("all of {library}"), Some(why));
        }
    }

    /// A function of a library, or just its table.
    fn name(&mut self, library: &str, function: Option<&str>, at: Option<(PathBuf, u32)>) {
        let Some((library, functions)) = self.libraries.get_key_value(library) else { return };
        let found = function.and_then(|function| functions.get(function).copied());
        // A string's field need not be one of the library's.
        if function.is_some() && found.is_none() && *library == "string" {
            return;
        }
        let (library, named) = (*library, self.named.entry(library).or_default());
        let Some(found) = found.filter(|found| named.insert(found)) else { return };
        let what = if library == BASIC { found.to_owned() } else { format!("{library}.{found}") };
        let (file, line) = at.unwrap_or_else(|| (self.file.clone(), self.line));
        self.kept.push(Kept { what, file, line, why: None });
    }

    fn note(&mut self, what: &str, why: Option<&str>) {
        let kept =
            Kept { what: what.to_owned(), file: self.file.clone(), line: self.line, why: why.map(str::to_owned) };
        if !self.kept.contains(&kept) {
            self.kept.push(kept);
        }
    }

    pub fn reach(mut self) -> Reach {
        // A file comes from `io`; where that is not used, nothing has its methods.
        if self.named.contains_key("io") {
            for (name, at) in std::mem::take(&mut self.methods) {
                self.name("io", Some(&name), Some(at));
            }
        }
        let mut reach = Reach { drop: vec![], kept: self.kept };
        if self.everything {
            return reach;
        }
        let mut functions = vec![];
        let none = BTreeSet::new();
        for (library, all) in &self.libraries {
            if self.whole.contains(library) {
                continue;
            }
            // Strings find their methods, and arithmetic on them its operators, without the library's name.
            if !self.named.contains_key(library) && ![BASIC, "string"].contains(library) {
                reach.drop.push((*library).to_owned());
                continue;
            }
            let named = self.named.get(library).unwrap_or(&none);
            // The runtime seeds `math.random` by it.
            let seeds = |name: &str| name == "randomseed" && named.contains("random");
            let unused = all.iter().filter(|name| !named.contains(*name) && !name.starts_with('_') && !seeds(name));
            let prefix = if *library == BASIC { String::new() } else { format!("{library}.") };
            functions.extend(unused.map(|name| format!("{prefix}{name}")));
        }
        reach.drop.extend(functions);
        reach
    }
}
