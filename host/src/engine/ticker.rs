//! Has an engine count epochs, for instances with a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// The engines that have a thread which counts.
static TICKING: Mutex<Vec<EngineWeak>> = Mutex::new(Vec::new());

/// Has epochs counted from now on, for as long as the engine lives.
pub(super) fn start(engine: &Engine, tick: Duration) {
    let mut ticking = TICKING.lock().unwrap_or_else(PoisonError::into_inner);
    if ticking.iter().any(|other| other.upgrade().is_some_and(|other| Engine::same(&other, engine))) {
        return;
    }
    ticking.retain(|other| other.upgrade().is_some());
    let weak = engine.weak();
    ticking.push(weak.clone());
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(tick);
            let Some(engine) = weak.upgrade() else { return };
            engine.increment_epoch();
        }
    });
}
