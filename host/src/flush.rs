//! When state is stored.

use std::time::Duration;

/// When what changed under `Memory` is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlushMode {
    /// After each outermost call, also one that failed.
    #[default]
    EachCall,
    /// In [`crate::Lua::flush`] only.
    Manual,
}

/// What a flush did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Entries set or deleted in the store.
    pub changes: usize,
    /// How long the store's transaction took.
    pub took: Duration,
}
