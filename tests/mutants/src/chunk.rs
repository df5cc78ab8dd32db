//! Damage to binary chunks, by what their parts mean.

use moonwright_bytecode::{Part, parts, version};

use crate::random::Random;
use crate::value;

const SIGNATURE: [u8; 4] = *b"\x1bLua";

/// Where a chunk begins in a record of a text.
pub(crate) fn find(record: &[u8]) -> Option<usize> {
    let at = record.windows(SIGNATURE.len()).position(|bytes| bytes == SIGNATURE)?;
    (record[0] == 0x12 && at >= 5).then_some(at)
}

/// Damages a chunk once or a few times.
pub(crate) fn mutate(chunk: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let found = version(chunk).and_then(|version| parts(version, chunk).ok()).unwrap_or_default();
        let (kind, range) = match found.get(random.below(found.len())) {
            Some((kind, range)) if !range.is_empty() && !random.one_in(12) => (*kind, range.clone()),
            _ => {
                let other = chunk.clone();
                value::damage(chunk, &other, random);
                continue;
            }
        };
        match kind {
            // There is most of it, and it is what harms.
            Part::Code => code(&mut chunk[range], random),
            _ if random.one_in(2) => {
                let all: Vec<_> =
                    found.iter().filter(|(kind, range)| *kind == Part::Code && range.len() >= 4).collect();
                if let Some((_, range)) = all.get(random.below(all.len())) {
                    code(&mut chunk[range.clone()], random);
                }
            }
            _ => {
                let at = range.start + random.below(range.len());
                chunk[at] = match random.below(4) {
                    0 => chunk[at] ^ 1 << random.below(8),
                    1 => chunk[at].wrapping_add(1),
                    2 => chunk[at].wrapping_sub(1),
                    _ => random.byte(),
                };
            }
        }
    }
}

/// Fields of an instruction: place and width. `k` is among them, `Bx` and `sJ` are fields too.
const FIELDS: [(u32, u32); 8] = [(0, 7), (7, 8), (15, 1), (16, 8), (24, 8), (16, 6), (22, 10), (15, 17)];

fn code(code: &mut [u8], random: &mut Random) {
    let count = code.len() / 4;
    let at = random.below(count) * 4;
    let other = random.below(count) * 4;
    let read =
        |code: &[u8], at: usize| code[at..at + 4].iter().rev().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    match random.below(8) {
        // splice
        0 => {
            let length = (4 * (1 + random.below(5))).min(code.len() - at.max(other));
            code.copy_within(other..other + length, at);
        }
        // exchange
        1 => {
            let (one, two) = (read(code, at), read(code, other));
            code[at..at + 4].copy_from_slice(&two.to_le_bytes());
            code[other..other + 4].copy_from_slice(&one.to_le_bytes());
        }
        n => {
            let mut word = read(code, at);
            let (place, width) = FIELDS[random.below(FIELDS.len())];
            let mask = u32::MAX >> (32 - width);
            let old = word >> place & mask;
            let new = match n {
                2 => random.any() as u32,
                3 => old.wrapping_add(1),
                4 => old.wrapping_sub(1),
                5 => random.below(8) as u32,
                6 => old ^ 1 << random.below(width as usize),
                // Most opcodes are below 86.
                _ => random.below(86) as u32,
            } & mask;
            word = word & !(mask << place) | new << place;
            code[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
    }
}
