//! Follows values of interest through the functions of a chunk: the globals table, libraries, and names that select in them.
//!
//! What is known of the registers is joined where paths meet, until nothing changes any more. A closure sees, through an upvalue, what
//! the register held when it was made and whatever the variable is assigned later.

use std::collections::{BTreeMap, BTreeSet};

use moonwright_bytecode::{Action, Capture, Key, Place, Prototype, Register, Registers, Step};

use super::used::Used;

/// A string of which so many may be meant is none that anybody knows.
const MOST_TEXTS: usize = 16;

/// Something that is followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// The globals table.
    Globals,
    /// A library's table.
    Library(String),
    /// `package.loaded`.
    Loaded,
    /// The function `require`.
    Require,
    /// A string.
    Text(Vec<u8>),
}

/// What a register may hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Value {
    pub things: BTreeSet<Thing>,
    /// Also something else.
    pub other: bool,
}

impl Value {
    pub fn of(thing: Thing) -> Value {
        Value { things: BTreeSet::from([thing]), other: false }
    }

    pub fn unknown() -> Value {
        Value { things: BTreeSet::new(), other: true }
    }

    /// The strings that it may be; none where it may be something else.
    pub fn texts(&self) -> Option<Vec<&[u8]>> {
        let texts: Option<Vec<_>> = self
            .things
            .iter()
            .map(|thing| match thing {
                Thing::Text(text) => Some(text.as_slice()),
                _ => None,
            })
            .collect();
        texts.filter(|texts| !self.other && !texts.is_empty())
    }

    /// Joins `more` into it; whether it is another now.
    pub fn join(&mut self, more: &Value) -> bool {
        let before = (self.things.len(), self.other);
        self.things.extend(more.things.iter().cloned());
        self.other |= more.other;
        let is_text = |thing: &&Thing| matches!(thing, Thing::Text(_));
        if self.things.iter().filter(is_text).count() > MOST_TEXTS {
            self.things.retain(|thing| !is_text(&thing));
            self.other = true;
        }
        before != (self.things.len(), self.other)
    }

    /// Whether it is a table that is followed, or `require`.
    fn matters(&self) -> bool {
        self.things.iter().any(|thing| !matches!(thing, Thing::Text(_)))
    }
}

/// Follows a chunk's main function and all in it.
pub(super) fn main(main: Prototype<'_>, used: &mut Used<'_>) {
    let upvalues = vec![Value::of(Thing::Globals); main.upvalues().len()];
    function(main, &upvalues, used);
}

fn function(mut prototype: Prototype<'_>, upvalues: &[Value], used: &mut Used<'_>) {
    let steps = prototype.steps();
    let mut blocks = Blocks { steps: &steps, states: leaders(&steps), upvalues };
    blocks.settle(prototype.registers(), used);
    let inner = prototype.take_functions();
    // What is assigned to registers, for the closures that share them.
    let mut written: Vec<(usize, Register, Value)> = Vec::new();
    let mut closures: Vec<(usize, usize, Vec<Value>)> = Vec::new();
    for (leader, state) in &blocks.states {
        let Some(state) = state else { continue };
        blocks.follow(*leader, state.clone(), used, |pc, state, effects, used| {
            let action = &steps[pc].action;
            used.line(steps[pc].line);
            used.uses(action, state, upvalues);
            if let Action::Closure { function, .. } = *action {
                let value = |capture| match capture {
                    Capture::Upvalue(index) => upvalue(upvalues, index),
                    Capture::Register(register) => read(state, register),
                };
                closures.push((pc, function, inner[function].upvalues().map(value).collect()));
            }
            let matter = effects.iter().filter(|(_, value)| value.matters());
            written.extend(matter.map(|(register, value)| (pc, *register, value.clone())));
        });
    }
    let mut captured: Vec<Vec<Value>> =
        inner.iter().map(|inner| vec![Value::default(); inner.upvalues().len()]).collect();
    for (pc, number, values) in closures {
        for ((capture, value), found) in inner[number].upvalues().zip(&mut captured[number]).zip(&values) {
            value.join(found);
            let Capture::Register(register) = capture else { continue };
            // A function that its own variable holds stands there from the next instruction on.
            let variable = prototype.variable(register, pc).or_else(|| prototype.variable(register, pc + 1));
            let Some(variable) = variable else { continue };
            for (_, _, later) in written.iter().filter(|(at, to, _)| *to == register && variable.contains(at)) {
                value.join(later);
            }
        }
    }
    for (inner, captured) in inner.into_iter().zip(&captured) {
        function(inner, captured, used);
    }
}

