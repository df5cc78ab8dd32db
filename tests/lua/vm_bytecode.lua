-- Hand-made binary chunks that would harm an interpreter which trusts them: each is refused, with a message that says
-- what is wrong and where. The valid relatives of some are accepted, so that it is the attack that is refused.

local checks = 0
local new = _VERSION == "Lua 5.5"

-- ---- an assembler -----------------------------------------------------------------------------------------------

local names = [[MOVE LOADI LOADF LOADK LOADKX LOADFALSE LFALSESKIP LOADTRUE LOADNIL GETUPVAL SETUPVAL GETTABUP GETTABLE
  GETI GETFIELD SETTABUP SETTABLE SETI SETFIELD NEWTABLE SELF ADDI ADDK SUBK MULK MODK POWK DIVK IDIVK BANDK BORK BXORK
  SHRI SHLI ADD SUB MUL MOD POW DIV IDIV BAND BOR BXOR SHL SHR MMBIN MMBINI MMBINK UNM BNOT NOT LEN CONCAT CLOSE TBC JMP
  EQ LT LE EQK EQI LTI LEI GTI GEI TEST TESTSET CALL TAILCALL RETURN RETURN0 RETURN1 FORLOOP FORPREP TFORPREP TFORCALL
  TFORLOOP SETLIST CLOSURE VARARG]] .. (new and " GETVARG ERRNNIL" or "") .. " VARARGPREP EXTRAARG"
local code = {}
do
  local n = 0
  for name in names:gmatch("%w+") do code[name] = n; n = n + 1 end
  if new then code.SHRI, code.SHLI = code.SHLI, code.SHRI end
end

-- {"NAME", a, b, c, k}, {"NAME", a, bx = n}, {"JMP", sj = n}, {"EXTRAARG", ax = n}, or a number as it is
local function instruction (i)
  if type(i) == "number" then return i end
  local op = assert(code[i[1]], i[1])
  if i.sj then return op | (i.sj + 0xffffff) << 7 end
  if i.ax then return op | i.ax << 7 end
  local a = (i[2] or 0) << 7
  if i.bx then return op | a | i.bx << 15 end
  local b, c, k = i[3] or 0, i[4] or 0, (i[5] or 0) << 15
  if new and (i[1] == "NEWTABLE" or i[1] == "SETLIST") then return op | a | k | b << 16 | c << 22 end
  return op | a | k | b << 16 | c << 24
end

local function varint (n)
  local t = {string.char(new and n & 127 or n & 127 | 128)}
  n = n >> 7
  while n > 0 do
    table.insert(t, 1, string.char(new and n & 127 | 128 or n & 127))
    n = n >> 7
  end
  return table.concat(t)
end

