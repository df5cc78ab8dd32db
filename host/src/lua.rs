//! [`Lua`], an instance.

use crate::builder::Builder;
use crate::context::{Callable, Context, TableMode};
use crate::engine::Machine;
use crate::error::Error;
use crate::flush::{FlushMode, Flushed};
use crate::handle::{Function, Handle};
use crate::limits::MemoryUse;
use crate::value::{FromValues, IntoValue, IntoValues, Table, Value, Values};

/// An instance: one Lua, in its own memory, with its own state. It can be sent to another thread, and is used by one at a
/// time.
///
/// All methods fail with [`Error::Lua`] where Lua raises an error, after which the instance is ready for the next call, and
/// with [`Error::Ended`] once the instance has ended (the module trapped, or the store could not be read).
pub struct Lua {
    machine: Box<dyn Machine + Send>,
}

impl std::fmt::Debug for Lua {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lua")
    }
}

macro_rules! forward {
    ($($(#[$doc:meta])* fn $name:ident$(<$generic:ident: $bound:path>)?($($arg:ident: $type:ty),*) -> $result:ty;)*) => {$(
        $(#[$doc])*
        pub fn $name$(<$generic: $bound>)?(&mut self, $($arg: $type),*) -> Result<$result, Error> {
            self.context().$name($($arg),*)
        }
    )*};
}

impl Lua {
    /// Sets an instance up.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(machine: Box<dyn Machine + Send>) -> Self {
        Self { machine }
    }

    /// The instance as host functions see it.
    pub fn context(&mut self) -> Context<'_> {
        Context::new(&mut *self.machine)
    }

    /// How tables come from now on.
    pub fn set_table_mode(&mut self, mode: TableMode) {
        self.machine.state().mode = mode;
    }

    /// When changes are stored from now on.
    pub fn set_flush_mode(&mut self, mode: FlushMode) {
        self.machine.state().flush = mode;
    }

    forward! {
        /// Runs a chunk and gives what it returns. It is named by its own text.
        ///
        /// # Errors
        /// Where the text is no Lua, or the chunk fails.
        fn run(code: impl AsRef<[u8]>) -> Values;

        /// Runs a chunk under a name: `@main.lua` for a file, `=prompt` for anything else.
        ///
        /// # Errors
        /// As [`Lua::run`].
        fn run_named(name: &str, code: impl AsRef<[u8]>) -> Values;

        /// Runs a chunk and converts what it returns: `lua.eval::<i64>("return 6 * 7")`.
        ///
        /// # Errors
        /// As [`Lua::run`], and where the results are not what `T` wants.
        fn eval<T: FromValues>(code: impl AsRef<[u8]>) -> T;

        /// Loads a chunk without running it. The name is as for [`Lua::run_named`].
        ///
        /// # Errors
        /// Where the text is no Lua.
        fn load(name: &str, code: impl AsRef<[u8]>) -> Function;

        /// Loads bytecode, as `string.dump` makes it, without running it. The name is that of its messages.
        ///
        /// # Errors
        /// Where it is none, or the verifier refuses it.
        fn load_binary(name: &str, bytecode: &[u8]) -> Function;

        /// Runs the application that the module contains (`cargo xtask build --app main.lua --embed`).
        ///
        /// # Errors
        /// Where it contains none, or that fails.
        fn main(args: impl IntoValues) -> Values;

        /// Calls a function: a global one by its name (`"f"`, `"string.rep"`), or one that is held, which is faster.
        ///
        /// # Errors
        /// Where there is no such function, or it fails.
        fn call(function: impl Callable, args: impl IntoValues) -> Values;

        /// The value of a global variable, or of a field of one: `"config.name"`.
        ///
        /// # Errors
        /// Where what stands before a dot cannot be indexed.
        fn get(path: &str) -> Value;

        /// Sets a global variable, or a field of one.
        ///
        /// # Errors
        /// As [`Lua::get`], and where `Memory` refuses the value.
        fn set(path: &str, value: impl IntoValue) -> ();

        /// `of[key]`
        ///
        /// # Errors
        /// Where it cannot be indexed.
        fn index(of: &Handle, key: impl IntoValue) -> Value;

        /// `of[key] = value`
        ///
        /// # Errors
        /// As [`Lua::index`], and where `Memory` refuses the value.
        fn set_index(of: &Handle, key: impl IntoValue, value: impl IntoValue) -> ();

        /// `#of`
        ///
        /// # Errors
        /// Where it has no length.
        fn length(of: &Handle) -> Value;

        /// `tostring(of)`
        ///
        /// # Errors
        /// Where a metamethod fails.
        fn text(of: impl IntoValue) -> Vec<u8>;

        /// Makes a table in Lua of a table by value, and gives a handle to it; for a handle, another one to the same value.
        ///
        /// # Errors
        /// Where the value is no table, function, userdata or thread.
        fn handle(value: impl IntoValue) -> Handle;

        /// A copy of the table that a handle holds, with the tables in it.
        ///
        /// # Errors
        /// Where it holds no table, or one that contains itself.
        fn copy(of: &Handle) -> Table;

        /// From now on `require(name)` finds this text.
        ///
        /// # Errors
        /// Where the text is no Lua.
        fn add_module(name: &str, code: impl AsRef<[u8]>) -> ();

        /// From now on `require` asks this function with the name of a module that nothing else has. It gives the text, or
        /// nil where there is no such module.
        ///
        /// # Errors
        /// Where `package.searchers` is no table.
        fn set_loader(loader: impl IntoValue) -> ();

        /// Names a function, table or host value for persistence, as `ext.permanent` does.
        ///
        /// # Errors
        /// Where the module has no persistence, or the value cannot be named.
        fn register_permanent(name: &str, value: impl IntoValue) -> ();

        /// A full collection of garbage.
        ///
        /// # Errors
        /// Where the instance has ended.
        fn collect_garbage() -> ();

        /// What the instance uses.
        ///
        /// # Errors
        /// Where the instance has ended.
        fn memory_use() -> MemoryUse;

        /// Commits all that changed under `Memory` as one transaction. Unless the builder said
        /// [`crate::FlushMode::Manual`], each outermost call ends with that.
        ///
        /// # Errors
        /// Where something cannot be stored (all else is), or the store fails (then nothing is, and all of it comes with
        /// the next flush).
        fn flush() -> Flushed;

        /// Drops stored tables that `Memory` no longer reaches, and gives their number.
        ///
        /// # Errors
        /// As [`Lua::flush`].
        fn collect_store() -> u32;
    }
}
