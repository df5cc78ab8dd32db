//! Modules under wasmi, which interprets them. It has no exceptions, so that it runs modules whose errors the host unwinds.

use std::sync::Arc;

use wasmi::{
    AsContextMut, Caller, EnforcedLimits, Func, Linker, Nullable, Ref, Store, StoreLimits, StoreLimitsBuilder,
};

use super::imports;
use super::machine::{Export, Machine, OPTIONAL, Status, Stop, exports, for_each_export, machines, missing, required};
use crate::error::Error;
use crate::vm::State;

/// How deep functions of the module may nest. The module counts the calls of Lua's C functions itself and is met first.
const DEPTH: usize = 20_000;

/// What stands behind a store.
pub(crate) struct Data {
    state: State,
    exports: Option<Arc<Exports>>,
    unwinding: Option<Unwinding>,
    limits: StoreLimits,
}

for_each_export!(exports, (wasmi, wasmi::AsContextMut));

/// What the host needs to unwind errors.
#[derive(Clone, Copy)]
struct Unwinding {
    functions: wasmi::Table,
    stack_pointer: wasmi::Global,
}

/// A module and its engine.
#[derive(Clone)]
pub(crate) struct Module {
    module: wasmi::Module,
    linker: Arc<Linker<Data>>,
}

/// `lua_throw` on its way to the innermost `lua_try`.
#[derive(Debug, thiserror::Error)]
#[error("an error left Lua")]
struct Throw;

impl wasmi::errors::HostError for Throw {}
impl wasmi::errors::HostError for Stop {}

impl From<Stop> for wasmi::Error {
    fn from(stop: Stop) -> Self {
        Self::host(stop)
    }
}

/// An interpreter.
pub(crate) fn engine() -> wasmi::Engine {
    let mut config = wasmi::Config::default();
    config.set_max_recursion_depth(DEPTH).set_max_stack_height(16 << 20).enforced_limits(EnforcedLimits::default());
    wasmi::Engine::new(&config)
}

/// Translates a module and binds its imports.
pub(crate) fn link(engine: &wasmi::Engine, wasm: &[u8]) -> Result<Module, Error> {
    let module = wasmi::Module::new(engine, wasm).map_err(|error| {
        Error::Module(format!("{error}; the interpreter takes modules that were built with `--unwind host`"))
    })?;
    if let Some(name) = required().find(|name| module.get_export(name).is_none()) {
        return Err(missing(name));
    }
    let unwound = ["__indirect_function_table", "__stack_pointer"];
    if unwound.iter().any(|name| module.get_export(name).is_none()) {
        return Err(Error::Module(
            "expected a module whose errors the host unwinds, found another one; build it with \
             `cargo xtask build --contract bridge --unwind host`"
                .to_owned(),
        ));
    }
    let mut linker = Linker::new(engine);
    imports::link_interpreter(&mut linker).map_err(Error::module)?;
    linker.func_wrap("env", "lua_try", lua_try).map_err(Error::module)?;
    linker.func_wrap("env", "lua_throw", lua_throw).map_err(Error::module)?;
    Ok(Module { module, linker: Arc::new(linker) })
}

/// Calls an entry of the function table with (L, ud), and says whether `lua_throw` ended the call.
fn lua_try(mut caller: Caller<'_, Data>, function: u32, lua: u32, ud: u32) -> Result<i32, wasmi::Error> {
    let unwinding = caller.data().unwinding.ok_or_else(|| Stop("lua_try before the instance is ready".to_owned()))?;
    let entry = match unwinding.functions.get(&caller, u64::from(function)) {
        Some(Ref::Func(Nullable::Val(entry))) => entry,
        _ => return Err(Stop(format!("lua_try got function {function}, which is not in the table")).into()),
    };
    let stack = unwinding.stack_pointer.get(&caller);
    match call_entry(&entry, caller.as_context_mut(), lua, ud) {
        Ok(()) => Ok(0),
        Err(error) if error.downcast_ref::<Throw>().is_some() => {
            unwinding.stack_pointer.set(&mut caller, stack)?;
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

/// An instance over `state`, not yet initialised.
pub(crate) fn instantiate(module: &Module, state: State) -> Result<Store<Data>, Error> {
    let limits = StoreLimitsBuilder::new().memory_size(state.memory_limit()).build();
    let engine = module.module.engine();
    let mut store = Store::new(engine, Data { state, exports: None, unwinding: None, limits });
    store.limiter(|data| &mut data.limits);
    let instance = module.linker.instantiate_and_start(&mut store, &module.module).map_err(Error::module)?;
    let exports = Exports::find(&mut store, &instance)?;
    let functions = instance.get_table(&store, "__indirect_function_table");
    let functions = functions.ok_or_else(|| missing("__indirect_function_table"))?;
    let stack_pointer = instance.get_global(&store, "__stack_pointer").ok_or_else(|| missing("__stack_pointer"))?;
    let data = store.data_mut();
    data.exports = Some(Arc::new(exports));
    data.unwinding = Some(Unwinding { functions, stack_pointer });
    Ok(store)
}

fn said(error: wasmi::Error) -> String {
    error.to_string()
}

/// The module looks at the clock by itself; an interpreter has nothing that would stop one which does not.
fn watch_clock(_: impl AsContextMut) {}

machines!(Store<Data>, Caller<'_, Data>; said; watch_clock);
