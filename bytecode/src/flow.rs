//! The second pass: follows the control flow, with what is known of each register, until nothing changes any more.

use crate::Error;
use crate::Version;
use crate::chunk::Function;
use crate::function::Body;
use crate::opcode::{A, B, C, Instruction, Op};

/// Registers with a value.
const WRITTEN: usize = 0;
/// Registers with what `NEWTABLE` or `VARARGPREP` left there.
const TABLE: usize = 1;
/// Registers that are the first of the three that `FORPREP` prepared.
const LOOP: usize = 2;
/// Registers where an open upvalue may stand.
const CAPTURED: usize = 3;
/// Registers that may wait for being closed.
const TO_CLOSE: usize = 4;

/// Where paths meet, what these sets say has to hold on each of them; what the others say, on any.
const MUSTS: usize = 3;

/// What is known of the registers: five sets of them.
type State = [[u32; 8]; 5];

/// A place where control may come from elsewhere than above.
struct Place {
    pc: usize,
    state: Option<State>,
    /// Whether the state has changed since it was followed.
    changed: bool,
}

struct Flow<'b, 'a> {
    body: &'b mut Body<'a>,
    places: Vec<Place>,
    /// The place that is followed.
    now: usize,
    /// The highest one to follow in this round.
    last: usize,
    /// The lowest and highest one of the next.
    next_round: Option<(usize, usize)>,
    /// What may still be done.
    work: usize,
    state: State,
}

/// Each round follows, from the first to the last, the places whose states have changed, so that one is followed once
/// all that comes before it is known; only jumps back make another round needed.
pub(crate) fn verify(body: &mut Body<'_>) -> Result<(), Error> {
    body.marks[0].target = true;
    let targets = body.marks.iter().enumerate().filter(|(_, mark)| mark.target);
    let places = targets.map(|(pc, _)| Place { pc, state: None, changed: false }).collect();
    let captures: usize = body.function.functions.iter().map(|inner| inner.upvalues.len()).sum();
    let work = (body.function.code.len() + captures) * 64 + 4096;
    let parameters = i32::from(body.function.parameters);
    let mut flow = Flow { body, places, now: 0, last: 0, next_round: None, work, state: [[0; 8]; 5] };
    flow.add(WRITTEN, 0, parameters);
    flow.go(0)?;
    while let Some((first, last)) = flow.next_round.take() {
        flow.last = last;
        flow.now = first;
        while flow.now <= flow.last {
            if flow.places[flow.now].changed {
                flow.follow()?;
            } else {
                flow.work = flow.work.saturating_sub(1);
            }
            flow.now += 1;
        }
    }
    flow.body.pc = None;
    Ok(())
}

/// The words of a set that the registers from `a` up to (not including) `b` are in, with their bits.
fn words(a: i32, b: i32) -> impl Iterator<Item = (usize, u32)> {
    let (a, b) = (a.clamp(0, 256) as u32, b.clamp(0, 256) as u32);
    (a / 32..b.div_ceil(32)).filter(move |_| a < b).map(move |word| {
        let low = if word == a / 32 { u32::MAX << (a % 32) } else { u32::MAX };
        let high = if b - word * 32 < 32 { !(u32::MAX << (b % 32)) } else { u32::MAX };
        (word as usize, low & high)
    })
}

impl Flow<'_, '_> {
    fn check(&self, right: bool, reason: &'static str) -> Result<(), Error> {
        self.body.check(right, reason)
    }

    fn all(&self, set: usize, a: i32, b: i32) -> bool {
        words(a, b).all(|(word, bits)| bits & !self.state[set][word] == 0)
    }

    fn none(&self, set: usize, a: i32, b: i32) -> bool {
        words(a, b).all(|(word, bits)| bits & self.state[set][word] == 0)
    }

    fn add(&mut self, set: usize, a: i32, b: i32) {
        words(a, b).for_each(|(word, bits)| self.state[set][word] |= bits);
    }

    fn remove(&mut self, set: usize, a: i32, b: i32) {
        words(a, b).for_each(|(word, bits)| self.state[set][word] &= !bits);
    }

    /// `count` registers from `a` on are read.
    fn get(&self, a: i32, count: i32) -> Result<(), Error> {
        self.check(self.all(WRITTEN, a, a + count), "register is read before it is written")
    }

    /// They are no longer what `NEWTABLE` or `FORPREP` left.
    fn change(&mut self, a: i32, count: i32) {
        self.remove(TABLE, a, a + count);
        self.remove(LOOP, a - 2, a + count);
    }

    /// They are written.
    fn put(&mut self, a: i32, count: i32) -> Result<(), Error> {
        self.check(self.none(TO_CLOSE, a, a + count), "variable to be closed is overwritten")?;
        self.change(a, count);
        self.add(WRITTEN, a, a + count);
        Ok(())
    }

