//! Runs a linked module inside of the toolchain, in an interpreter: it compiles Lua with the very compiler that it will have.
//!
//! A linked module imports what unwinds errors (`lua_try`, `lua_throw`), so the interpreter needs no exceptions. What else it imports is
//! answered as by a host with an empty store and a clock that stands still, and is noted.

use std::collections::BTreeSet;

use thiserror::Error;
use wasmi::{AsContextMut, Caller, Config, Engine, Func, Instance, Linker, Memory, Nullable, Ref, Store, Val};

use crate::interface::{Interface, ItemType, ReadError};
use crate::pass::conventions::{FUNCTION_TABLE, STACK_POINTER, UNWIND_EXPORTS};
use crate::pass::exports::{self, ExportError, ExportOptions};

/// How deep functions of the module may nest. The module counts the calls of Lua's C functions itself and is met first.
const DEPTH: usize = 20_000;

/// What is called.
const EXPORTS: [&str; 5] = ["init", "compute", "get_buffer_ptr", "reserve_buffer", "set_chunk_name"];

/// Tags of values in a result record.
const BOOLEAN: u8 = 1;
const STRING: u8 = 4;

/// Why a module can't be run.
#[derive(Debug, Error)]
pub enum MachineError {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It lacks a function that is called.
    #[error(transparent)]
    Exports(#[from] ExportError),
    /// The interpreter stopped: a trap, or an import that nobody knows.
    #[error("the module stopped: {0}")]
    Stopped(String),
    /// What runs before the start failed.
    #[error("the application fails before its start: {0}")]
    Application(String),
    /// It printed something, which nobody would see.
    #[error(
        "the application prints before its start ({0:?}), where nobody sees it: print in the function that the main file returns"
    )]
    Printed(String),
    /// It needed the host.
    #[error(
        "before its start the application calls the host ({0}), whose answers can't be kept in the module: do it in the function that \
         the main file returns"
    )]
    Host(String),
    /// It answered otherwise than its contract says.
    #[error("expected {expected} from the module, found {found}")]
    Answer {
        /// What its contract says.
        expected: &'static str,
        /// What came.
        found: String,
    },
}

impl From<wasmi::Error> for MachineError {
    fn from(error: wasmi::Error) -> Self {
        MachineError::Stopped(error.to_string())
    }
}

/// What the imports know.
#[derive(Default)]
struct Data {
    unwinding: Option<(wasmi::Table, wasmi::Global)>,
    /// Functions of the host that were called.
    called: BTreeSet<String>,
}

/// `lua_throw` on its way to the innermost `lua_try`.
#[derive(Debug, Error)]
#[error("an error left Lua")]
struct Throw;

impl wasmi::errors::HostError for Throw {}

/// A state of Lua that is to stand in a module.
pub struct State {
    /// All of the memory.
    pub memory: Vec<u8>,
    /// Where data starts: below are the C stack's remains.
    pub base: u32,
    /// The function that the start calls, as `file:line`; none without an application.
    pub until: Option<String>,
}

/// What of the host a state may know: seeds and the clock are set anew by each instance.
const FORGOTTEN: &str = "js_time_now";

/// A running module.
pub struct Machine {
    store: Store<Data>,
    instance: Instance,
    memory: Memory,
}

impl Machine {
    /// Starts `linked`, a linked module with names, and Lua in it.
    ///
    /// # Errors
    /// When it lacks what is called, or does not start.
    pub fn start(linked: &[u8]) -> Result<Machine, MachineError> {
        let add = EXPORTS.iter().chain(UNWIND_EXPORTS.iter()).map(|name| (*name).to_owned()).collect();
        let options = ExportOptions { add, memory: true, ..ExportOptions::default() };
        let mut machine = Machine::instantiate(&exports::run(linked, &options)?.wasm)?;
        machine.init()?;
        Ok(machine)
    }

