//! An instance's state on the host's side, and its start.

use std::any::Any;
use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::context::TableMode;
use crate::engine::{Export, Machine, Stop};
use crate::error::Error;
use crate::handle::Released;
use crate::host::{HostFuture, HostValues};
use crate::limits::{Interrupt, Limits};
use crate::module::Module;
use moonwright_store::StoreError;

use crate::flush::FlushMode;
use crate::overlay::Overlay;

/// The deadline of a call that has none but can be interrupted: one that the module has to look at the clock for.
const FAR: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// A time behind [`FAR`], milliseconds since the Unix epoch.
const AFTER: f64 = 1e13;

/// What the imports see of an instance.
pub(crate) struct State {
    pub(crate) tables: Overlay,
    pub(crate) hosts: HostValues,
    pub(crate) instance: Arc<Released>,
    pub(crate) output: Box<dyn Write + Send>,
    pub(crate) limits: Limits,
    pub(crate) interrupt: Option<Interrupt>,
    pub(crate) mode: TableMode,
    pub(crate) flush: FlushMode,
    /// Calls under way, one inside the other.
    pub(crate) depth: u32,
    /// Where the stack was when the outermost of them began.
    pub(crate) stack: usize,
    pub(crate) deadline: Option<Instant>,
    /// When Lua last got control, for the deadline's backstop: time in host functions is not Lua's.
    pub(crate) resumed: Instant,
    pub(crate) ended: Option<String>,
    pub(crate) store_error: Option<StoreError>,
    /// A host function's panic on its way out of the module.
    pub(crate) panic: Option<Box<dyn Any + Send>>,
    /// How many steps a task runs at a time; 0: to its end.
    pub(crate) slice: u32,
    /// What tasks wait for, by task.
    pub(crate) futures: HashMap<u32, HostFuture>,
}

/// How an instance is to be set up.
pub(crate) struct Setup {
    pub(crate) tables: Overlay,
    pub(crate) output: Box<dyn Write + Send>,
    pub(crate) limits: Limits,
    pub(crate) interrupt: Option<Interrupt>,
    pub(crate) mode: TableMode,
    pub(crate) flush: FlushMode,
    pub(crate) seed: Option<i64>,
    pub(crate) slice: u32,
}

impl State {
    /// How long a call may take; `None`: nobody ends it.
    pub(crate) fn time(&self) -> Option<Duration> {
        let far = self.interrupt.as_ref().map(|_| FAR);
        self.limits.time.map(|time| time.min(FAR)).or(far)
    }

    /// How far linear memory may grow: the module counts what Lua uses; memory holds that, what the allocator wastes, and
    /// the module's own data.
    pub(crate) fn memory_limit(&self) -> usize {
        if self.limits.heap == 0 { usize::MAX } else { self.limits.heap as usize * 3 / 2 + (4 << 20) }
    }
}

/// Instantiates and initialises.
pub(crate) fn instantiate(module: &Module, setup: Setup) -> Result<Box<dyn Machine + Send>, Error> {
    let Setup { tables, output, limits, interrupt, mode, flush, seed, slice } = setup;
    let state = State {
        tables,
        hosts: HostValues::default(),
        instance: Arc::default(),
        output,
        limits,
        interrupt,
        mode,
        flush,
        depth: 0,
        stack: 0,
        deadline: None,
        resumed: Instant::now(),
        ended: None,
        store_error: None,
        panic: None,
        slice,
        futures: HashMap::new(),
    };
    let mut lua = module.instantiate(state)?;
    let failed = |Stop(reason): Stop| Error::Module(reason);
    if let Some(seed) = seed {
        lua.call(Export::SetSeed { seed }).map_err(failed)?;
    }
    if lua.call(Export::Init {}).map_err(failed)? != 0 {
        return Err(Error::Module("the module found no memory to start with".to_owned()));
    }
    let Limits { heap, instructions, .. } = limits;
    if heap != 0 || instructions != 0 {
        lua.call(Export::SetLimits { heap, instructions }).map_err(failed)?;
    }
    if slice != 0 {
        lua.call(Export::SetSlice { steps: slice }).map_err(failed)?;
    }
    Ok(lua)
}

/// The time as an instance is told it: one that is interrupted finds itself past every deadline.
pub(crate) fn told(state: &State) -> f64 {
    if state.interrupt.as_ref().is_some_and(Interrupt::is_interrupted) { AFTER } else { now() }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}

/// About where the stack is.
pub(crate) fn stack_position() -> usize {
    let here = 0u8;
    std::ptr::from_ref(&here).addr()
}
