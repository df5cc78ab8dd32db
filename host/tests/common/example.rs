// What the examples in the documentation need: a folder of their own, with the module in it as `lua.wasm`.
fn in_a_folder() -> tempfile::TempDir {
    let modules = std::env::var_os("MOONWRIGHT_MODULES").map_or_else(
        || std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/moonwright/test-modules")),
        std::path::PathBuf::from,
    );
    let folder = tempfile::tempdir().expect("a folder for the example");
    let module = modules.join("lua-5.4-bridge-standard.wasm");
    std::fs::copy(&module, folder.path().join("lua.wasm")).unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo xtask test --only wasmtime` makes the modules", module.display())
    });
    std::env::set_current_dir(&folder).expect("the example's folder");
    folder
}
