//! What the module imports (module `env`).

use std::time::Instant;

use super::STACK_LEFT;
use super::machine::{Machine, Stop};
use crate::codec::Decoder;
use crate::context::Context;
use crate::error::{Error, LuaError};
use crate::host::{BoxError, HostValue, Raise};
use crate::value::{Value, Values};
use crate::vm::{State, stack_position, told};
use moonwright_store::StoreError;

/// The answer of `js_call` for what has to wait.
const WAITS: i32 = -2;

/// Binds each import to the function of that name below, under `$engine`.
macro_rules! linker {
    ($visible:vis fn $link:ident, $engine:ident, $data:path: $(
        $import:literal => $name:ident($($arg:ident: $type:ty),*) -> $result:ty;
    )*) => {
        $visible fn $link(linker: &mut $engine::Linker<$data>) -> Result<(), $engine::Error> {
            $(linker.func_wrap(
                "env",
                $import,
                |mut caller: $engine::Caller<'_, $data>, $($arg: $type),*| -> Result<$result, $engine::Error> {
                    Ok($name(&mut caller, $($arg),*)?)
                },
            )?;)*
            Ok(())
        }
    };
}

macro_rules! imports {
    ($($list:tt)*) => {
        linker! { pub(super) fn link_jit, wasmtime, super::jit::Data: $($list)* }
        #[cfg(feature = "wasmi")]
        linker! { pub(super) fn link_interpreter, wasmi, super::interpreter::Data: $($list)* }
    };
}

imports! {
    "js_time_now" => time_now() -> f64;
    "js_ext_table_set" => table_set(id: u32, key: u32, key_len: u32, value: u32, value_len: u32) -> i32;
    "js_ext_table_get" => table_get(id: u32, key: u32, key_len: u32, to: u32, max: u32) -> i32;
    "js_ext_table_delete" => table_delete(id: u32, key: u32, key_len: u32) -> i32;
    "js_ext_table_size" => table_size(id: u32) -> u32;
    "js_ext_table_keys" => table_keys(id: u32, to: u32, max: u32) -> i32;
    "js_ext_table_drop" => table_drop(id: u32) -> i32;
    "js_release" => release(id: u32, count: u32) -> ();
    "js_call" => call(op: u32, id: u32, at: u32, len: u32, task: u32) -> i32;
}

fn time_now(lua: &mut dyn Machine) -> Result<f64, Stop> {
    Ok(told(lua.state()))
}

fn table_set(lua: &mut dyn Machine, id: u32, key: u32, key_len: u32, value: u32, value_len: u32) -> Result<i32, Stop> {
    let (data, state) = lua.memory();
    let (key, value) = (bytes(data, key, key_len)?, bytes(data, value, value_len)?);
    let done = state.tables.set(id, key, value);
    kept(state, done).map(|()| 0)
}

fn table_get(lua: &mut dyn Machine, id: u32, key: u32, key_len: u32, to: u32, max: u32) -> Result<i32, Stop> {
    let (data, state) = lua.memory();
    let found = state.tables.get(id, bytes(data, key, key_len)?);
    match kept(state, found)? {
        Some(value) => put(data, to, max, &value),
        None => Ok(-1),
    }
}

fn table_delete(lua: &mut dyn Machine, id: u32, key: u32, key_len: u32) -> Result<i32, Stop> {
    let (data, state) = lua.memory();
    let done = state.tables.delete(id, bytes(data, key, key_len)?);
    kept(state, done).map(|()| 0)
}

fn table_size(lua: &mut dyn Machine, id: u32) -> Result<u32, Stop> {
    let state = lua.state();
    let len = state.tables.len(id);
    kept(state, len).map(|len| u32::try_from(len).unwrap_or(u32::MAX))
}

fn table_keys(lua: &mut dyn Machine, id: u32, to: u32, max: u32) -> Result<i32, Stop> {
    let (data, state) = lua.memory();
    let keys = state.tables.keys(id);
    let keys = kept(state, keys)?;
    let mut list = Vec::with_capacity(4 + keys.iter().map(|key| 4 + key.len()).sum::<usize>());
    list.extend((keys.len() as u32).to_le_bytes());
    for key in keys {
        list.extend((key.len() as u32).to_le_bytes());
        list.extend(key);
    }
    put(data, to, max, &list)
}

fn table_drop(lua: &mut dyn Machine, id: u32) -> Result<i32, Stop> {
    lua.state().tables.drop_table(id);
    Ok(0)
}

fn release(lua: &mut dyn Machine, id: u32, count: u32) -> Result<(), Stop> {
    lua.state().hosts.release(id, count);
    Ok(())
}

