//! Failing computes: the message, the error record, and that the instance goes on.

use anyhow::{Result, ensure};
use moonwright_tests::{Built, Case, ErrorRecord, Host, Outcome, Value, cases};

use crate::support::{contains, integer, same, text};

pub const CASES: [Case; 16] = cases![
    a_syntax_error,
    a_syntax_error_that_more_text_mends,
    a_runtime_error_with_position_and_traceback,
    the_position_of_an_error_without_one_is_the_innermost_lua_frame,
    an_error_raised_for_a_caller_names_the_caller,
    an_error_in_a_coroutine,
    error_objects_without_text,
    error_objects_with_tostring,
    error_values_that_are_numbers_or_strings,
    a_failing_tostring_of_an_error_object,
    the_output_before_the_failure,
    get_last_error_stays_until_the_next_call,
    get_last_error_is_0_after_a_success,
    init_clears_the_error,
    an_error_with_a_long_message,
    a_failed_compute_leaves_no_values,
];

fn fails(built: &Built, chunk: &str) -> Result<ErrorRecord> {
    let mut host = Host::new(built)?;
    let record = host.run_failing(chunk)?;
    same("the instance goes on", &integer(&mut host, "return 3")?, &3)?;
    Ok(record)
}

fn a_syntax_error(built: &Built) -> Result<()> {
    let error = fails(built, "x = \n = 1")?;
    same("kind", &error.kind.as_str(), &"syntax")?;
    same("message", &error.message_text(), &"[string \"x = ...\"]:2: unexpected symbol near '='".to_owned())?;
    same("chunk", &error.chunk_text(), &Some("[string \"x = ...\"]".to_owned()))?;
    same("line", &error.line, &Some(2))?;
    same("incomplete", &error.incomplete, &false)?;
    same("output", &error.output, &Vec::new())?;
    // A syntax error in text that the chunk itself loads is not the chunk's.
    same("kind in load", &fails(built, "assert(load('x x'))")?.kind.as_str(), &"runtime")
}

fn a_syntax_error_that_more_text_mends(built: &Built) -> Result<()> {
    for chunk in [
        "for i = 1, 3 do",
        "return 1 +",
        "x = {",
        "f(",
        "return [[long",
        "--[[ comment",
        "if a then b()",
        "local s = [==[ x ]]",
    ] {
        let error = fails(built, chunk)?;
        same(chunk, &(error.kind.as_str(), error.incomplete), &("syntax", true))?;
    }
    for chunk in ["end", "x x", "return 'open\n", "goto nowhere", "x = }", "for 1", "break", "x = '\\q'"] {
        let error = fails(built, chunk)?;
        same(chunk, &(error.kind.as_str(), error.incomplete), &("syntax", false))?;
    }
    let error = fails(built, "error('near <eof>')")?;
    same("a runtime error that looks like one", &error.incomplete, &false)
}

const TRACED: &str = "local function inner() local t = nil; return t.field end
local function outer()
  inner()
  return 1
end
outer()";

fn a_runtime_error_with_position_and_traceback(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_chunk_name("@app.lua")?;
    let error = host.run_failing(TRACED)?;
    same("kind", &error.kind.as_str(), &"runtime")?;
    same("message", &error.message_text(), &"app.lua:1: attempt to index a nil value (local 't')".to_owned())?;
    same("chunk", &error.chunk_text(), &Some("app.lua".to_owned()))?;
    same("line", &error.line, &Some(1))?;
    let traceback = error.traceback_text();
    ensure!(traceback.contains("stack traceback:"), "found {traceback:?}");
    // Upstream's 5.4 and 5.5 name local functions alike.
    let (inner, outer, main) =
        (traceback.find("app.lua:1: in"), traceback.find("app.lua:3: in"), traceback.find("app.lua:6: in main chunk"));
    ensure!(
        inner.is_some() && inner < outer && outer < main,
        "expected lines 1, 3 and 6 in this order, found {traceback}"
    );
    contains("traceback", &traceback, "upvalue 'inner'")
}

fn the_position_of_an_error_without_one_is_the_innermost_lua_frame(built: &Built) -> Result<()> {
    for chunk in [
        "\nerror({})",
        "\nerror('no position', 0)",
        "\nlocal function f() error(setmetatable({}, {})) end f()",
        "\nstring.rep('x', -1, {}, error())",
    ] {
        let mut host = Host::new(built)?;
        host.set_chunk_name("@app.lua")?;
        let error = host.run_failing(chunk)?;
        same(chunk, &(error.chunk_text().as_deref(), error.line), &(Some("app.lua"), Some(2)))?;
    }
    Ok(())
}

