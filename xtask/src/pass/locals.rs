//! Numbers the locals of each function so that its instructions look like those of others.
//!
//! ```wat
//! (func (param i32) (local i32 i32) ... (local.set 2 (i32.load (local.get 0))) ... (local.set 1 ...))
//! (func (param i32) (local i32 i32) ... (local.set 1 (i32.load (local.get 0))) ... (local.set 2 ...))
//! ```
//!
//! Which of a function's locals of one type is which means nothing, and their numbers are a seventh of a compressed module. The optimiser gives
//! the low ones to those with the most uses, whatever the functions around do. Numbers only change places with others of one byte, so that
//! the module stays as long as it was, and every instruction where it was.

use moonwright_compress::model::{Model, REACH};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

use super::debug_validate;
use crate::interface::{Interface, ReadError};

/// How often all functions are gone through: the first ones are numbered before it is known how the later ones will be.
const ROUNDS: usize = 3;

/// What an exchange has to save, in units of the model: half a bit.
const GAIN: u64 = 1 << 19;

/// The longest function that is numbered anew, in bytes: V8's baseline compiler keeps locals in registers by their numbers, low ones first, and an
/// interpreter loop, which is longer, is where that matters.
const LONGEST: usize = 4096;

/// How often the pairs of one function are gone through at most.
const TRIES: usize = 4;

/// How many numbers take one byte.
const NUMBERS: usize = 0x80;

/// Numbers the locals of `wasm` anew; parameters keep their places. The same input gives the same bytes.
///
/// # Errors
/// When `wasm` is no valid module.
pub fn run(wasm: &[u8]) -> Result<Vec<u8>, ReadError> {
    Interface::read(wasm)?;
    let mut functions = read(wasm)?;
    let mut model = Model::new();
    functions.iter().for_each(|function| model.add(&function.code));
    for _ in 0..ROUNDS {
        for function in functions.iter_mut().filter(|function| !function.exchanges.is_empty()) {
            model.remove(&function.code);
            function.number(&model);
            model.add(&function.code);
        }
    }
    let mut result = wasm.to_vec();
    for function in &functions {
        result[function.start..][..function.code.len()].copy_from_slice(&function.code);
    }
    debug_validate("locals", &result);
    Ok(result)
}

fn read(wasm: &[u8]) -> Result<Vec<Function>, ReadError> {
    let mut parameters = vec![];
    let mut types = vec![].into_iter();
    let mut functions = vec![];
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    parameters.push(ty?.params().len());
                }
            }
            Payload::FunctionSection(section) => {
                types = section.into_iter().collect::<Result<Vec<u32>, _>>()?.into_iter();
            }
            Payload::CodeSectionEntry(body) => {
                let ty = types.next().and_then(|ty| parameters.get(ty as usize));
                functions.push(Function::read(wasm, &body, ty.copied().unwrap_or(0))?);
            }
            _ => {}
        }
    }
    Ok(functions)
}

/// A function's code.
struct Function {
    /// Where it starts in the module.
    start: usize,
    code: Vec<u8>,
    /// By local: where in the code its number stands.
    uses: Vec<Vec<usize>>,
    /// Pairs of locals of one type, none of them a parameter.
    exchanges: Vec<(usize, usize)>,
}

impl Function {
    fn read(wasm: &[u8], body: &FunctionBody, parameters: usize) -> Result<Function, ReadError> {
        let range = body.range();
        let start = range.start;
        let code = wasm[range].to_vec();
        let mut uses = vec![vec![]; NUMBERS];
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            if let Operator::LocalGet { local_index }
            | Operator::LocalSet { local_index }
            | Operator::LocalTee { local_index } = operator
                && let Some(places) = uses.get_mut(local_index as usize)
            {
                places.push(offset + 1 - start);
            }
        }
        // A number may be written in more bytes than it takes; such a local stays.
        let is_narrow = |local: usize| uses[local].iter().all(|place| code[*place] == local as u8);
        let mut exchanges = vec![];
        if code.len() > LONGEST {
            return Ok(Function { start, code, uses, exchanges });
        }
        let mut first = parameters;
        for group in body.get_locals_reader()? {
            let end = first.saturating_add(group?.0 as usize);
            let used: Vec<usize> =
                (first..end.min(NUMBERS)).filter(|local| !uses[*local].is_empty() && is_narrow(*local)).collect();
            for (at, one) in used.iter().enumerate() {
                exchanges.extend(used[at + 1..].iter().map(|other| (*one, *other)));
            }
            first = end;
        }
        Ok(Function { start, code, uses, exchanges })
    }

    /// Exchanges locals for as long as the code becomes cheaper.
    fn number(&mut self, model: &Model) {
        for _ in 0..TRIES {
            let mut better = false;
            for at in 0..self.exchanges.len() {
                better |= self.exchange(self.exchanges[at], model);
            }
            if !better {
                return;
            }
        }
    }

    /// Lets two locals change places, if that makes the code cheaper.
    fn exchange(&mut self, (one, other): (usize, usize), model: &Model) -> bool {
        let numbers = (self.code[self.uses[one][0]], self.code[self.uses[other][0]]);
        let reach = |place: &usize| *place..(*place + REACH + 1).min(self.code.len());
        let mut affected: Vec<usize> = self.uses[one].iter().chain(&self.uses[other]).flat_map(reach).collect();
        affected.sort_unstable();
        affected.dedup();
        let before = model.cost(&self.code, affected.iter().copied());
        self.write((one, other), (numbers.1, numbers.0));
        let is_better = model.cost(&self.code, affected.iter().copied()) + GAIN < before;
        if !is_better {
            self.write((one, other), numbers);
        }
        is_better
    }

    fn write(&mut self, locals: (usize, usize), numbers: (u8, u8)) {
        for (local, number) in [(locals.0, numbers.0), (locals.1, numbers.1)] {
            for place in &self.uses[local] {
                self.code[*place] = number;
            }
        }
    }
}
