//! Lua in WebAssembly, with limits, and state that outlives the process.
//!
//! ```no_run
//! use moonwright::{DiskStore, Limits, Lua};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut lua = Lua::builder()
//!     .module("lua.wasm") // cargo xtask build --contract bridge --unwind standard
//!     .store(DiskStore::open("counter.state")?)
//!     .limits(Limits::none().heap(16 << 20).instructions(100_000_000))
//!     .function("add", |(a, b): (i64, i64)| Ok(a + b))
//!     .build()?;
//! lua.run("Memory.visits = add(Memory.visits or 0, 1)")?;
//! println!("visit {}", lua.eval::<i64>("return Memory.visits")?);
//! # Ok(())
//! # }
//! ```
//!
//! What can be reached from the global `Memory` is stored after each call: data, metatables and functions. Each call is one
//! transaction. What scripts may use is limited by [`Limits`], and what a limit ends is an ordinary [`Error`].

mod builder;
mod codec;
mod context;
mod engine;
mod error;
mod flush;
mod handle;
mod host;
mod limits;
mod lua;
mod module;
mod overlay;
mod task;
mod value;
mod vm;

pub use builder::{Builder, Capture};
pub use codec::CodecError;
pub use context::{Callable, Context, TableMode};
pub use engine::{Engine, EngineBuilder, Pool};
pub use error::{Error, ErrorKind, LuaError};
pub use flush::{FlushMode, Flushed};
pub use handle::{Function, Handle, HandleKind};
pub use host::{BoxError, HostObject, HostValue, Raise};
pub use limits::{Interrupt, Limits, MemoryUse};
pub use lua::Lua;
pub use module::{Module, ModuleSource};
#[cfg(feature = "redb")]
pub use moonwright_store::DiskStore;
#[cfg(feature = "redis")]
pub use moonwright_store::RedisStore;
pub use moonwright_store::{Change, MemoryStore, StateFile, StateFileError, Store, StoreError};
pub use task::Running;
pub use value::{ConversionError, FromValue, FromValues, IntoValue, IntoValues, Table, Value, Values};
#[cfg(feature = "serde")]
pub use value::{Serde, from_value, to_value};
