//! The first pass over a function: its head, debug information, and each instruction by itself.

use crate::chunk::{Constant, Function};
use crate::opcode::{A, B, C, Instruction, Op};
use crate::{Error, Summary, Version, flow};

/// A line number above it is too large to add differences to.
const MAX_LINE: i32 = i32::MAX / 2;

/// Instructions between two that tell their line absolutely, at most.
pub(crate) const LINES_APART: usize = 128;

/// Says in the list of differences between lines that the line is told absolutely.
pub(crate) const ABSOLUTE: i8 = -128;

/// List items that one instruction can make (`LOADNIL` does most of them).
const MAX_ITEMS: i32 = 64;

/// No list has so many: the interpreter multiplies an array's length by the size of a value unchecked.
const MAX_LIST: i32 = 1 << 27;

/// Numbers of the metamethods of binary operators.
const EVENTS: std::ops::RangeInclusive<i32> = 6..=17;

/// What the first pass found out about an instruction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    /// Control may come from elsewhere than above.
    pub(crate) target: bool,
    /// It has to be entered from above.
    pub(crate) inner: bool,
    /// It ends the loop of a `FORPREP` or `TFORPREP`.
    ends_loop: bool,
}

/// A function under verification.
pub(crate) struct Body<'a> {
    pub(crate) version: Version,
    pub(crate) function: &'a Function<'a>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) registers: i32,
    /// Whether there is a `VARARGPREP`.
    variable: bool,
    /// Whether there are arguments below the frame.
    pub(crate) hidden: bool,
    /// Number of the instruction under verification.
    pub(crate) pc: Option<usize>,
}

/// Verifies a function and all in it.
pub(crate) fn verify(
    version: Version,
    function: &Function<'_>,
    enclosing: Option<&Function<'_>>,
    summary: &mut Summary,
) -> Result<(), Error> {
    let (variable, hidden) = match version {
        Version::Lua54 => (function.flags != 0, function.flags != 0),
        Version::Lua55 => (function.flags & 3 != 0, function.flags & 1 != 0),
    };
    let registers = i32::from(function.registers);
    let marks = vec![Mark::default(); function.code.len()];
    let mut body = Body { version, function, marks, registers, variable, hidden, pc: None };
    body.head(enclosing)?;
    body.lines()?;
    body.locals()?;
    body.instructions()?;
    flow::verify(&mut body)?;
    summary.functions += 1;
    summary.instructions += function.code.len();
    function.functions.iter().try_for_each(|inner| verify(version, inner, Some(function), summary))
}

