//! Any bytes as a module of somebody else's: `post`, `inspect-exports` and `size` say what is wrong with it, or their result is valid.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

#[path = "../../xtask/tests/commands/mod.rs"]
mod commands;

/// Writes the fixtures of the toolchain's tests as modules, for the fuzzer to begin from.
fn corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("corpus/post");
    std::fs::create_dir_all(&corpus).expect("a folder");
    for (name, wasm) in commands::fixtures(&root.join("../tests/wat")) {
        std::fs::write(corpus.join(name.replace('/', "-") + ".wasm"), wasm).expect("a file");
    }
}

fuzz_target!(
    init: corpus(),
    |bytes: &[u8]| {
        commands::run(bytes, None, true);
    }
);
