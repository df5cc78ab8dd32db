//! What to build: Lua version, profile, libraries, exports, unwind encoding, budgets.
//!
//! A recipe is the file `moonwright.toml`; every key of it has a flag on the command line that overrides it. Unknown keys
//! are errors that name the nearest known key.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::budget::Budget;
use crate::nearest;

/// The file that `cargo xtask build` reads when it stands in the project's root and no other recipe is named.
pub const DEFAULT_FILE: &str = "moonwright.toml";

/// A Lua version that the toolchain can build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
pub enum LuaVersion {
    /// Lua 5.4.
    #[default]
    #[serde(rename = "5.4")]
    #[value(name = "5.4")]
    V54,
    /// Lua 5.5.
    #[serde(rename = "5.5")]
    #[value(name = "5.5")]
    V55,
}

impl LuaVersion {
    /// The version as upstream writes it, `5.4` or `5.5`.
    pub fn as_str(self) -> &'static str {
        match self {
            LuaVersion::V54 => "5.4",
            LuaVersion::V55 => "5.5",
        }
    }

    /// The value of the macro `MW_LUA` that the runtime's C files see, 54 or 55.
    pub fn number(self) -> u32 {
        match self {
            LuaVersion::V54 => 54,
            LuaVersion::V55 => 55,
        }
    }
}

impl fmt::Display for LuaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the module is optimised for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Fewest bytes.
    Size,
    /// Fastest code.
    #[default]
    Speed,
    /// Names and debug information kept, no optimiser.
    Dev,
}

impl Profile {
    /// The profile's name as recipes and flags write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Size => "size",
            Profile::Speed => "speed",
            Profile::Dev => "dev",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a Lua error leaves C frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Unwind {
    /// `try`/`catch`: node 17 and later, every browser since 2022.
    #[default]
    Legacy,
    /// `try_table`/exnref: wasmtime, node 24, browsers since 2025.
    Standard,
    /// The host catches and throws: engines without exception handling.
    Host,
}

impl Unwind {
    /// The encoding's name as recipes and flags write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Unwind::Legacy => "legacy",
            Unwind::Standard => "standard",
            Unwind::Host => "host",
        }
    }
}

impl fmt::Display for Unwind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where the C compiler comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ToolchainChoice {
    /// The pinned `ziglang` from PyPI, installed below `target/toolchain`: everybody's build has the same bytes.
    #[default]
    Zig,
    /// clang, wasm-ld and wasi-libc of this machine.
    System,
    /// What the environment variable `WASI_SDK_PATH` points at.
    WasiSdk,
}

/// Changes to the export table beyond the contracts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExportEdits {
    /// Functions to export under their own names.
    pub add: Vec<String>,
    /// Exports to rename, old name to new name.
    pub rename: BTreeMap<String, String>,
    /// Exports to leave out although a contract or `add` names them.
    pub hide: Vec<String>,
}

/// Everything a build depends on beside the sources themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Lua version to compile.
    pub lua: LuaVersion,
    /// What to optimise for.
    pub profile: Profile,
    /// Encoding of errors that unwind.
    pub unwind: Unwind,
    /// Which C compiler.
    pub toolchain: ToolchainChoice,
    /// Contracts that the module must fulfil, by name.
    pub contracts: Vec<String>,
    /// Changes to the export table beyond the contracts.
    pub exports: ExportEdits,
    /// Keep the name section (always so in profile `dev`).
    pub keep_names: bool,
    /// Keep names, DWARF and a source map in files beside the module.
    pub separate_debug: bool,
    /// Libraries (`io`) and functions (`string.pack`, `dofile`) to leave out.
    pub drop: Vec<String>,
    /// The application's Lua files: of the libraries stays only what they can reach.
    pub app: Vec<PathBuf>,
    /// Put the application into the module, as bytecode.
    pub embed: bool,
    /// Take debug information out of the application in the module; absent: in profile `size`.
    pub strip_app: Option<bool>,
    /// Leave the compiler out: the module runs bytecode only.
    pub no_compiler: bool,
    /// Leave out what loads and dumps bytecode: the module runs text only.
    pub no_bytecode: bool,
    /// Put a state of Lua into the module that has run up to the application's start.
    pub preload: bool,
    /// A wasm-opt program to use in place of the one built in.
    pub wasm_opt: Option<PathBuf>,
    /// What the module may weigh; without it the shipped modules have the budgets of `ci/size-budget.toml`.
    pub budget: Option<Budget>,
    /// Folder for the module and its reports.
    pub out: PathBuf,
}

