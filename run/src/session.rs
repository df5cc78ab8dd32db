//! The instance that scripts and the prompt share.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use moonwright::{DiskStore, Error, Function, Interrupt, Limits, Lua, TableMode, Value, Values};

use crate::arguments::Arguments;
use crate::show;

/// The file of a state in its folder.
const STATE: &str = "state.redb";

/// Exit status of what Ctrl-C has ended, as shells have it.
const INTERRUPTED: u8 = 130;

/// An instance, and what ends what it runs.
pub struct Session {
    /// The instance.
    pub lua: Lua,
    /// `print`, from before any script ran: scripts may put something else in its place.
    pub print: Function,
    /// From a path to the names there, for completion.
    pub names: Function,
    interrupt: Interrupt,
    running: Arc<AtomicBool>,
}

impl Session {
    /// Sets the instance up as the arguments say.
    ///
    /// # Errors
    /// Where the module cannot be run or the state not opened.
    pub fn new(arguments: &Arguments) -> Result<Session> {
        let interrupt = Interrupt::new();
        let mut limits = Limits::none();
        if let Some(heap) = arguments.heap {
            limits = limits.heap(heap);
        }
        if let Some(instructions) = arguments.instructions {
            limits = limits.instructions(instructions);
        }
        if let Some(time) = arguments.time {
            limits = limits.time(time);
        }
        let mut builder = Lua::builder()
            .module(&arguments.module)
            .limits(limits)
            .interrupt(&interrupt)
            // Values stay what they are: the prompt shows them, and scripts get their arguments as they were given.
            .table_mode(TableMode::Handles);
        if let Some(folder) = &arguments.state {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
            let store = DiskStore::open(folder.join(STATE));
            builder = builder.store(store.with_context(|| format!("cannot open the state in {}", folder.display()))?);
        }
        let mut lua = builder.build()?;
        set_arg(&mut lua, arguments)?;
        let print = lua.eval("return print")?;
        let names = lua.load("=names", include_str!("names.lua"))?;
        let names = lua.call(&names, ())?.to()?;
        let running = Arc::new(AtomicBool::new(false));
        let session = Session { lua, print, names, interrupt, running };
        session.watch()?;
        Ok(session)
    }

    /// From now on Ctrl-C ends what runs; a second time, or while nothing runs, the program.
    fn watch(&self) -> Result<()> {
        let (interrupt, running) = (self.interrupt.clone(), self.running.clone());
        let handler = move || {
            if !running.load(Ordering::Relaxed) || interrupt.is_interrupted() {
                std::process::exit(INTERRUPTED.into());
            }
            interrupt.interrupt();
        };
        ctrlc::set_handler(handler).context("cannot watch for Ctrl-C")
    }

    /// Does something that Ctrl-C may end.
    pub fn interruptible<T>(&mut self, work: impl FnOnce(&mut Lua) -> T) -> T {
        self.running.store(true, Ordering::Relaxed);
        let result = work(&mut self.lua);
        self.running.store(false, Ordering::Relaxed);
        result
    }

    /// Whether Ctrl-C ended what ran last.
    pub fn was_interrupted(&self) -> bool {
        self.interrupt.is_interrupted()
    }

    /// Runs a script. False if it failed, which has been shown then.
    ///
    /// # Errors
    /// Where it is not the script that failed: the store, or the output.
    pub fn script(&mut self, name: &str, text: &[u8], arguments: &[String]) -> Result<bool> {
        let arguments: Vec<Value> = arguments.iter().map(|argument| Value::from(argument.as_str())).collect();
        let result = self.interruptible(|lua| {
            let chunk: Function = lua.load(name, text)?;
            lua.call(&chunk, Values(arguments))
        });
        self.finished(result).map(|values| values.is_some())
    }

    /// What a call gave; `None` if it failed, which is shown.
    ///
    /// # Errors
    /// Where it is not Lua that failed.
    pub fn finished(&mut self, result: Result<Values, Error>) -> Result<Option<Values>> {
        match result {
            Ok(values) => Ok(Some(values)),
            Err(Error::Lua(error)) => {
                // What was printed before comes before.
                std::io::stdout().flush()?;
                show::failure(&error, self.was_interrupted());
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The exit status after a script that failed.
    pub fn failure(&self) -> ExitCode {
        ExitCode::from(if self.was_interrupted() { INTERRUPTED } else { 1 })
    }
}

/// Sets the global `arg` as the standalone `lua` does: the script is `arg[0]`.
fn set_arg(lua: &mut Lua, arguments: &Arguments) -> Result<(), Error> {
    let make: Function = lua.load("=arg", "arg = {[0] = ..., select(2, ...)}")?;
    let script = arguments.script.iter().map(|argument| Value::from(argument.as_str()));
    lua.call(&make, Values(script.collect())).map(drop)
}
