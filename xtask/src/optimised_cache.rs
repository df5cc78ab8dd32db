//! Keeps what wasm-opt made, below `target/moonwright/optimised`: builds that differ only in how errors unwind share it.

use std::path::{Path, PathBuf};

use crate::cache_folder;
use crate::digest::Digest;
use crate::features::FeatureSet;
use crate::output_file::{self, WriteError};
use crate::pass::optimise::{OptimiseOptions, Optimised};

/// How much the folder may hold; a module is 0.2 to 0.3 MB.
const LIMIT: u64 = 50_000_000;

/// Names everything that the result depends on: the module, its source map, the options, an external wasm-opt's content, and this
/// very program.
pub fn key(wasm: &[u8], map: Option<&[u8]>, options: &OptimiseOptions) -> String {
    let wasm_opt = options.wasm_opt.as_deref().map(cache_folder::stamp);
    let mut digest = Digest::new();
    digest.part("options", format!("{options:?} {wasm_opt:?} {:?}", cache_folder::program_stamp()));
    digest.part("module", wasm);
    if let Some(map) = map {
        digest.part("map", map);
    }
    digest.hex()
}

fn path(work: &Path, key: &str) -> PathBuf {
    work.join("optimised").join(format!("{key}.wasm"))
}

/// The module kept under `key`, with its source map if that is `wanted`; one that is not valid, as after a loss of power, does not
/// count.
pub fn read(work: &Path, key: &str, features: &FeatureSet, wanted: bool) -> Option<Optimised> {
    let path = path(work, key);
    let wasm = std::fs::read(&path).ok()?;
    features.validate(&wasm).ok()?;
    let map = match wanted {
        true => Some(std::fs::read(path.with_extension("map")).ok()?),
        false => None,
    };
    cache_folder::touch(&path);
    Some(Optimised { wasm, map })
}

/// Keeps a module under `key`; what was longest not used goes when the folder grows too large.
///
/// # Errors
/// When the folder can't be written to.
pub fn write(work: &Path, key: &str, optimised: &Optimised) -> Result<(), WriteError> {
    let path = path(work, key);
    if let Some(map) = &optimised.map {
        output_file::write(&path.with_extension("map"), map)?;
    }
    output_file::write(&path, &optimised.wasm)?;
    cache_folder::trim(&work.join("optimised"), LIMIT);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pass::optimise::Goal;

    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn what_is_kept_comes_back_unless_it_was_damaged() {
        let work = tempfile::tempdir().unwrap();
        let features = FeatureSet::base();
        assert_eq!(read(work.path(), "a", &features, false), None);
        let kept = Optimised { wasm: EMPTY.to_vec(), map: None };
        write(work.path(), "a", &kept).unwrap();
        assert_eq!(read(work.path(), "a", &features, false), Some(kept));
        assert_eq!(read(work.path(), "a", &features, true), None, "its map is missing");
        std::fs::write(path(work.path(), "a"), &EMPTY[..7]).unwrap();
        assert_eq!(read(work.path(), "a", &features, false), None);
    }

    #[test]
    fn the_key_depends_on_module_and_options() {
        let features = FeatureSet::base();
        let size = OptimiseOptions {
            goal: Goal::Size,
            features,
            keep_names: false,
            low_memory_unused: true,
            tables_are_closed: true,
            wasm_opt: None,
            translate_to_standard: false,
        };
        let speed = OptimiseOptions { goal: Goal::Speed, ..size.clone() };
        assert_eq!(key(b"a", None, &size), key(b"a", None, &size.clone()));
        assert_ne!(key(b"a", None, &size), key(b"b", None, &size));
        assert_ne!(key(b"a", None, &size), key(b"a", None, &speed));
        assert_ne!(key(b"a", None, &size), key(b"a", Some(b"{}"), &size));
    }
}
