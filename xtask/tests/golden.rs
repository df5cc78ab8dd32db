//! Golden tests of the passes: `tests/wat/<pass>/<case>.wat` and, beside it, what comes of it.
//!
//! A fixture starts with lines `;; run NAME: OPTIONS`, the options as an inline TOML table. Each of them runs the pass once;
//! its result stands in `<case>.NAME.out.wat`: comment lines with what the pass says it did, then the module as text, or
//! the error message. `BLESS=1 cargo test -p xtask --test golden` writes the results anew; read them before you commit.
//! A missing result fails, and so does one that no run of a fixture makes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use wasmparser::{Validator, WasmFeatures};
use xtask::contract;
use xtask::features::FeatureSet;
use xtask::pass::exports::{self, ExportOptions};
use xtask::pass::locals;
use xtask::pass::optimise::{self, Goal, OptimiseOptions};
use xtask::pass::order;
use xtask::pass::strip::{self, StripOptions};
use xtask::pass::unwind;
use xtask::pass::validate::{self, ValidateOptions};
use xtask::recipe::Unwind;

/// What a pass made: what it says, and the module where it makes one.
type Outcome = Result<(Vec<String>, Option<Vec<u8>>), String>;

fn text(error: impl std::error::Error) -> String {
    error.to_string()
}

