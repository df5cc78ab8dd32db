//! Modules under wasmtime, which compiles them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{Caller, Config, InstancePre, Linker, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};

use super::machine::{Export, Machine, OPTIONAL, Status, Stop, exports, for_each_export, machines, missing, required};
use super::{Pool, imports};
use crate::error::Error;
use crate::vm::State;

/// What a call may use of the thread's stack, bytes. Lua's own limit for nested calls is met long before; threads that
/// run Lua need twice that, which is what Rust gives them.
pub(crate) const STACK: usize = 1 << 20;

/// How often the engine counts an epoch, for the deadline's backstop.
const TICK: Duration = Duration::from_millis(50);

/// How long after the deadline the engine stops a script that the module has not stopped.
const GRACE: Duration = Duration::from_secs(1);

/// What stands behind a store.
pub(crate) struct Data {
    state: State,
    exports: Option<Arc<Exports>>,
    limits: StoreLimits,
}

for_each_export!(exports, (wasmtime, wasmtime::AsContextMut));

/// An engine, set up.
///
/// # Errors
/// Where the machine cannot do what is asked for: no address space for so large a pool, say.
pub(crate) fn engine(pool: Option<Pool>) -> Result<wasmtime::Engine, Error> {
    let mut config = Config::new();
    config.wasm_exceptions(true);
    config.epoch_interruption(true);
    config.max_wasm_stack(STACK);
    if let Some(pool) = pool {
        pool.configure(&mut config);
    }
    wasmtime::Engine::new(&config).map_err(Error::module)
}

/// Checks what a module exports, and binds its imports.
pub(crate) fn link(module: &wasmtime::Module) -> Result<InstancePre<Data>, Error> {
    if let Some(name) = required().find(|name| module.get_export(name).is_none()) {
        return Err(missing(name));
    }
    if module.imports().any(|import| import.name() == "lua_try") {
        return Err(Error::Module(
            "expected a module in the standard exception encoding, found one whose errors the host unwinds; build it with \
             `--unwind standard`, or interpret it (`EngineBuilder::interpreter`, feature wasmi)"
                .to_owned(),
        ));
    }
    let mut linker = Linker::new(module.engine());
    imports::link_jit(&mut linker).map_err(Error::module)?;
    linker.instantiate_pre(module).map_err(Error::module)
}

/// An instance over `state`, not yet initialised.
pub(crate) fn instantiate(pre: &InstancePre<Data>, state: State) -> Result<Store<Data>, Error> {
    let (most, timed) = (state.memory_limit(), state.limits.time.is_some());
    let limits = StoreLimitsBuilder::new().memory_size(most).build();
    let engine = pre.module().engine();
    let mut store = Store::new(engine, Data { state, exports: None, limits });
    store.limiter(|data| &mut data.limits);
    if timed {
        super::ticker::start(engine, TICK);
    }
    store.epoch_deadline_callback(|store| {
        let state = &store.data().state;
        let late = state.deadline.is_some_and(|deadline| Instant::now() > deadline.max(state.resumed) + GRACE);
        Ok(if late { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
    });
    store.set_epoch_deadline(1);
    let instance = pre.instantiate(&mut store).map_err(|error| {
        if error.is::<wasmtime::PoolConcurrencyLimitError>() {
            Error::Module(
                "the engine's pool is full; drop an instance first, or build the engine with a larger one".to_owned(),
            )
        } else {
            Error::module(error)
        }
    })?;
    let exports = Exports::find(&mut store, &instance)?;
    store.data_mut().exports = Some(Arc::new(exports));
    Ok(store)
}

fn said(error: wasmtime::Error) -> String {
    error.root_cause().to_string()
}

fn watch_clock(mut store: impl wasmtime::AsContextMut) {
    store.as_context_mut().set_epoch_deadline(1);
}

machines!(Store<Data>, Caller<'_, Data>; said; watch_clock);
