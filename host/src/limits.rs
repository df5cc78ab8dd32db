//! Limits of an instance.

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
