//! Bytecode from a host's store (tag 0x05): verified, or an error that names the key.

use anyhow::{Context, Result, bail, ensure};
use moonwright_tests::{Built, Case, Host, HostOptions, Tables, Value, cases};

use crate::support::{contains, integer, same, text, value};

pub const CASES: [Case; 3] = cases![
    a_stored_function_may_be_bytecode,
    damaged_bytecode_in_the_store_is_an_error_that_names_the_key,
    a_function_from_bytecode_is_stored_by_its_chunk,
];

/// `Memory.f` as the store has it, with this bytecode.
fn stored(bytecode: &[u8]) -> Result<Tables> {
    let mut record = vec![0x05];
    record.extend(u32::try_from(bytecode.len())?.to_le_bytes());
    record.extend(bytecode);
    let tables = Tables::new();
    ensure!(tables.lock().set(1, b"\x04\x01\0\0\0f", &record), "the store failed");
    Ok(tables)
}

fn attached(built: &Built, tables: &Tables) -> Result<Host> {
    Host::initialised(built, HostOptions { tables: tables.clone(), ..HostOptions::default() })
}

fn dumped(built: &Built, function: &str) -> Result<Vec<u8>> {
    match value(&mut Host::new(built)?, &format!("return string.dump({function})"))? {
        Value::String(bytes) => Ok(bytes),
        other => bail!("expected a string, found {other:?}"),
    }
}

fn a_stored_function_may_be_bytecode(built: &Built) -> Result<()> {
    let tables = stored(&dumped(built, "function(x) n = (n or 0) + x; return n end")?)?;
    let mut host = attached(built, &tables)?;
    same("a call", &integer(&mut host, "return Memory.f(40)")?, &40)?;
    same("its globals", &integer(&mut host, "return Memory.f(2) + n")?, &84)?;
    host.run("Memory.g = Memory.f")?;
    drop(host);
    let mut host = attached(built, &tables)?;
    same("stored anew", &integer(&mut host, "return Memory.g(3) + Memory.f(4)")?, &10)
}

fn damaged_bytecode_in_the_store_is_an_error_that_names_the_key(built: &Built) -> Result<()> {
    let good = dumped(built, "function() return 1 end")?;
    let two = dumped(built, "(function() local a, b = 1, 2; return function() return a + b end end)()")?;
    let version = good.get(4).copied().context("expected a header")?;
    let mut other = good.clone();
    other[4] = if version == 0x54 { 0x55 } else { 0x54 };
    let mut opcode = good.clone();
    // The last instruction of the code is a return; what follows it has no 0x7f in it.
    let code = opcode.windows(4).rposition(|i| [71, 72].contains(&(i[0] & 0x7f)) && i[1..] == [0, 1, 0]);
    let code = code.context("expected a RETURN0")?;
    opcode[code] = 0x7f;
    let cases: [(&[u8], &str); 5] = [
        (b"return 1", "text chunk"),
        (&good[..good.len() - 3], "truncated chunk"),
        (&other, "made by Lua 5."),
        (&opcode, "invalid opcode"),
        (&two, "bytecode with upvalues"),
    ];
    for (bytecode, expected) in cases {
        let tables = stored(bytecode)?;
        let mut host = attached(built, &tables)?;
        host.run("Memory.other = 7")?;
        let message = text(&mut host, "return select(2, pcall(function() return Memory.f end))")?;
        contains("message", &message, expected)?;
        contains("message", &message, "Memory.f")?;
        same("other keys", &integer(&mut host, "return Memory.other")?, &7)?;
    }
    Ok(())
}

fn a_function_from_bytecode_is_stored_by_its_chunk(built: &Built) -> Result<()> {
    let tables = Tables::new();
    let mut host = attached(built, &tables)?;
    host.run("Memory.f = load(string.dump(load 'local n = 0 return function() n = n + 1 return n end'))()")?;
    same("before", &integer(&mut host, "Memory.f() return Memory.f()")?, &2)?;
    drop(host);
    let mut host = attached(built, &tables)?;
    same("after", &integer(&mut host, "return Memory.f()")?, &3)
}
