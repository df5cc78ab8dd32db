//! What the functions of a chunk do with values: for tools that ask where a value goes, not how it is computed.

use std::ops::Range;

use crate::chunk::{self, Constant, Function};
use crate::function;
use crate::opcode::{Instruction, Op};
use crate::{Error, Summary, Version};

/// A register, by its number.
pub type Register = usize;

/// Where a value of an enclosing function comes from when a closure is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// From a register of the enclosing function.
    Register(Register),
    /// From an upvalue of the enclosing function.
    Upvalue(usize),
}

/// What is indexed or assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The value in a register.
    Register(Register),
    /// The value of an upvalue.
    Upvalue(usize),
}

/// By what it is indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// By this string.
    Name(&'a [u8]),
    /// By the value in a register.
    Register(Register),
    /// By a number.
    Number,
}

/// Registers from one on; of open ones nobody knows how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    /// The first.
    pub first: Register,
    /// The one behind the last whose value is where a tool can see it.
    pub end: Register,
}

impl Registers {
    /// Their numbers.
    pub fn iter(self) -> Range<Register> {
        self.first..self.end
    }
}

/// What an instruction does with values. Arithmetic, comparisons and tests read theirs, and pass none of them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Nothing.
    Nothing,
    /// Puts values into registers that come from nowhere else in the function.
    Write(Registers),
    /// Puts a string into a register.
    Text {
        /// The register.
        to: Register,
        /// The string.
        text: &'a [u8],
    },
    /// Copies a register.
    Move {
        /// To here.
        to: Register,
        /// From here.
        from: Register,
    },
    /// Copies a register, or does not.
    MayMove {
        /// To here.
        to: Register,
        /// From here.
        from: Register,
    },
    /// Reads an upvalue.
    GetUpvalue {
        /// To here.
        to: Register,
        /// Its number.
        upvalue: usize,
    },
    /// Assigns to an upvalue.
    SetUpvalue {
        /// Its number.
        upvalue: usize,
        /// From here.
        from: Register,
    },
    /// Makes a closure.
    Closure {
        /// To here.
        to: Register,
        /// Which one of [`Prototype::functions`].
        function: usize,
    },
    /// Reads a field.
    Index {
        /// To here.
        to: Register,
        /// Of what.
        object: Place,
        /// Which one.
        key: Key<'a>,
    },
    /// Reads a field to call it as a method: the object goes behind it.
    Method {
        /// To here and the next.
        to: Register,
        /// Of what.
        object: Register,
        /// Which one.
        key: Key<'a>,
    },
    /// Assigns to a field.
    Store {
        /// Of what.
        object: Place,
        /// Which one.
        key: Key<'a>,
        /// From here; a constant otherwise.
        value: Option<Register>,
    },
    /// Puts values into a new table.
    List(Registers),
    /// Calls; afterwards registers from the function's on hold other values.
    Call {
        /// What is called.
        function: Register,
        /// With what.
        arguments: Registers,
    },
    /// Returns.
    Return(Registers),
}

/// An instruction, and where control goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// What it does.
    pub action: Action<'a>,
    /// Whether the next instruction may follow.
    pub falls: bool,
    /// Which other instruction may follow, from 0.
    pub jump: Option<usize>,
    /// Its line in the source; `None` where the chunk was stripped.
    pub line: Option<u32>,
}

/// A function of a chunk.
pub struct Prototype<'a> {
    version: Version,
    function: Function<'a>,
}

impl<'a> Prototype<'a> {
    /// Reads a chunk and verifies it: its main function.
    ///
    /// # Errors
    /// As for [`crate::verify`].
    pub fn read(version: Version, chunk: &'a [u8]) -> Result<Prototype<'a>, Error> {
        let main = chunk::read(version, chunk)?;
        function::verify(version, &main, None, &mut Summary::default())?;
        Ok(Prototype { version, function: main })
    }

    /// Takes the functions out that are made inside of it, in the order in which [`Action::Closure`] numbers them.
    pub fn take_functions(&mut self) -> Vec<Prototype<'a>> {
        let functions = std::mem::take(&mut self.function.functions);
        functions.into_iter().map(|function| Prototype { version: self.version, function }).collect()
    }

