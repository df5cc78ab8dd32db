//! `cargo xtask inspect-exports` as people and CI see it: what it prints, and its exit status.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The six functions and the memory of contract `core`.
const CORE: &str = "(module (memory (export \"memory\") 1)
  (func (export \"init\") (result i32) i32.const 0)
  (func (export \"compute\") (param i32 i32) (result i32) i32.const 0)
  (func (export \"get_buffer_ptr\") (result i32) i32.const 0)
  (func (export \"get_buffer_size\") (result i32) i32.const 0)
  (func (export \"get_memory_stats\") (param i32))
  (func (export \"run_gc\"))
  (func (export \"more\") (param f64)))";

/// A file in a folder that goes with it.
struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(bytes: &[u8]) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module.wasm");
    std::fs::write(&path, bytes).unwrap();
    File { _folder: folder, path }
}

struct Outcome {
    status: i32,
    stdout: String,
    /// With the file's path as FILE.
    stderr: String,
}

fn inspect(path: &Path, flags: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("inspect-exports")
        .arg(path)
        .args(flags)
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(&path.display().to_string(), "FILE");
    Outcome { status: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn a_module_that_keeps_the_contract() {
    let file = file(&wat::parse_str(CORE).unwrap());
    let outcome = inspect(&file.path, &[]);
    let expected = "\x20export            found              expected           status
 init              () -> i32          () -> i32          present
 compute           (i32, i32) -> i32  (i32, i32) -> i32  present
 get_buffer_ptr    () -> i32          () -> i32          present
 get_buffer_size   () -> i32          () -> i32          present
 get_memory_stats  (i32) -> ()        (i32) -> ()        present
 run_gc            () -> ()           () -> ()           present
 memory            memory             memory             present
 more              (f64) -> ()        -                  extra

all 6 functions of contract `core` are present
";
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str(), outcome.status), (expected, "", 0));
}

#[test]
fn a_module_that_does_not() {
    let text = CORE
        .replace("(export \"init\")", "$init")
        .replace("\"run_gc\"", "\"run_gcs\"")
        .replace("\"get_memory_stats\") (param i32)", "\"get_memory_stats\") (param i64)");
    let file = file(&wat::parse_str(text).unwrap());
    let outcome = inspect(&file.path, &["--contract", "core"]);
    let verdict = "3 of 6 functions of contract `core` are present
  `init`: missing, expected function () -> i32; it is in the code (function 0, () -> i32) but not exported
  `get_memory_stats`: expected function (i32) -> (), found function (i64) -> ()
  `run_gc`: missing, expected function () -> (); near: `run_gcs`
";
    assert!(outcome.stdout.ends_with(verdict), "{}", outcome.stdout);
    assert_eq!((outcome.stderr.as_str(), outcome.status), ("", 1));

    let outcome = inspect(&file.path, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json["contract"], "core");
    assert_eq!(json["ok"], false);
    assert_eq!(json["functions"], serde_json::json!({"expected": 6, "present": 3}));
    let init = &json["exports"][0];
    assert_eq!(
        (&init["name"], &init["status"], &init["found"]),
        (&"init".into(), &"missing".into(), &serde_json::Value::Null)
    );
    assert_eq!(init["in_code"], serde_json::json!([{"index": 0, "signature": "() -> i32"}]));
    assert_eq!(outcome.status, 1);
}

#[test]
fn a_contract_of_ones_own() {
    let module = file(&wat::parse_str("(module (func (export \"f\") (param i64)))").unwrap());
    let contract = module.path.with_file_name("mine.toml");
    std::fs::write(&contract, "description = 'mine'\n[[export]]\nname = 'f'\nparams = ['i64']\nmeaning = ''\n")
        .unwrap();
    let outcome = inspect(&module.path, &["--contract", contract.to_str().unwrap()]);
    assert!(outcome.stdout.ends_with("the 1 function of contract `mine` is present\n"), "{}", outcome.stdout);
    assert_eq!(outcome.status, 0);
}

#[test]
fn broken_input_is_one_message_that_names_file_and_place() {
    let wasm = wat::parse_str(CORE).unwrap();
    let mut garbage = wasm.clone();
    garbage[10..14].fill(0xee);
    let check = |bytes: &[u8], message: &str| {
        let file = file(bytes);
        let outcome = inspect(&file.path, &[]);
        assert_eq!(outcome.stderr, format!("error: cannot inspect FILE\n  1. {message}\n"));
        assert_eq!((outcome.stdout.as_str(), outcome.status), ("", 2));
    };
    check(b"", "the file is empty; expected a WebAssembly module");
    check(
        b"print('hello')\n",
        "not a WebAssembly module: it starts with \"prin\", a module starts with the bytes 00 61 73 6d (\"\\0asm\")",
    );
    check(
        &wasm[..wasm.len() - 5],
        "the file is cut off or damaged: the section at byte 146 (0x92) has 32 bytes, only 27 are left",
    );
    check(&garbage, "not a valid module: at byte 14 (0xe): invalid var_u32: integer too large");

    let outcome = inspect(Path::new("/nowhere/module.wasm"), &[]);
    assert_eq!(outcome.stderr, "error: cannot read FILE\n  1. No such file or directory (os error 2)\n");
    assert_eq!(outcome.status, 2);
    let outcome = inspect(Path::new("/nowhere/module.wasm"), &["--contract", "cor"]);
    assert!(
        outcome.stderr.starts_with("error: no contract is called `cor`; did you mean `core`?"),
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.status, 2);
}