    /// Runs `linked`, a linked module with names and with `lua-src/preload`, up to where its instances are to start.
    ///
    /// # Errors
    /// When it does not start, or when what the application does before its start fails or needs the host.
    pub fn state(linked: &[u8]) -> Result<State, MachineError> {
        let calls = ["init", "mw_preload", "mw_sleep", "get_buffer_ptr"];
        let add = calls.iter().chain(UNWIND_EXPORTS.iter()).map(|name| (*name).to_owned()).collect();
        let options = ExportOptions { add, memory: true, ..ExportOptions::default() };
        let mut machine = Machine::instantiate(&exports::run(linked, &options)?.wasm)?;
        machine.init()?;
        machine.store.data_mut().called.remove(FORGOTTEN);
        let answer = machine.call("mw_preload", &[])?;
        let record = machine.record(answer)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if answer < 0 {
            return Err(MachineError::Application(text(&record)));
        }
        let (printed, results) = results(&record);
        if !printed.is_empty() {
            return Err(MachineError::Printed(text(printed)));
        }
        let until = match results {
            [STRING, _, _, _, _, name @ ..] => Some(text(name)),
            _ => None,
        };
        machine.call("mw_sleep", &[])?;
        let called: Vec<String> = machine.store.data().called.iter().cloned().collect();
        if !called.is_empty() {
            return Err(MachineError::Host(called.join(", ")));
        }
        let (_, stack) = machine.store.data().unwinding.ok_or_else(|| MachineError::Stopped("no stack".to_owned()))?;
        let base = match stack.get(&machine.store) {
            Val::I32(top) => top.cast_unsigned(),
            _ => 0,
        };
        Ok(State { memory: machine.memory.data(&machine.store).to_vec(), base, until })
    }

    fn init(&mut self) -> Result<(), MachineError> {
        match self.call("init", &[])? {
            0 => Ok(()),
            status => Err(MachineError::Answer { expected: "0 from init", found: status.to_string() }),
        }
    }

    /// What stands in the I/O buffer after an answer of `compute` or its like.
    fn record(&mut self, answer: i32) -> Result<Vec<u8>, MachineError> {
        let at = self.call("get_buffer_ptr", &[])?.cast_unsigned();
        let size = if answer < 0 { -(answer + 1) } else { answer };
        let mut record = vec![0; usize::try_from(size).unwrap_or(0)];
        let read = self.memory.read(&self.store, at as usize, &mut record);
        read.map_err(|error| MachineError::Stopped(error.to_string()))?;
        Ok(record)
    }

    fn instantiate(wasm: &[u8]) -> Result<Machine, MachineError> {
        let mut config = Config::default();
        config.set_max_recursion_depth(DEPTH).set_max_stack_height(16 << 20);
        let engine = Engine::new(&config);
        let module = wasmi::Module::new(&engine, wasm)?;
        let mut linker = Linker::new(&engine);
        for import in Interface::read(wasm)?.imports {
            if matches!(import.ty, ItemType::Function(_)) {
                bind(&mut linker, &module, &import.module, &import.name)?;
            }
        }
        let mut store = Store::new(&engine, Data::default());
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        let missing = |name: &str| MachineError::Answer { expected: "an export", found: format!("no `{name}`") };
        let table = instance.get_table(&store, FUNCTION_TABLE).ok_or_else(|| missing(FUNCTION_TABLE))?;
        let stack = instance.get_global(&store, STACK_POINTER).ok_or_else(|| missing(STACK_POINTER))?;
        let memory = instance.get_memory(&store, "memory").ok_or_else(|| missing("memory"))?;
        store.data_mut().unwinding = Some((table, stack));
        Ok(Machine { store, instance, memory })
    }

    fn call(&mut self, name: &str, arguments: &[u32]) -> Result<i32, MachineError> {
        let missing = || MachineError::Answer { expected: "a function", found: format!("no `{name}`") };
        let function = self.instance.get_func(&self.store, name).ok_or_else(missing)?;
        let arguments: Vec<Val> = arguments.iter().map(|argument| Val::I32(argument.cast_signed())).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function.call(&mut self.store, &arguments, &mut results)?;
        match results.first() {
            Some(Val::I32(result)) => Ok(*result),
            _ => Ok(0),
        }
    }

    /// Compiles a text and gives its bytecode with debug information, or Lua's message.
    ///
    /// # Errors
    /// When the module does not do what it has to.
    pub fn compile(&mut self, text: &[u8], name: &[u8]) -> Result<Result<Vec<u8>, String>, MachineError> {
        let script = format!(
            "local f, message = load(\"{}\", \"{}\", \"t\") if not f then return false, message end return true, string.dump(f)",
            escaped(text),
            escaped(name)
        );
        let record = self.compute(script.as_bytes())?;
        let [BOOLEAN, done, STRING, rest @ ..] = record.as_slice() else {
            return Err(MachineError::Answer {
                expected: "a boolean and a string",
                found: format!("{} bytes", record.len()),
            });
        };
        let value = rest.get(4..).unwrap_or_default().to_vec();
        Ok(if *done == 1 { Ok(value) } else { Err(String::from_utf8_lossy(&value).into_owned()) })
    }

