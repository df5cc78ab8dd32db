//! What applications reach: the programs of tests/prune/app, each with what it keeps written beside it (`named.kept` for `named.lua`).
//! `BLESS=1` writes the expectations anew.

use std::path::Path;

use anyhow::{Context, Result};

use super::Session;
use super::native::files;
use super::tally::Tally;
use crate::app::{self, Kept, Library};
use crate::command::build::Builder;
use crate::output_file;
use crate::pass::prune;
use crate::recipe::{LuaVersion, Profile, Recipe};

/// The files that a program has beside itself.
const MODULES: &str = "lib/*.lua";

/// A text that is no Lua, and how Lua's message about it starts.
const BROKEN: (&str, &str) = ("local x = 1\nlocal = 2\n", "broken.lua:2: <name> expected near '='");

/// Looks at all programs under both versions of Lua.
///
/// # Errors
/// Where a module can't be linked, or a file can't be read or written.
pub fn run(session: &Session, tally: &mut Tally) -> Result<()> {
    let folder = session.root.join("tests/prune/app");
    let bless = std::env::var_os("BLESS").is_some();
    for lua in [LuaVersion::V54, LuaVersion::V55] {
        let recipe = Recipe { lua, profile: Profile::Size, ..Recipe::default() };
        let linked = Builder::new(&session.root, session.offline).link(&recipe)?;
        let library = |(name, functions)| Library { name, functions };
        let libraries: Vec<_> = prune::libraries(&linked)?.into_iter().map(library).collect();
        for program in files(&folder, "lua")? {
            let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let what = format!("Lua {lua}: what {name}.lua keeps of the libraries");
            if session.filter.as_ref().is_some_and(|filter| !what.contains(filter)) {
                continue;
            }
            let found = kept(&folder, &program, &linked, lua, &libraries)?;
            let expected = program.with_extension("kept");
            if bless {
                output_file::write(&expected, found.as_bytes())?;
            }
            let expected = std::fs::read_to_string(&expected)
                .with_context(|| format!("cannot read {}; BLESS=1 writes it", expected.display()))?;
            if found != expected {
                println!("---- {name}: expected\n{expected}---- found\n{found}----");
            }
            tally.check(&what, found == expected);
        }
        if session.filter.is_none() {
            let scratch = tempfile::tempdir()?;
            let path = scratch.path().join("broken.lua");
            std::fs::write(&path, BROKEN.0)?;
            let error =
                app::files(&[path]).map(|files| app::compile(&files, &linked).map_err(|error| error.to_string()))?;
            tally.check(
                "a file that is no Lua is an error with file and line",
                error.is_err_and(|error| error.contains(BROKEN.1)),
            );
        }
    }
    Ok(())
}

/// What a program keeps, a line each.
fn kept(folder: &Path, program: &Path, linked: &[u8], lua: LuaVersion, libraries: &[Library]) -> Result<String> {
    let files = app::files(&[program.to_owned(), folder.join(MODULES)])?;
    let reach = app::reach(&app::compile(&files, linked)?, lua, libraries)?;
    let line = |kept: &Kept| {
        let file = kept.file.strip_prefix(folder).unwrap_or(&kept.file).display();
        let why = kept.why.as_ref().map_or(String::new(), |why| format!(": {why}"));
        format!("{file}:{}: {}{why}\n", kept.line, kept.what)
    };
    Ok(reach.kept.iter().map(line).chain([format!("drops {}\n", summary(&reach.drop, libraries))]).collect())
}

/// The libraries that go whole, and how many functions of others.
fn summary(drop: &[String], libraries: &[Library]) -> String {
    let whole = |name: &&String| libraries.iter().any(|library| library.name == **name);
    let names: Vec<&str> = drop.iter().filter(whole).map(String::as_str).collect();
    format!("{} and some functions: {}", names.join(" "), drop.len() > names.len())
}
