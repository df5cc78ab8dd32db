//! Contracts: what a module must export, and what it may import. They are data files in `xtask/contracts/`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::interface::{Interface, ItemType, NamedFunction, Signature};
use crate::nearest;

/// The contracts that come with the toolchain, by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("core", include_str!("../contracts/core.toml")),
    ("full", include_str!("../contracts/full.toml")),
    ("bytecode", include_str!("../contracts/bytecode.toml")),
    ("application", include_str!("../contracts/application.toml")),
    ("bridge", include_str!("../contracts/bridge.toml")),
    ("unwind-host", include_str!("../contracts/unwind-host.toml")),
];

/// How many near names an error message offers.
const SUGGESTIONS: usize = 3;

/// Something that a contract asks a module to export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportSpec {
    /// Its name.
    pub name: String,
    /// The type that it must have.
    pub ty: ItemType,
    /// What it does, in one line.
    pub meaning: String,
}

/// Something that a contract allows a module to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSpec {
    /// The module that it comes from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// The type that it must have.
    pub ty: ItemType,
    /// What it does, in one line.
    pub meaning: String,
}

/// What a module must export, and what it may import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Its name.
    pub name: String,
    /// What it is for, in one line.
    pub description: String,
    /// Folders below `lua-src` whose C files only modules that keep this contract are made of.
    pub parts: Vec<String>,
    /// What the module must export, in the order of the files.
    pub exports: Vec<ExportSpec>,
    /// What the module may import.
    pub imports: Vec<ImportSpec>,
}

/// Why a contract can't be used.
#[derive(Debug, Error)]
pub enum ContractError {
    /// No contract of that name comes with the toolchain.
    #[error("no contract is called `{name}`{hint} (a file of your own is a path that ends in .toml)")]
    Unknown {
        /// The name.
        name: String,
        /// The nearest known name, or all of them.
        hint: String,
    },
    /// The file can't be read.
    #[error("cannot read the contract {path}")]
    Read {
        /// The contract's path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no contract.
    #[error("{origin}: {message}")]
    Parse {
        /// The contract's path or name.
        origin: String,
        /// What is wrong, and in which line where that is known.
        message: String,
    },
}

/// A contract's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractFile {
    description: String,
    #[serde(default)]
    extends: Vec<String>,
    #[serde(default)]
    parts: Vec<String>,
    #[serde(default)]
    export: Vec<ItemFile>,
    #[serde(default)]
    import: Vec<ItemFile>,
}

/// An export or an import in a contract's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemFile {
    module: Option<String>,
    name: String,
    #[serde(default)]
    kind: Kind,
    params: Option<Vec<String>>,
    results: Option<Vec<String>>,
    value: Option<String>,
    mutable: Option<bool>,
    meaning: String,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Function,
    Memory,
    Table,
    Global,
}

/// The types that a contract may name.
const VALUE_TYPES: &[&str] = &["i32", "i64", "f32", "f64", "v128", "funcref", "externref"];

impl ItemFile {
    fn item_type(&self) -> Result<ItemType, String> {
        let types = [&self.params, &self.results].into_iter().flatten().flatten().chain(&self.value);
        for ty in types {
            if !VALUE_TYPES.contains(&ty.as_str()) {
                return Err(format!(
                    "`{}`: unknown type `{ty}`{}",
                    self.name,
                    nearest::hint(ty, VALUE_TYPES.iter().copied())
                ));
            }
        }
        if self.kind != Kind::Function && (self.params.is_some() || self.results.is_some()) {
            return Err(format!("`{}`: `params` and `results` are for functions only", self.name));
        }
        if self.kind != Kind::Global && (self.value.is_some() || self.mutable.is_some()) {
            return Err(format!("`{}`: `value` and `mutable` are for globals only", self.name));
        }
        Ok(match self.kind {
            Kind::Function => ItemType::Function(Signature {
                params: self.params.clone().unwrap_or_default(),
                results: self.results.clone().unwrap_or_default(),
            }),
            Kind::Memory => ItemType::Memory,
            Kind::Table => ItemType::Table,
            Kind::Global => ItemType::Global {
                value: self
                    .value
                    .clone()
                    .ok_or_else(|| format!("`{}`: a global needs a `value`, its type", self.name))?,
                mutable: self.mutable.unwrap_or(false),
            },
        })
    }
}

