//! The prompt.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};
use moonwright::{Function, Values};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use crate::arguments::Arguments;
use crate::complete::{Assistant, compile};
use crate::session::Session;
use crate::show;

/// Lines that the history keeps.
const HISTORY: usize = 10_000;

/// Reads, runs and prints until the input ends.
///
/// # Errors
/// Where the terminal or the store fails.
pub fn run(session: Session, arguments: &Arguments) -> Result<()> {
    let print = session.print.clone();
    let session = Rc::new(RefCell::new(session));
    let config = Config::builder()
        .max_history_size(HISTORY)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .auto_add_history(true)
        .build();
    let mut editor: Editor<Assistant, FileHistory> = Editor::with_config(config).context("cannot use the terminal")?;
    editor.set_helper(Some(Assistant::new(&session)));
    let history = arguments.history.clone().or_else(default_history);
    if let Some(history) = history.as_deref().filter(|history| history.exists()) {
        let loaded = editor.load_history(history);
        loaded.with_context(|| format!("cannot read the history {}", history.display()))?;
    }
    println!("Lua in WebAssembly. Ctrl-D ends.");
    loop {
        match editor.readline("> ") {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => line(&mut session.borrow_mut(), &text, &print)?,
            // What was typed so far is dropped.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("cannot read from the terminal"),
        }
        if let Some(history) = &history
            && let Err(error) = append(&mut editor, history)
        {
            show::problem(&error);
        }
    }
    Ok(())
}

/// Runs one input and prints its values.
fn line(session: &mut Session, text: &str, print: &Function) -> Result<()> {
    let result = session.interruptible(|lua| {
        let chunk = compile(lua, text)?;
        let values = lua.call(&chunk, ())?;
        // It runs a script's code, too: `__tostring`, `__name`.
        if values.is_empty() { Ok(Values::default()) } else { lua.call(print, values) }
    });
    session.finished(result).map(drop)
}

fn append(editor: &mut Editor<Assistant, FileHistory>, history: &Path) -> Result<()> {
    if let Some(folder) = history.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    editor.append_history(history).with_context(|| format!("cannot write the history {}", history.display()))
}

fn default_history() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("moonwright").join("history"))
}
