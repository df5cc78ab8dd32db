//! What an application written in Lua can reach of the standard libraries, so that the rest can be left out.
//!
//! The answer is on the safe side: it follows names, not values. `string.rep` in the text keeps that function, `local s = string` all of the
//! library, since `s` can be indexed by anything; `x:rep()` keeps `string.rep`, whatever `x` is. Where code can name things that no text
//! shows (`_G`, `_ENV`, `load`, `debug`, `require` of a computed name), everything stays. Each such place is told, with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

mod lexer;

pub use lexer::LexError;
use lexer::{Token, TokenKind};

/// The basic library's name among the libraries.
pub const BASIC: &str = "_G";

/// Basic functions and libraries through which a program can reach what it does not name.
const OPAQUE: [&str; 9] = ["_G", "_ENV", "load", "loadstring", "loadfile", "dofile", "debug", "package", "setfenv"];

/// A library and its functions, as the module registers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// Its name; [`BASIC`] for the basic functions.
    pub name: String,
    /// The names of its functions.
    pub functions: Vec<String>,
}

/// Why something stays that no text names by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The file.
    pub file: PathBuf,
    /// The line.
    pub line: usize,
    /// What stays, and why.
    pub what: String,
}

/// What an application reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What can be left out, as the option `drop` names it: libraries, then functions of others.
    pub drop: Vec<String>,
    /// Where more stays than is named.
    pub reasons: Vec<Reason>,
}

/// Why an application can't be looked at.
#[derive(Debug, Error)]
pub enum AppError {
    /// A file can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is no Lua.
    #[error("{}:{error}", path.display())]
    Lex {
        /// The file.
        path: PathBuf,
        /// What is wrong, after its line.
        error: LexError,
    },
}

/// Looks at the files of an application; `libraries` is what the module has.
///
/// # Errors
/// When a file can't be read, or has a string or a comment without end.
pub fn reach(files: &[PathBuf], libraries: &[Library]) -> Result<Reach, AppError> {
    let mut used = Used::new(libraries);
    for path in files {
        let text = std::fs::read(path).map_err(|source| AppError::Read { path: path.clone(), source })?;
        let tokens = lexer::tokens(&text).map_err(|error| AppError::Lex { path: path.clone(), error })?;
        used.file(path, &tokens);
    }
    Ok(used.reach())
}

/// What was seen so far.
struct Used<'a> {
    libraries: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Functions by library.
    named: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Libraries that stay whole.
    whole: BTreeSet<&'a str>,
    /// Everything stays.
    everything: bool,
    reasons: Vec<Reason>,
}