impl Contract {
    /// The names of the contracts that come with the toolchain.
    pub fn known() -> impl Iterator<Item = &'static str> + Clone {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The contract as it stands after exports were renamed (old name to new name) and left out.
    pub fn edited(mut self, rename: &BTreeMap<String, String>, hide: &[String]) -> Contract {
        self.exports.retain(|export| !hide.contains(&export.name));
        for export in &mut self.exports {
            if let Some(new) = rename.get(&export.name) {
                export.name.clone_from(new);
            }
        }
        self
    }

    /// Every way in which the module's exports fall short of the contract. Exports beyond it are no matter here.
    pub fn check_exports(&self, interface: &Interface) -> Vec<Problem> {
        self.exports.iter().filter_map(|export| check_export(export, interface)).collect()
    }
}

/// The contract called `name`, with all that it extends; a `name` that ends in `.toml` is the path of a file.
///
/// # Errors
/// When there is none, the file can't be read, or it is no contract.
pub fn load(name: &str) -> Result<Contract, ContractError> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
        return parse(name, &format!("contract {name}"), text, &mut vec![]);
    }
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "toml") {
        let text = std::fs::read_to_string(path).map_err(|source| ContractError::Read { path: path.into(), source })?;
        return parse(&path.file_stem().unwrap_or_default().to_string_lossy(), name, &text, &mut vec![]);
    }
    Err(unknown(name))
}

fn unknown(name: &str) -> ContractError {
    ContractError::Unknown { name: name.to_owned(), hint: nearest::hint(name, Contract::known()) }
}

/// `seen` holds the names of what is being extended, so that a contract that extends itself is an error and no loop.
fn parse(name: &str, origin: &str, text: &str, seen: &mut Vec<String>) -> Result<Contract, ContractError> {
    let parse_error = |message: String| ContractError::Parse { origin: origin.to_owned(), message };
    let file: ContractFile =
        toml::from_str(text).map_err(|error| parse_error(error.to_string().trim_end().to_owned()))?;
    if let Some(part) = file.parts.iter().find(|part| !part.bytes().all(|byte| byte.is_ascii_lowercase())) {
        return Err(parse_error(format!("`parts`: expected names of folders below lua-src, found `{part}`")));
    }
    let mut contract = Contract {
        name: name.to_owned(),
        description: file.description,
        parts: file.parts,
        exports: vec![],
        imports: vec![],
    };
    seen.push(name.to_owned());
    for base in &file.extends {
        if seen.contains(base) {
            return Err(parse_error(format!("`{base}` extends itself")));
        }
        let (base, text) = BUILT_IN.iter().find(|(known, _)| known == base).ok_or_else(|| unknown(base))?;
        let base = parse(base, &format!("contract {base}"), text, seen)?;
        contract.parts.extend(base.parts);
        contract.exports.extend(base.exports);
        contract.imports.extend(base.imports);
    }
    for item in file.export {
        if item.module.is_some() {
            return Err(parse_error(format!("`{}`: `module` is for imports only", item.name)));
        }
        if contract.exports.iter().any(|export| export.name == item.name) {
            return Err(parse_error(format!("export `{}` stands there twice", item.name)));
        }
        let ty = item.item_type().map_err(parse_error)?;
        contract.exports.push(ExportSpec { name: item.name, ty, meaning: item.meaning });
    }
    for item in file.import {
        let ty = item.item_type().map_err(parse_error)?;
        let module = item.module.ok_or_else(|| parse_error(format!("import `{}` needs a `module`", item.name)))?;
        contract.imports.push(ImportSpec { module, name: item.name, ty, meaning: item.meaning });
    }
    seen.pop();
    Ok(contract)
}

