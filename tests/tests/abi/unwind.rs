//! Errors unwind through `lua_try`; traps do not stop there.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use moonwright_tests::{Built, Case, Host, HostOptions, Value, cases};
use wasmtime::Trap;

use crate::support::{integer, same, value};

pub const CASES: [Case; 4] = cases![
    errors_leave_the_stack_as_it_was,
    an_interrupt_goes_through_pcall,
    a_trap_of_the_host_goes_through_pcall,
    errors_cross_coroutines_and_metamethods,
];

fn errors_leave_the_stack_as_it_was(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    // Each of these would lose some C stack if the catch path did not put __stack_pointer back; 960 KiB would not last.
    let chunk = "local n = 0
        for i = 1, 20000 do
          if not pcall(string.rep, 'x', -1, {}) then n = n + 1 end
          if not pcall(string.gsub, 'x', '.', error) then n = n + 1 end
          if not pcall(table.sort, {3, 2, 1}, error) then n = n + 1 end
          if not pcall(load, function() error 'x' end) or true then n = n + 1 end
          local ok = pcall(string.format, '%d', 'x')
          if not ok then n = n + 1 end
        end
        return n";
    same("caught errors", &integer(&mut host, chunk)?, &100_000)
}

fn an_interrupt_goes_through_pcall(built: &Built) -> Result<()> {
    let options = HostOptions { time: Duration::from_millis(300), ..HostOptions::default() };
    let mut host = Host::initialised(built, options)?;
    let begun = Instant::now();
    let Err(error) = host.compute_status(b"while true do pcall(function() while true do end end) end") else {
        anyhow::bail!("expected the interrupt to end the call")
    };
    same("trap", &error.downcast_ref::<Trap>(), &Some(&Trap::Interrupt))?;
    ensure!(begun.elapsed() < Duration::from_secs(20), "expected it soon, found {:?}", begun.elapsed());
    Ok(())
}

fn a_trap_of_the_host_goes_through_pcall(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    host.make_clock_trap();
    let Err(error) = host.compute_status(b"return pcall(os.time)") else {
        anyhow::bail!("expected the trap to end the call")
    };
    ensure!(format!("{error:#}").contains("told to trap"), "expected the clock's trap, found {error:#}");
    Ok(())
}

fn errors_cross_coroutines_and_metamethods(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let chunk = "local t = setmetatable({}, {__index = function(_, k) error({k}) end})
        local co = coroutine.wrap(function()
          local ok, e = pcall(function() return t.inner end)
          coroutine.yield(e[1])
          return t.outer
        end)
        local first = co()
        local ok, e = pcall(co)
        return first .. tostring(ok) .. e[1]";
    same("text", &value(&mut host, chunk)?, &Value::str("innerfalseouter"))
}
