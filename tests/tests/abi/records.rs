//! The result record: output, values, tables, functions.

use anyhow::{Result, ensure};
use moonwright_tests::{Built, Case, Host, ResultRecord, Value, cases};

use crate::support::{same, value};

pub const CASES: [Case; 18] = cases![
    what_is_printed_comes_first,
    output_belongs_to_its_compute,
    scalars_keep_type_and_bits,
    strings_are_bytes,
    many_values_keep_their_order,
    tables_are_encoded_whole,
    a_table_that_came_before_is_a_reference,
    a_cycle_ends,
    metatables_are_left_out,
    deep_nesting_is_no_problem,
    a_lua_function_without_upvalues_is_bytecode,
    a_closure_is_opaque,
    c_functions_have_an_index_each,
    library_functions_are_in_the_registry,
    c_function_indices_are_the_same_in_every_build,
    other_values_are_opaque,
    a_result_of_5_mb,
    output_of_5_mb,
];

fn what_is_printed_comes_first(built: &Built) -> Result<()> {
    let record = Host::new(built)?.run("print('a', 1, nil, 1.0) io.write('b', 2) io.stdout:write('c\\0d') return 3")?;
    same("output", &record.output, &b"a\t1\tnil\t1.0\nb2c\0d".to_vec())?;
    same("values", &record.values, &vec![Value::Integer(3)])
}

fn output_belongs_to_its_compute(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    same("first", &host.run("print 'one'")?.output_text(), &"one\n".to_owned())?;
    same("second", &host.run("print 'two'")?.output_text(), &"two\n".to_owned())?;
    let error = host.run_failing("print 'three' error 'x'")?;
    same("with a failure", &error.output, &b"three\n".to_vec())?;
    same("after the failure", &host.run("print 'four'")?.output_text(), &"four\n".to_owned())?;
    host.run_failing("print 'lost'\nx x")?;
    same("a syntax error prints nothing", &host.run("")?.output_text(), &String::new())
}

fn scalars_keep_type_and_bits(built: &Built) -> Result<()> {
    let record = Host::new(built)?.run(
        "return nil, true, false, 0, math.mininteger, math.maxinteger, 1.0, -0.0, 2^53, 1/0, -1/0, 5e-324, 0/0, nil",
    )?;
    let [before @ .., Value::Float(nan), Value::Nil] = record.values.as_slice() else {
        anyhow::bail!("expected a float and nil at the end, found {:?}", record.values);
    };
    ensure!(nan.is_nan(), "expected nan, found {nan}");
    let floats = [1.0, -0.0, 9_007_199_254_740_992.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324];
    let mut expected = vec![Value::Nil, Value::Boolean(true), Value::Boolean(false), Value::Integer(0)];
    expected.extend([Value::Integer(i64::MIN), Value::Integer(i64::MAX)]);
    expected.extend(floats.map(Value::Float));
    same("values", &before.to_vec(), &expected)?;
    let zero = |value: &Value| matches!(value, Value::Float(zero) if zero.to_bits() == (-0.0f64).to_bits());
    ensure!(zero(&before[7]), "expected -0.0, found {:?}", before[7]);
    Ok(())
}

fn strings_are_bytes(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    same("nothing", &value(&mut host, "return ''")?, &Value::str(""))?;
    let all: Vec<u8> = (0..=255).collect();
    let chunk = "local t = {} for i = 0, 255 do t[i + 1] = string.char(i) end return table.concat(t)";
    same("all bytes", &value(&mut host, chunk)?, &Value::String(all))
}

fn many_values_keep_their_order(built: &Built) -> Result<()> {
    let chunk = "local t = {} for i = 1, 100000 do t[i] = i end return table.unpack(t)";
    let record = Host::new(built)?.run(chunk)?;
    same("number of values", &record.values.len(), &100_000)?;
    for (at, found) in (1..).zip(&record.values) {
        ensure!(*found == Value::Integer(at), "value {at}: found {found:?}");
    }
    Ok(())
}

