//! Runs the Lua programs and the programs that restart through the Rust crate's public interface.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use libtest_mimic::{Arguments, Trial};
use moonwright::{Builder, Change, Error, ErrorKind, Limits, Lua, Module, Store, StoreError, Value};
use moonwright_tests::program::{Program, programs};
use moonwright_tests::script::{Failed, Subject, scripts};
use moonwright_tests::{LuaVersion, Tables, case};

/// The environment variable that names the folder of built modules.
const VARIABLE: &str = "MOONWRIGHT_MODULES";

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for lua in LuaVersion::ALL {
        for program in programs("lua")?.into_iter().filter(|program| program.runs_in(lua)) {
            trials.push(Trial::test(format!("{lua}-crate::lua::{}", program.name), move || {
                case::failed(run(lua, &program))
            }));
        }
        for program in programs("lua/limits")?.into_iter().filter(|program| program.runs_in(lua)) {
            trials.push(Trial::test(format!("{lua}-crate::limits::{}", program.name), move || {
                case::failed(never_ends(lua, &program))
            }));
        }
        for script in scripts()?.into_iter().filter(|script| script.runs_in(lua)) {
            trials.push(Trial::test(format!("{lua}-crate::persist::{}", script.name), move || {
                case::failed(script.run(&Crate(lua)))
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

fn builder(lua: LuaVersion) -> Result<Builder> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = std::env::var_os(VARIABLE).map_or_else(|| root.join("target/moonwright/test-modules"), PathBuf::from);
    let module = Module::from_file(folder.join(format!("lua-{lua}-bridge-standard.wasm")))?;
    Ok(Lua::builder().module(module).output(std::io::sink()))
}

/// A program has to end with `return "ok", checks`.
fn run(lua: LuaVersion, program: &Program) -> Result<()> {
    let mut instance = builder(lua)?.build()?;
    let values = instance.run_named(&format!("@tests/lua/{}", program.name), &program.text).map_err(plain)?;
    match (&values[0], &values[1]) {
        (ok, Value::Integer(1..)) if *ok == Value::from("ok") => Ok(()),
        _ => bail!("expected \"ok\" and a number of checks, found {values:?}"),
    }
}

/// What the programs in tests/lua/limits may charge: none of them ends by itself.
const STEPS: u64 = 1_000_000;

fn never_ends(lua: LuaVersion, program: &Program) -> Result<()> {
    let mut instance = builder(lua)?.limits(Limits::none().instructions(STEPS)).build()?;
    let error = instance.run(&program.text).err().context("expected the limit, it ended")?;
    ensure!(error.kind() == Some(ErrorKind::Limit), "expected kind limit, found {error:?}");
    // A finaliser that never ends is still there: it may take the next chunk's steps, too.
    if !program.name.starts_with("gc_") {
        instance.run("assert(1 + 1 == 2)")?;
    }
    Ok(())
}

/// With the traceback, where Lua raised it.
fn plain(error: Error) -> anyhow::Error {
    let traceback = error.as_lua().map(|error| error.traceback.clone());
    anyhow::Error::new(error).context(traceback.unwrap_or_default())
}

/// The crate, over the tests' tables.
struct Crate(LuaVersion);

impl Subject for Crate {
    type Instance = Lua;

    fn begin(&self, tables: &Tables) -> Result<Lua> {
        Ok(builder(self.0)?.store(OfTests(tables.clone())).build()?)
    }

    fn run(&self, instance: &mut Lua, chunk: &str, text: &str) -> Result<Option<Failed>> {
        let failed = |message: String, kind: &str, traceback: String| {
            Ok(Some(Failed { message, kind: kind.to_owned(), traceback }))
        };
        match instance.run_named(chunk, text) {
            Ok(_) => Ok(None),
            Err(Error::Lua(error)) => {
                let kind = match error.kind {
                    ErrorKind::Syntax => "syntax",
                    ErrorKind::Runtime => "runtime",
                    ErrorKind::Memory => "memory",
                    ErrorKind::Limit => "limit",
                    ErrorKind::Persist => "persist",
                };
                failed(error.message, kind, error.traceback)
            }
            Err(Error::Store(error)) => failed(error.to_string(), "persist", String::new()),
            Err(other) => Err(other.into()),
        }
    }

    fn collect(&self, instance: &mut Lua) -> Result<()> {
        instance.collect_store()?;
        Ok(())
    }
}

/// The tests' tables as a store of the crate: a commit fails as a whole.
struct OfTests(Tables);

impl Store for OfTests {
    fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().get(table, key).map(<[u8]>::to_vec))
    }

    fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(self.0.lock().key_list(table))
    }

    fn len(&self, table: u32) -> Result<u64, StoreError> {
        Ok(self.0.lock().len(table) as u64)
    }

    fn tables(&self) -> Result<Vec<u32>, StoreError> {
        Ok(self.0.snapshot().into_iter().filter(|(_, entries)| !entries.is_empty()).map(|(id, _)| id).collect())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let mut tables = self.0.lock();
        if tables.fails() {
            return Err(StoreError::Failed("the host's store failed".into()));
        }
        tables.without_faults(|tables| {
            for change in changes {
                match change {
                    Change::Set { table, key, value } => tables.set(*table, key, value),
                    Change::Delete { table, key } => tables.delete(*table, key),
                    Change::Drop { table } => tables.drop_table(*table),
                };
            }
        });
        Ok(())
    }
}
