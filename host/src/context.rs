//! What can be done with an instance, from outside and from inside host functions.

use std::time::Instant;

use crate::codec::{CodecError, Decoder, Encoded, Encoder};
use crate::engine::{Export, Machine, Stop, stop};
use crate::error::{Error, LuaError};
use crate::flush::{FlushMode, Flushed};
use crate::handle::{Function, Handle};
use crate::limits::MemoryUse;
use crate::value::{FromValues, IntoValue, IntoValues, Table, Value, Values};
use crate::vm::{State, now, stack_position};

/// How tables come from Lua.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableMode {
    /// By value
    Values,
    /// As handles
    Handles,
    /// By value, but as handles where they have a metatable: objects stay the objects that they are.
    #[default]
    Mixed,
}

impl TableMode {
    pub(crate) fn flags(self) -> u32 {
        match self {
            Self::Values => 0,
            Self::Handles => 1,
            Self::Mixed => 2,
        }
    }
}

/// The module's own functions (docs/bridge.md).
pub(crate) mod own {
    pub(crate) const RUN: u32 = 0;
    pub(super) const GET: u32 = 1;
    pub(super) const SET: u32 = 2;
    pub(super) const LENGTH: u32 = 3;
    pub(super) const TEXT: u32 = 5;
    pub(super) const GLOBALS: u32 = 7;
    pub(super) const LOAD: u32 = 9;
    pub(super) const ADD_MODULE: u32 = 10;
    pub(super) const SET_LOADER: u32 = 11;
    pub(super) const REGISTER_PERMANENT: u32 = 12;
    pub(super) const SAME: u32 = 13;
    pub(super) const STATS: u32 = 14;
    pub(super) const COLLECT: u32 = 15;
    pub(super) const MAIN: u32 = 16;
    pub(super) const LOAD_BINARY: u32 = 17;
}

/// An instance as host functions see it: everything that [`crate::Lua`] can do, in the middle of a call.
pub struct Context<'a> {
    machine: &'a mut (dyn Machine + 'a),
}

/// How an export that runs Lua came back.
#[derive(Debug)]
pub(crate) enum Record {
    /// With these results
    Done(Values),
    /// With this error
    Failed(Box<LuaError>),
    /// The task waits for the host
    Waits(u32),
    /// The task has used its slice up
    Paused(u32),
    /// The task's function yielded
    Yielded(u32),
}

/// What can be called: a global function by its name (`"f"`, `"string.format"`), or a function that is held.
pub trait Callable {
    #[doc(hidden)]
    fn resolve(&self, lua: &mut Context<'_>) -> Result<Handle, Error>;
}

impl Callable for &str {
    fn resolve(&self, lua: &mut Context<'_>) -> Result<Handle, Error> {
        let value = lua.get(self)?;
        match value {
            Value::Handle(handle) => Ok(handle),
            // By value: a table that can be called has a metatable, so that it came as a handle.
            Value::Host(host) => lua.handle(Value::Host(host)),
            other => Err(crate::ConversionError::Type {
                expected: "a function",
                found: format!("{} ({})", self, other.type_name()),
            }
            .into()),
        }
    }
}

impl Callable for &Function {
    fn resolve(&self, _: &mut Context<'_>) -> Result<Handle, Error> {
        Ok((*self).clone().into())
    }
}

impl Callable for &Handle {
    fn resolve(&self, _: &mut Context<'_>) -> Result<Handle, Error> {
        Ok((*self).clone())
    }
}

impl<'a> Context<'a> {
    pub(crate) fn new(machine: &'a mut (dyn Machine + 'a)) -> Self {
        Self { machine }
    }

    /// As [`crate::Lua::run`].
    ///
    /// # Errors
    /// As there.
    pub fn run(&mut self, code: impl AsRef<[u8]>) -> Result<Values, Error> {
        self.own(own::RUN, &[Value::from(code.as_ref())])
    }

