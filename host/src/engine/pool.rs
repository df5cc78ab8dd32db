//! Many instances in address space that is reserved in advance.

use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Address space that a pool may take: half of what 47 bits reach.
const ADDRESSES: u64 = 1 << 46;

/// How many instances an engine has room for, and how large each may become. From 8,192 instances on the code has to check
/// bounds, and is slower for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    instances: u32,
    memory: usize,
    keep: usize,
}

impl Pool {
    /// Room for so many instances, of up to 64 MiB of linear memory each.
    pub fn instances(count: u32) -> Self {
        Self { instances: count, memory: 64 << 20, keep: 0 }
    }

    /// What an instance's linear memory may grow to, bytes. It is address space, not memory: an instance takes what it uses.
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// How much of an instance that has ended is kept for the next one, bytes: those are cleared instead of given back to
    /// the system, which is faster and keeps memory. 0 without this.
    #[must_use]
    pub fn keep_resident(mut self, bytes: usize) -> Self {
        self.keep = bytes;
        self
    }

    pub(super) fn configure(self, config: &mut Config) {
        let mut pool = PoolingAllocationConfig::new();
        // Each instance has two memories, one of them for the engine's own objects (exceptions).
        pool.total_core_instances(self.instances)
            .total_memories(self.instances.saturating_mul(2))
            .total_tables(self.instances)
            .total_gc_heaps(self.instances)
            .max_memory_size(self.memory)
            .linear_memory_keep_resident(self.keep)
            .table_elements(10_000);
        // Memories in slots of 4 GiB need no bounds checks in the code. All slots must have the same size.
        let slot = (ADDRESSES / 2 / u64::from(self.instances.max(1))).min(4 << 30) & !0xffff;
        config.memory_reservation(slot.max(self.memory as u64));
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
}
