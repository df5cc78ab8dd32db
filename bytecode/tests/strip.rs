//! Stripped chunks: what `string.dump(f, true)` makes of them, and positions that lead back to lines.

use moonwright_bytecode::{Stripped, Version, strip, verify};

/// `tests/chunks/program.lua` as the compilers of both versions made it, and as they strip it.
const CHUNKS: [(&[u8], &[u8], Version); 2] = [
    (include_bytes!("chunks/54.luac"), include_bytes!("chunks/54.stripped.luac"), Version::Lua54),
    (include_bytes!("chunks/55.luac"), include_bytes!("chunks/55.stripped.luac"), Version::Lua55),
];

#[test]
fn without_a_name_it_is_what_lua_strips() {
    for (chunk, stripped, version) in CHUNKS {
        assert_eq!(strip(version, chunk, None).unwrap().chunk, stripped, "{version}");
        assert_eq!(strip(version, stripped, None).unwrap().chunk, stripped, "{version}");
    }
}

#[test]
fn with_a_name_every_instruction_has_a_position_of_its_own() {
    for (chunk, bare, version) in CHUNKS {
        let Stripped { chunk: stripped, positions } = strip(version, chunk, Some("=app")).unwrap();
        let before = verify(version, chunk).unwrap();
        assert_eq!(verify(version, &stripped).unwrap(), before);
        assert_eq!(positions.source, "program.lua");
        assert_eq!(positions.functions.len(), before.functions);
        let instructions: usize = positions.functions.iter().map(|function| function.lines.len()).sum();
        assert_eq!(instructions, before.instructions);
        // A byte for each instruction, the name, and the longer numbers of lines.
        let most = bare.len() + before.instructions + before.functions * 8;
        assert!(stripped.len() <= most && stripped.len() < chunk.len(), "{} of {}", stripped.len(), chunk.len());
        assert_eq!(stripped.windows(3).filter(|part| part == b"app").count(), 1);

        // The positions of a stripped chunk are its lines, each as large as itself.
        let again = strip(version, &stripped, Some("=again")).unwrap().positions;
        assert_eq!(again.source, "app");
        let last = before.functions + before.instructions - 1;
        for position in 0..=last as u32 {
            assert_eq!(again.line(position), Some(position), "{version}");
            assert!(positions.line(position).is_some_and(|line| line <= 40), "{version}: {position}");
        }
        assert_eq!(positions.line(last as u32 + 1), None);
    }
}

#[test]
fn a_chunk_without_lines_has_none_to_give() {
    for (_, stripped, version) in CHUNKS {
        let positions = strip(version, stripped, Some("=app")).unwrap().positions;
        assert_eq!(positions.source, "");
        assert_eq!(positions.line(1), None);
    }
}

#[test]
fn what_is_no_chunk_is_an_error() {
    for (chunk, _, version) in CHUNKS {
        assert!(strip(version, b"return 1", Some("=app")).is_err());
        assert!(strip(version, &chunk[..chunk.len() - 1], Some("=app")).is_err());
    }
}
