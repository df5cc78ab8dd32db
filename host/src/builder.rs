//! Setting instances up.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use crate::context::{Context, TableMode};
use crate::error::Error;
use crate::host::{BoxError, HostValue};
use crate::limits::{Interrupt, Limits};
use crate::lua::Lua;
use crate::module::{Module, ModuleSource};
use moonwright_store::{MemoryStore, Store};

use crate::flush::FlushMode;
use crate::overlay::Overlay;
use crate::value::{FromValues, IntoValue, IntoValues, Value};
use crate::vm::{Setup, instantiate};

/// Sets a [`Lua`] up: what it runs, what it may use, and what it gets from the host.
#[derive(Default)]
pub struct Builder {
    module: Option<Result<Module, Error>>,
    store: Option<Box<dyn Store>>,
    output: Option<Box<dyn Write + Send>>,
    limits: Limits,
    interrupt: Option<Interrupt>,
    mode: TableMode,
    flush: FlushMode,
    seed: Option<i64>,
    slice: u32,
    globals: Vec<(String, Value)>,
    modules: Vec<(String, Vec<u8>)>,
    loader: Option<HostValue>,
    permanents: Vec<(String, HostValue)>,
}

impl Builder {
    /// The module: a [`Module`], its bytes, or the path of its file. It has to be built with the contract `bridge`, and is
    /// compiled once in a process.
    #[must_use]
    pub fn module(mut self, module: impl ModuleSource) -> Self {
        self.module = Some(module.into_module());
        self
    }

    /// Where stored tables live; without it, in memory, and they end with the instance.
    #[must_use]
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// What scripts may use; without it, anything.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What ends a call from outside, on top of the limits.
    #[must_use]
    pub fn interrupt(mut self, interrupt: &Interrupt) -> Self {
        self.interrupt = Some(interrupt.clone());
        self
    }

    /// A global function of the host: `.function("add", |(a, b): (i64, i64)| Ok(a + b))`. Its errors are raised in Lua.
    /// Scripts can store it under `Memory`, by its name.
    #[must_use]
    pub fn function<A, R, F>(self, name: &str, function: F) -> Self
    where
        A: FromValues,
        R: IntoValues,
        F: Fn(A) -> Result<R, BoxError> + Send + Sync + 'static,
    {
        self.host_function(name, HostValue::function(name, function))
    }

    /// A global function of the host that may call back into Lua.
    #[must_use]
    pub fn function_with<A, R, F>(self, name: &str, function: F) -> Self
    where
        A: FromValues,
        R: IntoValues,
        F: Fn(&mut Context<'_>, A) -> Result<R, BoxError> + Send + Sync + 'static,
    {
        self.host_function(name, HostValue::function_with(name, function))
    }

    /// A global function of the host that takes its time: see [`HostValue::async_function`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/example.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let _folder = in_a_folder();
    /// let mut lua = moonwright::Lua::builder()
    ///     .module("lua.wasm")
    ///     .async_function("twice", |n: i64| async move { Ok(n * 2) }) // or ask a server
    ///     .build()?;
    /// assert_eq!(lua.eval_async::<i64>("return twice(21)").await?, 42);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn async_function<A, R, F, T>(self, name: &str, function: F) -> Self
    where
        A: FromValues,
        R: IntoValues,
        F: Fn(A) -> T + Send + Sync + 'static,
        T: Future<Output = Result<R, BoxError>> + Send + 'static,
    {
        self.host_function(name, HostValue::async_function(name, function))
    }

    fn host_function(mut self, name: &str, function: HostValue) -> Self {
        self.permanents.push((name.to_owned(), function.clone()));
        self.global(name, function)
    }

    /// A global variable.
    #[must_use]
    pub fn global(mut self, name: &str, value: impl IntoValue) -> Self {
        self.globals.push((name.to_owned(), value.into_value()));
        self
    }

    /// A module for `require`.
    #[must_use]
    pub fn add_module(mut self, name: &str, code: impl AsRef<[u8]>) -> Self {
        self.modules.push((name.to_owned(), code.as_ref().to_vec()));
        self
    }

    /// What `require` asks for a module that nothing else has: a text, or `None` where there is no such module.
    #[must_use]
    pub fn loader<F>(mut self, loader: F) -> Self
    where
        F: Fn(String) -> Result<Option<String>, BoxError> + Send + Sync + 'static,
    {
        self.loader = Some(HostValue::function("loader", loader));
        self
    }

    /// Where `print` and `io.write` go, at the end of each outermost call; without it, to the standard output.
    #[must_use]
    pub fn output(mut self, output: impl Write + Send + 'static) -> Self {
        self.output = Some(Box::new(output));
        self
    }

    /// How tables come from Lua.
    #[must_use]
    pub fn table_mode(mut self, mode: TableMode) -> Self {
        self.mode = mode;
        self
    }

    /// When changes are stored.
    #[must_use]
    pub fn flush(mut self, mode: FlushMode) -> Self {
        self.flush = mode;
        self
    }

    /// How many steps (as the instruction limit counts them, rounded up to a multiple of 4,096) an asynchronous call runs
    /// before it lets others on its thread run; without it, or 0, until it waits or ends. A hundred thousand take about a
    /// millisecond.
    #[must_use]
    pub fn slice(mut self, steps: u32) -> Self {
        self.slice = steps;
        self
    }

    /// The seed of hashes and of `math.random`, for runs that are to be the same each time.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The instance.
    ///
    /// # Errors
    /// Where there is no module, or one that cannot be run, or what the builder was given does not fit into the limits.
    pub fn build(self) -> Result<Lua, Error> {
        let no_module = || Error::Module("expected a module, found none: call `Builder::module`".to_owned());
        let module = self.module.ok_or_else(no_module)??;
        let store = self.store.unwrap_or_else(|| Box::new(MemoryStore::new()));
        let setup = Setup {
            tables: Overlay::new(store),
            output: self.output.unwrap_or_else(|| Box::new(std::io::stdout())),
            limits: self.limits,
            interrupt: self.interrupt,
            mode: self.mode,
            // What is set up here is nothing that would be stored.
            flush: FlushMode::Manual,
            seed: self.seed,
            slice: self.slice,
        };
        let machine = instantiate(&module, setup)?;
        let flush = self.flush;
        let persists = machine.has("flush");
        let mut lua = Lua::new(machine);
        for (name, value) in self.globals {
            lua.set(&name, value)?;
        }
        if persists {
            for (name, function) in self.permanents {
                lua.register_permanent(&name, function)?;
            }
        }
        for (name, code) in self.modules {
            lua.add_module(&name, code)?;
        }
        if let Some(loader) = self.loader {
            lua.set_loader(loader)?;
        }
        lua.set_flush_mode(flush);
        Ok(lua)
    }
}

/// A writer that keeps what it is given. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Mutex<Vec<u8>>>);

impl Capture {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// What has come so far, which is then gone from here.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