impl Default for Recipe {
    fn default() -> Self {
        Recipe {
            lua: LuaVersion::default(),
            profile: Profile::default(),
            unwind: Unwind::default(),
            toolchain: ToolchainChoice::default(),
            contracts: vec!["full".into()],
            exports: ExportEdits::default(),
            keep_names: false,
            separate_debug: false,
            drop: vec![],
            app: vec![],
            embed: false,
            strip_app: None,
            no_compiler: false,
            no_bytecode: false,
            preload: false,
            wasm_opt: None,
            budget: None,
            out: PathBuf::from("out"),
        }
    }
}

impl Recipe {
    /// Whether libraries, functions, the compiler or bytecode are to be left out.
    pub fn prunes(&self) -> bool {
        !self.drop.is_empty() || !self.app.is_empty() || self.no_compiler || self.no_bytecode
    }

    /// Whether the module offers what the shipped ones offer, so that their budgets hold for it.
    pub fn is_shipped(&self) -> bool {
        let default = Recipe::default();
        self.contracts == default.contracts
            && self.exports == default.exports
            && !self.prunes()
            && !self.embed
            && !self.preload
            && !self.keeps_names()
    }

    /// Whether the application goes into the module without its debug information.
    pub fn strips_app(&self) -> bool {
        self.embed && self.strip_app.unwrap_or(self.profile == Profile::Size)
    }

    /// Whether the finished module keeps its name section.
    pub fn keeps_names(&self) -> bool {
        self.keep_names || self.keeps_dwarf()
    }

    /// Whether the module itself keeps its debug information.
    pub fn keeps_dwarf(&self) -> bool {
        self.profile == Profile::Dev && !self.separate_debug
    }

    /// Whether debug information is wanted at all, in the module or beside it.
    pub fn has_debug_info(&self) -> bool {
        self.profile == Profile::Dev || self.separate_debug
    }
}

/// What the file may say; a key that is absent leaves the default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RecipeFile {
    lua: Option<LuaVersion>,
    profile: Option<Profile>,
    unwind: Option<Unwind>,
    toolchain: Option<ToolchainChoice>,
    contracts: Option<Vec<String>>,
    exports: Option<ExportEdits>,
    #[serde(rename = "keep-names")]
    keep_names: Option<bool>,
    #[serde(rename = "separate-debug")]
    separate_debug: Option<bool>,
    drop: Option<Vec<String>>,
    app: Option<Vec<PathBuf>>,
    embed: Option<bool>,
    #[serde(rename = "strip-app")]
    strip_app: Option<bool>,
    #[serde(rename = "no-compiler")]
    no_compiler: Option<bool>,
    #[serde(rename = "no-bytecode")]
    no_bytecode: Option<bool>,
    preload: Option<bool>,
    #[serde(rename = "wasm-opt")]
    wasm_opt: Option<PathBuf>,
    budget: Option<Budget>,
    out: Option<PathBuf>,
}

/// The keys of a recipe, in the order of the documentation.
pub const KEYS: &[&str] = &[
    "lua",
    "profile",
    "unwind",
    "toolchain",
    "contracts",
    "exports",
    "keep-names",
    "separate-debug",
    "drop",
    "app",
    "embed",
    "strip-app",
    "no-compiler",
    "no-bytecode",
    "preload",
    "wasm-opt",
    "budget",
    "out",
];

/// The keys of a recipe's table `exports`.
pub const EXPORT_KEYS: &[&str] = &["add", "rename", "hide"];

/// The keys of a recipe's table `budget`.
pub const BUDGET_KEYS: &[&str] = &["raw", "gzip", "brotli", "libraries"];