/// Calls a host value, and puts its results or its error into the I/O buffer; or notes what the task is to wait for.
fn call(machine: &mut dyn Machine, op: u32, id: u32, at: u32, len: u32, task: u32) -> Result<i32, Stop> {
    let (data, state) = machine.memory();
    let used = state.stack.saturating_sub(stack_position());
    let args = Decoder::new(bytes(data, at, len)?, &state.hosts, &state.instance).values();
    let host = state.hosts.get(id).cloned();
    let waits = host.as_ref().filter(|_| op == 0).and_then(HostValue::waits);
    if waits.is_some() && task == 0 {
        // The module says in the script's error why it can't wait there.
        return Ok(WAITS);
    }
    let mut lua = Context::new(machine);
    let answer = match (&host, args) {
        (None, _) => Err(format!("there is no host value {id}").into()),
        (_, Err(error)) => Err(Raise::at_caller(error.to_string()).into()),
        _ if used > STACK_LEFT => Err(Raise::at_caller("stack overflow (too many calls between Lua and host)").into()),
        (Some(host), Ok(args)) => {
            let operate = std::panic::AssertUnwindSafe(|| match waits {
                Some(begin) => begin(Values(args)).map(Err),
                None => host.operate(op, &mut lua, Values(args)).map(Ok),
            });
            match std::panic::catch_unwind(operate) {
                Ok(Ok(Err(future))) => {
                    lua.state().futures.insert(task, future);
                    return Ok(WAITS);
                }
                Ok(Ok(Ok(values))) => Ok(values),
                Ok(Err(error)) => Err(error),
                Err(panic) => {
                    // Engines' frames are not made to be unwound: it goes on where the module was called from. Lua's
                    // frames can't go on after it.
                    let state = lua.state();
                    state.ended = Some("a host function panicked".to_owned());
                    state.panic = Some(panic);
                    return Err(Stop("a host function panicked".to_owned()));
                }
            }
        }
    };
    if let Some(reason) = &lua.state().ended {
        return Err(Stop(reason.clone()));
    }
    let (status, values) = match answer {
        Ok(values) => (None, values),
        Err(error) => {
            let (status, value) = raised(error);
            (Some(status), Values(vec![value]))
        }
    };
    let (status, encoded) = match lua.encode(&values.0) {
        Ok(encoded) => (status, encoded),
        Err(error) => (Some(-3), lua.encode(&[Value::from(error.to_string())]).map_err(stop)?),
    };
    let length = lua.answer(&encoded)?;
    lua.state().resumed = Instant::now();
    Ok(status.unwrap_or(length))
}

/// The answer for a failed host function (-3: with the position of its caller in front), and the value to raise.
pub(crate) fn raised(error: BoxError) -> (i32, Value) {
    let error = match error.downcast::<Raise>() {
        Ok(raise) => return (if raise.at_caller { -3 } else { -1 }, raise.value),
        Err(error) => error,
    };
    // Lua's own error on its way through a host function goes on as what it was.
    let value = match error.downcast::<Error>().map(|error| *error) {
        Ok(Error::Lua(error)) => {
            let LuaError { value, message, .. } = *error;
            value.unwrap_or_else(|| Value::from(message))
        }
        Ok(error) => Value::Host(HostValue::error(Box::new(error))),
        Err(error) => Value::Host(HostValue::error(error)),
    };
    (-1, value)
}

pub(crate) fn stop(error: impl std::fmt::Display) -> Stop {
    Stop(error.to_string())
}

fn bytes(data: &[u8], at: u32, len: u32) -> Result<&[u8], Stop> {
    let (at, len) = (at as usize, len as usize);
    data.get(at..at.saturating_add(len))
        .ok_or_else(|| Stop(format!("an import got bytes {at} + {len}, which are outside of memory")))
}

/// Writes what fits into `max` bytes and gives the full length.
fn put(data: &mut [u8], to: u32, max: u32, value: &[u8]) -> Result<i32, Stop> {
    let length = value.len().min(max as usize);
    let to = to as usize;
    let room = data.get_mut(to..to.saturating_add(length));
    let room = room.ok_or_else(|| Stop(format!("an import got room at {to}, outside of memory")))?;
    room.copy_from_slice(&value[..length]);
    i32::try_from(value.len()).map_err(|_| Stop("a stored value is longer than 2 GiB".to_owned()))
}

/// A store that cannot be read must not look like one where nothing is: the instance ends.
fn kept<T>(state: &mut State, result: Result<T, StoreError>) -> Result<T, Stop> {
    result.map_err(|error| {
        let message = error.to_string();
        state.store_error.get_or_insert(error);
        Stop(message)
    })
}