impl<'a> Used<'a> {
    fn new(libraries: &'a [Library]) -> Used<'a> {
        let libraries = libraries
            .iter()
            .map(|library| (library.name.as_str(), library.functions.iter().map(String::as_str).collect()))
            .collect();
        Used { libraries, named: BTreeMap::new(), whole: BTreeSet::new(), everything: false, reasons: vec![] }
    }

    fn file(&mut self, path: &Path, tokens: &[Token]) {
        let symbol = |at: usize, text: &str| {
            tokens.get(at).is_some_and(|token| token.kind == TokenKind::Symbol && token.text == text)
        };
        for (at, token) in tokens.iter().enumerate() {
            if token.kind != TokenKind::Name {
                continue;
            }
            let name = token.text.as_str();
            let before = |text| at > 0 && symbol(at - 1, text);
            if before(":") {
                self.method(name);
                continue;
            }
            // A field's name is nobody's variable; a label or a method's name neither.
            if before(".") || before("::") {
                continue;
            }
            let mut note = |what: String| self.reasons.push(Reason { file: path.to_owned(), line: token.line, what });
            if name == "require" {
                let argument = if symbol(at + 1, "(") { at + 2 } else { at + 1 };
                let constant = tokens.get(argument).filter(|token| token.is_plain_string());
                match constant.map(|token| token.text.as_str()) {
                    Some(library) if self.libraries.contains_key(library) => {
                        note(format!("all of `{library}`: `require` gives its table"));
                        self.keep_whole(library);
                    }
                    Some(_) => {}
                    None => {
                        note("everything: `require` of a name that is computed".to_owned());
                        self.everything = true;
                    }
                }
                self.basic(name);
                self.keep_whole("package");
            } else if OPAQUE.contains(&name) {
                note(format!("everything: `{name}` can reach what no text names"));
                self.everything = true;
            } else if self.libraries.contains_key(name) {
                let field = match tokens.get(at + 1).zip(tokens.get(at + 2)) {
                    Some((dot, field)) if dot.is(".") && field.kind == TokenKind::Name => Some(&field.text),
                    Some((open, field)) if open.is("[") && field.is_plain_string() && symbol(at + 3, "]") => {
                        Some(&field.text)
                    }
                    _ => None,
                };
                match field {
                    Some(field) => self.function(name, field),
                    None => {
                        note(format!("all of `{name}`: its table is used as a value"));
                        self.keep_whole(name);
                    }
                }
            } else {
                self.basic(name);
            }
        }
    }

    fn keep_whole(&mut self, library: &str) {
        if let Some((name, _)) = self.libraries.get_key_value(library) {
            self.whole.insert(name);
        }
    }

    fn function(&mut self, library: &str, function: &str) {
        let Some((name, functions)) = self.libraries.get_key_value(library) else { return };
        let named = self.named.entry(name).or_default();
        named.extend(functions.get(function));
    }

    fn basic(&mut self, name: &str) {
        self.function(BASIC, name);
    }

    /// A method: of a string, or of a file.
    fn method(&mut self, name: &str) {
        self.function("string", name);
        self.function("io", name);
    }

    fn reach(self) -> Reach {
        let mut reach = Reach { drop: vec![], reasons: self.reasons };
        if self.everything {
            return reach;
        }
        let mut functions = vec![];
        for (library, all) in &self.libraries {
            let none = BTreeSet::new();
            let named = self.named.get(library).unwrap_or(&none);
            if self.whole.contains(library) {
                continue;
            }
            // Strings find their methods, and arithmetic on them its operators, without the library's name.
            if named.is_empty() && ![BASIC, "string"].contains(library) {
                reach.drop.push((*library).to_owned());
                continue;
            }
            let unused = all.iter().filter(|name| !named.contains(*name) && !name.starts_with('_'));
            let prefix = if *library == BASIC { String::new() } else { format!("{library}.") };
            functions.extend(unused.map(|name| format!("{prefix}{name}")));
        }
        reach.drop.extend(functions);
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str) -> Reach {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("main.lua");
        std::fs::write(&path, text).unwrap();
        let library = |name: &str, functions: &[&str]| Library {
            name: name.into(),
            functions: functions.iter().map(|name| (*name).into()).collect(),
        };
        let libraries = [
            library(BASIC, &["_VERSION", "load", "pairs", "print", "require"]),
            library("io", &["read", "write", "lines"]),
            library("math", &["floor", "pi", "sin"]),
            library("package", &["loadlib"]),
            library("string", &["__add", "format", "pack", "rep"]),
        ];
        reach(&[path], &libraries).unwrap()
    }

    #[test]
    fn what_is_named_stays() {
        let reach = look("print(math.floor(2.5), ('x'):rep(3), string['format']('%d', 1)) -- io.read()");
        let rest = ["io", "package", "load", "pairs", "require", "math.pi", "math.sin", "string.pack"];
        assert_eq!(reach.drop, rest);
        assert!(reach.reasons.is_empty());
    }

    #[test]
    fn a_table_that_is_a_value_stays_whole_and_it_is_said_where() {
        let reach = look("local m = math\nreturn m.sin(1), t.io, {io = 1}");
        assert!(!reach.drop.iter().any(|name| name.starts_with("math") || name.starts_with("io")), "{:?}", reach.drop);
        let said: Vec<_> = reach.reasons.iter().map(|reason| (reason.line, reason.what.as_str())).collect();
        assert_eq!(said[0], (1, "all of `math`: its table is used as a value"));
    }

    #[test]
    fn what_no_text_names_keeps_everything() {
        for text in ["_G[x]()", "load(s)", "local e = _ENV", "require(name)", "debug.getinfo(1)"] {
            let reach = look(text);
            assert_eq!(reach.drop, Vec::<String>::new(), "{text}");
            assert!(reach.reasons[0].what.starts_with("everything"), "{text}");
        }
        let reach = look("local m = require 'mine'; local s = require('math')");
        assert!(reach.drop.contains(&"io".to_owned()) && !reach.drop.contains(&"package".to_owned()));
        assert!(!reach.drop.iter().any(|name| name.starts_with("math")));
    }
}
