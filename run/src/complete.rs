//! Line editing: completion of names, and texts of several lines.

use std::cell::RefCell;
use std::rc::Rc;

use moonwright::{Error, Function, Lua};
use rustyline::completion::Completer;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Highlighter, Hinter};

use crate::session::Session;

const KEYWORDS: &str =
    "and break do else elseif end false for function goto if in local nil not or repeat return then true until while";

/// What the line editor asks.
#[derive(Helper, Highlighter, Hinter)]
pub struct Assistant {
    session: Rc<RefCell<Session>>,
}

impl Assistant {
    /// The assistant for a session.
    pub fn new(session: &Rc<RefCell<Session>>) -> Assistant {
        Assistant { session: session.clone() }
    }
}

/// The text as a chunk: as an expression whose values are wanted, where it is one.
///
/// # Errors
/// Where it is no Lua.
pub fn compile(lua: &mut Lua, text: &str) -> Result<Function, Error> {
    const NAME: &str = "=stdin";
    if let Some(expression) = text.trim_start().strip_prefix('=') {
        return lua.load(NAME, format!("return {expression}"));
    }
    match lua.load(NAME, format!("return {text}")) {
        Ok(function) => Ok(function),
        Err(_) => lua.load(NAME, text),
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let more = match compile(&mut self.session.borrow_mut().lua, text) {
            Err(Error::Lua(error)) => error.incomplete,
            _ => false,
        };
        Ok(if more { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let (path, name) = split(&line[..at]);
        let mut session = self.session.borrow_mut();
        let names = session.names.clone();
        let found = session.lua.call(&names, path).and_then(|names| Ok(names.to::<String>()?));
        // What cannot be looked at has no names.
        let found = found.unwrap_or_default();
        let keywords = if path.is_empty() { KEYWORDS } else { "" };
        let names = found.split(' ').chain(keywords.split(' '));
        let mut names: Vec<String> = names.filter(|found| found.starts_with(name)).map(str::to_owned).collect();
        names.retain(|name| !name.is_empty());
        names.sort();
        names.dedup();
        Ok((at - name.len(), names))
    }
}

/// The end of a line as a path and the beginning of a name: `x = string.for` has the path `string` and the name `for`.
fn split(line: &str) -> (&str, &str) {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':');
    let whole =
        &line[line.rfind(|c| !part(c)).map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8))..];
    whole.rsplit_once(['.', ':']).unwrap_or(("", whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_line_is_a_path_and_a_name() {
        assert_eq!(split("x = string.for"), ("string", "for"));
        assert_eq!(split("pri"), ("", "pri"));
        assert_eq!(split("f(a.b:c"), ("a.b", "c"));
        assert_eq!(split("é"), ("", ""));
        assert_eq!(split(""), ("", ""));
    }
}
