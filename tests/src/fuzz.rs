//! What the fuzz targets that run a module do with bytes. Each panics where something is wrong.

use std::path::PathBuf;
use std::sync::OnceLock;

use moonwright_bytecode::{Version, verify};
use moonwright_mutants::{Entry, Mutant, parse, witnesses};

use crate::damage;
use crate::host::{Host, Outcome};
use crate::module::{Built, LuaVersion, Profile};
use crate::record::Value;

/// The module that the environment variable `MOONWRIGHT_MODULE` names, compiled once.
///
/// # Panics
/// Where there is none, or none of the contract `full` in the standard encoding.
pub fn module() -> &'static Built {
    static MODULE: OnceLock<Built> = OnceLock::new();
    MODULE.get_or_init(|| {
        let path = PathBuf::from(std::env::var_os("MOONWRIGHT_MODULE").expect("MOONWRIGHT_MODULE names a module"));
        let load = |lua| Built::from_file(lua, Profile::Speed, &path).expect("a module in the standard encoding");
        let built = load(LuaVersion::V54);
        let mut host = Host::new(&built).expect("a module of contract full");
        let old = host.run("assert(_VERSION == 'Lua 5.4')").is_ok();
        if old { built } else { Built { lua: LuaVersion::V55, ..built } }
    })
}

/// Bytes as a binary chunk: verdict and message are the crate's, and what is accepted runs without a trap.
pub fn bytecode(built: &Built, bytes: &[u8]) {
    let chunk = [b"\x1b", bytes].concat(); // else it is text
    let version = match built.lua {
        LuaVersion::V54 => Version::Lua54,
        LuaVersion::V55 => Version::Lua55,
    };
    let mut host = Host::new(built).expect("an instance");
    host.set_limits(32 << 20, 20_000).expect("limits");
    let quoted: String = chunk.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    let program = format!("f, message = load(\"{quoted}\", '=fuzz', 'b'); return message or true");
    let Outcome::Done(said) = host.compute(program).expect("no trap") else { return }; // out of memory, or of instructions
    let expected = match verify(version, &chunk) {
        Ok(_) => Value::Boolean(true),
        Err(error) => Value::String(format!("fuzz: bad binary format ({error})").into_bytes()),
    };
    assert_eq!(said.values, [expected]);
    host.compute("return f and pcall(f, 1, {}, 'x')").expect("no trap");
    assert!(matches!(host.compute("return 6 * 7").expect("the instance lives"), Outcome::Done(_)));
}

/// Bytes as a store (as tests/mutants/corpus has them), or as the value of one entry.
pub fn store(built: &Built, bytes: &[u8]) {
    let value = || vec![Entry { table: 1, key: b"\x04\x01\0\0\0a".to_vec(), value: bytes.to_vec() }];
    let mut entries = parse(bytes).filter(|entries| !entries.is_empty()).unwrap_or_else(value);
    // The witnesses are the store's own.
    entries.retain(|entry| witnesses().iter().all(|own| (own.table, &own.key) != (entry.table, &entry.key)));
    entries.extend(witnesses());
    damage::check(built, &Mutant { seed: 0, entries, image: None }).expect("no harm");
}

/// Bytes as an image, for `deserialize_table`.
pub fn image(built: &Built, bytes: &[u8]) {
    let mutant = Mutant { seed: 0, entries: witnesses(), image: Some(bytes.to_vec()) };
    damage::check(built, &mutant).expect("no harm");
}
