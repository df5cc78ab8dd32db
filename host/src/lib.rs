#![doc = include_str!("../README.md")]

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
#[cfg(feature = "crypto")]
pub use moonwright_store::{Authentication, Encryption, authenticated, encrypted};
pub use moonwright_store::{
    Change, Compression, Layer, LayerError, Layered, MemoryStore, StateFile, StateFileError, Store, StoreError,
    compressed,
};
pub use task::Running;
pub use value::{ConversionError, FromValue, FromValues, IntoValue, IntoValues, Table, Value, Values};
#[cfg(feature = "serde")]
pub use value::{Serde, from_value, to_value};