    /// Whether no upvalue stands, or waits, at or above `a`.
    fn closed(&self, a: i32) -> bool {
        let end = self.body.registers;
        self.none(CAPTURED, a, end) && self.none(TO_CLOSE, a, end)
    }

    /// Calls, and the collector, use the registers from `a` on.
    fn cut(&mut self, a: i32) -> Result<(), Error> {
        self.check(self.closed(a), "open upvalue above the top")?;
        let end = self.body.registers;
        self.change(a, end - a);
        self.remove(WRITTEN, a, end);
        Ok(())
    }

    /// Control may go on at `pc` with the current state.
    fn go(&mut self, pc: i32) -> Result<(), Error> {
        let index =
            usize::try_from(pc).ok().and_then(|pc| self.places.binary_search_by_key(&pc, |place| place.pc).ok());
        let Some(index) = index else { return Err(self.body.error("jump out of the function")) };
        let place = &mut self.places[index];
        let mut met = self.state;
        if let Some(old) = &place.state {
            for (set, (new, old)) in met.iter_mut().zip(old).enumerate() {
                for (new, old) in new.iter_mut().zip(old) {
                    *new = if set < MUSTS { *new & old } else { *new | old };
                }
            }
            if met == *old {
                return Ok(());
            }
        }
        place.state = Some(met);
        place.changed = true;
        if index > self.now {
            self.last = self.last.max(index);
        } else {
            let (first, last) = self.next_round.unwrap_or((index, index));
            self.next_round = Some((first.min(index), last.max(index)));
        }
        Ok(())
    }

    /// Follows a place up to where the next one begins, or control ends.
    fn follow(&mut self) -> Result<(), Error> {
        let place = &mut self.places[self.now];
        place.changed = false;
        let Some(state) = place.state else { return Ok(()) };
        self.state = state;
        let mut pc = place.pc;
        loop {
            self.body.pc = Some(pc);
            let next = self.step(i32::try_from(pc).unwrap_or(i32::MAX))?;
            self.check(self.work > 0, "control flow is too tangled")?;
            self.work -= 1;
            let Some(next) = next else { return Ok(()) };
            pc = usize::try_from(next).unwrap_or(usize::MAX);
            if self.body.marks.get(pc).is_none_or(|mark| mark.target) {
                return self.go(next);
            }
        }
    }

    /// A frame is left.
    fn leave(&self, closes: bool) -> Result<(), Error> {
        self.check(closes || self.closed(0), "return leaves an open upvalue")
    }

    /// How many values are read from `a` on: as told, or up to the open results of the instruction before.
    fn count(&self, told: i32, a: i32, pc: i32) -> i32 {
        if told > 0 { told } else { self.body.at(pc - 1).a() - a }
    }

    fn closure(&mut self, a: i32, inner: &Function<'_>) -> Result<(), Error> {
        self.put(a, 1)?;
        for upvalue in inner.upvalues.iter().filter(|upvalue| upvalue.in_stack != 0) {
            let register = i32::from(upvalue.index);
            self.get(register, 1)?;
            if upvalue.kind == 0 {
                self.change(register, 1); // may be assigned to
            }
            self.add(CAPTURED, register, register + 1);
        }
        self.work = self.work.saturating_sub(inner.upvalues.len());
        self.cut(a + 1)
    }

    /// Most instructions: what they read, what they write, and the one between.
    fn usual(&mut self, op: Op, i: Instruction, next: Instruction) -> Result<(), Error> {
        let (a, b, c, follower) = op.usage();
        if a == A::Read {
            self.get(i.a(), 1)?;
        }
        if b == B::Read {
            self.get(i.b(), 1)?;
        }
        if c == C::Read || (c == C::Value && !i.k()) {
            self.get(i.c(), 1)?;
        }
        if matches!(follower, Some(Op::MmBin | Op::MmBinI | Op::MmBinK)) {
            self.get(next.a(), 1)?;
            if follower == Some(Op::MmBin) {
                self.get(next.b(), 1)?;
            }
        }
        if a == A::Write { self.put(i.a(), 1) } else { Ok(()) }
    }

