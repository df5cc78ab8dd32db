//! One instance of a module, driven through the exports of ABI.md and served its imports.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail, ensure};
use wasmtime::{
    Caller, Instance, Linker, Memory, Store, StoreLimits, StoreLimitsBuilder, Trap, WasmParams, WasmResults,
};

use crate::module::{Built, EPOCH};
use crate::record::{ErrorRecord, ResultRecord};
use crate::store::Tables;

/// How an instance is to be set up.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The stored tables behind it.
    pub tables: Tables,
    /// What linear memory may grow to, in bytes; the engine refuses more.
    pub max_memory: Option<usize>,
    /// How long a call may run before it is stopped with a trap.
    pub time: Duration,
    /// What `js_time_now` answers, in milliseconds; the real time if `None`.
    pub now: Option<f64>,
}

impl Default for HostOptions {
    fn default() -> Self {
        // Many times what any test takes: it is there to end a hang.
        let time = Duration::from_secs(60);
        Self { tables: Tables::new(), max_memory: None, time, now: None }
    }
}

struct State {
    options: HostOptions,
    clock_traps: bool,
    limits: StoreLimits,
    /// The module's memory, once there is an instance.
    memory: Option<Memory>,
}

/// An instance.
pub struct Host {
    store: Store<State>,
    instance: Instance,
    memory: Memory,
}

/// How a `compute` ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The chunk ran to its end.
    Done(ResultRecord),
    /// It did not.
    Failed(Failure),
}

/// A failed `compute`.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What stood in the I/O buffer.
    pub message: Vec<u8>,
    /// What `get_last_error` gave.
    pub record: ErrorRecord,
}

/// The three figures of `get_memory_stats`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryStats {
    /// Bytes in the I/O buffer.
    pub buffer: u32,
    /// Bytes that Lua uses.
    pub used: u32,
    /// Pages of linear memory.
    pub pages: u32,
}

impl Host {
    /// An instance with the default options, not yet initialised.
    ///
    /// # Errors
    /// Where the module wants an import that ABI.md does not have, or lacks `memory`.
    pub fn bare(built: &Built) -> Result<Self> {
        Self::with_options(built, HostOptions::default())
    }

    /// An initialised instance with the default options.
    ///
    /// # Errors
    /// As [`Host::bare`], and where `init` is not 0.
    pub fn new(built: &Built) -> Result<Self> {
        Self::initialised(built, HostOptions::default())
    }

    /// An initialised instance.
    ///
    /// # Errors
    /// As [`Host::bare`], and where `init` is not 0.
    pub fn initialised(built: &Built, options: HostOptions) -> Result<Self> {
        let mut host = Self::with_options(built, options)?;
        let status = host.init()?;
        ensure!(status == 0, "expected init to give 0, found {status}");
        Ok(host)
    }

    /// An instance, not yet initialised.
    ///
    /// # Errors
    /// Where the module wants an import that ABI.md does not have, or lacks `memory`.
    pub fn with_options(built: &Built, options: HostOptions) -> Result<Self> {
        let limits = StoreLimitsBuilder::new().memory_size(options.max_memory.unwrap_or(usize::MAX)).build();
        let mut store = Store::new(&built.engine, State { options, clock_traps: false, limits, memory: None });
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(1); // for a start function; every call sets its own
        let mut linker = Linker::new(&built.engine);
        link(&mut linker).map_err(plain)?;
        let instance = linker.instantiate(&mut store, &built.module).map_err(plain).context("cannot instantiate")?;
        let memory = instance.get_memory(&mut store, "memory").context("the module does not export memory")?;
        store.data_mut().memory = Some(memory);
        Ok(Self { store, instance, memory })
    }

