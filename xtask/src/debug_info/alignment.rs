//! Pairs the places of two modules of which one was made of the other, instruction by instruction.

use wasmparser::{Parser, Payload};

use super::DebugInfoError;

/// A function body. Offsets count from the start of the code section's content, as addresses in DWARF do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Behind its length, where its local variables are declared.
    pub start: u32,
    /// Behind its last instruction.
    pub end: u32,
    /// Where each instruction starts.
    pub instructions: Vec<u32>,
}

/// The function bodies of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bodies {
    /// Where the code section's content starts in the file.
    pub code: u32,
    /// How many functions are imported: the index of the first body's function.
    pub imported: u32,
    /// The bodies, in order.
    pub bodies: Vec<Body>,
}

impl Bodies {
    /// Reads the bodies of `wasm`.
    ///
    /// # Errors
    /// When it can't be taken apart.
    pub fn read(wasm: &[u8]) -> Result<Bodies, DebugInfoError> {
        let mut read = Bodies::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let function =
                            matches!(import?.ty, wasmparser::TypeRef::Func(_) | wasmparser::TypeRef::FuncExact(_));
                        read.imported += u32::from(function);
                    }
                }
                Payload::CodeSectionStart { range, .. } => read.code = range.start as u32,
                Payload::CodeSectionEntry(body) => {
                    let offset = |at: usize| at as u32 - read.code;
                    let mut instructions = Vec::new();
                    let mut operators = body.get_operators_reader()?;
                    while !operators.eof() {
                        instructions.push(offset(operators.original_position()));
                        operators.read()?;
                    }
                    let range = body.range();
                    read.bodies.push(Body { start: offset(range.start), end: offset(range.end), instructions });
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

/// Where the places of an earlier module are in a later one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alignment {
    /// The start of each body that stayed, of each instruction in it, and its end; ascending by the earlier place.
    pairs: Vec<(u32, u32)>,
}

impl Alignment {
    /// Pairs the bodies of `before` with those of `after`. `kept` are the earlier indices of the functions that stayed, in the order
    /// of the later ones; `None`: all stayed. Bodies that `after` has more of, at its end, are new.
    ///
    /// # Errors
    /// When a body has another number of instructions than it had.
    pub fn new(before: &Bodies, after: &Bodies, kept: Option<&[u32]>) -> Result<Alignment, DebugInfoError> {
        let earlier: Vec<Option<&Body>> = match kept {
            None => before.bodies.iter().map(Some).collect(),
            Some(kept) => {
                let defined = kept.iter().filter_map(|index| index.checked_sub(before.imported));
                defined.map(|place| before.bodies.get(place as usize)).collect()
            }
        };
        let mut pairs = Vec::new();
        for (number, body) in earlier.into_iter().enumerate() {
            let (old, new) = (body, after.bodies.get(number));
            let count = |body: Option<&Body>| body.map_or(0, |body| body.instructions.len());
            let (Some(old), Some(new)) = (old, new) else {
                return Err(DebugInfoError::Misaligned { body: number, before: count(old), after: count(new) });
            };
            if old.instructions.len() != new.instructions.len() {
                let (before, after) = (old.instructions.len(), new.instructions.len());
                return Err(DebugInfoError::Misaligned { body: number, before, after });
            }
            pairs.push((old.start, new.start));
            pairs.extend(old.instructions.iter().copied().zip(new.instructions.iter().copied()));
            pairs.push((old.end, new.end));
        }
        pairs.sort_unstable();
        Ok(Alignment { pairs })
    }

    /// The later place of an earlier one. `None`: no function that stayed has a start, an instruction or an end there.
    pub fn to(&self, address: u64) -> Option<u64> {
        let address = u32::try_from(address).ok()?;
        let found = self.pairs.binary_search_by_key(&address, |pair| pair.0).ok()?;
        Some(self.pairs[found].1.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_keep_their_partners_however_long_they_become() {
        let read = |text: &str| Bodies::read(&wat::parse_str(text).unwrap()).unwrap();
        let before = read("(module (import \"m\" \"f\" (func)) (func) (func (local i32) i32.const 1 drop) (func nop))");
        let after = read("(module (func (local i64) i32.const 1000 drop) (func nop) (func unreachable))");
        assert_eq!((before.imported, before.bodies.len(), after.imported), (1, 3, 0));
        let alignment = Alignment::new(&before, &after, Some(&[2, 3])).unwrap();
        let (old, new) = (&before.bodies[1], &after.bodies[0]);
        assert_eq!(alignment.to(old.start.into()), Some(new.start.into()));
        for (from, to) in old.instructions.iter().zip(&new.instructions) {
            assert_eq!(alignment.to(u64::from(*from)), Some(u64::from(*to)));
        }
        assert_eq!(alignment.to(old.end.into()), Some(new.end.into()));
        assert_eq!(alignment.to(before.bodies[0].start.into()), None, "it went");
        assert_eq!(alignment.to(u64::from(u32::MAX)), None);
        let wrong = Alignment::new(&before, &after, None).unwrap_err().to_string();
        assert!(wrong.contains("function body 0 had 1 instructions, now it has 3"), "{wrong}");
    }
}
