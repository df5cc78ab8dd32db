//! Built modules, compiled by wasmtime.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::{Config, Engine, InstancePre, Linker};

use crate::error::Error;
use crate::imports;
use crate::vm::State;

/// What a call may use of the thread's stack, bytes. Lua's own limit for nested calls is met long before; threads that
/// run Lua need twice that, which is what Rust gives them.
pub(crate) const STACK: usize = 1 << 20;

/// How often the engine counts an epoch, for the deadline's backstop.
const TICK: Duration = Duration::from_millis(50);

/// A compiled module, ready to be instantiated any number of times, by any thread. Clones share the code.
///
/// It takes a module with the contract `bridge` in the standard exception encoding:
/// `cargo xtask build --contract bridge --unwind standard`.
#[derive(Clone)]
pub struct Module {
    pub(crate) pre: InstancePre<State>,
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Module")
    }
}

impl Module {
    /// Compiles a module. The same bytes are compiled once in a process.
    ///
    /// # Errors
    /// Where the bytes are no module, or one that this crate cannot run; the message says what is missing.
    pub fn new(wasm: impl AsRef<[u8]>) -> Result<Self, Error> {
        static COMPILED: Mutex<Option<HashMap<[u8; 32], Module>>> = Mutex::new(None);
        let wasm = wasm.as_ref();
        let hash: [u8; 32] = Sha256::digest(wasm).into();
        let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = compiled.get_or_insert_default();
        if let Some(module) = compiled.get(&hash) {
            return Ok(module.clone());
        }
        let module = wasmtime::Module::from_binary(engine()?, wasm).map_err(Error::module)?;
        let module = Self::link(&module)?;
        compiled.insert(hash, module.clone());
        Ok(module)
    }

    /// Reads and compiles a module.
    ///
    /// # Errors
    /// Where the file cannot be read, and as [`Module::new`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let wasm = std::fs::read(path)
            .map_err(|error| Error::Module(format!("cannot read the module {}: {error}", path.display())))?;
        Self::new(wasm).map_err(|error| Error::Module(format!("{}: {error}", path.display())))
    }

    fn link(module: &wasmtime::Module) -> Result<Self, Error> {
        if module.get_export("task_start").is_none() {
            return Err(Error::Module(
                "expected a module with the contract bridge, found one without task_start; \
                 build it with `cargo xtask build --contract bridge --unwind standard`"
                    .to_owned(),
            ));
        }
        let mut linker = Linker::new(module.engine());
        imports::link(&mut linker).map_err(Error::module)?;
        Ok(Self { pre: linker.instantiate_pre(module).map_err(Error::module)? })
    }
}

/// Where a module comes from.
pub trait ModuleSource {
    /// The module, compiled.
    ///
    /// # Errors
    /// Where it cannot be read or compiled.
    fn into_module(self) -> Result<Module, Error>;
}

impl ModuleSource for Module {
    fn into_module(self) -> Result<Module, Error> {
        Ok(self)
    }
}

impl ModuleSource for &Module {
    fn into_module(self) -> Result<Module, Error> {
        Ok(self.clone())
    }
}

macro_rules! sources {
    ($($type:ty => $make:path),*) => {$(
        impl ModuleSource for $type {
            fn into_module(self) -> Result<Module, Error> {
                $make(self)
            }
        }
    )*};
}

sources!(&[u8] => Module::new, &Vec<u8> => Module::new, Vec<u8> => Module::new, &str => Module::from_file,
    &Path => Module::from_file, std::path::PathBuf => Module::from_file, &std::path::PathBuf => Module::from_file);

/// The engine of the process: code, stack limit and collector are the same for all instances.
fn engine() -> Result<&'static Engine, Error> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    ENGINE
        .get_or_init(|| {
            let mut config = Config::new();
            config.wasm_exceptions(true);
            config.epoch_interruption(true);
            config.max_wasm_stack(STACK);
            Engine::new(&config).map_err(|error| format!("{error:#}"))
        })
        .as_ref()
        .map_err(|error| Error::Module(error.clone()))
}

/// Has epochs counted from now on: only instances with a deadline need them.
pub(crate) fn count_epochs(engine: &Engine) {
    static TICKING: OnceLock<()> = OnceLock::new();
    TICKING.get_or_init(|| {
        let engine = engine.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(TICK);
                engine.increment_epoch();
            }
        });
    });
}
