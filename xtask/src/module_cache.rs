//! Keeps finished modules below `target/moonwright/modules`, so that an unchanged build skips every stage after the linker.

use std::path::{Path, PathBuf};

use crate::app;
use crate::cache_folder;
use crate::digest::{Digest, sha256};
use crate::output_file::{self, WriteError};
use crate::pipeline::Finished;
use crate::recipe::Recipe;

/// Names everything that the stages after the linker depend on: the linked module, the recipe, the contracts' and an external
/// wasm-opt's content, and this very program.
pub fn key(linked: &[u8], recipe: &Recipe) -> String {
    let contracts = recipe.contracts.iter().map(|name| cache_folder::stamp(Path::new(name))).collect::<Vec<_>>();
    let wasm_opt = recipe.wasm_opt.as_deref().map(cache_folder::stamp);
    // What can't be read is an error when the application is compiled.
    let app = app::files(&recipe.app).unwrap_or_default();
    let app: Vec<_> = app.iter().map(|file| (&file.module, &file.path, sha256(&file.text))).collect();
    // The folder for the results does not change them.
    let recipe = Recipe { out: PathBuf::new(), ..recipe.clone() };
    let options = format!("{recipe:?} {contracts:?} {wasm_opt:?} {app:?} {:?}", cache_folder::program_stamp());
    let mut digest = Digest::new();
    digest.part("options", options);
    digest.part("linked", linked);
    digest.hex()
}

fn paths(work: &Path, key: &str) -> (PathBuf, PathBuf) {
    let folder = work.join("modules");
    (folder.join(format!("{key}.wasm")), folder.join(format!("{key}.json")))
}

/// Where a file beside the module is kept.
fn beside(wasm: &Path, number: usize) -> PathBuf {
    wasm.with_extension(format!("beside-{number}"))
}

/// The module kept under `key`, if there is one that is whole.
pub fn read(work: &Path, key: &str) -> Option<Finished> {
    let (wasm, facts) = paths(work, key);
    let mut finished: Finished = serde_json::from_slice(&std::fs::read(&facts).ok()?).ok()?;
    finished.wasm = std::fs::read(&wasm).ok()?;
    for (number, file) in finished.beside.iter_mut().enumerate() {
        file.bytes = std::fs::read(beside(&wasm, number)).ok()?;
        if sha256(&file.bytes) != file.sha256 {
            return None;
        }
    }
    let whole = finished.stages.last()?.weight.raw == finished.wasm.len() as u64;
    cache_folder::touch(&wasm);
    cache_folder::touch(&facts);
    whole.then_some(finished)
}

/// How much the folder may hold; a module is 0.2 to 1 MB, and the tests need some twenty.
const LIMIT: u64 = 100_000_000;

/// Keeps a module under `key`: the facts last, since they are what makes an entry count. What was longest not used goes when
/// the folder grows too large.
///
/// # Errors
/// When the folder can't be written to.
pub fn write(work: &Path, key: &str, finished: &Finished) -> Result<(), WriteError> {
    let (wasm, facts) = paths(work, key);
    output_file::write(&wasm, &finished.wasm)?;
    for (number, file) in finished.beside.iter().enumerate() {
        output_file::write(&beside(&wasm, number), &file.bytes)?;
    }
    let json = serde_json::to_vec(finished)
        .map_err(|error| WriteError { path: facts.clone(), source: std::io::Error::other(error) })?;
    output_file::write(&facts, &json)?;
    cache_folder::trim(&work.join("modules"), LIMIT);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Beside;
    use crate::recipe::Profile;
    use crate::report::Stage;
    use crate::section::Weight;

    fn finished() -> Finished {
        let weight = Weight { raw: 4, gzip: 4, brotli: 4 };
        Finished {
            wasm: b"wasm".to_vec(),
            stages: vec![Stage { name: "unwind".into(), weight }],
            sections: vec![],
            items: vec![],
            kept: vec![],
            until: None,
            beside: vec![Beside { name: "map".into(), sha256: sha256(b"text"), bytes: b"text".to_vec() }],
        }
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
        write(work.path(), "a", &finished()).unwrap();
        std::fs::write(beside(&paths(work.path(), "a").0, 0), b"next").unwrap();
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