    /// Calls an export by name, whatever it is.
    ///
    /// # Errors
    /// Where there is no such export, it has another signature, or it traps (then the error downcasts to
    /// [`wasmtime::Trap`]).
    pub fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, params: P) -> Result<R> {
        let function = self
            .instance
            .get_func(&mut self.store, name)
            .with_context(|| format!("the module exports no function {name}"))?
            .typed::<P, R>(&self.store)
            .map_err(|error| anyhow!("{name}: {error:#}"))?;
        let time = self.store.data().options.time;
        self.store.set_epoch_deadline(u64::try_from(time.as_millis() / EPOCH.as_millis())?.max(1));
        function.call(&mut self.store, params).map_err(|error| match error.downcast_ref::<Trap>() {
            Some(trap) => anyhow::Error::new(*trap).context(format!("{name} trapped: {error:?}")),
            None => anyhow!("{name} failed: {error:?}"),
        })
    }

    /// `init`.
    ///
    /// # Errors
    /// As [`Host::call`].
    pub fn init(&mut self) -> Result<i32> {
        self.call("init", ())
    }

    /// Puts `text` into the I/O buffer, grown where necessary, and gives its address.
    ///
    /// # Errors
    /// As [`Host::call`], and where the buffer cannot grow.
    pub fn put(&mut self, text: &[u8]) -> Result<u32> {
        let size: u32 = self.call("get_buffer_size", ())?;
        let at: u32 = if text.len() > size as usize {
            let at = self.call("reserve_buffer", u32::try_from(text.len())?)?;
            ensure!(at != 0, "expected room for {} bytes, found no memory", text.len());
            at
        } else {
            self.call("get_buffer_ptr", ())?
        };
        self.memory.write(&mut self.store, at as usize, text).context("the I/O buffer is not in memory")?;
        Ok(at)
    }

    /// The first `length` bytes of the I/O buffer.
    ///
    /// # Errors
    /// As [`Host::call`], and where the buffer does not hold that many or does not lie in memory.
    pub fn buffer(&mut self, length: u32) -> Result<Vec<u8>> {
        let at: u32 = self.call("get_buffer_ptr", ())?;
        let size: u32 = self.call("get_buffer_size", ())?;
        ensure!(length <= size, "expected {length} bytes in the I/O buffer, found a buffer of {size}");
        self.read(at, length)
    }

    /// `length` bytes of memory at `at`.
    ///
    /// # Errors
    /// Where they do not lie in memory.
    pub fn read(&self, at: u32, length: u32) -> Result<Vec<u8>> {
        let (at, length) = (at as usize, length as usize);
        let data = self.memory.data(&self.store);
        let bytes = data.get(at..at.saturating_add(length));
        Ok(bytes.with_context(|| format!("bytes {at} + {length} lie outside of memory"))?.to_vec())
    }

    /// `compute` over text in the I/O buffer, without reading what it left.
    ///
    /// # Errors
    /// As [`Host::put`].
    pub fn compute_status(&mut self, text: &[u8]) -> Result<i32> {
        let at = self.put(text)?;
        self.call("compute", (at, u32::try_from(text.len())?))
    }

    /// `compute`, with what it left.
    ///
    /// # Errors
    /// As [`Host::put`], and where the records break ABI.md.
    pub fn compute(&mut self, text: impl AsRef<[u8]>) -> Result<Outcome> {
        let status = self.compute_status(text.as_ref())?;
        self.outcome(status)
    }

    fn outcome(&mut self, status: i32) -> Result<Outcome> {
        if let Ok(length) = u32::try_from(status) {
            let bytes = self.buffer(length)?;
            let left = self.last_error()?;
            ensure!(left.is_none(), "expected no error record after a success, found {left:?}");
            return Ok(Outcome::Done(ResultRecord::decode(&bytes).context("result record")?));
        }
        let message = self.buffer((-(status + 1)).unsigned_abs())?;
        let record = self.last_error()?.context("expected an error record after a failure, found none")?;
        ensure!(
            record.message == message,
            "the message is {:?} in the I/O buffer but {:?} in the record",
            String::from_utf8_lossy(&message),
            record.message_text()
        );
        Ok(Outcome::Failed(Failure { message, record }))
    }

    /// Runs a chunk that is expected to succeed.
    ///
    /// # Errors
    /// As [`Host::compute`], and where the chunk fails.
    pub fn run(&mut self, text: impl AsRef<[u8]>) -> Result<ResultRecord> {
        match self.compute(text)? {
            Outcome::Done(record) => Ok(record),
            Outcome::Failed(Failure { record, .. }) => bail!(
                "{} error: {}\n{}\noutput: {}",
                record.kind,
                record.message_text(),
                record.traceback_text(),
                String::from_utf8_lossy(&record.output)
            ),
        }
    }

    /// Runs a chunk that is expected to fail.
    ///
    /// # Errors
    /// As [`Host::compute`], and where the chunk succeeds.
    pub fn run_failing(&mut self, text: impl AsRef<[u8]>) -> Result<ErrorRecord> {
        match self.compute(text)? {
            Outcome::Failed(failure) => Ok(failure.record),
            Outcome::Done(record) => bail!("expected the chunk to fail, it gave {record:?}"),
        }
    }

    /// `get_last_error`, decoded; `None` after a success.
    ///
    /// # Errors
    /// As [`Host::call`], and where the record breaks ABI.md.
    pub fn last_error(&mut self) -> Result<Option<ErrorRecord>> {
        let length: i32 = self.call("get_last_error", ())?;
        match length {
            0 => Ok(None),
            1.. => {
                let bytes = self.buffer(length.unsigned_abs())?;
                Ok(Some(ErrorRecord::decode(&bytes).context("error record")?))
            }
            _ => bail!("expected get_last_error to give a length, found {length}"),
        }
    }

    /// `set_chunk_name`.
    ///
    /// # Errors
    /// As [`Host::put`].
    pub fn set_chunk_name(&mut self, name: &str) -> Result<()> {
        let at = self.put(name.as_bytes())?;
        self.call("set_chunk_name", (at, u32::try_from(name.len())?))
    }

    /// `set_limits`; 0 is no limit.
    ///
    /// # Errors
    /// As [`Host::call`].
    pub fn set_limits(&mut self, heap_bytes: u32, instructions: i64) -> Result<()> {
        self.call("set_limits", (heap_bytes, instructions))
    }

    /// `run_gc`.
    ///
    /// # Errors
    /// As [`Host::call`].
    pub fn run_gc(&mut self) -> Result<()> {
        self.call("run_gc", ())
    }

    /// `get_memory_stats`, written into the I/O buffer.
    ///
    /// # Errors
    /// As [`Host::call`].
    pub fn memory_stats(&mut self) -> Result<MemoryStats> {
        let at: u32 = self.call("get_buffer_ptr", ())?;
        let () = self.call("get_memory_stats", at)?;
        let bytes = self.read(at, 12)?;
        let word = |n: usize| u32::from_le_bytes([bytes[n], bytes[n + 1], bytes[n + 2], bytes[n + 3]]);
        Ok(MemoryStats { buffer: word(0), used: word(4), pages: word(8) })
    }

    /// From now on `js_time_now` traps, as a host function does whose host is going down.
    pub fn make_clock_trap(&mut self) {
        self.store.data_mut().clock_traps = true;
    }

    /// Pages of linear memory, as the engine counts them.
    pub fn pages(&self) -> u64 {
        self.memory.size(&self.store)
    }
}

