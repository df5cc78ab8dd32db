//! What runs modules.

mod cache;
mod imports;
#[cfg(feature = "wasmi")]
mod interpreter;
mod jit;
mod machine;
mod pool;
mod ticker;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::module::Module;
use crate::vm::State;
use cache::Cache;
pub(crate) use imports::{raised, stop};
pub(crate) use machine::{Export, Machine, Stop};
pub use pool::Pool;

/// Stack that Lua keeps for itself below a host function, bytes.
const STACK_LEFT: usize = jit::STACK / 2;

/// Compiles modules and runs them. Clones share what is compiled; a process normally has one, [`Engine::shared`].
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let _folder = in_a_folder();
/// use moonwright::{Engine, Lua, Pool};
///
/// let engine = Engine::builder().cache("compiled").pool(Pool::instances(500)).build()?;
/// let module = engine.module_from_file("lua.wasm")?; // compiled once, then read from the cache
/// let users: Vec<Lua> = (0..10).map(|_| Lua::builder().module(&module).build()).collect::<Result<_, _>>()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    kind: Kind,
    cache: Option<Cache>,
    /// Modules by the SHA-256 of their bytes.
    compiled: Mutex<HashMap<[u8; 32], Module>>,
}

enum Kind {
    Jit(wasmtime::Engine),
    #[cfg(feature = "wasmi")]
    Interpreter(wasmi::Engine),
}

/// A module as its engine has it.
#[derive(Clone)]
pub(crate) enum Compiled {
    Jit(wasmtime::InstancePre<jit::Data>),
    #[cfg(feature = "wasmi")]
    Interpreter(interpreter::Module),
}

impl Compiled {
    pub(crate) fn instantiate(&self, state: State) -> Result<Box<dyn Machine + Send>, Error> {
        match self {
            Self::Jit(pre) => Ok(Box::new(jit::instantiate(pre, state)?)),
            #[cfg(feature = "wasmi")]
            Self::Interpreter(module) => Ok(Box::new(interpreter::instantiate(module, state)?)),
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("cache", &self.0.cache).finish_non_exhaustive()
    }
}

impl Engine {
    /// Sets an engine up.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// The engine of the process, with the builder's defaults: what [`Module::new`] uses.
    ///
    /// # Errors
    /// Where the machine cannot run compiled code.
    pub fn shared() -> Result<&'static Self, Error> {
        static SHARED: OnceLock<Result<Engine, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::builder().build().map_err(|error| error.to_string()));
        shared.as_ref().map_err(|error| Error::Module(error.clone()))
    }

    /// Compiles a module, or takes it from the cache. The same bytes are compiled once.
    ///
    /// # Errors
    /// Where the bytes are no module, or one that this crate cannot run; the message says what is missing. A cache that
    /// cannot be used is no error: the module is compiled then.
    pub fn module(&self, wasm: impl AsRef<[u8]>) -> Result<Module, Error> {
        let wasm = wasm.as_ref();
        let hash: [u8; 32] = Sha256::digest(wasm).into();
        let mut compiled = self.0.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = compiled.get(&hash) {
            return Ok(module.clone());
        }
        let module = Module::new_in(match &self.0.kind {
            Kind::Jit(engine) => {
                let module = match &self.0.cache {
                    Some(cache) => cache.module(engine, &hash, wasm)?,
                    None => wasmtime::Module::from_binary(engine, wasm).map_err(Error::module)?,
                };
                Compiled::Jit(jit::link(&module)?)
            }
            #[cfg(feature = "wasmi")]
            Kind::Interpreter(engine) => Compiled::Interpreter(interpreter::link(engine, wasm)?),
        });
        compiled.insert(hash, module.clone());
        Ok(module)
    }

    /// Reads a module's file, and then as [`Engine::module`].
    ///
    /// # Errors
    /// Where the file cannot be read, and as there.
    pub fn module_from_file(&self, path: impl AsRef<Path>) -> Result<Module, Error> {
        let path = path.as_ref();
        let wasm = std::fs::read(path)
            .map_err(|error| Error::Module(format!("cannot read the module {}: {error}", path.display())))?;
        self.module(wasm).map_err(|error| Error::Module(format!("{}: {error}", path.display())))
    }
}

/// Sets an [`Engine`] up.
#[derive(Clone, Debug, Default)]
pub struct EngineBuilder {
    cache: Option<PathBuf>,
    pool: Option<Pool>,
    #[cfg(feature = "wasmi")]
    interpreter: bool,
}

impl EngineBuilder {
    /// Keeps compiled modules in this folder, so that the next process starts within milliseconds. It is made if it is not
    /// there, for its owner only.
    ///
    /// **Compiled modules are machine code, and loading one is as good as running it.** The engine takes from the folder
    /// only what no other user could have put there (the folder and the file belong to the user that runs this process, and
    /// neither the group nor others may write to them) and what is whole (each file has a checksum). It can't tell what
    /// another program of the *same* user put there, so give the folder to nobody else. Files are named by a hash of the
    /// module, the engine's version and its settings, and are written under another name and renamed: processes may share a
    /// folder. On other systems than Unix, permissions are not looked at.
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Reserves address space for so many instances in advance: they start faster, thousands may live at once, and there
    /// can't be more. Without it, each instance maps its memory anew.
    #[must_use]
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Interprets modules instead of compiling them, for systems that let no program make code: phones, consoles. It takes
    /// modules whose errors the host unwinds (`cargo xtask build --contract bridge --unwind host`), starts at once, and runs
    /// Lua several times as slowly. A cache or pool has no meaning for it. The deadline is looked at by the module only.
    #[cfg(feature = "wasmi")]
    #[must_use]
    pub fn interpreter(mut self) -> Self {
        self.interpreter = true;
        self
    }

    /// The engine.
    ///
    /// # Errors
    /// Where the machine cannot run compiled code, or has no address space for so large a pool.
    pub fn build(self) -> Result<Engine, Error> {
        #[cfg(feature = "wasmi")]
        if self.interpreter {
            let kind = Kind::Interpreter(interpreter::engine());
            return Ok(Engine(Arc::new(Inner { kind, cache: None, compiled: Mutex::default() })));
        }
        let kind = Kind::Jit(jit::engine(self.pool)?);
        let cache = self.cache.map(Cache::new);
        Ok(Engine(Arc::new(Inner { kind, cache, compiled: Mutex::default() })))
    }
}