fn tables_are_encoded_whole(built: &Built) -> Result<()> {
    let record = Host::new(built)?
        .run("return {10, 20, n = 'x', [true] = 1.5, [1.5] = false, ['1'] = 's', [-1] = {inner = {1}}}")?;
    same("values", &record.values, &vec![Value::Table(0)])?;
    let get = |key: &Value| record.tables[0].iter().find(|(found, _)| found == key).map(|(_, value)| value.clone());
    for (key, expected) in [
        (Value::Integer(1), Value::Integer(10)),
        (Value::Integer(2), Value::Integer(20)),
        (Value::str("n"), Value::str("x")),
        (Value::Boolean(true), Value::Float(1.5)),
        (Value::Float(1.5), Value::Boolean(false)),
        (Value::str("1"), Value::str("s")),
        (Value::Integer(-1), Value::Table(1)),
    ] {
        same(&format!("field {key:?}"), &get(&key), &Some(expected))?;
    }
    same("number of fields", &record.tables[0].len(), &7)?;
    same("inner", &record.field(1, "inner"), &Some(&Value::Table(2)))?;
    same("innermost", &record.tables[2], &vec![(Value::Integer(1), Value::Integer(1))])
}

fn a_table_that_came_before_is_a_reference(built: &Built) -> Result<()> {
    let record = Host::new(built)?.run("local t, u = {}, {} return t, u, t, {u, t}, u")?;
    let tables = |numbers: &[usize]| numbers.iter().map(|&number| Value::Table(number)).collect::<Vec<_>>();
    same("values", &record.values, &tables(&[0, 1, 0, 2, 1]))?;
    let inner: Vec<_> = record.tables[2].iter().map(|(_, value)| value.clone()).collect();
    same("inside", &inner, &tables(&[1, 0]))
}

fn a_cycle_ends(built: &Built) -> Result<()> {
    let record = Host::new(built)?.run("local t = {} t.self = t t[t] = 1 return t")?;
    same("tables", &record.tables.len(), &1)?;
    same("itself", &record.field(0, "self"), &Some(&Value::Table(0)))?;
    ensure!(record.tables[0].contains(&(Value::Table(0), Value::Integer(1))), "found {:?}", record.tables[0]);
    let record = Host::new(built)?.run("return _G")?;
    same("_G._G", &record.field(0, "_G"), &Some(&Value::Table(0)))
}

fn metatables_are_left_out(built: &Built) -> Result<()> {
    let record = Host::new(built)?.run(
        "local called = 0
         local function count() called = called + 1 end
         local t = setmetatable({a = 1}, {__index = count, __pairs = count, __len = count, __tostring = count})
         called_later = function() return called end
         return t",
    )?;
    same("tables", &record.tables, &vec![vec![(Value::str("a"), Value::Integer(1))]])
}

fn deep_nesting_is_no_problem(built: &Built) -> Result<()> {
    let depth = 200_000;
    let record: ResultRecord =
        Host::new(built)?.run(format!("local t = {{}} for i = 1, {depth} do t = {{t}} end return t"))?;
    same("tables", &record.tables.len(), &(depth + 1))
}

fn a_lua_function_without_upvalues_is_bytecode(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    for chunk in [
        "return function() return 1 end",
        "return function() return print end",
        "local x = 1 return function(...) local x = ... return x end",
        "return (load 'return 1')",
    ] {
        match value(&mut host, chunk)? {
            Value::LuaFunction(code) if code.starts_with(b"\x1bLua") => {}
            other => anyhow::bail!("{chunk}: expected bytecode, found {other:?}"),
        }
    }
    host.set_chunk_name("@named.lua")?;
    let Value::LuaFunction(code) = value(&mut host, "return function(parameter) return parameter end")? else {
        anyhow::bail!("expected bytecode")
    };
    for kept in ["@named.lua", "parameter"] {
        let found = code.windows(kept.len()).any(|window| window == kept.as_bytes());
        ensure!(found, "expected a function that is not stripped, with {kept} in it");
    }
    Ok(())
}

fn a_closure_is_opaque(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    for chunk in [
        "local n = 0 return function() n = n + 1 return n end",
        "local n = 0 return function() print(n) end",
        // Its upvalue is called _ENV, but is not the globals table.
        "local _ENV = {} return function() return x end",
    ] {
        match value(&mut host, chunk)? {
            Value::Opaque(text) if text.starts_with(b"function: ") => {}
            other => anyhow::bail!("{chunk}: expected an opaque function, found {other:?}"),
        }
    }
    Ok(())
}