    /// As [`crate::Lua::run_named`].
    ///
    /// # Errors
    /// As there.
    pub fn run_named(&mut self, name: &str, code: impl AsRef<[u8]>) -> Result<Values, Error> {
        self.usable()?;
        let (at, len) = self.put(name.as_bytes())?;
        self.wasm(Export::SetChunkName { at, len })?;
        self.run(code)
    }

    /// As [`crate::Lua::eval`].
    ///
    /// # Errors
    /// As there.
    pub fn eval<T: FromValues>(&mut self, code: impl AsRef<[u8]>) -> Result<T, Error> {
        Ok(self.run(code)?.to()?)
    }

    /// As [`crate::Lua::load`].
    ///
    /// # Errors
    /// As there.
    pub fn load(&mut self, name: &str, code: impl AsRef<[u8]>) -> Result<Function, Error> {
        Ok(self.own(own::LOAD, &[Value::from(code.as_ref()), Value::from(name)])?.to()?)
    }

    /// As [`crate::Lua::load_binary`].
    ///
    /// # Errors
    /// As there.
    pub fn load_binary(&mut self, name: &str, bytecode: &[u8]) -> Result<Function, Error> {
        Ok(self.own(own::LOAD_BINARY, &[Value::from(bytecode), Value::from(name)])?.to()?)
    }

    /// As [`crate::Lua::main`].
    ///
    /// # Errors
    /// As there.
    pub fn main(&mut self, args: impl IntoValues) -> Result<Values, Error> {
        self.own(own::MAIN, &args.into_values().0)
    }

    /// As [`crate::Lua::call`].
    ///
    /// # Errors
    /// As there.
    pub fn call(&mut self, function: impl Callable, args: impl IntoValues) -> Result<Values, Error> {
        let handle = function.resolve(self)?;
        let id = self.id_of(&handle)?;
        let mode = self.state().mode;
        self.invoke(id, &args.into_values().0, mode)
    }

    /// As [`crate::Lua::get`].
    ///
    /// # Errors
    /// As there.
    pub fn get(&mut self, path: &str) -> Result<Value, Error> {
        let (parent, key) = self.walk(path)?;
        Ok(self.own(own::GET, &[parent, Value::from(key)])?.first())
    }

    /// As [`crate::Lua::set`].
    ///
    /// # Errors
    /// As there.
    pub fn set(&mut self, path: &str, value: impl IntoValue) -> Result<(), Error> {
        let (parent, key) = self.walk(path)?;
        self.own(own::SET, &[parent, Value::from(key), value.into_value()]).map(drop)
    }

    /// As [`crate::Lua::index`].
    ///
    /// # Errors
    /// As there.
    pub fn index(&mut self, of: &Handle, key: impl IntoValue) -> Result<Value, Error> {
        Ok(self.own(own::GET, &[of.into_value(), key.into_value()])?.first())
    }

    /// As [`crate::Lua::set_index`].
    ///
    /// # Errors
    /// As there.
    pub fn set_index(&mut self, of: &Handle, key: impl IntoValue, value: impl IntoValue) -> Result<(), Error> {
        self.own(own::SET, &[of.into_value(), key.into_value(), value.into_value()]).map(drop)
    }

    /// As [`crate::Lua::length`].
    ///
    /// # Errors
    /// As there.
    pub fn length(&mut self, of: &Handle) -> Result<Value, Error> {
        Ok(self.own(own::LENGTH, &[of.into_value()])?.first())
    }

    /// As [`crate::Lua::text`].
    ///
    /// # Errors
    /// As there.
    pub fn text(&mut self, of: impl IntoValue) -> Result<Vec<u8>, Error> {
        Ok(self.own(own::TEXT, &[of.into_value()])?.to()?)
    }

