//! `cargo xtask budget` as people and CI see it: what it prints of a module over its budget, and its exit status.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use xtask::size_report::{BESIDE, SizeReport};

/// A module in a folder of its own, with a report beside it that says so many bytes of its code are of these libraries and files.
fn module(folder: &Path, name: &str, parts: &[(&str, &str, u64)]) -> PathBuf {
    let folder = folder.join(name);
    std::fs::create_dir(&folder).unwrap();
    let body = "nop ".repeat(parts.iter().map(|(_, _, bytes)| *bytes as usize).sum());
    let wasm = wat::parse_str(format!("(module (func {body}))")).unwrap();
    let mut report: Value = serde_json::to_value(SizeReport::of(&wasm).unwrap()).unwrap();
    let item = |(group, module, bytes): &(&str, &str, u64)| json!({"section": "code", "group": group, "module": module, "name": "f", "bytes": bytes});
    report["items"] = parts.iter().map(item).collect();
    std::fs::write(folder.join(BESIDE), report.to_string()).unwrap();
    let path = folder.join("lua.wasm");
    std::fs::write(&path, wasm).unwrap();
    path
}

fn budget(file: &Path, budgets: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("budget").arg(file).args(["--lua", "5.4", "--profile", "size", "--budgets"]).arg(budgets);
    command.args(more).output().unwrap()
}

#[test]
fn a_failed_budget_says_what_grew_by_how_much_and_what_takes_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let parts = |string, parser, store| {
        [
            ("Lua library", "string", string),
            ("Lua core", "lparser", parser),
            ("runtime, persist", "store", store),
            ("Lua library", "table", 30),
        ]
    };
    let old = module(folder.path(), "old", &parts(100, 200, 70));
    let new = module(folder.path(), "new", &parts(160, 201, 80));
    let budgets = folder.path().join("budget.toml");
    std::fs::write(&budgets, "ceiling = 1000\n[lua.'5.4'.size]\nlibraries = { string = 150, table = 30 }\n").unwrap();

    let before = budget(&old, &budgets, &["--format", "markdown"]);
    let said = String::from_utf8(before.stdout).unwrap();
    assert!(before.status.success() && said.starts_with("Within budget. (Lua 5.4, profile size)"), "{said}");

    let old = old.to_string_lossy();
    let after = budget(&new, &budgets, &["--format", "markdown", "--diff", &old]);
    let said = String::from_utf8(after.stdout).unwrap();
    assert_eq!(after.status.code(), Some(1), "{said}");
    assert!(said.starts_with("**Over budget.** (Lua 5.4, profile size)"), "{said}");
    for line in [
        "| library string | 160 | 150 | **over by 10**; `drop = [\"string\"]` takes back 160 |",
        "| library table | 30 | 30 | 100.0 % |",
        "| string | Lua library | 100 | 160 | +60 | `drop = [\"string\"]`, 160 bytes |",
        "| store | runtime, persist | 70 | 80 | +10 | `contracts = [\"core\"]`, 80 bytes |",
        "| lparser | Lua core | 200 | 201 | +1 |  |",
    ] {
        assert!(said.lines().any(|found| found == line), "expected {line}\nfound\n{said}");
    }
    assert!(!said.contains("| table | Lua library"), "what has not grown is not listed\n{said}");

    let table = budget(&new, &budgets, &["--diff", &old]);
    let said = String::from_utf8(table.stdout).unwrap();
    assert!(said.contains("grew: string (Lua library) by +60 to 160; drop = [\"string\"] takes back 160"), "{said}");
}
