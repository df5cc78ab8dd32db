//! Scripts, through pipes.

mod common;

use std::path::Path;

use common::{run, text};

fn file(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_script_gets_its_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let script = file(folder.path(), "args.lua", "#!/usr/bin/lua\nprint(arg[0], arg[1], #arg, ...)");
    let output = run(&[&script, "-e", "--state"], "");
    assert_eq!(text(&output.stdout), format!("{script}\t-e\t2\t-e\t--state\n"));
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
}

#[test]
fn the_input_is_a_script() {
    for arguments in [&["-"][..], &[]] {
        let output = run(arguments, "print(6 * 7)");
        assert_eq!(
            (text(&output.stdout).as_str(), output.status.code()),
            ("42\n", Some(0)),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn texts_run_in_their_order_before_the_script() {
    let output = run(&["-e", "x = 1", "-e", "print(x)", "-"], "print(x + 1)");
    assert_eq!(text(&output.stdout), "1\n2\n");
}

#[test]
fn an_error_names_line_and_script_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        file(folder.path(), "bad.lua", "#!first line\nprint('before')\nlocal function f() error('no') end\nf()");
    let output = run(&[&script], "");
    let errors = text(&output.stderr);
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("before\n", Some(1)));
    assert!(errors.contains("bad.lua:3: no") && errors.contains("stack traceback"), "{errors}");
    assert!(!errors.contains('\u{1b}'), "colours although NO_COLOR is set: {errors:?}");
    assert_eq!(run(&["-e", "x ="], "").status.code(), Some(1));
}

#[test]
fn wrong_usage_says_what_is_wrong() {
    for (arguments, expected) in [
        (&["missing.lua"][..], "cannot read missing.lua"),
        (&["--heap", "much", "-"], "expected a number of bytes"),
        (&["--time", "0", "-"], "expected a number of seconds"),
        (&["--module", "missing.wasm", "-"], "missing.wasm"),
    ] {
        let output = common::program(arguments).output().unwrap();
        let errors = text(&output.stderr);
        // A second --module is wrong usage by itself.
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(
            errors.contains(expected) || errors.contains("cannot be used multiple times"),
            "{arguments:?}: {errors}"
        );
    }
}

#[test]
fn limits_end_scripts() {
    for arguments in [&["--instructions", "100000"][..], &["--time", "0.2"]] {
        let mut all = arguments.to_vec();
        all.extend(["-e", "while true do end"]);
        let output = common::program(&all).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stderr));
    }
    let output = run(&["--heap", "1M", "-e", "local t = {} while true do t[#t + 1] = ('x'):rep(1000) end"], "");
    assert!(text(&output.stderr).contains("not enough memory"), "{}", text(&output.stderr));
}

#[test]
fn a_state_outlives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("new/state");
    let count = "local n = 0; Memory.count = Memory.count or function() n = n + 1; return n end; print(Memory.count())";
    for expected in ["1\n", "2\n", "3\n"] {
        let output = run(&["--state", state.to_str().unwrap(), "-e", count], "");
        assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    }
    // What a failing script stored before it failed is kept, too.
    let output = run(&["--state", state.to_str().unwrap(), "-e", "Memory.count(); error('late')"], "");
    assert_eq!(output.status.code(), Some(1));
    let output = run(&["--state", state.to_str().unwrap(), "-e", count], "");
    assert_eq!(text(&output.stdout), "5\n");
}