    /// Follows one step; operands are known to be in range, and what comes in pairs to stand together: a pair is one
    /// step. Gives where control goes on from above.
    fn step(&mut self, pc: i32) -> Result<Option<i32>, Error> {
        let version = self.body.version;
        let lua54 = version == Version::Lua54;
        let end = self.body.registers;
        let (i, next) = (self.body.at(pc), self.body.at(pc + 1));
        let Some(op) = i.op(version) else { return Err(self.body.error("invalid opcode")) };
        let (a, b, c) = (i.a(), i.b(), i.c());
        match op {
            Op::LFalseSkip => {
                self.put(a, 1)?;
                self.go(pc + 2)?;
                return Ok(None);
            }
            Op::LoadNil => self.put(a, b + 1)?,
            Op::NewTable => {
                self.put(a, 1)?;
                self.cut(a + 1)?;
                if self.none(CAPTURED, a, a + 1) {
                    self.add(TABLE, a, a + 1);
                }
                return Ok(Some(pc + 2));
            }
            Op::Method => {
                self.get(b, 1)?;
                self.put(a, 2)?;
            }
            Op::Concat => {
                self.get(a, b)?;
                self.cut(a)?;
                self.put(a, 1)?;
            }
            Op::Close => {
                self.check(lua54 || b == 0, "CLOSE that is never to be reached")?;
                self.remove(CAPTURED, a, end);
                self.remove(TO_CLOSE, a, end);
            }
            Op::Tbc => {
                self.get(a, 1)?;
                self.close_later(a)?;
            }
            Op::Jmp => {
                self.go(pc + 1 + i.sj())?;
                return Ok(None);
            }
            Op::TestSet => {
                self.get(b, 1)?;
                self.go(pc + 2)?;
                self.put(a, 1)?;
                self.go(pc + 2 + next.sj())?;
                return Ok(None);
            }
            Op::Call => {
                self.get(a, self.count(b, a, pc))?;
                self.cut(a)?;
                self.put(a, (c - 1).max(0))?;
            }
            Op::TailCall => {
                self.get(a, self.count(b, a, pc))?;
                self.cut(a)?;
                self.check(self.none(TO_CLOSE, 0, a), "tail call with a variable to be closed")?;
                self.leave(i.k())?;
                return Ok(None);
            }
            Op::Return => {
                let count = if b > 0 { b - 1 } else { self.count(0, a, pc) };
                self.get(a, count)?;
                self.leave(i.k())?;
                return Ok(None);
            }
            Op::Return0 | Op::Return1 => {
                if op == Op::Return1 {
                    self.get(a, 1)?;
                }
                self.leave(false)?;
                return Ok(None);
            }
            Op::ForPrep => {
                self.get(a, 3)?;
                self.put(a, 3)?;
                self.go(pc + 2 + i.bx())?;
                if self.none(CAPTURED, a, a + 3) {
                    self.add(LOOP, a, a + 1);
                }
                if lua54 {
                    self.put(a + 3, 1)?;
                }
            }
            Op::ForLoop => {
                self.check(self.all(LOOP, a, a + 1), "loop without what FORPREP left")?;
                self.go(pc + 1)?;
                if lua54 {
                    self.put(a + 3, 1)?;
                }
                self.go(pc + 1 - i.bx())?;
                return Ok(None);
            }
            Op::TForPrep => {
                self.get(a, 4)?;
                if lua54 {
                    self.close_later(a + 3)?;
                } else {
                    self.put(a + 2, 2)?;
                    self.close_later(a + 2)?;
                }
                self.go(pc + 1 + i.bx())?;
                return Ok(None);
            }
            Op::TForCall => {
                let frame = if lua54 { a + 4 } else { a + 3 };
                self.get(a, 2)?;
                self.get(if lua54 { a + 2 } else { a + 3 }, 1)?;
                self.cut(frame)?;
                self.put(frame, c)?;
                if lua54 {
                    self.put(a + 2, 1)?;
                }
                self.go(pc + 2 - next.bx())?;
                return Ok(Some(pc + 2));
            }
            Op::SetList => {
                self.check(self.all(TABLE, a, a + 1), "list without its table")?;
                self.get(a + 1, self.count(i.list_b(version), a + 1, pc))?;
                return Ok(Some(pc + 1 + i32::from(i.k())));
            }
            Op::Closure => {
                let function = self.body.function;
                let index = usize::try_from(i.bx()).unwrap_or(usize::MAX);
                if let Some(inner) = function.functions.get(index) {
                    self.closure(a, inner)?;
                }
            }
            Op::VarArg => {
                let there = lua54 || !i.k() || self.all(TABLE, b, b + 1);
                self.check(there, "variable arguments without their table")?;
                if c > 0 {
                    self.put(a, c - 1)?;
                } else {
                    self.cut(a)?;
                }
            }
            Op::VarArgPrep => {
                if !lua54 {
                    let table = i32::from(self.body.function.parameters);
                    self.put(table, 1)?;
                    if !self.body.hidden {
                        self.add(TABLE, table, table + 1);
                    }
                }
            }
            _ => {
                let follower = op.usage().3;
                self.usual(op, i, next)?;
                if follower == Some(Op::Jmp) {
                    self.go(pc + 2 + next.sj())?;
                }
                return Ok(Some(pc + 1 + i32::from(follower.is_some())));
            }
        }
        Ok(Some(pc + 1))
    }

    /// A variable is to be closed.
    fn close_later(&mut self, a: i32) -> Result<(), Error> {
        let order = self.none(TO_CLOSE, a, self.body.registers);
        self.check(order, "variables are to be closed out of order")?;
        self.add(TO_CLOSE, a, a + 1);
        Ok(())
    }
}