    /// Runs a text and gives its results, encoded.
    fn compute(&mut self, text: &[u8]) -> Result<Vec<u8>, MachineError> {
        let length = u32::try_from(text.len()).map_err(|_| MachineError::Answer {
            expected: "a text below 4 GB",
            found: format!("{} bytes", text.len()),
        })?;
        let at = self.call("reserve_buffer", &[length])?.cast_unsigned();
        if at == 0 {
            return Err(MachineError::Answer { expected: "room for a text", found: "no memory".to_owned() });
        }
        let stopped = |error: &dyn std::fmt::Display| MachineError::Stopped(error.to_string());
        self.memory.write(&mut self.store, at as usize, text).map_err(|error| stopped(&error))?;
        let answer = self.call("compute", &[at, length])?;
        let record = self.record(answer)?;
        if answer < 0 {
            return Err(MachineError::Stopped(String::from_utf8_lossy(&record).into_owned()));
        }
        Ok(results(&record).1.to_vec())
    }
}

/// What a record says was printed, and the encoded results.
fn results(record: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = record.split_first_chunk() else { return (&[], &[]) };
    rest.split_at_checked(u32::from_le_bytes(*length) as usize).unwrap_or((rest, &[]))
}

/// A text as it stands in a literal of Lua.
fn escaped(text: &[u8]) -> String {
    use std::fmt::Write;
    let mut literal = String::with_capacity(text.len() * 2);
    for byte in text {
        match byte {
            b' '..=b'~' if !matches!(byte, b'"' | b'\\') => literal.push(char::from(*byte)),
            // Writing to a string does not fail.
            _ => _ = write!(literal, "\\{byte:03}"),
        }
    }
    literal
}

fn bind(linker: &mut Linker<Data>, module: &wasmi::Module, from: &str, name: &str) -> Result<(), MachineError> {
    match (from, name) {
        ("env", "lua_try") => linker.func_wrap(from, name, lua_try).map(|_| ()),
        ("env", "lua_throw") => linker.func_wrap(from, name, lua_throw).map(|_| ()),
        _ => {
            let import = module.imports().find(|import| (import.module(), import.name()) == (from, name));
            let Some(wasmi::ExternType::Func(ty)) = import.map(|import| import.ty().clone()) else { return Ok(()) };
            let called = name.to_owned();
            linker
                .func_new(from, name, ty, move |mut caller: Caller<'_, Data>, _, results| {
                    caller.data_mut().called.insert(called.clone());
                    answer(&called, results);
                    Ok(())
                })
                .map(|_| ())
        }
    }
    .map_err(|error| MachineError::Stopped(error.to_string()))
}

/// What a host with an empty store says, and with a clock that stands still.
fn answer(name: &str, results: &mut [Val]) {
    let failed = matches!(name, "js_ext_table_get" | "js_ext_table_keys" | "js_call");
    for result in results {
        *result = match result {
            Val::I32(_) if failed => Val::I32(-1),
            Val::I64(_) => Val::I64(0),
            Val::F64(_) => Val::F64(0.0.into()),
            _ => Val::I32(0),
        };
    }
}

/// Calls an entry of the function table with (L, ud), and says whether `lua_throw` ended the call.
fn lua_try(mut caller: Caller<'_, Data>, function: u32, lua: u32, ud: u32) -> Result<i32, wasmi::Error> {
    let unknown = || wasmi::Error::new(format!("lua_try got function {function}, which is not in the table"));
    let (table, stack) = caller.data().unwinding.ok_or_else(unknown)?;
    let entry = match table.get(&caller, u64::from(function)) {
        Some(Ref::Func(Nullable::Val(entry))) => entry,
        _ => return Err(unknown()),
    };
    let top = stack.get(&caller);
    match call_entry(&entry, caller.as_context_mut(), lua, ud) {
        Ok(()) => Ok(0),
        Err(error) if error.downcast_ref::<Throw>().is_some() => {
            stack.set(&mut caller, top).map_err(|error| wasmi::Error::new(error.to_string()))?;
            Ok(1)
        }
        Err(error) => Err(error),
    }
}

fn call_entry(entry: &Func, mut store: impl AsContextMut, lua: u32, ud: u32) -> Result<(), wasmi::Error> {
    entry.typed::<(u32, u32), ()>(&store)?.call(&mut store, (lua, ud))
}

fn lua_throw(_: Caller<'_, Data>, _: u32) -> Result<(), wasmi::Error> {
    Err(wasmi::Error::host(Throw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_stand_in_a_literal() {
        assert_eq!(escaped(b"a\"\\\n\xff1"), "a\\034\\092\\010\\2551");
    }
}