impl Body<'_> {
    pub(crate) fn error(&self, reason: &'static str) -> Error {
        let line = self.function.line;
        match self.pc {
            None => Error::Function { line, reason },
            Some(pc) => Error::Instruction { line, number: pc + 1, reason },
        }
    }

    pub(crate) fn check(&self, right: bool, reason: &'static str) -> Result<(), Error> {
        if right { Ok(()) } else { Err(self.error(reason)) }
    }

    /// The instruction at `pc`; one that is none behind the code's end.
    pub(crate) fn at(&self, pc: i32) -> Instruction {
        let bits = usize::try_from(pc).ok().and_then(|pc| self.function.code.get(pc));
        Instruction(bits.copied().unwrap_or(u32::MAX))
    }

    fn op_at(&self, pc: i32) -> Option<Op> {
        self.at(pc).op(self.version)
    }

    fn size(&self) -> i32 {
        i32::try_from(self.function.code.len()).unwrap_or(i32::MAX)
    }

    fn head(&self, enclosing: Option<&Function<'_>>) -> Result<(), Error> {
        let function = self.function;
        let most = if self.version == Version::Lua54 { 1 } else { 2 };
        self.check(function.flags <= most, "invalid flags")?;
        let named = self.version == Version::Lua55 && self.variable;
        let fit = i32::from(function.parameters) + i32::from(named) <= self.registers;
        self.check(self.registers >= 2 && fit, "too few registers")?;
        self.check(function.upvalues.len() <= 255, "too many upvalues")?;
        for upvalue in &function.upvalues {
            let right = match enclosing {
                None => true,
                Some(outer) if upvalue.in_stack != 0 => upvalue.index < outer.registers,
                Some(outer) => {
                    let captured = outer.upvalues.get(usize::from(upvalue.index));
                    captured.is_some_and(|captured| captured.kind == upvalue.kind)
                }
            };
            self.check(upvalue.in_stack <= 1 && right, "bad upvalue")?;
        }
        let begins = self.op_at(0) == Some(Op::VarArgPrep);
        self.check(!function.code.is_empty() && begins == self.variable, "does not begin as its flags say")
    }

    fn lines(&self) -> Result<(), Error> {
        let function = self.function;
        let lines = function.line <= MAX_LINE && function.last_line <= MAX_LINE;
        self.check(lines, "line number too large")?;
        let counted = function.lines.is_empty() || function.lines.len() == function.code.len();
        self.check(counted, "wrong number of lines")?;
        let mut absolute = function.absolute_lines.iter();
        let mut count = 0;
        for (index, difference) in function.lines.iter().enumerate() {
            if *difference == ABSOLUTE {
                let right = absolute
                    .next()
                    .is_some_and(|&(pc, line)| usize::try_from(pc) == Ok(index) && (0..=MAX_LINE).contains(&line));
                self.check(right, "bad line information")?;
                count += 1;
            }
            // The interpreter takes it for granted that it finds so many.
            self.check(index / LINES_APART <= count, "bad line information")?;
        }
        self.check(absolute.next().is_none(), "bad line information")
    }

    /// Ranges are nested, as registers are: there are never more than those.
    fn locals(&self) -> Result<(), Error> {
        let mut ends: Vec<i32> = Vec::new();
        let mut start = 0;
        for local in &self.function.locals {
            let range = start <= local.start && local.start <= local.end && local.end <= self.size();
            self.check(local.named && range, "bad local variable")?;
            start = local.start;
            while ends.last().is_some_and(|end| *end <= start) {
                ends.pop();
            }
            let nested = ends.last().is_none_or(|end| local.end <= *end);
            self.check(ends.len() < usize::from(self.function.registers) && nested, "bad local variable")?;
            ends.push(local.end);
        }
        Ok(())
    }

    fn instructions(&mut self) -> Result<(), Error> {
        // Where values up to the top begin.
        let mut open: Option<i32> = None;
        for (pc, bits) in self.function.code.iter().enumerate() {
            self.pc = Some(pc);
            let instruction = Instruction(*bits);
            let Some(op) = instruction.op(self.version) else { return Err(self.error("invalid opcode")) };
            if let Some(follower) = op.usage().3 {
                self.followed_by(pc, follower)?;
            }
            let alone = op.needs_another() && !self.marks[pc].inner;
            self.check(!alone, "instruction without the one before it")?;
            self.usual(op, instruction)?;
            self.instruction(op, instruction, pc)?;
            let least = self.least_open(op, instruction);
            let fit = match (open, least) {
                (None, None) => true,
                (Some(first), Some(least)) => least <= first,
                _ => false,
            };
            self.check(fit, "open results and their use do not fit")?;
            self.marks[pc].inner |= least.is_some();
            open = (op == Op::TailCall || (matches!(op, Op::Call | Op::VarArg) && instruction.c() == 0))
                .then(|| instruction.a());
        }
        let last = self.op_at(self.size() - 1);
        let ends = matches!(last, Some(Op::Return | Op::Return0 | Op::Return1));
        self.check(ends, "control falls off the end")?;
        for pc in (0..self.marks.len()).rev() {
            self.pc = Some(pc);
            let mark = self.marks[pc];
            self.check(!(mark.target && mark.inner), "jump between instructions that belong together")?;
        }
        self.pc = None;
        self.check(!(self.marks[0].target && self.variable), "jump to VARARGPREP")
    }

    fn followed_by(&mut self, pc: usize, follower: Op) -> Result<(), Error> {
        let found = self.function.code.get(pc + 1).and_then(|bits| Instruction(*bits).op(self.version));
        self.check(found == Some(follower), "instruction without the one that has to follow")?;
        self.marks[pc + 1].inner = true;
        Ok(())
    }

    /// The least register where the values up to the top that an instruction uses may begin.
    fn least_open(&self, op: Op, instruction: Instruction) -> Option<i32> {
        match op {
            Op::Call | Op::TailCall if instruction.b() == 0 => Some(instruction.a() + 1),
            Op::SetList if instruction.list_b(self.version) == 0 => Some(instruction.a() + 1),
            Op::Return if instruction.b() == 0 => Some(instruction.a()),
            _ => None,
        }
    }

    fn in_frame(&self, first: i32, count: i32) -> Result<(), Error> {
        self.check(first + count <= self.registers, "register out of range")
    }

    fn upvalue(&self, index: i32) -> Result<u8, Error> {
        let upvalue = usize::try_from(index).ok().and_then(|index| self.function.upvalues.get(index));
        upvalue.map(|upvalue| upvalue.kind).ok_or_else(|| self.error("upvalue out of range"))
    }

    fn constant(&self, index: i32) -> Result<Constant<'_>, Error> {
        let constant = usize::try_from(index).ok().and_then(|index| self.function.constants.get(index));
        constant.copied().ok_or_else(|| self.error("constant out of range"))
    }

    fn number(&self, index: i32) -> Result<(), Error> {
        let number = matches!(self.constant(index)?, Constant::Integer(_) | Constant::Float(_));
        self.check(number, "constant is no number")
    }

    fn name(&self, index: i32) -> Result<(), Error> {
        let name = matches!(self.constant(index)?, Constant::ShortString(_));
        self.check(name, "constant is no short string")
    }

    fn usual(&self, op: Op, i: Instruction) -> Result<(), Error> {
        let (a, b, c, _) = op.usage();
        match a {
            A::Special => {}
            A::Read | A::Write => self.in_frame(i.a(), 1)?,
            A::Upvalue => self.upvalue(i.a()).map(|_| ())?,
        }
        match b {
            B::Special => {}
            B::Read => self.in_frame(i.b(), 1)?,
            B::Constant => self.constant(i.b()).map(|_| ())?,
            B::Number => self.number(i.b())?,
            B::Name => self.name(i.b())?,
            B::Upvalue => self.upvalue(i.b()).map(|_| ())?,
            B::Variable => {
                let variable = self.upvalue(i.b())? == 0;
                self.check(variable, "assignment to a constant")?;
            }
        }
        match c {
            C::Special => Ok(()),
            C::Value if i.k() => self.constant(i.c()).map(|_| ()),
            C::Read | C::Value => self.in_frame(i.c(), 1),
            C::Number => self.number(i.c()),
            C::Integer => {
                let integer = matches!(self.constant(i.c())?, Constant::Integer(_));
                self.check(integer, "constant is no integer")
            }
            C::Name => self.name(i.c()),
            C::Event => self.check(EVENTS.contains(&i.c()), "no metamethod of an operator"),
        }
    }

    fn target(&mut self, pc: i32) -> Result<(), Error> {
        let mark = usize::try_from(pc).ok().and_then(|pc| self.marks.get_mut(pc));
        match mark {
            Some(mark) => {
                mark.target = true;
                Ok(())
            }
            None => Err(self.error("jump out of the function")),
        }
    }

    /// A loop's `i` goes on with `op` at `pc`.
    fn goes_on(&self, pc: i32, op: Op, i: Instruction) -> Result<(), Error> {
        let right = self.op_at(pc) == Some(op) && self.at(pc).a() == i.a();
        self.check(right, "loop without its end")
    }

    fn mark_end(&mut self, pc: i32) {
        if let Some(mark) = usize::try_from(pc).ok().and_then(|pc| self.marks.get_mut(pc)) {
            mark.ends_loop = true;
        }
    }

    /// Sizes of constructors: so many items take so many instructions.
    fn items(&self, extra: i32) -> Result<(), Error> {
        let unit = Instruction::list_unit(self.version);
        let fit = extra <= self.size() / (unit / MAX_ITEMS) && extra < MAX_LIST / unit;
        self.check(fit, "more list items than instructions")
    }

    /// In 5.4, a method's long name was loaded by the instruction before.
    fn method(&mut self, i: Instruction, pc: usize) -> Result<(), Error> {
        self.in_frame(i.a(), 2)?;
        if self.version == Version::Lua55 {
            return self.name(i.c());
        }
        let at = i32::try_from(pc).unwrap_or(i32::MAX);
        let (before, second) = (self.at(at - 1), self.at(at - 2));
        let constant = if i.k() {
            Some(self.constant(i.c())?)
        } else if pc > 0 && self.op_at(at - 1) == Some(Op::LoadK) {
            self.marks[pc].inner = true;
            if before.a() == i.c() { Some(self.constant(before.bx())?) } else { None }
        } else if pc > 1 && self.op_at(at - 2) == Some(Op::LoadKX) {
            self.marks[pc].inner = true;
            if second.a() == i.c() { Some(self.constant(before.ax())?) } else { None }
        } else {
            None
        };
        let string = matches!(constant, Some(Constant::ShortString(_) | Constant::LongString(_)));
        self.check(string, "method's name is no string")
    }

    /// Returns: the function has to be put back below the variable arguments.
    fn leave(&self, c: i32) -> Result<(), Error> {
        let expected = if self.hidden { i32::from(self.function.parameters) + 1 } else { 0 };
        self.check(c == expected, "return does not fit the parameters")
    }

    fn instruction(&mut self, op: Op, i: Instruction, pc: usize) -> Result<(), Error> {
        let lua54 = self.version == Version::Lua54;
        let at = i32::try_from(pc).unwrap_or(i32::MAX);
        let next = self.at(at + 1);
        let (a, b, c) = (i.a(), i.b(), i.c());
        match op {
            Op::LoadNil => self.in_frame(a, b + 1),
            Op::LoadK => self.constant(i.bx()).map(|_| ()),
            Op::LoadKX => self.constant(next.ax()).map(|_| ()),
            Op::LFalseSkip | Op::TestSet => self.target(at + 2),
            Op::NewTable => {
                let extra = next.ax();
                self.check(i.k() == (extra != 0), "extra argument does not fit")?;
                self.items(extra)?;
                let fields = i.list_b(self.version);
                let fit = fields <= 31 && (fields == 0 || 1i64 << (fields - 1) < 2 * i64::from(self.size()));
                self.check(fit, "more fields than instructions")
            }
            Op::Method => self.method(i, pc),
            Op::Concat => {
                self.check(b >= 2, "nothing to concatenate")?;
                self.in_frame(a, b)
            }
            Op::Close => self.in_frame(a, 0),
            Op::Tbc => self.in_frame(a, 1),
            Op::Jmp => self.target(at + 1 + i.sj()),
            Op::Call => {
                self.in_frame(a, b.max(1))?;
                self.in_frame(a, (c - 1).max(0))
            }
            Op::TailCall => {
                self.in_frame(a, b.max(1))?;
                self.leave(c)
            }
            Op::Return => {
                self.in_frame(a, (b - 1).max(0))?;
                self.leave(c)
            }
            Op::Return0 => {
                self.in_frame(a, 0)?;
                self.leave(0)
            }
            Op::Return1 => self.leave(0),
            Op::ForPrep => {
                let end = at + 1 + i.bx();
                self.in_frame(a, if lua54 { 4 } else { 3 })?;
                self.goes_on(end, Op::ForLoop, i)?;
                self.check(self.at(end).bx() == end - at, "loop without its end")?;
                self.mark_end(end);
                self.target(at + 1)?;
                self.target(end + 1)
            }
            Op::TForPrep => {
                let call = at + 1 + i.bx();
                self.in_frame(a, 4)?;
                self.goes_on(call, Op::TForCall, i)?;
                self.goes_on(call + 1, Op::TForLoop, i)?;
                self.check(self.at(call + 1).bx() == call + 1 - at, "loop without its end")?;
                self.mark_end(call);
                self.target(at + 1)?;
                self.target(call)
            }
            Op::TForCall => {
                self.in_frame(if lua54 { a + 4 } else { a + 3 }, c.max(3))?;
                self.check(c > 0, "loop without a variable")?;
                self.check(self.marks[pc].ends_loop, "loop without its start")
            }
            Op::ForLoop => self.check(self.marks[pc].ends_loop, "loop without its start"),
            Op::SetList => {
                let mut extra = 0;
                if i.k() {
                    self.followed_by(pc, Op::ExtraArg)?;
                    extra = next.ax();
                }
                let count = i.list_b(self.version);
                self.in_frame(a, count + 1)?;
                self.items(extra)
            }
            Op::Closure => {
                let index = usize::try_from(i.bx()).unwrap_or(usize::MAX);
                self.check(index < self.function.functions.len(), "function out of range")
            }
            Op::VarArg => {
                self.in_frame(a, (c - 1).max(1))?;
                let there = if lua54 || !i.k() {
                    self.hidden
                } else {
                    self.variable && !self.hidden && b == i32::from(self.function.parameters)
                };
                self.check(there, "no variable arguments")
            }
            Op::GetVarg => {
                let there = self.hidden && b == i32::from(self.function.parameters);
                self.check(there, "no variable arguments")
            }
            Op::ErrNNil => {
                let index = usize::try_from(i.bx()).unwrap_or(usize::MAX);
                self.check(index <= self.function.constants.len(), "constant out of range")
            }
            Op::VarArgPrep => {
                let right = !lua54 || a == i32::from(self.function.parameters);
                self.check(pc == 0 && self.variable && b == 0 && right, "misplaced VARARGPREP")
            }
            _ => Ok(()),
        }
    }
}
