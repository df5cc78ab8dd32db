//! The instructions of both versions: their numbers, arguments, and what most of them do with those.

use std::fmt;

/// A version of Lua whose bytecode is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// Lua 5.4
    Lua54,
    /// Lua 5.5
    Lua55,
}

impl Version {
    /// As the header of a chunk has it.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Lua54 => 0x54,
            Self::Lua55 => 0x55,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lua54 => "Lua 5.4",
            Self::Lua55 => "Lua 5.5",
        })
    }
}

/// An instruction by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[rustfmt::skip]
pub(crate) enum Op {
    Move, LoadI, LoadF, LoadK, LoadKX, LoadFalse, LFalseSkip, LoadTrue, LoadNil,
    GetUpval, SetUpval, GetTabUp, GetTable, GetI, GetField, SetTabUp, SetTable, SetI, SetField, NewTable, Method,
    ArithI, ArithK, BitwiseK, Arith, MmBin, MmBinI, MmBinK,
    Unary, Concat, Close, Tbc, Jmp, Compare, EqK, CompareI, Test, TestSet,
    Call, TailCall, Return, Return0, Return1, ForLoop, ForPrep, TForPrep, TForCall, TForLoop,
    SetList, Closure, VarArg, GetVarg, ErrNNil, VarArgPrep, ExtraArg,
}

use Op::*;

/// In the order of their numbers, those that are the same to a verifier by one name. `GetVarg` and `ErrNNil` are 5.5's.
#[rustfmt::skip]
const OPS: [Op; 85] = [
    Move, LoadI, LoadF, LoadK, LoadKX, LoadFalse, LFalseSkip, LoadTrue, LoadNil,
    GetUpval, SetUpval, GetTabUp, GetTable, GetI, GetField, SetTabUp, SetTable, SetI, SetField, NewTable, Method,
    ArithI, ArithK, ArithK, ArithK, ArithK, ArithK, ArithK, ArithK, BitwiseK, BitwiseK, BitwiseK, ArithI, ArithI,
    Arith, Arith, Arith, Arith, Arith, Arith, Arith, Arith, Arith, Arith, Arith, Arith, MmBin, MmBinI, MmBinK,
    Unary, Unary, Unary, Unary, Concat, Close, Tbc, Jmp, Compare, Compare, Compare, EqK,
    CompareI, CompareI, CompareI, CompareI, CompareI, Test, TestSet,
    Call, TailCall, Return, Return0, Return1, ForLoop, ForPrep, TForPrep, TForCall, TForLoop,
    SetList, Closure, VarArg, GetVarg, ErrNNil, VarArgPrep, ExtraArg,
];

/// What an argument A is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum A {
    Special,
    Read,
    Write,
    Upvalue,
}

/// What an argument B is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum B {
    Special,
    Read,
    Constant,
    Number,
    Name,
    Upvalue,
    /// An upvalue that may be assigned to.
    Variable,
}

/// What an argument C is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum C {
    Special,
    Read,
    Number,
    Integer,
    Name,
    /// A register, or any constant if k.
    Value,
    /// The metamethod of a binary operator.
    Event,
}

impl Op {
    /// What the arguments are, and the instruction that has to follow.
    pub(crate) fn usage(self) -> (A, B, C, Option<Op>) {
        match self {
            Move | GetI | Unary => (A::Write, B::Read, C::Special, None),
            LoadI | LoadF | LoadK | LoadFalse | LFalseSkip | LoadTrue | Closure => {
                (A::Write, B::Special, C::Special, None)
            }
            LoadKX | NewTable => (A::Write, B::Special, C::Special, Some(ExtraArg)),
            GetUpval => (A::Write, B::Upvalue, C::Special, None),
            SetUpval => (A::Read, B::Variable, C::Special, None),
            GetTabUp => (A::Write, B::Upvalue, C::Name, None),
            GetTable | GetVarg => (A::Write, B::Read, C::Read, None),
            GetField => (A::Write, B::Read, C::Name, None),
            SetTabUp => (A::Upvalue, B::Name, C::Value, None),
            SetTable => (A::Read, B::Read, C::Value, None),
            SetI => (A::Read, B::Special, C::Value, None),
            SetField => (A::Read, B::Name, C::Value, None),
            Method => (A::Write, B::Read, C::Special, None),
            ArithI => (A::Write, B::Read, C::Special, Some(MmBinI)),
            ArithK => (A::Write, B::Read, C::Number, Some(MmBinK)),
            BitwiseK => (A::Write, B::Read, C::Integer, Some(MmBinK)),
            Arith => (A::Write, B::Read, C::Read, Some(MmBin)),
            MmBin => (A::Read, B::Read, C::Event, None),
            MmBinI => (A::Read, B::Special, C::Event, None),
            MmBinK => (A::Read, B::Number, C::Event, None),
            Compare => (A::Read, B::Read, C::Special, Some(Jmp)),
            EqK => (A::Read, B::Constant, C::Special, Some(Jmp)),
            CompareI | Test => (A::Read, B::Special, C::Special, Some(Jmp)),
            TestSet => (A::Write, B::Read, C::Special, Some(Jmp)),
            Return1 | ErrNNil => (A::Read, B::Special, C::Special, None),
            TForCall => (A::Special, B::Special, C::Special, Some(TForLoop)),
            LoadNil | Concat | Close | Tbc | Jmp | Call | TailCall | Return | Return0 | ForLoop | ForPrep
            | TForPrep | TForLoop | SetList | VarArg | VarArgPrep | ExtraArg => {
                (A::Special, B::Special, C::Special, None)
            }
        }
    }

    /// Whether it makes no sense but behind another.
    pub(crate) fn needs_another(self) -> bool {
        matches!(self, MmBin | MmBinI | MmBinK | ExtraArg | TForLoop)
    }
}

/// An instruction's bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction(pub(crate) u32);

impl Instruction {
    pub(crate) fn op(self, version: Version) -> Option<Op> {
        let number = (self.0 & 0x7f) as usize;
        let number = if version == Version::Lua54 && number > 80 { number + 2 } else { number };
        OPS.get(number).copied()
    }

    fn field(self, from: u32, size: u32) -> i32 {
        ((self.0 >> from) & ((1 << size) - 1)).cast_signed()
    }

    pub(crate) fn a(self) -> i32 {
        self.field(7, 8)
    }

    pub(crate) fn k(self) -> bool {
        self.field(15, 1) != 0
    }

    pub(crate) fn b(self) -> i32 {
        self.field(16, 8)
    }

    pub(crate) fn c(self) -> i32 {
        self.field(24, 8)
    }

    pub(crate) fn bx(self) -> i32 {
        self.field(15, 17)
    }

    pub(crate) fn ax(self) -> i32 {
        self.field(7, 25)
    }

    pub(crate) fn sj(self) -> i32 {
        self.ax() - 0xff_ffff
    }

    /// B of `NEWTABLE` and `SETLIST`.
    pub(crate) fn list_b(self, version: Version) -> i32 {
        if version == Version::Lua54 { self.b() } else { self.field(16, 6) }
    }

    /// How much one of the extra argument of `NEWTABLE` and `SETLIST` is worth.
    pub(crate) fn list_unit(version: Version) -> i32 {
        if version == Version::Lua54 { 256 } else { 1024 }
    }
}