    /// As [`crate::Lua::handle`].
    ///
    /// # Errors
    /// As there.
    pub fn handle(&mut self, value: impl IntoValue) -> Result<Handle, Error> {
        // A host function has no handle of its own: one that Lua makes of it forwards to it.
        match value.into_value() {
            Value::Host(host) => {
                Ok(self.eval_with("local f = ...; return function(...) return f(...) end", Value::Host(host))?.to()?)
            }
            value => Ok(self.invoke(own::SAME, &[value], TableMode::Handles)?.to()?),
        }
    }

    /// As [`crate::Lua::copy`].
    ///
    /// # Errors
    /// As there.
    pub fn copy(&mut self, of: &Handle) -> Result<Table, Error> {
        Ok(self.invoke(own::SAME, &[of.into_value()], TableMode::Values)?.to()?)
    }

    /// As [`crate::Lua::add_module`].
    ///
    /// # Errors
    /// As there.
    pub fn add_module(&mut self, name: &str, code: impl AsRef<[u8]>) -> Result<(), Error> {
        self.own(own::ADD_MODULE, &[Value::from(name), Value::from(code.as_ref())]).map(drop)
    }

    /// As [`crate::Lua::set_loader`].
    ///
    /// # Errors
    /// As there.
    pub fn set_loader(&mut self, loader: impl IntoValue) -> Result<(), Error> {
        self.own(own::SET_LOADER, &[loader.into_value()]).map(drop)
    }

    /// As [`crate::Lua::register_permanent`].
    ///
    /// # Errors
    /// As there.
    pub fn register_permanent(&mut self, name: &str, value: impl IntoValue) -> Result<(), Error> {
        self.own(own::REGISTER_PERMANENT, &[Value::from(name), value.into_value()]).map(drop)
    }

    /// As [`crate::Lua::collect_garbage`].
    ///
    /// # Errors
    /// As there.
    pub fn collect_garbage(&mut self) -> Result<(), Error> {
        self.own(own::COLLECT, &[]).map(drop)
    }

    /// As [`crate::Lua::memory_use`].
    ///
    /// # Errors
    /// As there.
    pub fn memory_use(&mut self) -> Result<MemoryUse, Error> {
        let (handles, host_values) = self.own(own::STATS, &[])?.to::<(i64, i64)>()?;
        let at = self.buffer()?;
        self.wasm(Export::GetMemoryStats { to: at })?;
        let words = self.read(at, 12)?;
        let used = words.get(4..8).and_then(<[u8]>::first_chunk).map_or(0, |word| u32::from_le_bytes(*word));
        let linear = self.machine.memory().0.len() as u64;
        Ok(MemoryUse { used, linear, handles, host_values })
    }

    /// As [`crate::Lua::flush`].
    ///
    /// # Errors
    /// As there.
    pub fn flush(&mut self) -> Result<Flushed, Error> {
        self.usable()?;
        let mut failure = None;
        if self.machine.has("flush") && self.wasm(Export::Flush {})? < 0 {
            failure = self.last_error()?;
        }
        let begun = Instant::now();
        let changes = if self.state().tables.pending() == 0 { 0 } else { self.state().tables.commit()? };
        match failure {
            Some(error) => Err(Error::Lua(Box::new(error))),
            None => Ok(Flushed { changes, took: begun.elapsed() }),
        }
    }

    /// As [`crate::Lua::collect_store`].
    ///
    /// # Errors
    /// As there.
    pub fn collect_store(&mut self) -> Result<u32, Error> {
        self.usable()?;
        if !self.machine.has("collect_tables") {
            return Ok(0);
        }
        let dropped = self.wasm(Export::CollectTables { at: 0, count: 0 })?;
        self.flush()?;
        Ok(u32::try_from(dropped).unwrap_or(0))
    }

    pub(crate) fn id_of(&mut self, handle: &Handle) -> Result<u32, Error> {
        Ok(handle.id_in(&self.state().instance).ok_or(CodecError::ForeignHandle)?)
    }

    pub(crate) fn state(&mut self) -> &mut State {
        self.machine.state()
    }

    pub(crate) fn encode(&mut self, values: &[Value]) -> Result<Encoded, CodecError> {
        let state = self.state();
        Encoder::encode(values, &mut state.hosts, &state.instance)
    }