/// One way in which a module does not keep a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// An export is not there.
    Missing {
        /// Its name.
        name: String,
        /// The type that it should have.
        expected: ItemType,
        /// Functions of that very name that are in the code without being exported.
        in_code: Vec<NamedFunction>,
        /// Names near to it, of exports and functions.
        near: Vec<String>,
    },
    /// An export has another type.
    Differs {
        /// Its name.
        name: String,
        /// The type that it should have.
        expected: ItemType,
        /// The type that it has.
        found: ItemType,
    },
    /// The module exports what nobody asked for.
    Unexpected {
        /// Its name.
        name: String,
        /// Its type.
        found: ItemType,
    },
    /// The module imports what no contract allows.
    ForbiddenImport {
        /// The module that it comes from.
        module: String,
        /// Its name there.
        name: String,
        /// Its type.
        found: ItemType,
        /// Allowed imports near to it.
        near: Vec<String>,
    },
    /// An import has another type than its contract says.
    ImportDiffers {
        /// The module that it comes from.
        module: String,
        /// Its name there.
        name: String,
        /// The type that it should have.
        expected: ItemType,
        /// The type that it has.
        found: ItemType,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing { name, expected, in_code, near } => {
                write!(f, "`{name}`: missing, expected {}", described(expected))?;
                match in_code.as_slice() {
                    [] => near_names(f, near),
                    [one] => {
                        write!(f, "; it is in the code (function {}, {}) but not exported", one.index, one.signature)
                    }
                    several => write!(f, "; {} functions in the code have this name, none is exported", several.len()),
                }
            }
            Problem::Differs { name, expected, found } => {
                write!(f, "`{name}`: expected {}, found {}", described(expected), described(found))
            }
            Problem::Unexpected { name, found } => {
                write!(f, "`{name}`: exported ({}), but nothing asked for it", described(found))
            }
            Problem::ForbiddenImport { module, name, found, near } => {
                write!(f, "import `{module}.{name}`: {}, but no contract allows it", described(found))?;
                near_names(f, near)
            }
            Problem::ImportDiffers { module, name, expected, found } => {
                write!(f, "import `{module}.{name}`: expected {}, found {}", described(expected), described(found))
            }
        }
    }
}

/// The type with its kind where the text alone would not tell it.
fn described(ty: &ItemType) -> String {
    match ty {
        ItemType::Function(signature) => format!("function {signature}"),
        _ => ty.to_string(),
    }
}

fn near_names(f: &mut fmt::Formatter<'_>, near: &[String]) -> fmt::Result {
    if near.is_empty() {
        return Ok(());
    }
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    write!(f, "; near: {}", near.join(", "))
}

fn check_export(export: &ExportSpec, interface: &Interface) -> Option<Problem> {
    let (name, expected) = (export.name.clone(), export.ty.clone());
    match interface.export(&name) {
        Some(found) if found.ty == expected => None,
        Some(found) => Some(Problem::Differs { name, expected, found: found.ty.clone() }),
        None => {
            let in_code = interface.functions_named(&name).cloned().collect();
            let near = nearest::names(&name, interface.names().filter(|near| *near != name), SUGGESTIONS);
            Some(Problem::Missing { near: near.into_iter().map(str::to_owned).collect(), name, expected, in_code })
        }
    }
}

