//! Limits of an instance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What scripts may use. A limit that is met ends the call with an error ([`crate::ErrorKind::Limit`], or `Memory` for the
/// heap) that no script can catch for long, and the instance is ready for the next call.
///
/// There is no setting for the stack: deep recursion, of Lua functions, patterns, parentheses or calls between Lua and the
/// host, is an ordinary Lua error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub(crate) heap: u32,
    pub(crate) instructions: i64,
    pub(crate) time: Option<Duration>,
}

impl Limits {
    /// No limits.
    pub fn none() -> Self {
        Self::default()
    }

    /// What Lua, the I/O buffer and captured output use together, bytes. An empty instance takes about 100 kB.
    #[must_use]
    pub fn heap(mut self, bytes: u32) -> Self {
        self.heap = bytes;
        self
    }

    /// Calls, backward jumps and steps of library loops in one outermost call.
    #[must_use]
    pub fn instructions(mut self, count: u64) -> Self {
        self.instructions = i64::try_from(count).unwrap_or(i64::MAX);
        self
    }

    /// How long one outermost call may take. Time in host functions counts; they are not interrupted.
    #[must_use]
    pub fn time(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }
}

/// Ends what an instance runs, from another thread or a signal handler. Clones end the same instance's call.
///
/// The call fails as at a limit ([`crate::ErrorKind::Limit`]), and the instance is ready for the next one. Without a call
/// under way nothing happens.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// One that no instance has yet: give it to [`crate::Builder::interrupt`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the call that runs now.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the last call was ended, or is about to be.
    pub fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// What an instance uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// Bytes that Lua uses.
    pub used: u32,
    /// Bytes of linear memory.
    pub linear: u64,
    /// Lua values held by handles.
    pub handles: i64,
    /// Host values alive in Lua.
    pub host_values: i64,
}
