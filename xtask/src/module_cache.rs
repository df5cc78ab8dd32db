//! Keeps finished modules below `target/moonwright/modules`, so that an unchanged build skips every stage after the linker.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::digest::Digest;
use crate::output_file::{self, WriteError};
use crate::pipeline::Finished;
use crate::recipe::Recipe;

/// Names everything that the stages after the linker depend on: the linked module, the recipe, the contracts' and an external
/// wasm-opt's content, and this very program.
pub fn key(linked: &[u8], recipe: &Recipe) -> String {
    let contracts = recipe.contracts.iter().map(|name| stamp(Path::new(name))).collect::<Vec<_>>();
    let wasm_opt = recipe.wasm_opt.as_deref().map(stamp);
    let program = std::env::current_exe().ok().map(|path| stamp(&path));
    // The folder for the results does not change them.
    let recipe = Recipe { out: PathBuf::new(), ..recipe.clone() };
    let options = format!("{recipe:?} {contracts:?} {wasm_opt:?} {program:?}");
    let mut digest = Digest::new();
    digest.part("options", options);
    digest.part("linked", linked);
    digest.hex()
}

/// A file's length and time of change, which tell one build of a program from another; empty if there is no such file.
fn stamp(path: &Path) -> String {
    let Ok(metadata) = path.metadata() else { return String::new() };
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {}", metadata.len(), changed.as_nanos())
}

fn paths(work: &Path, key: &str) -> (PathBuf, PathBuf) {
    let folder = work.join("modules");
    (folder.join(format!("{key}.wasm")), folder.join(format!("{key}.json")))
}

/// The module kept under `key`, if there is one that is whole.
pub fn read(work: &Path, key: &str) -> Option<Finished> {
    let (wasm, facts) = paths(work, key);
    let mut finished: Finished = serde_json::from_slice(&std::fs::read(facts).ok()?).ok()?;
    finished.wasm = std::fs::read(wasm).ok()?;
    let whole = finished.stages.last()?.weight.raw == finished.wasm.len() as u64;
    whole.then_some(finished)
}

/// Keeps a module under `key`: the facts last, since they are what makes an entry count.
///
/// # Errors
/// When the folder can't be written to.
pub fn write(work: &Path, key: &str, finished: &Finished) -> Result<(), WriteError> {
    let (wasm, facts) = paths(work, key);
    output_file::write(&wasm, &finished.wasm)?;
    let json = serde_json::to_vec(finished)
        .map_err(|error| WriteError { path: facts.clone(), source: std::io::Error::other(error) })?;
    output_file::write(&facts, &json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Profile;
    use crate::report::Stage;
    use crate::section::Weight;

    fn finished() -> Finished {
        let weight = Weight { raw: 4, gzip: 4, brotli: 4 };
        Finished { wasm: b"wasm".to_vec(), stages: vec![Stage { name: "unwind".into(), weight }], sections: vec![] }
    }

    #[test]
    fn what_is_kept_comes_back() {
        let work = tempfile::tempdir().unwrap();
        assert_eq!(read(work.path(), "a"), None);
        write(work.path(), "a", &finished()).unwrap();
        assert_eq!(read(work.path(), "a"), Some(finished()));
        assert_eq!(read(work.path(), "b"), None);
    }

    #[test]
    fn a_damaged_entry_does_not_count() {
        let work = tempfile::tempdir().unwrap();
        write(work.path(), "a", &finished()).unwrap();
        std::fs::write(paths(work.path(), "a").0, b"was").unwrap();
        assert_eq!(read(work.path(), "a"), None);
        std::fs::write(paths(work.path(), "a").1, b"{").unwrap();
        assert_eq!(read(work.path(), "a"), None);
    }

    #[test]
    fn the_key_depends_on_module_and_recipe_but_not_on_the_folder() {
        let recipe = Recipe::default();
        let elsewhere = Recipe { out: "dist".into(), ..Recipe::default() };
        let smaller = Recipe { profile: Profile::Size, ..Recipe::default() };
        assert_eq!(key(b"a", &recipe), key(b"a", &elsewhere));
        assert_ne!(key(b"a", &recipe), key(b"b", &recipe));
        assert_ne!(key(b"a", &recipe), key(b"a", &smaller));
    }
}