    /// Puts an answer of `js_call` into the I/O buffer and gives its length.
    pub(crate) fn answer(&mut self, encoded: &Encoded) -> Result<i32, Stop> {
        self.put(&encoded.bytes).map_err(stop)?;
        self.state().hosts.sent(&encoded.hosts);
        i32::try_from(encoded.bytes.len()).map_err(|_| Stop("results of more than 2 GiB".to_owned()))
    }

    fn eval_with(&mut self, code: &str, value: Value) -> Result<Values, Error> {
        self.own(own::RUN, &[Value::from(code), value])
    }

    fn own(&mut self, function: u32, args: &[Value]) -> Result<Values, Error> {
        let mode = self.state().mode;
        self.invoke(function, args, mode)
    }

    /// The table that holds the last name of a path, and that name.
    fn walk<'p>(&mut self, path: &'p str) -> Result<(Value, &'p str), Error> {
        let mut parent = self.invoke(own::GLOBALS, &[], TableMode::Handles)?.first();
        let (parents, key) = path.rsplit_once('.').map_or((None, path), |(parents, key)| (Some(parents), key));
        for name in parents.into_iter().flat_map(|parents| parents.split('.')) {
            parent = self.invoke(own::GET, &[parent, Value::from(name)], TableMode::Handles)?.first();
        }
        Ok((parent, key))
    }

    pub(crate) fn usable(&mut self) -> Result<(), Error> {
        self.state().ended.clone().map_or(Ok(()), |reason| Err(Error::Ended(reason)))
    }

    /// Calls a function of the module's or a handle's.
    fn invoke(&mut self, function: u32, args: &[Value], mode: TableMode) -> Result<Values, Error> {
        self.usable()?;
        self.release()?;
        let (at, len) = self.send(args)?;
        let outermost = self.state().depth == 0;
        if outermost {
            self.outermost()?;
        }
        let result = self.enter(Export::Call { function, at, len, flags: mode.flags() });
        let result = result.and_then(|record| match record {
            Record::Done(values) => Ok(values),
            Record::Failed(error) => Err(Error::Lua(error)),
            other => Err(Error::Module(format!("expected a finished or failed call, found {other:?}"))),
        });
        if outermost { self.end(result) } else { result }
    }

    /// Puts values into the I/O buffer.
    pub(crate) fn send(&mut self, values: &[Value]) -> Result<(u32, u32), Error> {
        let encoded = self.encode(values)?;
        let place = self.put(&encoded.bytes)?;
        self.state().hosts.sent(&encoded.hosts);
        Ok(place)
    }

    /// Calls an export that runs Lua and reads the record that it leaves.
    pub(crate) fn enter(&mut self, export: Export) -> Result<Record, Error> {
        self.state().depth += 1;
        let length = self.wasm(export);
        self.state().depth -= 1;
        self.record(length?)
    }

    /// An outermost call begins.
    pub(crate) fn outermost(&mut self) -> Result<(), Error> {
        let state = self.state();
        state.stack = stack_position();
        state.resumed = Instant::now();
        if let Some(time) = state.time() {
            if let Some(interrupt) = &state.interrupt {
                interrupt.clear();
            }
            state.deadline = state.resumed.checked_add(time);
            let at = now() + time.as_secs_f64() * 1000.0;
            self.wasm(Export::SetDeadline { at })?;
            self.machine.watch_deadline();
        }
        Ok(())
    }

    /// An outermost call has ended with `result`.
    pub(crate) fn end(&mut self, result: Result<Values, Error>) -> Result<Values, Error> {
        if self.state().ended.is_some() {
            return result;
        }
        if self.state().time().is_some() {
            self.wasm(Export::SetDeadline { at: 0.0 })?;
            self.state().deadline = None;
        }
        if self.state().flush == FlushMode::EachCall {
            // The error of the call is the one that is reported.
            let flushed = self.flush();
            let values = result?;
            flushed?;
            return Ok(values);
        }
        result
    }

    /// Gives back handles that were dropped.
    pub(crate) fn release(&mut self) -> Result<(), Error> {
        let released = self.state().instance.take();
        for id in released {
            if self.wasm(Export::ReleaseHandle { id, count: 1 })? != 0 {
                return Err(Error::Module(format!("expected to release handle {id}, found that there is none")));
            }
        }
        Ok(())
    }

    /// Reads the bridge record in the I/O buffer and delivers its output.
    fn record(&mut self, length: i32) -> Result<Record, Error> {
        let length = u32::try_from(length)
            .map_err(|_| Error::Module(format!("expected a bridge record, found status {length}")))?;
        let at = self.buffer()?;
        let record = self.read(at, length)?;
        let state = self.state();
        let mut decoder = Decoder::new(&record, &state.hosts, &state.instance);
        let status = decoder.u8()?;
        let task = decoder.u32()?;
        let output = decoder.bytes()?;
        let record = match status {
            0 => Record::Done(Values(decoder.values()?)),
            1 => Record::Waits(task),
            2 => Record::Paused(task),
            3 => {
                decoder.u8()?;
                Record::Failed(Box::new(LuaError::decode(&mut decoder, output)?))
            }
            4 => {
                // The values are read, since handles among them count.
                decoder.values()?;
                Record::Yielded(task)
            }
            other => return Err(Error::Module(format!("expected a bridge record, found one of status {other}"))),
        };
        if !output.is_empty() {
            state.output.write_all(output)?;
        }
        Ok(record)
    }

    fn last_error(&mut self) -> Result<Option<LuaError>, Error> {
        let length = self.wasm(Export::GetLastError {})?;
        let length = u32::try_from(length).unwrap_or(0);
        if length == 0 {
            return Ok(None);
        }
        let at = self.buffer()?;
        let record = self.read(at, length)?;
        let state = self.state();
        let mut decoder = Decoder::new(&record, &state.hosts, &state.instance);
        Ok(Some(LuaError::decode(&mut decoder, b"")?))
    }

    /// Puts bytes into the I/O buffer.
    fn put(&mut self, bytes: &[u8]) -> Result<(u32, u32), Error> {
        let len = u32::try_from(bytes.len()).map_err(|_| CodecError::TooLong)?;
        if len == 0 {
            return Ok((0, 0));
        }
        let at = self.wasm(Export::ReserveBuffer { len })?.cast_unsigned();
        if at == 0 {
            return Err(Error::Lua(Box::new(LuaError::no_memory(len))));
        }
        let room = self.machine.memory().0.get_mut(at as usize..(at as usize).saturating_add(bytes.len()));
        room.ok_or_else(|| outside(at, len))?.copy_from_slice(bytes);
        Ok((at, len))
    }

    /// Where the I/O buffer is.
    fn buffer(&mut self) -> Result<u32, Error> {
        Ok(self.wasm(Export::GetBufferPtr {})?.cast_unsigned())
    }

    fn read(&mut self, at: u32, len: u32) -> Result<Vec<u8>, Error> {
        let bytes = self.machine.memory().0.get(at as usize..(at as usize).saturating_add(len as usize));
        Ok(bytes.ok_or_else(|| outside(at, len))?.to_vec())
    }

    /// Calls an export; a trap ends the instance.
    pub(crate) fn wasm(&mut self, export: Export) -> Result<i32, Error> {
        self.machine.call(export).map_err(|Stop(reason)| {
            let state = self.machine.state();
            let reason = state.ended.get_or_insert(reason).clone();
            if let Some(panic) = state.panic.take() {
                std::panic::resume_unwind(panic);
            }
            state.store_error.take().map_or(Error::Ended(reason), Error::Store)
        })
    }
}

fn outside(at: u32, len: u32) -> Error {
    Error::Module(format!("bytes {at} + {len} are outside of memory"))
}
