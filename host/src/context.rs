//! What can be done with an instance, from outside and from inside host functions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{AsContext, AsContextMut, StoreContextMut, WasmParams, WasmResults};

use crate::codec::{CodecError, Decoder, Encoded, Encoder};
use crate::error::{Error, LuaError};
use crate::handle::{Function, Handle};
use crate::limits::MemoryUse;
use crate::store::{FlushMode, Flushed};
use crate::value::{FromValues, IntoValue, IntoValues, Table, Value, Values};
use crate::vm::{Exports, State, now, stack_position};

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
    fn flags(self) -> u32 {
        match self {
            Self::Values => 0,
            Self::Handles => 1,
            Self::Mixed => 2,
        }
    }
}

/// The module's own functions (docs/bridge.md).
mod own {
    pub(super) const RUN: u32 = 0;
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
}

/// An instance as host functions see it: everything that [`crate::Lua`] can do, in the middle of a call.
pub struct Context<'a> {
    store: StoreContextMut<'a, State>,
    exports: Arc<Exports>,
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
    pub(crate) fn new(store: StoreContextMut<'a, State>, exports: Arc<Exports>) -> Self {
        Self { store, exports }
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
        let set_chunk_name = self.exports.set_chunk_name.clone();
        self.wasm(&set_chunk_name, (at, len))?;
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

    /// As [`crate::Lua::call`].
    ///
    /// # Errors
    /// As there.
    pub fn call(&mut self, function: impl Callable, args: impl IntoValues) -> Result<Values, Error> {
        let handle = function.resolve(self)?;
        let id = handle.id_in(&self.state().instance).ok_or(CodecError::ForeignHandle)?;
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
        let at = self.wasm(&self.exports.get_buffer_ptr.clone(), ())?;
        self.wasm(&self.exports.get_memory_stats.clone(), at)?;
        let words = self.read(at, 12)?;
        let used = words.get(4..8).and_then(<[u8]>::first_chunk).map_or(0, |word| u32::from_le_bytes(*word));
        let linear = self.exports.memory.data_size(&self.store) as u64;
        Ok(MemoryUse { used, linear, handles, host_values })
    }

    /// As [`crate::Lua::flush`].
    ///
    /// # Errors
    /// As there.
    pub fn flush(&mut self) -> Result<Flushed, Error> {
        self.usable()?;
        let mut failure = None;
        if let Some(flush) = self.exports.flush.clone()
            && self.wasm(&flush, ())? < 0
        {
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
        let Some(collect) = self.exports.collect_tables.clone() else { return Ok(0) };
        let dropped = self.wasm(&collect, (0, 0))?;
        self.flush()?;
        Ok(u32::try_from(dropped).unwrap_or(0))
    }

    pub(crate) fn state(&mut self) -> &mut State {
        self.store.data_mut()
    }

    pub(crate) fn encode(&mut self, values: &[Value]) -> Result<Encoded, CodecError> {
        let state = self.state();
        Encoder::encode(values, &mut state.hosts, &state.instance)
    }

    /// Puts an answer of `js_call` into the I/O buffer and gives its length.
    pub(crate) fn answer(&mut self, encoded: &Encoded) -> wasmtime::Result<i32> {
        self.put(&encoded.bytes).map_err(wasmtime::Error::from)?;
        self.state().hosts.sent(&encoded.hosts);
        i32::try_from(encoded.bytes.len()).map_err(|_| wasmtime::Error::msg("results of more than 2 GiB"))
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

    fn usable(&mut self) -> Result<(), Error> {
        self.state().ended.clone().map_or(Ok(()), |reason| Err(Error::Ended(reason)))
    }

    /// Calls a function of the module's or a handle's.
    fn invoke(&mut self, function: u32, args: &[Value], mode: TableMode) -> Result<Values, Error> {
        self.usable()?;
        self.release()?;
        let encoded = self.encode(args)?;
        let (at, len) = self.put(&encoded.bytes)?;
        self.state().hosts.sent(&encoded.hosts);
        let outermost = self.state().depth == 0;
        let limited = outermost && self.begin()?;
        let call = self.exports.call.clone();
        self.state().depth += 1;
        let length = self.wasm(&call, (function, at, len, mode.flags()));
        self.state().depth -= 1;
        let result = length.and_then(|length| self.record(length));
        if outermost && self.state().ended.is_none() {
            if limited {
                self.wasm(&self.exports.set_deadline.clone(), 0.0)?;
                self.state().deadline = None;
            }
            if self.state().flush == FlushMode::EachCall {
                // The error of the call is the one that is reported.
                let flushed = self.flush();
                let values = result?;
                flushed?;
                return Ok(values);
            }
        }
        result
    }

    /// An outermost call begins. True if it has a deadline.
    fn begin(&mut self) -> Result<bool, Error> {
        let state = self.state();
        state.stack = stack_position();
        state.resumed = Instant::now();
        let Some(time) = state.limits.time else { return Ok(false) };
        state.deadline = state.resumed.checked_add(time);
        let at = now() + time.min(Duration::from_secs(1 << 40)).as_secs_f64() * 1000.0;
        self.wasm(&self.exports.set_deadline.clone(), at)?;
        self.store.set_epoch_deadline(1);
        Ok(true)
    }

    /// Gives back handles that were dropped.
    fn release(&mut self) -> Result<(), Error> {
        let released = self.state().instance.take();
        let release_handle = self.exports.release_handle.clone();
        for id in released {
            if self.wasm(&release_handle, (id, 1))? != 0 {
                return Err(Error::Module(format!("expected to release handle {id}, found that there is none")));
            }
        }
        Ok(())
    }

    /// Reads the bridge record in the I/O buffer and delivers its output.
    fn record(&mut self, length: i32) -> Result<Values, Error> {
        let length = u32::try_from(length)
            .map_err(|_| Error::Module(format!("expected a bridge record, found status {length}")))?;
        let at = self.wasm(&self.exports.get_buffer_ptr.clone(), ())?;
        let record = self.read(at, length)?;
        let state = self.state();
        let mut decoder = Decoder::new(&record, &state.hosts, &state.instance);
        let status = decoder.u8()?;
        decoder.u32()?;
        let output = decoder.bytes()?;
        let result = match status {
            0 => Ok(Values(decoder.values()?)),
            3 => {
                decoder.u8()?;
                Err(Error::Lua(Box::new(LuaError::decode(&mut decoder, output)?)))
            }
            other => Err(Error::Module(format!("expected a finished or failed call, found status {other}"))),
        };
        if !output.is_empty() {
            state.output.write_all(output)?;
        }
        result
    }

    fn last_error(&mut self) -> Result<Option<LuaError>, Error> {
        let length = self.wasm(&self.exports.get_last_error.clone(), ())?;
        let length = u32::try_from(length).unwrap_or(0);
        if length == 0 {
            return Ok(None);
        }
        let at = self.wasm(&self.exports.get_buffer_ptr.clone(), ())?;
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
        let at = self.wasm(&self.exports.reserve_buffer.clone(), len)?;
        if at == 0 {
            return Err(Error::Lua(Box::new(LuaError::no_memory(len))));
        }
        self.exports.memory.write(self.store.as_context_mut(), at as usize, bytes).map_err(Error::module)?;
        Ok((at, len))
    }

    fn read(&self, at: u32, len: u32) -> Result<Vec<u8>, Error> {
        let data = self.exports.memory.data(self.store.as_context());
        let bytes = data.get(at as usize..(at as usize).saturating_add(len as usize));
        Ok(bytes.ok_or_else(|| Error::Module(format!("bytes {at} + {len} are outside of memory")))?.to_vec())
    }

    /// Calls an export; a trap ends the instance.
    fn wasm<P: WasmParams, R: WasmResults>(
        &mut self,
        function: &wasmtime::TypedFunc<P, R>,
        params: P,
    ) -> Result<R, Error> {
        function.call(self.store.as_context_mut(), params).map_err(|error| {
            let state = self.store.data_mut();
            let reason = error.root_cause().to_string();
            let reason = state.ended.get_or_insert(reason).clone();
            state.store_error.take().map_or(Error::Ended(reason), Error::Store)
        })
    }
}