/// Every import of the module that none of `contracts` allows, or with another type.
pub fn check_imports(contracts: &[Contract], interface: &Interface) -> Vec<Problem> {
    let allowed = || contracts.iter().flat_map(|contract| &contract.imports);
    let check = |import: &crate::interface::Import| {
        let (module, name, found) = (import.module.clone(), import.name.clone(), import.ty.clone());
        match allowed().find(|spec| spec.module == module && spec.name == name) {
            Some(spec) if spec.ty == found => None,
            Some(spec) => Some(Problem::ImportDiffers { module, name, expected: spec.ty.clone(), found }),
            None => {
                let near = nearest::names(&name, allowed().map(|spec| spec.name.as_str()), SUGGESTIONS);
                let near = near.into_iter().map(str::to_owned).collect();
                Some(Problem::ForbiddenImport { module, name, found, near })
            }
        }
    };
    interface.imports.iter().filter_map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_contract_can_be_read() {
        for name in Contract::known() {
            let contract = load(name).unwrap();
            assert!(!contract.exports.is_empty(), "{name}");
        }
        let core = load("core").unwrap();
        let functions = core.exports.iter().filter(|export| matches!(export.ty, ItemType::Function(_)));
        let names: Vec<&str> = functions.map(|export| export.name.as_str()).collect();
        assert_eq!(names, ["init", "compute", "get_buffer_ptr", "get_buffer_size", "get_memory_stats", "run_gc"]);
        assert!(load("full").unwrap().exports.iter().any(|export| export.name == "init"));
    }

    #[test]
    fn an_unknown_contract_names_the_nearest() {
        let error = load("ful").unwrap_err().to_string();
        assert!(error.starts_with("no contract is called `ful`; did you mean `full`?"), "{error}");
    }

    #[test]
    fn a_bad_file_says_what_is_wrong() {
        let error = |text| parse("mine", "mine.toml", text, &mut vec![]).unwrap_err().to_string();
        let wrong_type = error("description = ''\n[[export]]\nname = 'f'\nparams = ['int']\nmeaning = ''");
        assert!(wrong_type.starts_with("mine.toml: `f`: unknown type `int`"), "{wrong_type}");
        assert!(error("description = ''\nextends = ['cor']").contains("did you mean `core`?"));
        assert!(error("description = ''\nexports = []").contains("unknown field `exports`"));
        assert!(error("description = ''\n[[import]]\nname = 'f'\nmeaning = ''").contains("needs a `module`"));
    }

    #[test]
    fn edits_of_the_export_table_carry_over() {
        let rename = BTreeMap::from([("init".to_owned(), "start".to_owned())]);
        let contract = load("core").unwrap().edited(&rename, &["run_gc".to_owned()]);
        let names: Vec<&str> = contract.exports.iter().map(|export| export.name.as_str()).collect();
        assert_eq!(names, ["start", "compute", "get_buffer_ptr", "get_buffer_size", "get_memory_stats", "memory"]);
    }

    #[test]
    fn problems_say_expected_found_and_near() {
        let wasm = wat::parse_str(
            "(module (import \"env\" \"js_time_noww\" (func (result f64)))
              (func $compute (export \"compute\") (param i32) (result i32) local.get 0) (func $init (result i32) i32.const 0)
              (func $run_gcc (export \"run_gcc\")))",
        )
        .unwrap();
        let interface = Interface::read(&wasm).unwrap();
        let core = load("core").unwrap();
        let problems: Vec<String> = core.check_exports(&interface).iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "`init`: missing, expected function () -> i32; it is in the code (function 2, () -> i32) but not exported",
                "`compute`: expected function (i32, i32) -> i32, found function (i32) -> i32",
                "`get_buffer_ptr`: missing, expected function () -> i32",
                "`get_buffer_size`: missing, expected function () -> i32",
                "`get_memory_stats`: missing, expected function (i32) -> ()",
                "`run_gc`: missing, expected function () -> (); near: `run_gcc`",
                "`memory`: missing, expected memory",
            ]
        );
        assert_eq!(
            check_imports(&[core], &interface)[0].to_string(),
            "import `env.js_time_noww`: function () -> f64, but no contract allows it; near: `js_time_now`"
        );
    }
}
