//! What the module imports (module `env`).

use std::time::Instant;

use wasmtime::{AsContextMut, Caller, Linker};

use crate::codec::Decoder;
use crate::context::Context;
use crate::error::{Error, LuaError};
use crate::host::{BoxError, HostValue, Raise};
use crate::module::STACK;
use crate::store::StoreError;
use crate::value::{Value, Values};
use crate::vm::{State, now, stack_position};

/// Stack that Lua keeps for itself below a host function, bytes.
const STACK_LEFT: usize = STACK / 2;

type Entry<'a> = Caller<'a, State>;

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    const ENV: &str = "env";
    linker.func_wrap(ENV, "js_time_now", now)?;
    linker.func_wrap(
        ENV,
        "js_ext_table_set",
        |mut caller: Entry<'_>, id: u32, key: u32, key_len: u32, value: u32, value_len: u32| {
            let (data, state) = parts(&mut caller)?;
            let (key, value) = (bytes(data, key, key_len)?, bytes(data, value, value_len)?);
            let done = state.tables.set(id, key, value);
            kept(state, done).map(|()| 0)
        },
    )?;
    linker.func_wrap(
        ENV,
        "js_ext_table_get",
        |mut caller: Entry<'_>, id: u32, key: u32, key_len: u32, to: u32, max: u32| {
            let (data, state) = parts(&mut caller)?;
            let found = state.tables.get(id, bytes(data, key, key_len)?);
            match kept(state, found)? {
                Some(value) => put(data, to, max, &value),
                None => Ok(-1),
            }
        },
    )?;
    linker.func_wrap(ENV, "js_ext_table_delete", |mut caller: Entry<'_>, id: u32, key: u32, key_len: u32| {
        let (data, state) = parts(&mut caller)?;
        let done = state.tables.delete(id, bytes(data, key, key_len)?);
        kept(state, done).map(|()| 0)
    })?;
    linker.func_wrap(ENV, "js_ext_table_size", |mut caller: Entry<'_>, id: u32| {
        let state = caller.data_mut();
        let len = state.tables.len(id);
        kept(state, len).map(|len| u32::try_from(len).unwrap_or(u32::MAX))
    })?;
    linker.func_wrap(ENV, "js_ext_table_keys", |mut caller: Entry<'_>, id: u32, to: u32, max: u32| {
        let (data, state) = parts(&mut caller)?;
        let keys = state.tables.keys(id);
        let keys = kept(state, keys)?;
        let mut list = Vec::with_capacity(4 + keys.iter().map(|key| 4 + key.len()).sum::<usize>());
        list.extend((keys.len() as u32).to_le_bytes());
        for key in keys {
            list.extend((key.len() as u32).to_le_bytes());
            list.extend(key);
        }
        put(data, to, max, &list)
    })?;
    linker.func_wrap(ENV, "js_ext_table_drop", |mut caller: Entry<'_>, id: u32| {
        caller.data_mut().tables.drop_table(id);
        0
    })?;
    linker.func_wrap(ENV, "js_release", |mut caller: Entry<'_>, id: u32, count: u32| {
        caller.data_mut().hosts.release(id, count);
    })?;
    linker.func_wrap(ENV, "js_call", call)?;
    Ok(())
}

