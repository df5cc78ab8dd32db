//! What this crate asks of an engine: one small trait, so that nothing else depends on which one runs a module.

use crate::error::Error;
use crate::vm::State;

/// A call of the module ended by a trap, or an import cannot go on: the instance is dead.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Stop(pub(crate) String);

/// An instance of a module under some engine, from outside or from inside an import.
pub(crate) trait Machine {
    /// The host's side of the instance.
    fn state(&mut self) -> &mut State;

    /// Linear memory, and the host's side.
    fn memory(&mut self) -> (&mut [u8], &mut State);

    /// Whether the module has this export.
    fn has(&self, name: &str) -> bool;

    /// Calls an export and gives its status (0 where it has none).
    fn call(&mut self, export: Export) -> Result<i32, Stop>;

    /// An outermost call with a deadline begins: the engine is to look at the clock from now on.
    fn watch_deadline(&mut self);
}

/// Gives `$make` all exports that this crate calls, with their parameters and results.
macro_rules! for_each_export {
    ($make:path, $($given:tt)*) => {
        $make! {
            $($given)*
            Init init() -> i32;
            SetSeed set_seed(seed: i64) -> ();
            SetLimits set_limits(heap: u32, instructions: i64) -> ();
            Call call(function: u32, at: u32, len: u32, flags: u32) -> i32;
            TaskStart task_start(function: u32, at: u32, len: u32, flags: u32) -> i32;
            TaskResume task_resume(task: u32, at: u32, len: u32, flags: u32) -> i32;
            TaskClose task_close(task: u32) -> i32;
            ReleaseHandle release_handle(id: u32, count: u32) -> i32;
            SetDeadline set_deadline(at: f64) -> ();
            SetSlice set_slice(steps: u32) -> ();
            ReserveBuffer reserve_buffer(len: u32) -> i32;
            GetBufferPtr get_buffer_ptr() -> i32;
            SetChunkName set_chunk_name(at: u32, len: u32) -> ();
            GetMemoryStats get_memory_stats(to: u32) -> ();
            GetLastError get_last_error() -> i32;
            Flush flush() -> i32;
            CollectTables collect_tables(at: u32, count: u32) -> i32;
        }
    };
}
pub(crate) use for_each_export;

macro_rules! export {
    ($($variant:ident $name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        /// An export and its arguments.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Export {
            $($variant { $($arg: $type),* },)*
        }

        /// The names of all exports.
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}
for_each_export!(export,);

/// Exports that only modules with persistence have.
pub(crate) const OPTIONAL: &[&str] = &["flush", "collect_tables"];

/// The names of the exports that every module must have.
pub(crate) fn required() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied().filter(|name| !OPTIONAL.contains(name))
}

/// Results of exports as a status.
pub(crate) trait Status {
    fn status(self) -> i32;
}

impl Status for i32 {
    fn status(self) -> i32 {
        self
    }
}

impl Status for () {
    fn status(self) -> i32 {
        0
    }
}

/// The typed functions of an instance under `$engine`, by name.
macro_rules! exports {
    (($engine:ident, $context:path) $($variant:ident $name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        /// The exports that this crate uses.
        pub(crate) struct Exports {
            pub(crate) memory: $engine::Memory,
            $($name: Option<$engine::TypedFunc<($($type,)*), $result>>,)*
        }

        impl Exports {
            fn find(mut store: impl $context, instance: &$engine::Instance) -> Result<Self, Error> {
                Ok(Self {
                    memory: instance.get_memory(&mut store, "memory").ok_or_else(|| missing("memory"))?,
                    $($name: match instance.get_func(&mut store, stringify!($name)) {
                        Some(function) => Some(function.typed(&store).map_err(|error| {
                            Error::Module(format!("{}: {error:#}", stringify!($name)))
                        })?),
                        None if OPTIONAL.contains(&stringify!($name)) => None,
                        None => return Err(missing(stringify!($name))),
                    },)*
                })
            }

            fn has(&self, name: &str) -> bool {
                match name {
                    $(stringify!($name) => self.$name.is_some(),)*
                    _ => false,
                }
            }

            fn call(&self, store: impl $context, export: Export) -> Result<i32, $engine::Error> {
                match export {
                    $(Export::$variant { $($arg),* } => match &self.$name {
                        Some(function) => function.call(store, ($($arg,)*)).map(Status::status),
                        None => Err($engine::Error::from(Stop(format!("there is no export {}", stringify!($name))))),
                    },)*
                }
            }
        }
    };
}
pub(crate) use exports;

/// Makes an engine's stores and callers machines. `$said` words the error that ended a call; `$watch` has the engine look at the clock.
macro_rules! machines {
    ($($type:ty),*; $said:ident; $watch:ident) => {$(
        impl Machine for $type {
            fn state(&mut self) -> &mut State {
                &mut self.data_mut().state
            }

            fn memory(&mut self) -> (&mut [u8], &mut State) {
                match self.data().exports.clone() {
                    Some(exports) => {
                        let (memory, data) = exports.memory.data_and_store_mut(self);
                        (memory, &mut data.state)
                    }
                    // While it is being instantiated nothing has been put into memory.
                    None => (&mut [], &mut self.data_mut().state),
                }
            }

            fn has(&self, name: &str) -> bool {
                self.data().exports.as_ref().is_some_and(|exports| exports.has(name))
            }

            fn call(&mut self, export: Export) -> Result<i32, Stop> {
                let exports = self.data().exports.clone().ok_or_else(|| Stop("the instance is not ready".to_owned()))?;
                exports.call(self, export).map_err(|error| Stop($said(error)))
            }

            fn watch_deadline(&mut self) {
                $watch(self);
            }
        }
    )*};
}
pub(crate) use machines;

pub(crate) fn missing(name: &str) -> Error {
    Error::Module(format!(
        "expected the export {name}, found none; build the module with \
         `cargo xtask build --contract bridge --unwind standard`"
    ))
}

impl From<Stop> for Error {
    fn from(Stop(reason): Stop) -> Self {
        Self::Module(reason)
    }
}
