//! Where a host meets the edges of the contract: no state yet, no memory for one, and chunk names that look like positions.

use anyhow::{Context, Result};
use moonwright_tests::{Built, Case, Host, Outcome, cases};

use crate::support::{contains, integer, same};

pub const CASES: [Case; 4] = cases![
    compute_before_init_says_why_it_failed,
    init_without_memory_says_so_and_can_be_repeated,
    the_position_of_a_syntax_error_in_a_chunk_of_any_name,
    delivered_output_does_not_count_against_the_next_call,
];

fn compute_before_init_says_why_it_failed(built: &Built) -> Result<()> {
    let mut host = Host::bare(built)?;
    let reserved: i32 = host.call("reserve_buffer", 65_536)?;
    same("a buffer", &(reserved != 0), &true)?;
    let error = host.run_failing("return 1")?;
    contains("message", &error.message_text(), "init")?;
    same("kind", &error.kind.as_str(), &"runtime")?;
    same("init", &host.init()?, &0)?;
    same("no error after init", &host.last_error()?.is_none(), &true)?;
    same("a chunk", &integer(&mut host, "return 1")?, &1)
}

fn init_without_memory_says_so_and_can_be_repeated(built: &Built) -> Result<()> {
    let mut host = Host::bare(built)?;
    host.set_limits(70_000, 0)?;
    same("init", &host.init()?, &-1)?;
    let error = host.last_error()?.context("expected an error record after a failed init, found none")?;
    same("kind", &error.kind.as_str(), &"memory")?;
    same("message", &error.message_text(), &"not enough memory".to_owned())?;
    host.set_limits(0, 0)?;
    same("init again", &host.init()?, &0)?;
    same("no error", &host.last_error()?.is_none(), &true)?;
    same("a chunk", &integer(&mut host, "return 1")?, &1)
}

fn the_position_of_a_syntax_error_in_a_chunk_of_any_name(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    for (name, chunk) in
        [("@C:/x:12:y.lua", "C:/x:12:y.lua"), ("@two\nlines", "two\nlines"), ("=a b", "a b"), ("=", "")]
    {
        host.set_chunk_name(name)?;
        let error = host.run_failing("\n\nx = =")?;
        same("chunk", &error.chunk_text(), &Some(chunk.to_owned()))?;
        same("line", &error.line, &Some(3))?;
    }
    Ok(())
}

fn delivered_output_does_not_count_against_the_next_call(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.run_gc()?;
    let used = host.memory_stats()?;
    // Room for what fails, but not for that and a kept buffer of output.
    host.set_limits(used.buffer + used.used + 60_000, 0)?;
    let outcome = host.compute("for i = 1, 1e6 do print(i) end")?;
    same("all that printing fails", &matches!(outcome, Outcome::Failed(_)), &true)?;
    same("a table of 500", &integer(&mut host, "local t = {} for i = 1, 500 do t[i] = i end return #t")?, &500)
}