    /// How many registers it has.
    pub fn registers(&self) -> usize {
        usize::from(self.function.registers)
    }

    /// Its upvalues. A main function's first is the globals table.
    pub fn upvalues(&self) -> impl ExactSizeIterator<Item = Capture> {
        self.function.upvalues.iter().map(|upvalue| {
            let index = usize::from(upvalue.index);
            if upvalue.in_stack != 0 { Capture::Register(index) } else { Capture::Upvalue(index) }
        })
    }

    /// Where the variable that stands in `register` at an instruction begins and ends; `None` where the chunk does not tell it.
    pub fn variable(&self, register: Register, pc: usize) -> Option<Range<usize>> {
        let range = |local: &chunk::Local| number(local.start)..number(local.end);
        self.function.locals.iter().map(range).filter(|range| range.contains(&pc)).nth(register)
    }

    /// Its instructions.
    pub fn steps(&self) -> Vec<Step<'a>> {
        let lines = self.lines();
        let line = |pc: usize| lines.get(pc).copied();
        (0..self.function.code.len()).map(|pc| Step { line: line(pc), ..self.step(pc) }).collect()
    }

    fn lines(&self) -> Vec<u32> {
        let mut line = self.function.line;
        let mut absolute = self.function.absolute_lines.iter().peekable();
        let number = |(pc, difference): (usize, &i8)| {
            line += i32::from(*difference);
            if let Some((_, told)) = absolute.next_if(|(at, _)| usize::try_from(*at) == Ok(pc)) {
                line = *told;
            }
            u32::try_from(line).unwrap_or(0)
        };
        self.function.lines.iter().enumerate().map(number).collect()
    }

    fn at(&self, pc: usize) -> Instruction {
        Instruction(self.function.code.get(pc).copied().unwrap_or(u32::MAX))
    }

    fn text(&self, constant: i32) -> Option<&'a [u8]> {
        match self.function.constants.get(usize::try_from(constant).ok()?)? {
            Constant::ShortString(text) | Constant::LongString(text) => Some(text),
            Constant::Other(_) | Constant::Integer(_) | Constant::Float(_) => None,
        }
    }

    fn name(&self, constant: i32) -> Key<'a> {
        self.text(constant).map_or(Key::Number, Key::Name)
    }

    /// Values from `first` on: `count`, or up to the open results of the instruction before.
    fn registers_from(&self, first: Register, count: Option<i32>, pc: usize) -> Registers {
        let end = match count {
            Some(count) => first + usize::try_from(count).unwrap_or(0),
            None => pc.checked_sub(1).map_or(first, |before| number(self.at(before).a())),
        };
        Registers { first, end }
    }

    fn step(&self, pc: usize) -> Step<'a> {
        let i = self.at(pc);
        let lua54 = self.version == Version::Lua54;
        let (a, b, c) = (number(i.a()), number(i.b()), number(i.c()));
        let step = |action| Step { action, falls: true, jump: None, line: None };
        let write = |first, count| Action::Write(Registers { first, end: first + count });
        let all = Registers { first: a, end: self.registers() };
        let forward = |by: i32| Some(pc + 1 + number(by));
        // A verified chunk has no other instructions.
        let Some(op) = i.op(self.version) else { return step(Action::Nothing) };
        let value = (!i.k()).then_some(c);
        match op {
            Op::Move => step(Action::Move { to: a, from: b }),
            Op::LoadK | Op::LoadKX => {
                let constant = if op == Op::LoadK { i.bx() } else { self.at(pc + 1).ax() };
                step(self.text(constant).map_or(write(a, 1), |text| Action::Text { to: a, text }))
            }
            Op::LoadNil => step(write(a, b + 1)),
            Op::LFalseSkip => Step { falls: false, jump: forward(1), ..step(write(a, 1)) },
            Op::GetUpval => step(Action::GetUpvalue { to: a, upvalue: b }),
            Op::SetUpval => step(Action::SetUpvalue { upvalue: b, from: a }),
            Op::GetTabUp => step(Action::Index { to: a, object: Place::Upvalue(b), key: self.name(i.c()) }),
            Op::GetField => step(Action::Index { to: a, object: Place::Register(b), key: self.name(i.c()) }),
            Op::GetTable => step(Action::Index { to: a, object: Place::Register(b), key: Key::Register(c) }),
            Op::GetI => step(Action::Index { to: a, object: Place::Register(b), key: Key::Number }),
            Op::SetTabUp => step(Action::Store { object: Place::Upvalue(a), key: self.name(i.b()), value }),
            Op::SetField => step(Action::Store { object: Place::Register(a), key: self.name(i.b()), value }),
            Op::SetTable => step(Action::Store { object: Place::Register(a), key: Key::Register(b), value }),
            Op::SetI => step(Action::Store { object: Place::Register(a), key: Key::Number, value }),
            Op::Method => {
                let key = if lua54 && !i.k() { Key::Register(c) } else { self.name(i.c()) };
                step(Action::Method { to: a, object: b, key })
            }
            Op::Call | Op::TailCall => {
                let count = (b > 0).then(|| i.b() - 1);
                step(Action::Call { function: a, arguments: self.registers_from(a + 1, count, pc) })
            }
            Op::Return | Op::Return0 | Op::Return1 => {
                let count = match op {
                    Op::Return0 => Some(0),
                    Op::Return1 => Some(1),
                    _ => (b > 0).then(|| i.b() - 1),
                };
                Step { falls: false, ..step(Action::Return(self.registers_from(a, count, pc))) }
            }
            Op::SetList => {
                let told = i.list_b(self.version);
                step(Action::List(self.registers_from(a + 1, (told > 0).then_some(told), pc)))
            }
            Op::Closure => step(Action::Closure { to: a, function: number(i.bx()) }),
            Op::Jmp => {
                let target = i32::try_from(pc).unwrap_or(i32::MAX).saturating_add(1).saturating_add(i.sj());
                Step { falls: false, jump: Some(number(target)), ..step(Action::Nothing) }
            }
            Op::TestSet => Step { jump: forward(1), ..step(Action::MayMove { to: a, from: b }) },
            Op::Compare | Op::EqK | Op::CompareI | Op::Test => Step { jump: forward(1), ..step(Action::Nothing) },
            Op::ForPrep => Step { jump: forward(i.bx() + 1), ..step(write(a, 4)) },
            Op::ForLoop | Op::TForLoop => Step {
                jump: (pc + 1).checked_sub(number(i.bx())),
                ..step(write(a + if op == Op::ForLoop { 0 } else { 2 }, 1))
            },
            // The iterator, its state and (5.4, 5.5) what is to be closed and the control variable, in either order.
            Op::TForPrep => Step { falls: false, jump: forward(i.bx()), ..step(Action::Nothing) },
            Op::TForCall => step(Action::Call { function: a, arguments: Registers { first: a + 1, end: a + 4 } }),
            // Without a count they fill what is there.
            Op::VarArg => step(Action::Write(if c == 0 { all } else { Registers { first: a, end: a + c - 1 } })),
            Op::VarArgPrep => {
                step(if lua54 { Action::Nothing } else { write(usize::from(self.function.parameters), 1) })
            }
            Op::Close | Op::Tbc | Op::MmBin | Op::MmBinI | Op::MmBinK | Op::ErrNNil | Op::ExtraArg => {
                step(Action::Nothing)
            }
            Op::LoadI
            | Op::LoadF
            | Op::LoadFalse
            | Op::LoadTrue
            | Op::NewTable
            | Op::ArithI
            | Op::ArithK
            | Op::BitwiseK
            | Op::Arith
            | Op::Unary
            | Op::Concat
            | Op::GetVarg => step(write(a, 1)),
        }
    }
}

/// Operands of a verified chunk are not negative.
fn number(operand: i32) -> usize {
    usize::try_from(operand).unwrap_or(0)
}
