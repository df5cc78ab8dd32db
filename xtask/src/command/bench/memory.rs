//! `cargo xtask bench memory`: what memory programs take, in our modules, wasmoon and native Lua.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::engine::{NATIVE, SIZE, SPEED, WASMOON, native};
use super::machine::Machine;
use super::sheet::Sheet;
use crate::command::build::PACKAGE_CONTRACT;
use crate::command::npm;
use crate::recipe::{Profile, Recipe, Unwind};

/// Programs that have data of their own, of several shapes; the last two are larger programs.
const PROGRAMS: [&str; 10] = [
    "startup",
    "closures",
    "sort",
    "string_build",
    "strings",
    "tables",
    "garbage_short",
    "garbage_long",
    "document",
    "index",
];

/// A page of linear memory.
const PAGE: f64 = 65536.0;

/// What `bench/hosts/memory.mjs` or native.c prints; native Lua has no linear memory.
#[derive(Debug, Serialize, Deserialize)]
struct Use {
    /// Bytes in use after the program and a full collection.
    heap: f64,
    /// The most bytes in use.
    peak: f64,
    /// Bytes of linear memory.
    memory: Option<f64>,
    /// The same before the program.
    fresh: Option<f64>,
}

impl Use {
    /// The part of the pages added for the program that Lua never had in use at once, in hundredths; none where none were added.
    fn fragmentation(&self) -> Option<f64> {
        let added = self.memory? - self.fresh?;
        (added > 0.0).then(|| 100.0 * (1.0 - self.peak / added).max(0.0))
    }
}

/// One program in one engine.
#[derive(Debug, Serialize)]
struct Row {
    program: &'static str,
    engine: &'static str,
    #[serde(flatten)]
    used: Use,
}

/// All figures.
#[derive(Debug, Serialize)]
pub struct Memory {
    rows: Vec<Row>,
}

impl Memory {
    /// Builds the modules and native Lua, installs wasmoon, and measures. The figures are the same in every round.
    ///
    /// # Errors
    /// Where something cannot be built or run.
    pub fn measure(machine: &Machine) -> Result<Memory> {
        let packages = npm::install(&machine.root, "bench", machine.offline, "cargo xtask bench memory")?;
        let packages = packages.join("node_modules");
        let native = native(machine)?;
        let mut engines = Vec::new();
        for (name, profile) in [(SPEED, Profile::Speed), (SIZE, Profile::Size)] {
            let contracts = vec![PACKAGE_CONTRACT.to_owned()];
            let recipe = Recipe { profile, unwind: Unwind::Legacy, contracts, ..Recipe::default() };
            let module = machine.module(&format!("{profile}-{}-{PACKAGE_CONTRACT}", Unwind::Legacy), &recipe)?;
            engines.push((name, "moonwright", module.path));
        }
        engines.push((WASMOON, WASMOON, packages));
        let mut rows = Vec::new();
        for program in PROGRAMS {
            let file = machine.root.join("bench/lua").join(format!("{program}.lua"));
            for (engine, adapter, from) in &engines {
                let mut command = machine.node("memory.mjs");
                command.arg(adapter).arg(from).arg(&file);
                rows.push(Row { program, engine, used: machine.run(command, &format!("{program} in {engine}"))? });
            }
            let mut command = std::process::Command::new(&native);
            command.arg(&file).args(["memory", "1"]);
            rows.push(Row { program, engine: NATIVE, used: machine.run(command, &format!("{program} in {NATIVE}"))? });
        }
        Ok(Memory { rows })
    }

    /// The table.
    pub fn sheets(&self) -> Vec<Sheet> {
        let header = ["program", "engine", "heap kB", "peak kB", "pages", "fresh pages", "fragmentation"];
        let mut sheet = Sheet::new("Memory", &header);
        let kilobytes = |bytes: f64| format!("{:.0}", bytes / 1000.0);
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        for Row { program, engine, used } in &self.rows {
            sheet.rows.push(vec![
                (*program).to_owned(),
                (*engine).to_owned(),
                kilobytes(used.heap),
                kilobytes(used.peak),
                or_none(used.memory.map(|bytes| format!("{:.0}", bytes / PAGE))),
                or_none(used.fresh.map(|bytes| format!("{:.0}", bytes / PAGE))),
                or_none(used.fragmentation().map(|part| format!("{part:.0} %"))),
            ]);
        }
        sheet.notes.push(
            "Heap: what Lua has in use after the program and a full collection. Peak: the most that it had; native Lua and wasmoon \
             count each allocation, in our modules `get_memory_stats` is asked every 4,096 steps, so that what lives for less \
             may be missed. Pages: of 64 KiB, at the end, which is their peak: linear memory never shrinks; fresh are those of an \
             instance that has run nothing. Fragmentation: the part of the pages added since that Lua never had in use at once. \
             fengari's heap is JavaScript's, and not to be told from it."
                .to_owned(),
        );
        vec![sheet]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn native_lua_has_no_pages() {
        let used: Use = serde_json::from_str(r#"{"startup": 1, "heap": 20000, "peak": 65536}"#).unwrap();
        let wasm: Use =
            serde_json::from_str(r#"{"heap": 2e4, "peak": 65536, "memory": 262144, "fresh": 131072}"#).unwrap();
        assert_eq!((used.fragmentation(), wasm.fragmentation()), (None, Some(50.0)));
        let memory = Memory {
            rows: vec![Row { program: "a", engine: SPEED, used: wasm }, Row { program: "a", engine: NATIVE, used }],
        };
        let rows = &memory.sheets()[0].rows;
        assert_eq!(rows[0], ["a", SPEED, "20", "66", "4", "2", "50 %"]);
        assert_eq!(rows[1], ["a", NATIVE, "20", "66", "-", "-", "-"]);
    }
}