/// All functions that the standard libraries offer by a name, with their names.
const LIBRARY_FUNCTIONS: &str = "
    local names, functions, seen = {}, {}, {}
    local function visit(prefix, t)
      if seen[t] then return end
      seen[t] = true
      local keys = {}
      for key in next, t do if type(key) == 'string' then keys[#keys + 1] = key end end
      table.sort(keys)
      for _, key in ipairs(keys) do
        local value = t[key]
        if type(value) == 'function' and not seen[value] then
          seen[value] = true
          names[#names + 1], functions[#functions + 1] = prefix .. key, value
        elseif type(value) == 'table' and value ~= package.loaded then
          visit(prefix .. key .. '.', value)
        end
      end
    end
    seen[ext or 0] = true -- no standard library
    visit('', _G)
    visit('file.', debug.getmetatable(io.stdout))
    local all = {}
    for i = 1, #names do all[#all + 1] = names[i] all[#all + 1] = functions[i] end
    return table.unpack(all)";

/// The index of every library function, by its name.
fn library_indices(built: &Built) -> Result<Vec<(String, Value)>> {
    let record = Host::new(built)?.run(LIBRARY_FUNCTIONS)?;
    let pairs = record.values.chunks(2);
    Ok(pairs.map(|pair| (pair[0].as_text().unwrap_or_default(), pair[1].clone())).collect())
}

fn c_functions_have_an_index_each(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let one = value(&mut host, "return math.sin")?;
    ensure!(matches!(one, Value::CFunction(index) if index != 0xFFFF), "expected an index, found {one:?}");
    same("again", &value(&mut host, "return math.sin")?, &one)?;
    same("in another instance", &value(&mut Host::new(built)?, "return math.sin")?, &one)?;
    let other = value(&mut host, "return math.cos")?;
    ensure!(matches!(other, Value::CFunction(_)) && other != one, "expected another index, found {other:?}");
    Ok(())
}

fn library_functions_are_in_the_registry(built: &Built) -> Result<()> {
    let found = library_indices(built)?;
    ensure!(found.len() > 130, "expected all library functions, found {}", found.len());
    let mut taken = std::collections::BTreeMap::new();
    for (name, value) in found {
        let Value::CFunction(index) = value else { anyhow::bail!("{name}: expected an index, found {value:?}") };
        ensure!(index != 0xFFFF, "{name} is not in the registry");
        if let Some(other) = taken.insert(index, name.clone()) {
            anyhow::bail!("{other} and {name} share index {index}");
        }
    }
    Ok(())
}

fn c_function_indices_are_the_same_in_every_build(built: &Built) -> Result<()> {
    let other = Built::shared(
        built.lua,
        match built.profile {
            moonwright_tests::Profile::Size => moonwright_tests::Profile::Speed,
            moonwright_tests::Profile::Speed => moonwright_tests::Profile::Size,
        },
    )?;
    same("indices", &library_indices(built)?, &library_indices(&other)?)
}

fn other_values_are_opaque(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    for (chunk, start) in [
        ("return coroutine.create(print)", "thread: "),
        ("return io.stdout", "file "),
        ("return coroutine.running()", "thread: "),
        ("return coroutine.wrap(print)", "function: "),
    ] {
        match host.run(chunk)?.values.first() {
            Some(Value::Opaque(text)) if text.starts_with(start.as_bytes()) => {}
            other => anyhow::bail!("{chunk}: expected an opaque {start}, found {other:?}"),
        }
    }
    Ok(())
}

fn a_result_of_5_mb(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let size = 5_000_000;
    match value(&mut host, &format!("return string.rep('m', {size})"))? {
        Value::String(text) => {
            ensure!(text.len() == size && text.iter().all(|byte| *byte == b'm'), "found {} bytes", text.len());
        }
        other => anyhow::bail!("expected a string, found {other:?}"),
    }
    same("the instance goes on", &value(&mut host, "return 3")?, &Value::Integer(3))
}

fn output_of_5_mb(built: &Built) -> Result<()> {
    let mut host = Host::new(built)?;
    let record = host.run("for i = 1, 50000 do print(string.rep('m', 99)) end")?;
    same("bytes of output", &record.output.len(), &5_000_000)?;
    ensure!(record.output.chunks(100).all(|line| line == [[b'm'; 99].as_slice(), b"\n"].concat()), "a line is broken");
    same("the next output", &host.run("print 'x'")?.output_text(), &"x\n".to_owned())
}
