//! The examples, as programs.

use std::path::{Path, PathBuf};
use std::process::Command;

fn example(name: &str) -> Command {
    // cargo builds the examples with the tests, beside their folder.
    let program = std::env::current_exe().unwrap();
    let program = program.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.is_file(), "no {}: run `cargo build -p moonwright --examples`", program.display());
    let mut command = Command::new(program);
    let folder = std::env::var_os("MOONWRIGHT_MODULES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/moonwright/test-modules"),
        PathBuf::from,
    );
    command.arg(folder.join("lua-5.4-bridge-standard.wasm"));
    command
}

fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_counter_goes_on_counting() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    for (key, expected) in [("a", "a: 1\n"), ("a", "a: 2\n"), ("b", "b: 1\n"), ("a", "a: 3\n")] {
        assert_eq!(printed(example("counter").arg(&state).arg(key)), expected);
    }
}

#[test]
fn bad_plugins_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("1_upper.lua", "return {transform = function(s) log('upper') return s:upper() end}"),
        ("2_loop.lua", "return {transform = function(s) while true do pcall(error) end end}"),
        ("3_greedy.lua", "local s = 'x' while true do s = s .. s end"),
        ("4_wrong.lua", "return 1 +"),
        ("5_none.lua", "return {}"),
        ("6_reverse.lua", "return {transform = function(s) assert(not io.open('/etc/passwd')) return s:reverse() end}"),
        ("readme.txt", "no plugin"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let printed = printed(example("plugins").arg(folder.path()).arg("abc"));
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines.first(), lines.last(), lines.len()), (Some(&"[1_upper] upper"), Some(&"CBA"), 6), "{printed}");
    for (line, expected) in lines[1..5].iter().zip(["limit", "not enough memory", "unexpected symbol", "found nil"]) {
        assert!(line.contains("is left out") && line.contains(expected), "{line}");
    }
}
