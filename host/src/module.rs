//! Built modules.

use std::path::Path;

use crate::engine::{Compiled, Engine, Machine};
use crate::error::Error;
use crate::vm::State;

/// A compiled module, ready to be instantiated any number of times, by any thread. Clones share the code.
///
/// It takes a module with the contract `bridge` in the standard exception encoding:
/// `cargo xtask build --contract bridge --unwind standard`.
#[derive(Clone)]
pub struct Module(Compiled);

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Module")
    }
}

impl Module {
    /// Compiles a module by [`Engine::shared`]. The same bytes are compiled once in a process.
    ///
    /// # Errors
    /// As [`Engine::module`].
    pub fn new(wasm: impl AsRef<[u8]>) -> Result<Self, Error> {
        Engine::shared()?.module(wasm)
    }

    /// Reads and compiles a module by [`Engine::shared`].
    ///
    /// # Errors
    /// As [`Engine::module_from_file`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        Engine::shared()?.module_from_file(path)
    }

    pub(crate) fn new_in(compiled: Compiled) -> Self {
        Self(compiled)
    }

    pub(crate) fn instantiate(&self, state: State) -> Result<Box<dyn Machine + Send>, Error> {
        self.0.instantiate(state)
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
