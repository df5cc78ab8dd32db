//! Runs damaged stores and images in a module: whatever they are there is an answer, no trap, and nothing else has changed.

use anyhow::{Context, Result, bail, ensure};
use moonwright_mutants::{Entry, Mutant, TOUCH, witnesses};

use crate::host::{Failure, Host, HostOptions, Outcome};
use crate::module::Built;
use crate::store::Tables;

/// What touching a mutant may use: bytes and instructions.
const HEAP: u32 = 64 << 20;
const INSTRUCTIONS: i64 = 60_000;

/// An instance over the store of a mutant, with its image as `Memory` where that is not refused, and the store.
///
/// # Errors
/// Where it traps.
pub fn open(built: &Built, mutant: &Mutant) -> Result<(Host, Tables)> {
    let tables = Tables::new();
    store(&tables, &mutant.entries, 1);
    let mut host = Host::initialised(built, HostOptions { tables: tables.clone(), ..HostOptions::default() })?;
    if let Some(image) = &mutant.image {
        let at = host.put(image)?;
        let id: u32 = host.call("deserialize_table", (at, u32::try_from(image.len())?))?;
        if id != 0 {
            store(&tables, &witnesses(), id);
            let _: i32 = host.call("attach_memory_table", id)?;
        }
    }
    Ok((host, tables))
}

/// Opens a mutant and touches everything.
///
/// # Errors
/// Where it traps or hangs, refuses an image of its own, or where something changes that the damage has nothing to do with.
pub fn check(built: &Built, mutant: &Mutant) -> Result<()> {
    let (mut host, tables) = open(built, mutant)?;
    touch(&mut host)?;
    host.set_limits(0, 0)?;
    let _: i32 = host.call("flush", ())?;
    let memory: u32 = host.call("get_memory_table_id", ())?;
    let length: i32 = host.call("serialize_table", memory)?;
    if length > 0 {
        let image = host.buffer(length.unsigned_abs())?;
        let at = host.put(&image)?;
        let id: u32 = host.call("deserialize_table", (at, length.unsigned_abs()))?;
        ensure!(id != 0, "its own image is refused: {:?}", host.last_error()?);
    }
    let _: i32 = host.call("collect_tables", (0u32, 0u32))?;
    touch(&mut host)?;
    let stored = tables.snapshot();
    for Entry { table, key, value } in witnesses() {
        let id = if table == 1 { memory } else { table };
        let found = stored.get(&id).and_then(|table| table.get(&key));
        ensure!(found == Some(&value), "a stored key that nobody touched is now {found:02x?}, expected {value:02x?}");
    }
    Ok(())
}

/// Puts entries into the store; those of table 1 into the table `memory`.
fn store(tables: &Tables, entries: &[Entry], memory: u32) {
    let mut inner = tables.lock();
    for Entry { table, key, value } in entries {
        inner.set(if *table == 1 { memory } else { *table }, key, value);
    }
}

fn touch(host: &mut Host) -> Result<()> {
    host.set_limits(HEAP, INSTRUCTIONS)?;
    match host.compute(TOUCH).context("touching what is stored")? {
        Outcome::Failed(Failure { record, .. }) if record.message_text().contains("has changed") => {
            bail!("{}", record.message_text())
        }
        _ => Ok(()),
    }
}