/// What may be known of the registers where control may come from elsewhere than above; nothing yet.
fn leaders(steps: &[Step<'_>]) -> BTreeMap<usize, Option<Vec<Value>>> {
    let targets = steps.iter().filter_map(|step| step.jump).filter(|target| *target < steps.len());
    targets.chain([0]).map(|pc| (pc, None)).collect()
}

/// A function's instructions in blocks, which are entered only at their start.
struct Blocks<'s, 'a> {
    steps: &'s [Step<'a>],
    /// What the registers may hold at the start of each.
    states: BTreeMap<usize, Option<Vec<Value>>>,
    upvalues: &'s [Value],
}

type Effects = Vec<(Register, Value)>;

impl Blocks<'_, '_> {
    /// Follows all paths until nothing new comes of it.
    fn settle(&mut self, registers: usize, used: &mut Used<'_>) {
        self.states.insert(0, Some(vec![Value::unknown(); registers]));
        let mut queue = BTreeSet::from([0]);
        while let Some(leader) = queue.pop_first() {
            let Some(state) = self.states.get(&leader).cloned().flatten() else { continue };
            for (target, state) in self.follow(leader, state, used, |_, _, _, _| {}) {
                let Some(met) = self.states.get_mut(&target) else { continue };
                let changed = match met {
                    None => {
                        *met = Some(state);
                        true
                    }
                    Some(met) => {
                        met.iter_mut().zip(&state).fold(false, |changed, (place, value)| place.join(value) | changed)
                    }
                };
                if changed {
                    queue.insert(target);
                }
            }
        }
    }

    /// Follows a block from its start, shows each instruction with the state before it, and gives where control goes on.
    fn follow(
        &self,
        leader: usize,
        mut state: Vec<Value>,
        used: &mut Used<'_>,
        mut visit: impl FnMut(usize, &[Value], &Effects, &mut Used<'_>),
    ) -> Vec<(usize, Vec<Value>)> {
        let mut targets = Vec::new();
        let mut pc = leader;
        while let Some(step) = self.steps.get(pc) {
            let effects = effects(&step.action, &state, self.upvalues, used);
            visit(pc, &state, &effects, used);
            for (register, value) in effects {
                if let Some(place) = state.get_mut(register) {
                    *place = value;
                }
            }
            targets.extend(step.jump.map(|target| (target, state.clone())));
            if !step.falls {
                break;
            }
            pc += 1;
            if self.states.contains_key(&pc) {
                targets.push((pc, state));
                break;
            }
        }
        targets
    }
}

/// The registers that an instruction changes, with their values.
fn effects(action: &Action<'_>, state: &[Value], upvalues: &[Value], used: &Used<'_>) -> Effects {
    let unknown = |registers: Registers| registers.iter().map(|register| (register, Value::unknown())).collect();
    match *action {
        Action::Nothing | Action::SetUpvalue { .. } | Action::Store { .. } | Action::List(_) | Action::Return(_) => {
            vec![]
        }
        Action::Write(registers) => unknown(registers),
        Action::Text { to, text } => vec![(to, Value::of(Thing::Text(text.to_vec())))],
        Action::Move { to, from } => vec![(to, read(state, from))],
        Action::MayMove { to, from } => {
            let mut value = read(state, to);
            value.join(&read(state, from));
            vec![(to, value)]
        }
        Action::GetUpvalue { to, upvalue: index } => vec![(to, upvalue(upvalues, index))],
        Action::Closure { to, .. } => vec![(to, Value::unknown())],
        Action::Index { to, object, key } => {
            vec![(to, used.field(&at(state, upvalues, object), &key_value(state, key)))]
        }
        Action::Method { to, object, key } => {
            let object = read(state, object);
            vec![(to, used.field(&object, &key_value(state, key))), (to + 1, object)]
        }
        Action::Call { function, arguments } => {
            let result = match read(state, arguments.first).texts() {
                Some(names) if read(state, function).things.contains(&Thing::Require) => used.required(&names),
                _ => Value::unknown(),
            };
            let rest = Registers { first: function + 1, end: state.len() };
            let mut written: Effects = unknown(rest);
            written.push((function, result));
            written
        }
    }
}

/// What a register may hold.
pub(super) fn read(state: &[Value], register: Register) -> Value {
    state.get(register).cloned().unwrap_or_else(Value::unknown)
}

fn upvalue(upvalues: &[Value], index: usize) -> Value {
    upvalues.get(index).cloned().unwrap_or_else(Value::unknown)
}

/// What a place may hold.
pub(super) fn at(state: &[Value], upvalues: &[Value], place: Place) -> Value {
    match place {
        Place::Register(register) => read(state, register),
        Place::Upvalue(index) => upvalue(upvalues, index),
    }
}

/// What a key may be.
pub(super) fn key_value(state: &[Value], key: Key<'_>) -> Value {
    match key {
        Key::Name(name) => Value::of(Thing::Text(name.to_vec())),
        Key::Register(register) => read(state, register),
        // Libraries have no such fields.
        Key::Number => Value::default(),
    }
}
