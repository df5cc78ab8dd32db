//! A host for plugins that it does not trust: `cargo run -p moonwright --example plugins -- lua.wasm FOLDER TEXT`.
//!
//! Each `.lua` file in the folder is a plugin with a Lua of its own. It returns a table with a function `transform`, through
//! which the text goes. A plugin that fails, loops or takes all memory is left out; the others and the host go on.

use std::path::Path;
use std::time::Duration;

use moonwright::{Error, Function, Handle, Limits, Lua, Module, TableMode, Values};

/// What a plugin may use in one call.
fn limits() -> Limits {
    Limits::none().heap(8 << 20).instructions(5_000_000).time(Duration::from_secs(2))
}

/// A plugin that was loaded.
struct Plugin {
    name: String,
    lua: Lua,
    transform: Function,
}

impl Plugin {
    fn load(module: &Module, path: &Path) -> Result<Plugin, Box<dyn std::error::Error>> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let log = {
            let name = name.clone();
            // What a plugin can do to the world outside is what the host gives it.
            move |message: String| {
                println!("[{name}] {message}");
                Ok(())
            }
        };
        let mut lua = Lua::builder().module(module).limits(limits()).function("log", log).build()?;
        let chunk = lua.load(&format!("@{name}.lua"), std::fs::read(path)?)?;
        lua.set_table_mode(TableMode::Handles);
        let plugin: Handle = lua.call(&chunk, ())?.to()?;
        let transform = Values(vec![lua.index(&plugin, "transform")?]).to()?;
        Ok(Plugin { name, lua, transform })
    }

    fn transform(&mut self, text: &str) -> Result<String, Error> {
        Ok(self.lua.call(&self.transform, text)?.to()?)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder, text] = arguments.as_slice() else {
        return Err("expected a module (built with --contract bridge --unwind standard), a folder and a text".into());
    };
    let module = Module::from_file(module)?;
    let mut paths: Vec<_> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "lua"));
    paths.sort();

    let mut text = text.clone();
    for path in &paths {
        match Plugin::load(&module, path) {
            Ok(mut plugin) => match plugin.transform(&text) {
                Ok(transformed) => text = transformed,
                Err(error) => println!("{} is left out: {error}", plugin.name),
            },
            Err(error) => println!("{} is left out: {error}", path.display()),
        }
    }
    println!("{text}");
    Ok(())
}