local function str (s)
  if s == nil then return new and varint(0) .. varint(0) or varint(0) end
  return varint(#s + 1) .. s .. (new and "\0" or "")
end

local function const (v)
  if v == nil then return "\0"
  elseif type(v) == "boolean" then return v and "\17" or "\1"
  elseif math.type(v) == "float" then return "\19" .. string.pack("<d", v)
  elseif math.type(v) == "integer" then
    return "\3" .. (new and varint(v >= 0 and v << 1 or (~v << 1) | 1) or string.pack("<i8", v))
  else return "\4" .. str(v) end
end

local header = string.dump(function () end):sub(1, new and 40 or 31)

-- a function: code, k (constants, with n), p (functions), upvalues ({instack, idx, kind}), params, vararg, stack, lines,
-- abslines, locals, counts (overrides of a count)
local function func (f, offset)
  local out = {}
  local size = offset
  local function add (s) out[#out + 1] = s; size = size + #s end
  local counts = f.counts or {}
  if not new then add(str(nil)) end
  add(varint(f.line or 1)); add(varint(f.lastline or 1))
  add(string.char(f.params or 0, f.vararg or 0, f.stack or 8))
  add(varint(counts.code or #f.code))
  if new then add(("\0"):rep(-size % 4)) end
  for _, i in ipairs(f.code) do add(string.pack("<I4", instruction(i))) end
  local k = f.k or {}
  add(varint(counts.k or k.n or #k))
  for i = 1, k.n or #k do add(const(k[i])) end
  local ups = f.upvalues or {}
  add(varint(counts.upvalues or #ups))
  for _, u in ipairs(ups) do add(string.char(u[1], u[2], u[3] or 0)) end
  add(varint(counts.p or #(f.p or {})))
  for _, g in ipairs(f.p or {}) do
    if type(g) == "string" then add(g) else add(func(g, size)) end
  end
  if new then add(str(nil)) end
  local lines = f.lines or {}
  add(varint(counts.lines or #lines))
  for _, l in ipairs(lines) do add(string.pack("b", l)) end
  local abs = f.abslines or {}
  add(varint(#abs))
  if new and #abs > 0 then add(("\0"):rep(-size % 4)) end
  for _, a in ipairs(abs) do
    add(new and string.pack("<i4i4", a[1], a[2]) or varint(a[1]) .. varint(a[2]))
  end
  add(varint(#(f.locals or {})))
  for _, l in ipairs(f.locals or {}) do add(str(l[1])); add(varint(l[2])); add(varint(l[3])) end
  add(varint(0))
  return table.concat(out)
end

local function chunk (f)
  return header .. string.char(#(f.upvalues or {})) .. func(f, #header + 1)
end

-- ---- checks -----------------------------------------------------------------------------------------------------

local function accepted (name, f)
  checks = checks + 1
  local fn, msg = load(chunk(f), "=made", "b")
  if not fn then error(name .. ": refused: " .. msg, 2) end
  return fn
end

local function refusedtext (name, what, s)
  checks = checks + 1
  local fn, msg = load(s, "=made", "b")
  if fn then error(name .. ": accepted", 2) end
  if not msg:find("made: bad binary format (", 1, true) or not msg:find(what, 1, true) then
    error(name .. ": want '" .. what .. "', got " .. msg, 2)
  end
end

local function refused (name, what, f) refusedtext(name, what, chunk(f)) end

local ret = {"RETURN0", 0, 1}
local function bx (name, a, n) return {name, a, bx = n} end
local function ex (n) return {"EXTRAARG", ax = n} end

-- the assembler works
assert(accepted("nothing", {code = {ret}})() == nil)
assert(accepted("a sum", {k = {40, 2.5}, code = {bx("LOADK", 0, 0), {"ADDK", 0, 0, 1}, {"MMBINK", 0, 1, 6}, {"RETURN1", 0, 2}}})() == 42.5)
assert(accepted("a list", {code = {{"NEWTABLE", 0, 0, 2}, ex(0), bx("LOADI", 1, 65535 + 7), bx("LOADI", 2, 65535 + 8), {"SETLIST", 0, 2, 0}, {"RETURN1", 0, 2}}})()[2] == 8)

-- ---- type confusion ---------------------------------------------------------------------------------------------

refused("type confusion by SETLIST", "list without its table",
  {code = {bx("LOADI", 0, 65535), bx("LOADI", 1, 65535), {"SETLIST", 0, 1, 0}, ret}})
refused("type confusion by SETLIST on one path", "list without its table",
  {code = {{"NEWTABLE", 0, 0, 1}, ex(0), bx("LOADI", 1, 65535), {"TEST", 1}, {"JMP", sj = 1}, bx("LOADI", 0, 65535), {"SETLIST", 0, 1, 0}, ret}})
refused("type confusion by SETLIST behind a copy", "list without its table",
  {code = {{"NEWTABLE", 0, 0, 1}, ex(0), {"MOVE", 1, 0}, bx("LOADI", 2, 65535), {"SETLIST", 1, 1, 0}, ret}})
refused("type confusion by SETLIST through an upvalue", "list without its table",
  {p = {{upvalues = {{1, 0}}, code = {bx("LOADI", 0, 65535), {"SETUPVAL", 0, 0}, ret}}},
   code = {{"NEWTABLE", 0, 0, 1}, ex(0), bx("CLOSURE", 1, 0), {"CALL", 1, 1, 1}, bx("LOADI", 1, 65535), {"SETLIST", 0, 1, 0}, {"RETURN", 0, 1, 0, 1}}})
refused("type confusion by SETLIST after the collector cleared the table", "list without its table",
  {code = {{"NEWTABLE", 2, 0, 1}, ex(0), {"NEWTABLE", 0, 0, 1}, ex(0), bx("LOADI", 3, 65535), {"SETLIST", 2, 1, 0}, ret}})

local loop = {bx("LOADI", 0, 65536), bx("LOADI", 1, 65540), bx("LOADI", 2, 65536), bx("FORPREP", 0, 1), {"LOADNIL", 5, 0}, bx("FORLOOP", 0, 2), ret}
accepted("a loop", {code = loop})()
local function withbody (...)
  local t = {table.unpack(loop, 1, 3)}
  local n = select("#", ...)
  t[4] = bx("FORPREP", 0, n)
  for i = 1, n do t[4 + i] = select(i, ...) end
  t[#t + 1] = bx("FORLOOP", 0, n + 1)
  t[#t + 1] = ret
  return t
end
for slot = 0, 2 do
  refused("type confusion by loop slot " .. slot, "loop without what FORPREP left", {code = withbody({"NEWTABLE", 7, 0, 0}, ex(0), {"MOVE", slot, 7})})
end
refused("type confusion by a nil in a loop slot", "loop without what FORPREP left", {code = withbody({"LOADNIL", 2, 3})})
refused("type confusion by a call into loop slots", "loop without what FORPREP left", {code = withbody({"MOVE", 1, 0}, {"CALL", 1, 1, 3})})
refused("type confusion by a jump into a loop", "loop without what FORPREP left",
  {code = {{"LOADNIL", 0, 7}, {"JMP", sj = 1}, bx("FORPREP", 0, 0), bx("FORLOOP", 0, 1), ret}})
refused("type confusion by a loop slot as upvalue", "loop without what FORPREP left",
  {p = {{upvalues = {{1, 1}}, code = {{"LOADNIL", 0, 0}, {"SETUPVAL", 0, 0}, ret}}},
   code = withbody(bx("CLOSURE", 6, 0), {"CALL", 6, 1, 1}, {"CLOSE", 0})})
refused("assignment to a constant upvalue", "assignment to a constant",
  {upvalues = {{1, 0, 1}}, code = {{"LOADNIL", 0, 0}, {"SETUPVAL", 0, 0}, ret}})
refused("an upvalue that changes its kind", "bad upvalue",
  {upvalues = {{1, 0, 1}}, p = {{upvalues = {{0, 0, 0}}, code = {ret}}}, code = {ret}})
refused("loop without its start", "loop without its start", {code = {{"LOADNIL", 0, 7}, bx("FORLOOP", 0, 1), ret}})
refused("loop without its end", "loop without its end", {code = {{"LOADNIL", 0, 7}, bx("FORPREP", 0, 0), ret}})
refused("generic loop with another's end", "loop without its",
  {code = {{"LOADNIL", 0, 7}, bx("TFORPREP", 0, 0), {"TFORCALL", 1, 0, 1}, bx("TFORLOOP", 1, 2), ret}})

-- ---- registers --------------------------------------------------------------------------------------------------

refused("an uninitialised register", "register is read before it is written", {code = {{"RETURN1", 3, 2}}})
refused("a register that one path initialises", "register is read before it is written",
  {params = 1, code = {{"TEST", 0}, {"JMP", sj = 1}, {"LOADNIL", 1, 0}, {"RETURN1", 1, 2}}})
refused("a stale stack slot behind a call", "register is read before it is written",
  {params = 1, code = {{"MOVE", 1, 0}, {"LOADNIL", 2, 1}, {"CALL", 1, 1, 1}, {"RETURN1", 2, 2}}})
refused("a stale stack slot behind a concatenation", "register is read before it is written",
  {params = 1, code = {{"MOVE", 1, 0}, {"MOVE", 2, 0}, {"MOVE", 3, 0}, {"CONCAT", 1, 2}, {"RETURN1", 3, 2}}})
refused("a stale stack slot behind a closure", "register is read before it is written",
  {p = {{code = {ret}}}, code = {{"LOADNIL", 0, 4}, bx("CLOSURE", 1, 0), {"RETURN1", 2, 2}}})
refused("a register beyond the frame", "register out of range", {stack = 4, code = {{"LOADNIL", 4, 0}, ret}})
refused("registers beyond the frame by LOADNIL", "register out of range", {stack = 4, code = {{"LOADNIL", 0, 200}, ret}})
refused("registers beyond the frame by CALL", "register out of range", {stack = 4, params = 2, code = {{"CALL", 0, 2, 9}, ret}})
refused("registers beyond the frame by RETURN", "register out of range", {stack = 4, code = {{"LOADNIL", 0, 3}, {"RETURN", 0, 9, 0}}})
refused("registers beyond the frame by SELF", "register out of range", {stack = 4, params = 1, k = {"x"}, code = {{"SELF", 3, 0, 0, 1}, ret}})
refused("registers beyond the frame by a generic loop", "register out of range",
  {stack = 5, code = {{"LOADNIL", 0, 3}, bx("TFORPREP", 0, 0), {"TFORCALL", 0, 0, 1}, bx("TFORLOOP", 0, 2), ret}})
refused("more parameters than registers", "too few registers", {stack = 2, params = 3, code = {ret}})
refused("nothing to concatenate", "nothing to concatenate", {params = 1, code = {{"CONCAT", 0, 0}, ret}})

-- ---- constants, upvalues, functions -----------------------------------------------------------------------------

refused("a constant index", "constant out of range", {k = {1}, code = {bx("LOADK", 0, 1), ret}})
refused("an extra constant index", "constant out of range", {k = {1}, code = {{"LOADKX", 0}, ex(1), ret}})
refused("a key that is no string", "constant is no short string", {k = {1}, params = 1, code = {{"GETFIELD", 0, 0, 0}, ret}})
refused("a key that is a long string", "constant is no short string", {k = {("x"):rep(50)}, params = 1, code = {{"SETFIELD", 0, 0, 0}, ret}})
refused("a number that is none", "constant is no number", {k = {"1"}, params = 1, code = {{"ADDK", 0, 0, 0}, {"MMBINK", 0, 0, 6}, ret}})
refused("an integer that is none", "constant is no integer", {k = {1.5}, params = 1, code = {{"BANDK", 0, 0, 0}, {"MMBINK", 0, 0, 13}, ret}})
if not new then
  refused("a method's name in a register", "method's name is no string", {params = 2, code = {{"SELF", 2, 0, 1}, ret}})
  refused("a jump past a method's name", "jump between",
    {k = {"m"}, params = 2, code = {{"TEST", 0}, {"JMP", sj = 1}, bx("LOADK", 1, 0), {"SELF", 2, 0, 1}, ret}})
end
refused("an upvalue index", "upvalue out of range", {upvalues = {{1, 0}}, code = {{"GETUPVAL", 0, 1}, ret}})
refused("an upvalue index of an assignment", "upvalue out of range", {k = {"x"}, code = {{"SETTABUP", 9, 0, 0, 1}, ret}})
refused("an upvalue out of the enclosing frame", "bad upvalue", {stack = 4, p = {{upvalues = {{1, 4}}, code = {ret}}}, code = {ret}})
refused("an upvalue that the enclosing function has not", "bad upvalue", {p = {{upvalues = {{0, 0}}, code = {ret}}}, code = {ret}})
refused("an upvalue of an uninitialised register", "register is read before it is written",
  {p = {{upvalues = {{1, 3}}, code = {ret}}}, code = {bx("CLOSURE", 4, 0), {"RETURN", 0, 1, 0, 1}}})
refused("an open upvalue in a callee's frame", "open upvalue above the top",
  {params = 1, p = {{upvalues = {{1, 1}}, code = {ret}}},
   code = {{"MOVE", 1, 0}, bx("CLOSURE", 2, 0), {"MOVE", 1, 0}, {"CALL", 1, 1, 1}, {"RETURN", 0, 1, 0, 1}}})
refused("an open upvalue left behind", "return leaves an open upvalue",
  {params = 1, p = {{upvalues = {{1, 0}}, code = {ret}}}, code = {bx("CLOSURE", 1, 0), ret}})
refused("a function index", "function out of range", {code = {bx("CLOSURE", 0, 0), ret}})

-- ---- instructions that belong together --------------------------------------------------------------------------

refused("a MMBIN after a jump", "jump between",
  {params = 2, code = {{"TEST", 0}, {"JMP", sj = 1}, {"ADD", 0, 0, 1}, {"MMBIN", 0, 1, 6}, ret}})
refused("a MMBIN behind something else", "without the one before it", {params = 2, code = {{"MOVE", 0, 1}, {"MMBIN", 0, 1, 6}, ret}})
refused("a MMBIN with another event", "no metamethod of an operator", {params = 2, code = {{"ADD", 0, 0, 1}, {"MMBIN", 0, 1, 24}, ret}})
refused("a sum without its MMBIN", "without the one that has to follow", {params = 2, code = {{"ADD", 0, 0, 1}, ret}})
refused("a test without its jump", "without the one that has to follow", {params = 2, code = {{"LT", 0, 1}, ret}})
refused("a jump onto a test's jump", "jump between", {params = 1, code = {{"JMP", sj = 1}, {"TEST", 0}, {"JMP", sj = 0}, ret}})
refused("a constructor without its size", "without the one that has to follow", {code = {{"NEWTABLE", 0}, ret}})
refused("a jump onto extra bits", "jump between", {code = {{"JMP", sj = 1}, {"NEWTABLE", 0}, ex(0), ret}})
refused("an extra argument alone", "without the one before it", {code = {ex(0), ret}})
refused("an extra argument that no flag announces", "extra argument does not fit", {code = {{"NEWTABLE", 0}, ex(1), ret}})
refused("a jump before the function", "jump out of the function", {code = {{"JMP", sj = -2}, ret}})
refused("a jump behind the function", "jump out of the function", {code = {{"JMP", sj = 1}, ret}})
refused("a skip behind the function", "jump out of the function", {code = {ret, {"LFALSESKIP", 0}, ret}})
refused("control that falls off the end", "control falls off the end", {code = {{"LOADNIL", 0, 0}}})
refused("no code", "does not begin as its flags say", {code = {}})
refused("an opcode that is none", "invalid opcode", {code = {127, ret}})

-- ---- open results, variable arguments, returns ------------------------------------------------------------------

refused("open results that nobody uses", "open results", {params = 1, code = {{"CALL", 0, 1, 0}, {"LOADNIL", 0, 0}, ret}})
refused("use of open results that are none", "open results", {params = 2, code = {{"MOVE", 0, 1}, {"CALL", 0, 0, 1}, ret}})
refused("open results below their use", "open results", {params = 4, code = {{"CALL", 0, 1, 0}, {"CALL", 2, 0, 1}, ret}})
refused("a jump onto the use of open results", "jump between",
  {params = 4, code = {{"TEST", 0}, {"JMP", sj = 1}, {"CALL", 1, 1, 0}, {"CALL", 0, 0, 1}, ret}})
local v = 1
accepted("variable arguments", {vararg = v, code = {{"VARARGPREP", 0}, {"VARARG", 1, 0, 2}, {"RETURN", 1, 2, 1}}})
refused("a vararg mismatch: arguments that are not there", "no variable arguments", {code = {{"VARARG", 0, 0, 2}, ret}})
refused("a vararg mismatch: no VARARGPREP", "does not begin as its flags say", {vararg = v, code = {{"RETURN", 0, 1, 1}}})
refused("a vararg mismatch: VARARGPREP without the flag", "does not begin as its flags say", {code = {{"VARARGPREP", 0}, ret}})
refused("a vararg mismatch: VARARGPREP twice", "misplaced VARARGPREP", {vararg = v, code = {{"VARARGPREP", 0}, {"VARARGPREP", 0}, {"RETURN", 0, 1, 1}}})
refused("a vararg mismatch: a jump to VARARGPREP", "jump to VARARGPREP", {vararg = v, code = {{"VARARGPREP", 0}, {"JMP", sj = -2}, {"RETURN", 0, 1, 1}}})
refused("a vararg mismatch: a return that leaves the arguments", "return does not fit", {vararg = v, code = {{"VARARGPREP", 0}, {"RETURN0", 0, 1}}})
refused("a vararg mismatch: a return of another number", "return does not fit", {vararg = v, code = {{"VARARGPREP", 0}, {"RETURN", 0, 1, 7}}})
refused("a vararg mismatch: a return of what is not there", "return does not fit", {code = {{"RETURN", 0, 1, 1}}})
refused("a vararg mismatch: flags", "invalid flags", {vararg = 3, code = {{"VARARGPREP", 0}, ret}})
if new then
  refused("a vararg table that is none", "variable arguments without their table",
    {vararg = 2, code = {{"VARARGPREP", 0}, {"LOADNIL", 0, 0}, {"VARARG", 1, 0, 2, 1}, ret}})
  refused("hidden arguments with a vararg table", "no variable arguments", {vararg = 2, code = {{"VARARGPREP", 0}, {"VARARG", 1, 0, 2, 0}, ret}})
end
refused("variables to be closed out of order", "out of order", {code = {{"LOADNIL", 0, 1}, {"TBC", 1}, {"TBC", 0}, {"RETURN", 0, 1, 0, 1}}})
refused("a variable to be closed that changes", "is overwritten", {code = {{"LOADNIL", 0, 1}, {"TBC", 0}, {"LOADNIL", 0, 0}, {"RETURN", 0, 1, 0, 1}}})
refused("a variable to be closed left behind", "return leaves", {code = {{"LOADNIL", 0, 1}, {"TBC", 0}, ret}})
refused("a tail call over a variable to be closed", "tail call with a variable",
  {code = {{"LOADNIL", 0, 1}, {"TBC", 0}, {"TAILCALL", 1, 1, 0, 1}, {"RETURN", 1, 0, 0, 1}}})

-- ---- absurd counts ----------------------------------------------------------------------------------------------

local huge = 0x7ffffe00
for _, what in ipairs {"code", "k", "upvalues", "p", "lines"} do
  refusedtext("an absurd count of " .. what, "truncated chunk", chunk {code = {ret}, counts = {[what] = huge}})
end
refused("an absurd count of list items", "more list items than instructions", {code = {{"NEWTABLE", 0, 0, 0, 1}, ex(0x1ffffff), ret}})
refused("an absurd count of fields", "more fields than instructions", {code = {{"NEWTABLE", 0, new and 40 or 200, 0}, ex(0), ret}})
refused("an absurd offset of a list", "more list items than instructions",
  {code = {{"NEWTABLE", 0}, ex(0), {"LOADNIL", 1, 0}, {"SETLIST", 0, 1, 0, 1}, ex(0x1ffffff), ret}})
refusedtext("an absurd length of a string", "truncated chunk", header .. "\0" .. (new and "" or varint(huge)) .. (new and chunk({code = {ret}, k = {"abc"}}):gsub("\4\4abc", "\4" .. varint(huge) .. "abc"):sub(#header + 2) or ""))
refusedtext("a number that does not end", "integer overflow", header .. "\0" .. (new and "\255" or "\1") .. ((new and "\255" or "\127"):rep(20)))

-- ---- deep nesting -----------------------------------------------------------------------------------------------

local function nested (n)
  local f = {code = {ret}}
  for _ = 1, n do f = {code = {ret}, p = {f}} end
  return f
end
accepted("nesting as deep as the parser's", nested(150))
refused("deep nesting", "functions nest too deeply", nested(300))
do   -- each level promises as many functions as there are bytes left
  local f = {code = {ret}}
  for _ = 1, 150 do f = {code = {ret}, p = {f}, counts = {p = 200}} end
  refused("promises in depth", "truncated chunk", f)
end

-- ---- debug information ------------------------------------------------------------------------------------------

accepted("debug information", {code = {ret}, lines = {0}, locals = {{"x", 0, 1}}})
refused("lines that are too few", "wrong number of lines", {code = {ret, ret}, lines = {0}})
refused("an absolute line that is missing", "bad line information", {code = {ret}, lines = {-128}})
refused("an absolute line elsewhere", "bad line information", {code = {ret, ret}, lines = {0, -128}, abslines = {{0, 7}}})
refused("an absolute line too many", "bad line information", {code = {ret, ret}, lines = {0, -128}, abslines = {{1, 7}, {1, 7}}})
refused("a line that overflows", "bad line information", {code = {ret}, lines = {-128}, abslines = {{0, huge}}})
refused("a function's line that overflows", "line number too large", {line = huge, code = {ret}})
do
  local t, l = {}, {}
  for i = 1, 300 do t[i] = {"LOADNIL", 0, 0}; l[i] = 0 end
  t[300] = ret
  refused("too few absolute lines", "bad line information", {code = t, lines = l})
end
refused("a local without a name", "bad local variable", {code = {ret}, locals = {{nil, 0, 1}}})
refused("a local that ends before it starts", "bad local variable", {code = {ret}, locals = {{"x", 1, 0}}})
refused("a local that outlives the function", "bad local variable", {code = {ret}, locals = {{"x", 0, 2}}})
do
  local l = {}
  for i = 1, 9 do l[i] = {"x" .. i, 0, 1} end
  refused("more locals than registers", "bad local variable", {code = {ret}, locals = l})
end

-- ---- header and version -----------------------------------------------------------------------------------------

local good = chunk {code = {ret}}
refusedtext("another version", new and "made by Lua 5.4, this is Lua 5.5" or "made by Lua 5.5, this is Lua 5.4", good:sub(1, 4) .. (new and "\x54" or "\x55") .. good:sub(6))
refusedtext("another format", "format mismatch", good:sub(1, 5) .. "\1" .. good:sub(7))
refusedtext("a text conversion", "corrupted chunk", good:sub(1, 8) .. "\n" .. good:sub(9))
refusedtext("another number of upvalues", "corrupted chunk", header .. "\1" .. good:sub(#header + 2))
refusedtext("a constant of no type", "invalid constant", (chunk({code = {ret}, k = {true}}):gsub("\17", "\5", 1)))
for i = 1, #good - 1 do
  checks = checks + 1
  local f, msg = load(good:sub(1, i), "=made", "b")
  if f or not msg:find("bad binary format", 1, true) then error("truncated to " .. i .. ": " .. tostring(msg)) end
end
if new then
  refusedtext("a string without its end", "string without its end", (chunk({code = {ret}, k = {"abc"}}):gsub("abc\0", "abcd")))
  refusedtext("a string that was never there", "invalid string index", (chunk({code = {ret}, k = {"abc"}}):gsub("\4\4abc\0", "\4\0\9")))
end

return "ok", checks
