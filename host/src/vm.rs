//! An instance's state on the host's side, and its exports.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wasmtime::{Instance, Memory, Store, StoreLimits, StoreLimitsBuilder, TypedFunc, UpdateDeadline};

use crate::context::TableMode;
use crate::error::Error;
use crate::handle::Released;
use crate::host::HostValues;
use crate::limits::Limits;
use crate::module::{Module, count_epochs};
use crate::store::{FlushMode, Overlay, StoreError};

/// How long after the deadline the engine stops a script that the module has not stopped.
const GRACE: Duration = Duration::from_secs(1);

/// What the imports see of an instance.
pub struct State {
    pub(crate) exports: Option<Arc<Exports>>,
    pub(crate) tables: Overlay,
    pub(crate) hosts: HostValues,
    pub(crate) instance: Arc<Released>,
    pub(crate) output: Box<dyn Write + Send>,
    pub(crate) limits: Limits,
    pub(crate) mode: TableMode,
    pub(crate) flush: FlushMode,
    /// Calls under way, one inside the other.
    pub(crate) depth: u32,
    /// Where the stack was when the outermost of them began.
    pub(crate) stack: usize,
    pub(crate) deadline: Option<Instant>,
    /// When Lua last got control, for the deadline's backstop: time in host functions is not Lua's.
    pub(crate) resumed: Instant,
    pub(crate) ended: Option<String>,
    pub(crate) store_error: Option<StoreError>,
    memory_limits: StoreLimits,
}

/// The exports that this crate uses.
pub(crate) struct Exports {
    pub(crate) memory: Memory,
    pub(crate) call: TypedFunc<(u32, u32, u32, u32), i32>,
    pub(crate) release_handle: TypedFunc<(u32, u32), i32>,
    pub(crate) set_deadline: TypedFunc<f64, ()>,
    pub(crate) reserve_buffer: TypedFunc<u32, u32>,
    pub(crate) get_buffer_ptr: TypedFunc<(), u32>,
    pub(crate) set_chunk_name: TypedFunc<(u32, u32), ()>,
    pub(crate) get_memory_stats: TypedFunc<u32, ()>,
    pub(crate) get_last_error: TypedFunc<(), i32>,
    pub(crate) flush: Option<TypedFunc<(), i32>>,
    pub(crate) collect_tables: Option<TypedFunc<(u32, u32), i32>>,
}

/// How an instance is to be set up.
pub(crate) struct Setup {
    pub(crate) tables: Overlay,
    pub(crate) output: Box<dyn Write + Send>,
    pub(crate) limits: Limits,
    pub(crate) mode: TableMode,
    pub(crate) flush: FlushMode,
    pub(crate) seed: Option<i64>,
}

/// Instantiates and initialises.
pub(crate) fn instantiate(module: &Module, setup: Setup) -> Result<Store<State>, Error> {
    let engine = module.pre.module().engine();
    let Setup { tables, output, limits, mode, flush, seed } = setup;
    // The module counts what Lua uses; linear memory holds that, what the allocator wastes, and the module's own data.
    let most = if limits.heap == 0 { usize::MAX } else { limits.heap as usize * 3 / 2 + (4 << 20) };
    let state = State {
        exports: None,
        tables,
        hosts: HostValues::default(),
        instance: Arc::default(),
        output,
        limits,
        mode,
        flush,
        depth: 0,
        stack: 0,
        deadline: None,
        resumed: Instant::now(),
        ended: None,
        store_error: None,
        memory_limits: StoreLimitsBuilder::new().memory_size(most).build(),
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.memory_limits);
    if limits.time.is_some() {
        count_epochs(engine);
    }
    store.epoch_deadline_callback(|store| {
        let state = store.data();
        let late = state.deadline.is_some_and(|deadline| Instant::now() > deadline.max(state.resumed) + GRACE);
        Ok(if late { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
    });
    store.set_epoch_deadline(1);
    let instance = module.pre.instantiate(&mut store).map_err(Error::module)?;
    let exports = Exports::find(&mut store, &instance)?;
    let typed =
        |store: &mut Store<State>, name: &str| instance.get_func(&mut *store, name).ok_or_else(|| missing(name));
    if let Some(seed) = seed {
        let set_seed = typed(&mut store, "set_seed")?.typed::<i64, ()>(&store).map_err(Error::module)?;
        set_seed.call(&mut store, seed).map_err(Error::module)?;
    }
    let init = typed(&mut store, "init")?.typed::<(), i32>(&store).map_err(Error::module)?;
    if init.call(&mut store, ()).map_err(Error::module)? != 0 {
        return Err(Error::Module("the module found no memory to start with".to_owned()));
    }
    if limits.heap != 0 || limits.instructions != 0 {
        let set_limits = typed(&mut store, "set_limits")?.typed::<(u32, i64), ()>(&store).map_err(Error::module)?;
        set_limits.call(&mut store, (limits.heap, limits.instructions)).map_err(Error::module)?;
    }
    store.data_mut().exports = Some(Arc::new(exports));
    Ok(store)
}

fn missing(name: &str) -> Error {
    Error::Module(format!(
        "expected the export {name}, found none; build the module with \
         `cargo xtask build --contract bridge --unwind standard`"
    ))
}

impl Exports {
    fn find(store: &mut Store<State>, instance: &Instance) -> Result<Self, Error> {
        macro_rules! find {
            ($name:literal) => {{
                let function = instance.get_func(&mut *store, $name).ok_or_else(|| missing($name))?;
                function.typed(&*store).map_err(|error| Error::Module(format!("{}: {error:#}", $name)))?
            }};
        }
        macro_rules! maybe {
            ($name:literal) => {
                if instance.get_func(&mut *store, $name).is_some() { Some(find!($name)) } else { None }
            };
        }
        Ok(Self {
            memory: instance.get_memory(&mut *store, "memory").ok_or_else(|| missing("memory"))?,
            call: find!("call"),
            release_handle: find!("release_handle"),
            set_deadline: find!("set_deadline"),
            reserve_buffer: find!("reserve_buffer"),
            get_buffer_ptr: find!("get_buffer_ptr"),
            set_chunk_name: find!("set_chunk_name"),
            get_memory_stats: find!("get_memory_stats"),
            get_last_error: find!("get_last_error"),
            flush: maybe!("flush"),
            collect_tables: maybe!("collect_tables"),
        })
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}

/// About where the stack is.
pub(crate) fn stack_position() -> usize {
    let here = 0u8;
    std::ptr::from_ref(&here).addr()
}