fn an_error_raised_for_a_caller_names_the_caller(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.set_chunk_name("@app.lua")?;
    let error = host.run_failing("local function check()\n  error('wrong', 2)\nend\n\ncheck()")?;
    same("message", &error.message_text(), &"app.lua:5: wrong".to_owned())?;
    same("line", &error.line, &Some(5))?;
    host.set_chunk_name("@lib.lua")?;
    host.run("function fail()\n\n error('inside') end")?;
    host.set_chunk_name("@app.lua")?;
    let error = host.run_failing("fail()")?;
    same(
        "the position that the message names",
        &(error.chunk_text().as_deref(), error.line),
        &(Some("lib.lua"), Some(3)),
    )
}

fn an_error_in_a_coroutine(built: &Built) -> Result<()> {
    let error = fails(built, "local co = coroutine.wrap(function()\n  error('inner')\nend)\nco()")?;
    same("kind", &error.kind.as_str(), &"runtime")?;
    // coroutine.wrap puts the position of its caller in front, so that is what the message names.
    contains("message", &error.message_text(), ":4: ")?;
    contains("message", &error.message_text(), ":2: inner")?;
    same("line", &error.line, &Some(4))
}

/// What the standalone `lua` prints for an error object without text.
fn error_objects_without_text(built: &Built) -> Result<()> {
    for (object, name) in
        [("{}", "table"), ("true", "boolean"), ("print", "function"), ("coroutine.create(print)", "thread")]
    {
        let error = fails(built, &format!("error({object})"))?;
        same(object, &error.message_text(), &format!("(error object is a {name} value)"))?;
        same(object, &error.kind.as_str(), &"runtime")?;
    }
    same("nil", &fails(built, "error(nil)")?.message_text(), &"(error object is a nil value)".to_owned())?;
    same("none", &fails(built, "error()")?.message_text(), &"(error object is a nil value)".to_owned())
}

fn error_objects_with_tostring(built: &Built) -> Result<()> {
    let error = fails(built, "error(setmetatable({}, {__tostring = function() return 'my own words' end}))")?;
    same("message", &error.message_text(), &"my own words".to_owned())?;
    let error = fails(built, "error(setmetatable({}, {__name = 'My.Type'}))")?;
    same("a named type", &error.message_text(), &"(error object is a table value)".to_owned())
}

fn error_values_that_are_numbers_or_strings(built: &Built) -> Result<()> {
    same("integer", &fails(built, "error(42)")?.message_text(), &"42".to_owned())?;
    same("float", &fails(built, "error(1.5)")?.message_text(), &"1.5".to_owned())?;
    same("bytes", &fails(built, "error('a\\0\\xFF', 0)")?.message, &b"a\0\xFF".to_vec())?;
    same("nothing", &fails(built, "error('', 0)")?.message, &Vec::new())
}

fn a_failing_tostring_of_an_error_object(built: &Built) -> Result<()> {
    for body in [
        "error('again')",
        "error({})",
        "return 1",
        "local function f() return f() + 1 end return f()",
        "while true do pcall(error) error{} end",
    ] {
        let error = fails(built, &format!("error(setmetatable({{}}, {{__tostring = function() {body} end}}))"))?;
        ensure!(error.kind == "runtime", "{body}: found {error:?}");
    }
    Ok(())
}

fn the_output_before_the_failure(built: &Built) -> Result<()> {
    let error = fails(built, "print('one') io.write('two') error('x')")?;
    same("output", &error.output, &b"one\ntwo".to_vec())?;
    same("whole", &error.truncated, &false)
}

fn get_last_error_stays_until_the_next_call(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let error = host.run_failing("error('kept', 0)")?;
    // None of these sets or clears it.
    host.run_gc()?;
    host.memory_stats()?;
    host.set_limits(0, 0)?;
    let _: u32 = host.call("reserve_buffer", 100_000u32)?;
    let _: i32 = host.call("abi_version", ())?;
    host.set_chunk_name("=later")?;
    same("record", &host.last_error()?, &Some(error.clone()))?;
    same("again", &host.last_error()?, &Some(error))
}

fn get_last_error_is_0_after_a_success(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    same("after init", &host.last_error()?, &None)?;
    host.run_failing("error('x')")?;
    host.run("return 1")?;
    same("after a success", &host.last_error()?, &None)?;
    same("caught errors do not count", &host.run("return pcall(error, 'x')")?.values[0], &Value::Boolean(false))
}

fn init_clears_the_error(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.run_failing("error('x')")?;
    same("init", &host.init()?, &0)?;
    same("after init", &host.last_error()?, &None)
}

fn an_error_with_a_long_message(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let error = host.run_failing("error(string.rep('long ', 200000), 0)")?;
    same("length", &error.message.len(), &1_000_000)?;
    same("text", &error.message, &b"long ".repeat(200_000))
}

fn a_failed_compute_leaves_no_values(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let Outcome::Failed(failure) =
        host.compute("local t <close> = setmetatable({}, {__close = function() closed = true end}) error('x', 0)")?
    else {
        anyhow::bail!("expected a failure")
    };
    same("message", &failure.message, &b"x".to_vec())?;
    same("to-be-closed variables are closed", &text(&mut host, "return tostring(closed)")?, &"true".to_owned())
}
