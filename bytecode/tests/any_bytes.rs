//! Whatever the bytes, the verifier gives an answer.

use moonwright_bytecode::{Part, Version, parts, verify, version};
use proptest::prelude::*;

/// `return function() return 1 end` and `for` loops, as the compilers of both versions made them.
const CHUNKS: [(&[u8], Version); 2] =
    [(include_bytes!("chunks/54.luac"), Version::Lua54), (include_bytes!("chunks/55.luac"), Version::Lua55)];

#[test]
fn chunks_of_both_compilers_are_accepted_by_their_version_only() {
    for (chunk, made_by) in CHUNKS {
        assert_eq!(version(chunk), Some(made_by));
        let summary = verify(made_by, chunk).unwrap();
        assert!(summary.functions > 3 && summary.instructions > 50, "{summary:?}");
        for other in [Version::Lua54, Version::Lua55] {
            assert_eq!(verify(other, chunk).is_ok(), other == made_by);
        }
    }
}

#[test]
fn parts_of_functions_are_found() {
    for (chunk, version) in CHUNKS {
        let summary = verify(version, chunk).unwrap();
        let parts = parts(version, chunk).unwrap();
        let code: Vec<_> = parts.iter().filter(|(part, _)| *part == Part::Code).collect();
        assert_eq!(code.len(), summary.functions);
        assert_eq!(code.iter().map(|(_, range)| range.len() / 4).sum::<usize>(), summary.instructions);
        assert_eq!(parts.len(), 5 * summary.functions);
        assert!(parts.iter().all(|(_, range)| range.start <= range.end && range.end <= chunk.len()));
    }
}

#[test]
fn every_truncation_is_refused() {
    for (chunk, version) in CHUNKS {
        for length in 0..chunk.len() {
            assert!(verify(version, &chunk[..length]).is_err(), "{length} of {} bytes", chunk.len());
        }
    }
}

#[test]
fn every_flipped_bit_gets_an_answer() {
    for (chunk, version) in CHUNKS {
        let mut refused = 0;
        for bit in 0..chunk.len() * 8 {
            let mut mutant = chunk.to_vec();
            mutant[bit / 8] ^= 1 << (bit % 8);
            refused += usize::from(verify(version, &mutant).is_err());
        }
        assert!(refused > chunk.len(), "{refused}");
    }
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for version in [Version::Lua54, Version::Lua55] {
            let _ = verify(version, &bytes);
        }
    }

    #[test]
    fn any_bytes_behind_a_header_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for ((chunk, version), header) in CHUNKS.into_iter().zip([31, 40]) {
            let _ = verify(version, &[&chunk[..header], &bytes].concat());
        }
    }

    #[test]
    fn spliced_chunks_get_an_answer(from in any::<usize>(), to in any::<usize>(), length in 1usize..64, byte in any::<u8>()) {
        for (chunk, version) in CHUNKS {
            let mut mutant = chunk.to_vec();
            let (from, to) = (from % chunk.len(), to % chunk.len());
            let length = length.min(chunk.len() - from.max(to));
            mutant.copy_within(from..from + length, to);
            mutant[to] = byte;
            let _ = verify(version, &mutant);
        }
    }
}