fn options<T: for<'de> Deserialize<'de>>(text: &str) -> T {
    #[derive(Deserialize)]
    struct Line<T> {
        options: T,
    }
    toml::from_str::<Line<T>>(&format!("options = {text}")).unwrap_or_else(|error| panic!("{text}: {error}")).options
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportLine {
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    rename: BTreeMap<String, String>,
    #[serde(default)]
    hide: Vec<String>,
    #[serde(default)]
    only_named: bool,
    #[serde(default)]
    memory: bool,
}

fn run_exports(wasm: &[u8], line: &str) -> Outcome {
    let line: ExportLine = options(line);
    let ExportLine { add, rename, hide, only_named, memory } = line;
    let options = ExportOptions { add, rename, hide, only_named, memory };
    let exported = exports::run(wasm, &options).map_err(text)?;
    let summary = exported.summary;
    let mut said: Vec<String> = summary.added.iter().map(|name| format!("added {name}")).collect();
    said.extend(summary.renamed.iter().map(|(old, new)| format!("renamed {old} to {new}")));
    said.extend(summary.hidden.iter().map(|name| format!("hid {name}")));
    Ok((said, Some(exported.wasm)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StripLine {
    #[serde(default)]
    keep_names: bool,
    #[serde(default)]
    keep_unknown: bool,
}

fn run_strip(wasm: &[u8], line: &str) -> Outcome {
    let line: StripLine = options(line);
    let stripped = strip::run(wasm, &StripOptions { keep_names: line.keep_names, keep_unknown: line.keep_unknown })
        .map_err(text)?;
    let said = stripped.removed.iter().map(|section| format!("removed {}, {} bytes", section.name, section.bytes));
    Ok((said.collect(), Some(stripped.wasm)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptimiseLine {
    goal: String,
    #[serde(default)]
    open_tables: bool,
    #[serde(default)]
    keep_names: bool,
}

fn run_optimise(wasm: &[u8], line: &str) -> Outcome {
    let line: OptimiseLine = options(line);
    let goal = if line.goal == "size" { Goal::Size } else { Goal::Speed };
    let options = OptimiseOptions {
        goal,
        features: FeatureSet::base(),
        keep_names: line.keep_names,
        low_memory_unused: true,
        tables_are_closed: !line.open_tables,
        wasm_opt: None,
        translate_to_standard: false,
    };
    Ok((vec![], Some(optimise::run(wasm, &options).map_err(text)?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnwindLine {
    encoding: Unwind,
    #[serde(default)]
    keep_exports: bool,
}

fn run_unwind(wasm: &[u8], line: &str) -> Outcome {
    let line: UnwindLine = options(line);
    let unwound = unwind::run(wasm, line.encoding, line.keep_exports).map_err(text)?;
    let said = if unwound.filled.is_empty() {
        vec!["filled nothing".to_owned()]
    } else {
        vec![format!("filled {}", unwound.filled.join(", "))]
    };
    if unwound.filled.is_empty() {
        assert_eq!(unwound.wasm, wasm, "a module in which nothing is filled must stay as it was");
    }
    if line.encoding != Unwind::Host && !unwound.filled.is_empty() {
        let features = FeatureSet::base().with_unwind(line.encoding);
        features.validate(&unwound.wasm).unwrap_or_else(|error| panic!("not valid under {features}: {error}"));
    }
    Ok((said, Some(unwound.wasm)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValidateLine {
    #[serde(default)]
    contracts: Vec<String>,
    #[serde(default)]
    unwind: Unwind,
    other_exports: Option<Vec<String>>,
}

fn run_validate(wasm: &[u8], line: &str) -> Outcome {
    let line: ValidateLine = options(line);
    let options = ValidateOptions {
        features: FeatureSet::base().with_unwind(line.unwind),
        contracts: line.contracts.iter().map(|name| contract::load(name).unwrap()).collect(),
        other_exports: line.other_exports,
    };
    validate::run(wasm, &options).map_err(text)?;
    Ok((vec!["valid".to_owned()], None))
}

/// Runs every fixture of one pass and compares.
fn check(pass: &str, run: impl Fn(&[u8], &str) -> Outcome) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/wat").join(pass);
    let bless = std::env::var_os("BLESS").is_some();
    let (fixtures, results): (Vec<PathBuf>, Vec<PathBuf>) = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
        .partition(|path| !path.to_string_lossy().ends_with(".out.wat"));
    assert!(!fixtures.is_empty(), "{} has no fixtures", folder.display());
    let mut unused: BTreeSet<PathBuf> = results.into_iter().collect();
    let mut failures = vec![];
    for fixture in fixtures {
        let source = fs::read_to_string(&fixture).unwrap();
        let wasm = wat::parse_str(&source).unwrap_or_else(|error| panic!("{}: {error}", fixture.display()));
        let runs: Vec<(&str, &str)> = source
            .lines()
            .filter_map(|line| line.strip_prefix(";; run "))
            .filter_map(|run| run.split_once(": "))
            .collect();
        assert!(!runs.is_empty(), "{} has no line `;; run NAME: OPTIONS`", fixture.display());
        for (name, options) in runs {
            let path = fixture.with_extension(format!("{name}.out.wat"));
            unused.remove(&path);
            let actual = render(run(&wasm, options));
            if bless {
                fs::write(&path, &actual).unwrap();
            } else if fs::read_to_string(&path).ok().as_ref() != Some(&actual) {
                failures.push(format!("{} is not what the pass gives now:\n{actual}", path.display()));
            }
        }
    }
    for path in unused {
        if bless {
            fs::remove_file(&path).unwrap();
        } else {
            failures.push(format!("{} belongs to no run of a fixture", path.display()));
        }
    }
    assert!(
        failures.is_empty(),
        "{}\nif that is right: BLESS=1 cargo test -p xtask --test golden",
        failures.join("\n")
    );
}

fn render(outcome: Outcome) -> String {
    match outcome {
        Ok((said, None)) => said.iter().map(|line| format!(";; {line}\n")).collect(),
        Ok((said, Some(wasm))) => {
            Validator::new_with_features(WasmFeatures::all()).validate_all(&wasm).expect("a pass gives a valid module");
            let said: String = said.iter().map(|line| format!(";; {line}\n")).collect();
            let module = wasmprinter::print_bytes(&wasm).expect("a valid module can be printed");
            format!("{said}{}\n", module.trim_end())
        }
        Err(message) => message.lines().map(|line| format!(";; error: {line}\n")).collect(),
    }
}

#[test]
fn exports() {
    check("exports", run_exports);
}

#[test]
fn strip() {
    check("strip", run_strip);
}

#[test]
fn locals() {
    check("locals", |wasm, _| Ok((vec![], Some(locals::run(wasm).map_err(text)?))));
}

#[test]
fn order() {
    check("order", |wasm, _| Ok((vec![], Some(order::run(wasm).map_err(text)?))));
}

#[test]
fn optimise() {
    check("optimise", run_optimise);
}

#[test]
fn unwind() {
    check("unwind", run_unwind);
}

#[test]
fn validate() {
    check("validate", run_validate);
}
