//! Damage to images of stored tables.

use crate::random::Random;
use crate::value;

/// An image in pieces: as it stands, or a record with its length before it.
enum Piece<'a> {
    Plain(&'a [u8]),
    Record(&'a [u8]),
}

/// Damages an image: one of its records, or its bytes anywhere.
pub(crate) fn mutate(image: &[u8], random: &mut Random) -> Vec<u8> {
    let pieces = split(image).unwrap_or_default();
    let records: Vec<usize> = (0..pieces.len()).filter(|at| matches!(pieces[*at], Piece::Record(_))).collect();
    if records.is_empty() || random.one_in(3) {
        let mut damaged = image.to_vec();
        value::damage(&mut damaged, image, random);
        return damaged;
    }
    let which = records[random.below(records.len())];
    let mut mutant = Vec::with_capacity(image.len());
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Plain(bytes) => mutant.extend(*bytes),
            Piece::Record(bytes) => {
                let mut record = bytes.to_vec();
                if at == which {
                    value::mutate(&mut record, image, random);
                }
                mutant.extend((record.len() as u32).to_le_bytes());
                mutant.extend(record);
            }
        }
    }
    mutant
}

fn split(image: &[u8]) -> Option<Vec<Piece<'_>>> {
    fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
        let (taken, after) = rest.split_at_checked(count)?;
        *rest = after;
        Some(taken)
    }
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
    let mut rest = image;
    let head = take(&mut rest, 8)?;
    let mut pieces = vec![Piece::Plain(head)];
    for _ in 0..number(&head[4..]) {
        let kind = take(&mut rest, 1)?;
        pieces.push(Piece::Plain(kind));
        pieces.push(Piece::Plain(take(&mut rest, if kind[0] == 3 { 8 } else { 4 })?));
        let mut records = 1;
        if kind[0] == 0 {
            let entries = take(&mut rest, 4)?;
            pieces.push(Piece::Plain(entries));
            records = 2 * number(entries); // keys and values
        }
        for _ in 0..records {
            let length = number(take(&mut rest, 4)?);
            pieces.push(Piece::Record(take(&mut rest, length)?));
        }
    }
    Some(pieces)
}
