//! Damage to values, as docs/stored-format.md has them.

use crate::chunk;
use crate::random::Random;

const TAG_OWN: u8 = 0x10;
const SEALED: u8 = 2;

/// Damages a value or record; mostly so that its seal fits, or nothing behind it would ever be looked at.
pub(crate) fn mutate(value: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let sealed = value.len() > 6 && value[0] >= TAG_OWN && value[1] == SEALED;
    if !sealed || random.one_in(8) {
        return damage(value, other, random);
    }
    value.truncate(value.len() - 4);
    match chunk::find(value) {
        Some(at) if !random.one_in(8) => {
            let mut bytes = value.split_off(at);
            let length = bytes.len();
            chunk::mutate(&mut bytes, random);
            // The text's own length stands in the four bytes before it.
            if bytes.len() != length && !random.one_in(8) {
                value.truncate(at - 4);
                value.extend((bytes.len() as u32).to_le_bytes());
            }
            value.extend(bytes);
        }
        _ => damage(value, other, random),
    }
    value.extend(check(value).to_le_bytes());
}

/// The low half of the 64-bit FNV-1a hash.
fn check(bytes: &[u8]) -> u32 {
    let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, hash) as u32
}

/// Damages any bytes, in one place; `other` is where splices come from.
pub fn damage(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(bytes.len());
    if bytes.is_empty() {
        return bytes.push(random.byte());
    }
    match random.below(10) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = random.byte(),
        // tags and versions
        3 => bytes[0] = random.below(0x18) as u8,
        4 if bytes.len() > 1 => bytes[1] = random.below(5) as u8,
        // lengths, ids and numbers
        5 | 6 if bytes.len() >= 4 => {
            let number = [random.below(40) as u32, random.any() as u32, u32::MAX, 0x7fff_ffff][random.below(4)];
            let at = random.below(bytes.len() - 3);
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        7 => bytes.truncate(at),
        8 => bytes.insert(at, random.below(24) as u8),
        _ => {
            let from = random.below(other.len());
            let part = &other[from..other.len().min(from + 1 + random.below(24))];
            let to = bytes.len().min(at + random.below(2) * part.len());
            drop(bytes.splice(at..to, part.iter().copied()));
        }
    }
}