/// Serves the imports of module `env`; there are no others.
fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    const ENV: &str = "env";
    type Entry<'a> = Caller<'a, State>;

    linker.func_wrap(
        ENV,
        "js_ext_table_set",
        |mut caller: Entry<'_>, id: u32, key: u32, key_len: u32, value: u32, value_len: u32| {
            let (bytes, state) = memory_of(&mut caller)?;
            let (key, value) = (slice(bytes, key, key_len)?, slice(bytes, value, value_len)?);
            wasmtime::Result::Ok(status(state.options.tables.lock().set(id, key, value)))
        },
    )?;
    linker.func_wrap(
        ENV,
        "js_ext_table_get",
        |mut caller: Entry<'_>, id: u32, key: u32, key_len: u32, to: u32, max: u32| {
            let (bytes, state) = memory_of(&mut caller)?;
            let tables = state.options.tables.lock();
            let Some(value) = tables.get(id, slice(bytes, key, key_len)?) else { return Ok(-1) };
            copy_out(bytes, to, max, value)
        },
    )?;
    linker.func_wrap(ENV, "js_ext_table_delete", |mut caller: Entry<'_>, id: u32, key: u32, key_len: u32| {
        let (bytes, state) = memory_of(&mut caller)?;
        let key = slice(bytes, key, key_len)?;
        wasmtime::Result::Ok(status(state.options.tables.lock().delete(id, key)))
    })?;
    linker.func_wrap(ENV, "js_ext_table_size", |caller: Entry<'_>, id: u32| {
        caller.data().options.tables.lock().len(id) as u32
    })?;
    linker.func_wrap(ENV, "js_ext_table_keys", |mut caller: Entry<'_>, id: u32, to: u32, max: u32| {
        let (bytes, state) = memory_of(&mut caller)?;
        let keys = state.options.tables.lock().keys(id);
        copy_out(bytes, to, max, &keys)
    })?;
    linker.func_wrap(ENV, "js_ext_table_drop", |caller: Entry<'_>, id: u32| {
        status(caller.data().options.tables.lock().drop_table(id))
    })?;
    linker.func_wrap(ENV, "js_time_now", |caller: Entry<'_>| {
        let State { options, clock_traps, .. } = caller.data();
        if *clock_traps {
            return Err(wasmtime::Error::msg("the clock was told to trap"));
        }
        let real = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0;
        Ok(options.now.unwrap_or_else(real))
    })?;
    Ok(())
}

fn status(stored: bool) -> i32 {
    if stored { 0 } else { -1 }
}

/// The module's memory, and what the host has beside it.
fn memory_of<'a>(caller: &'a mut Caller<'_, State>) -> wasmtime::Result<(&'a mut [u8], &'a mut State)> {
    let memory = caller.data().memory.ok_or_else(|| wasmtime::Error::msg("the module does not export memory"))?;
    Ok(memory.data_and_store_mut(caller))
}

fn slice(bytes: &[u8], at: u32, length: u32) -> wasmtime::Result<&[u8]> {
    let bytes = bytes.get(at as usize..(at as usize).saturating_add(length as usize));
    bytes.ok_or_else(|| wasmtime::Error::msg(format!("import: {at} + {length} lies outside of memory")))
}

/// Writes what fits into `max` bytes and gives the full length, as the imports that read do.
fn copy_out(memory: &mut [u8], to: u32, max: u32, bytes: &[u8]) -> wasmtime::Result<i32> {
    let fits = &bytes[..bytes.len().min(max as usize)];
    let place = memory.get_mut(to as usize..(to as usize).saturating_add(fits.len()));
    let place =
        place.ok_or_else(|| wasmtime::Error::msg(format!("import: {to} + {} lies outside of memory", fits.len())))?;
    place.copy_from_slice(fits);
    i32::try_from(bytes.len()).map_err(|_| wasmtime::Error::msg("import: a value of more than 2 GiB"))
}

/// wasmtime's error with its causes, as one of ours.
fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}