/// Why a recipe can't be used.
#[derive(Debug, Error)]
pub enum RecipeError {
    /// The file can't be read.
    #[error("cannot read the recipe {path}")]
    Read {
        /// The recipe's path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no TOML, or a value has the wrong type.
    #[error("{path}: {message}")]
    Parse {
        /// The recipe's path.
        path: PathBuf,
        /// Line, column and cause, as the TOML library words it.
        message: String,
    },
    /// A key that no recipe has.
    #[error("{path}: unknown key `{key}`{hint}")]
    UnknownKey {
        /// The recipe's path.
        path: PathBuf,
        /// The key, with the table it stands in.
        key: String,
        /// The nearest known key, or all of them.
        hint: String,
    },
}

/// Reads the recipe at `path` (UTF-8 TOML).
///
/// # Errors
/// When the file can't be read, is no TOML, has a key that no recipe has, or a value of the wrong type.
pub fn read(path: &Path) -> Result<Recipe, RecipeError> {
    let text = std::fs::read_to_string(path).map_err(|source| RecipeError::Read { path: path.into(), source })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Recipe, RecipeError> {
    let parse_error = |error: toml::de::Error| RecipeError::Parse {
        path: path.into(),
        message: error.to_string().trim_end().to_owned(),
    };
    let table: toml::Table = text.parse().map_err(parse_error)?;
    check_keys(&table, "", KEYS, path)?;
    if let Some(toml::Value::Table(exports)) = table.get("exports") {
        check_keys(exports, "exports.", EXPORT_KEYS, path)?;
    }
    if let Some(toml::Value::Table(budget)) = table.get("budget") {
        check_keys(budget, "budget.", BUDGET_KEYS, path)?;
    }
    let file: RecipeFile = toml::from_str(text).map_err(parse_error)?;
    let default = Recipe::default();
    Ok(Recipe {
        lua: file.lua.unwrap_or(default.lua),
        profile: file.profile.unwrap_or(default.profile),
        unwind: file.unwind.unwrap_or(default.unwind),
        toolchain: file.toolchain.unwrap_or(default.toolchain),
        contracts: file.contracts.unwrap_or(default.contracts),
        exports: file.exports.unwrap_or(default.exports),
        keep_names: file.keep_names.unwrap_or(default.keep_names),
        separate_debug: file.separate_debug.unwrap_or(default.separate_debug),
        drop: file.drop.unwrap_or(default.drop),
        app: file.app.unwrap_or(default.app),
        embed: file.embed.unwrap_or(default.embed),
        strip_app: file.strip_app.or(default.strip_app),
        no_compiler: file.no_compiler.unwrap_or(default.no_compiler),
        no_bytecode: file.no_bytecode.unwrap_or(default.no_bytecode),
        preload: file.preload.unwrap_or(default.preload),
        wasm_opt: file.wasm_opt.or(default.wasm_opt),
        budget: file.budget.or(default.budget),
        out: file.out.unwrap_or(default.out),
    })
}

fn check_keys(table: &toml::Table, prefix: &str, known: &[&str], path: &Path) -> Result<(), RecipeError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(RecipeError::UnknownKey {
            path: path.into(),
            key: format!("{prefix}{key}"),
            hint: nearest::hint(key, known.iter().copied()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Recipe, RecipeError> {
        parse(text, Path::new("moonwright.toml"))
    }

    #[test]
    fn an_empty_recipe_is_the_default() {
        assert_eq!(parse_text("").unwrap(), Recipe::default());
    }

    #[test]
    fn every_key_is_read() {
        let recipe = parse_text(
            "lua = '5.5'\nprofile = 'size'\nunwind = 'host'\ntoolchain = 'wasi-sdk'\ncontracts = ['core']\nkeep-names = true\nseparate-debug = true\ndrop = ['io']\napp = ['main.lua']\nembed = true\nstrip-app = false\nno-compiler = true\nno-bytecode = true\npreload = true\n\
             wasm-opt = '/opt/wasm-opt'\nout = 'dist'\n[budget]\nraw = 5\n[exports]\nadd = ['lua_gc']\nhide = ['run_gc']\nrename = { init = 'start' }\n",
        )
        .unwrap();
        assert_eq!(recipe.lua, LuaVersion::V55);
        assert_eq!(recipe.profile, Profile::Size);
        assert_eq!(recipe.unwind, Unwind::Host);
        assert_eq!(recipe.toolchain, ToolchainChoice::WasiSdk);
        assert_eq!(recipe.contracts, ["core"]);
        assert_eq!(recipe.exports.add, ["lua_gc"]);
        assert_eq!(recipe.exports.hide, ["run_gc"]);
        assert_eq!(recipe.exports.rename["init"], "start");
        assert!(recipe.keep_names && recipe.separate_debug);
        assert_eq!(recipe.drop, ["io"]);
        assert_eq!(recipe.app, [Path::new("main.lua")]);
        assert!(recipe.embed && recipe.no_compiler && recipe.no_bytecode && recipe.preload && !recipe.strips_app());
        assert_eq!(recipe.wasm_opt.as_deref(), Some(Path::new("/opt/wasm-opt")));
        assert_eq!(recipe.budget, Some(Budget { raw: Some(5), ..Budget::default() }));
        assert_eq!(recipe.out, Path::new("dist"));
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = parse_text("profil = 'size'").unwrap_err().to_string();
        assert_eq!(error, "moonwright.toml: unknown key `profil`; did you mean `profile`?");
        let error = parse_text("[exports]\nad = []").unwrap_err().to_string();
        assert_eq!(error, "moonwright.toml: unknown key `exports.ad`; did you mean `add`?");
    }

    #[test]
    fn a_wrong_value_says_what_is_possible_and_where() {
        let error = parse_text("profile = 'tiny'").unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
        assert!(error.contains("`size`, `speed`, `dev`"), "{error}");
    }
}