/// Calls a host value, and puts its results or its error into the I/O buffer.
fn call(mut caller: Entry<'_>, op: u32, id: u32, at: u32, len: u32, _task: u32) -> wasmtime::Result<i32> {
    let (data, state) = parts(&mut caller)?;
    let used = state.stack.saturating_sub(stack_position());
    let args = Decoder::new(bytes(data, at, len)?, &state.hosts, &state.instance).values();
    let host = state.hosts.get(id).cloned();
    let exports = state.exports.clone().ok_or_else(|| wasmtime::Error::msg("js_call before the instance is ready"))?;

    let mut lua = Context::new(caller.as_context_mut(), exports);
    let answer = match (host, args) {
        (None, _) => Err(format!("there is no host value {id}").into()),
        (_, Err(error)) => Err(Raise::at_caller(error.to_string()).into()),
        _ if used > STACK_LEFT => Err(Raise::at_caller("stack overflow (too many calls between Lua and host)").into()),
        (Some(host), Ok(args)) => {
            let operate = std::panic::AssertUnwindSafe(|| host.operate(op, &mut lua, Values(args)));
            match std::panic::catch_unwind(operate) {
                Ok(answer) => answer,
                Err(panic) => {
                    // It goes on outward through Lua's frames, which then can't go on.
                    lua.state().ended = Some("a host function panicked".to_owned());
                    std::panic::resume_unwind(panic)
                }
            }
        }
    };
    if let Some(reason) = &lua.state().ended {
        return Err(wasmtime::Error::msg(reason.clone()));
    }
    let (status, values) = match answer {
        Ok(values) => (None, values),
        Err(error) => raised(error),
    };
    let (status, encoded) = match lua.encode(&values.0) {
        Ok(encoded) => (status, encoded),
        Err(error) => (Some(-3), lua.encode(&[Value::from(error.to_string())]).map_err(wasmtime::Error::from)?),
    };
    let length = lua.answer(&encoded)?;
    lua.state().resumed = Instant::now();
    Ok(status.unwrap_or(length))
}

/// The answer for a failed host function, and the value to raise.
fn raised(error: BoxError) -> (Option<i32>, Values) {
    let one = |value| Values(vec![value]);
    let error = match error.downcast::<Raise>() {
        Ok(raise) => return (Some(if raise.at_caller { -3 } else { -1 }), one(raise.value)),
        Err(error) => error,
    };
    // Lua's own error on its way through a host function goes on as what it was.
    match error.downcast::<Error>().map(|error| *error) {
        Ok(Error::Lua(error)) => {
            let LuaError { value, message, .. } = *error;
            (Some(-1), one(value.unwrap_or_else(|| Value::from(message))))
        }
        Ok(error) => (Some(-1), one(Value::Host(HostValue::error(Box::new(error))))),
        Err(error) => (Some(-1), one(Value::Host(HostValue::error(error)))),
    }
}

fn parts<'a>(caller: &'a mut Entry<'_>) -> wasmtime::Result<(&'a mut [u8], &'a mut State)> {
    let memory = match &caller.data().exports {
        Some(exports) => exports.memory,
        None => match caller.get_export("memory") {
            Some(wasmtime::Extern::Memory(memory)) => memory,
            _ => return Err(wasmtime::Error::msg("the module does not export memory")),
        },
    };
    Ok(memory.data_and_store_mut(caller))
}

fn bytes(data: &[u8], at: u32, len: u32) -> wasmtime::Result<&[u8]> {
    let (at, len) = (at as usize, len as usize);
    data.get(at..at.saturating_add(len))
        .ok_or_else(|| wasmtime::Error::msg(format!("an import got bytes {at} + {len}, which are outside of memory")))
}

/// Writes what fits into `max` bytes and gives the full length.
fn put(data: &mut [u8], to: u32, max: u32, value: &[u8]) -> wasmtime::Result<i32> {
    let length = value.len().min(max as usize);
    let to = to as usize;
    let room = data.get_mut(to..to.saturating_add(length));
    let room = room.ok_or_else(|| wasmtime::Error::msg(format!("an import got room at {to}, outside of memory")))?;
    room.copy_from_slice(&value[..length]);
    i32::try_from(value.len()).map_err(|_| wasmtime::Error::msg("a stored value is longer than 2 GiB"))
}

/// A store that cannot be read must not look like one where nothing is: the instance ends.
fn kept<T>(state: &mut State, result: Result<T, StoreError>) -> wasmtime::Result<T> {
    result.map_err(|error| {
        let message = error.to_string();
        state.store_error.get_or_insert(error);
        wasmtime::Error::msg(message)
    })
}
