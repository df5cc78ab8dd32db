//! Data segments as the passes that lay memory out anew write them.

use std::ops::Range;

use wasm_encoder::{ConstExpr, DataSection};

/// The bytes that a segment of its own costs: flags, address, end, length. A gap that is no longer stays in the segment.
const HEADER: usize = 8;

/// The ranges of `within` that segments are worth: from a wanted byte to the last one before a longer gap.
pub(super) fn ranges(within: Range<usize>, wanted: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for at in within.filter(|at| wanted(*at)) {
        match ranges.last_mut() {
            Some(range) if at - range.end <= HEADER => range.end = at + 1,
            _ => ranges.push(at..at + 1),
        }
    }
    ranges
}

/// Writes segments of the first memory: addresses and bytes.
pub(super) fn write(data: &mut DataSection, segments: &[(u32, &[u8])]) {
    for (address, bytes) in segments {
        data.active(0, &ConstExpr::i32_const(address.cast_signed()), bytes.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_shorter_than_a_header_stays() {
        let wanted = [3, 4, 13, 23];
        assert_eq!(ranges(0..30, |at| wanted.contains(&at)), [3..14, 23..24]);
        assert_eq!(ranges(4..24, |at| wanted.contains(&at)), [4..14, 23..24]);
        assert_eq!(ranges(0..3, |at| wanted.contains(&at)), []);
    }
}
