//! The prompt, through pipes and in a terminal of its own.

mod common;

use common::{program, run, text};

#[test]
fn values_are_printed_and_state_is_kept_from_line_to_line() {
    let output = run(&["-i", "--history", "/dev/null"], "x = 20\nx * 2 + 2\n=x, nil, 'a'\nprint('p')\n");
    let printed = text(&output.stdout);
    assert!(printed.contains("42\n") && printed.contains("20\tnil\ta\n") && printed.contains("p\n"), "{printed}");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn an_error_does_not_end_the_prompt() {
    let output = run(&["-i", "--history", "/dev/null"], "error('no')\n)\nnil + 1\n'still here'\n");
    let errors = text(&output.stderr);
    assert!(text(&output.stdout).contains("still here"), "{}", text(&output.stdout));
    assert!(errors.contains("stdin:1: no") && errors.contains("near ')'") && errors.contains("arithmetic"), "{errors}");
}

#[test]
fn a_text_can_have_several_lines() {
    let output = run(&["-i", "--history", "/dev/null"], "for i = 1, 2 do\nprint('line ' .. i)\nend\n");
    assert!(text(&output.stdout).contains("line 1\nline 2\n"), "{}", text(&output.stdout));
}

#[test]
fn a_script_comes_before_the_prompt_which_sees_what_it_left() {
    let output = run(&["-i", "--history", "/dev/null", "-e", "y = 7; print = nil"], "y\n");
    assert!(text(&output.stdout).contains('7'), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[cfg(unix)]
mod terminal {
    use std::time::Duration;

    use rexpect::session::{PtySession, spawn_command};

    use super::*;

    /// Types at the next prompt: what is typed before the editor reads would be lost with Ctrl-C.
    fn type_in(session: &mut PtySession, keys: &str) {
        session.exp_string("> ").unwrap();
        session.send(keys).unwrap();
        session.flush().unwrap();
    }

    fn start(history: &std::path::Path) -> PtySession {
        let mut command = program(&["--history", history.to_str().unwrap()]);
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        let mut session = spawn_command(command, Some(20_000)).unwrap();
        session.exp_string("Ctrl-D ends").unwrap();
        session
    }

    fn end(mut session: PtySession) {
        session.exp_string("> ").unwrap();
        session.send_control('d').unwrap();
        session.exp_eof().unwrap();
        // rexpect does not export the type.
        let status = format!("{:?}", session.process().wait().unwrap());
        assert!(status.starts_with("Exited(") && status.ends_with(", 0)"), "{status}");
    }

    #[test]
    fn tab_completes_and_errors_are_coloured() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = start(&folder.path().join("history"));
        type_in(&mut session, "string.forma\t('%d!', 42)\r");
        session.exp_string("42!").unwrap();
        type_in(&mut session, "setmet\t({}, {__index = {method = 1}})\r");
        session.exp_string("table: ").unwrap();
        type_in(&mut session, "o = setmetatable({}, {__index = {method_one = 'found it'}})\r");
        type_in(&mut session, "o.meth\t .. '!'\r");
        session.exp_string("found it!").unwrap();
        type_in(&mut session, "error('red')\r");
        session.exp_string("\u{1b}[31m").unwrap();
        session.exp_string("stdin:1: red").unwrap();
        end(session);
    }

    #[test]
    fn control_c_ends_what_runs_and_not_the_prompt() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = start(&folder.path().join("history"));
        type_in(&mut session, "while true do pcall(function() while true do end end) end\r");
        std::thread::sleep(Duration::from_millis(500));
        session.send_control('c').unwrap();
        session.exp_string("interrupted").unwrap();
        // With nothing that runs, it drops the line.
        type_in(&mut session, "error('never'");
        session.exp_string("never").unwrap();
        session.send_control('c').unwrap();
        type_in(&mut session, "6 * 7 .. '!'\r");
        session.exp_string("42!").unwrap();
        end(session);
    }

    #[test]
    fn the_history_outlives_the_prompt() {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("new/history");
        let mut session = start(&history);
        type_in(&mut session, "'re' .. 'member'\r");
        session.exp_string("remember").unwrap();
        end(session);
        let mut session = start(&history);
        type_in(&mut session, "\u{1b}[A\r");
        session.exp_string("remember").unwrap();
        end(session);
    }
}
