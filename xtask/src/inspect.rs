//! The model behind `inspect-exports`: a module's export table held against a contract.
//!
//! It works on any core module, whoever built it. The JSON that [`Inspection`] becomes:
//!
//! ```json
//! {
//!   "contract": "core",
//!   "ok": false,
//!   "functions": { "expected": 6, "present": 5 },
//!   "exports": [
//!     { "name": "init", "status": "present", "kind": "function", "expected": "() -> i32", "found": "() -> i32" },
//!     { "name": "run_gc", "status": "missing", "kind": "function", "expected": "() -> ()", "found": null,
//!       "in_code": [{ "index": 7, "signature": "() -> ()" }], "near": ["run_gcc"] },
//!     { "name": "lua_gc", "status": "extra", "kind": "function", "expected": null, "found": "(i32) -> i32" }
//!   ],
//!   "imports": [{ "module": "env", "name": "js_time_now", "kind": "function", "type": "() -> f64" }]
//! }
//! ```
//!
//! `status` is `present`, `missing`, `differs` (another type than the contract's) or `extra` (in no contract, which is no
//! fault). `ok` says that nothing is missing and nothing differs. A missing export has `in_code`, the functions of that
//! very name which are not exported, and `near`, the names most similar to it.

use serde::Serialize;

use crate::contract::{Contract, Problem};
use crate::interface::{Interface, ItemType};

/// A module's export table held against a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// The contract's name.
    pub contract: String,
    /// Whether the contract is kept.
    pub ok: bool,
    /// How many functions the contract asks for, and how many of them are there with the right signature.
    pub functions: Count,
    /// First the contract's exports, in its order, then the module's others, in theirs.
    pub exports: Vec<Row>,
    /// What the module imports.
    pub imports: Vec<ImportRow>,
    /// What is wrong, for people; programs see it in `exports`.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// How many of what was expected is present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// What the contract asks for.
    pub expected: usize,
    /// What is there as the contract asks.
    pub present: usize,
}

/// How an export stands to the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// There, with the right type.
    Present,
    /// Not exported.
    Missing,
    /// There, with another type.
    Differs,
    /// Beyond the contract.
    Extra,
}

impl Status {
    /// The status in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Present => "present",
            Status::Missing => "missing",
            Status::Differs => "differs",
            Status::Extra => "extra",
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The export's name.
    pub name: String,
    /// How it stands to the contract.
    pub status: Status,
    /// `function`, `memory`, `table`, `global` or `tag`.
    pub kind: &'static str,
    /// The type that the contract asks for.
    pub expected: Option<String>,
    /// The type that it has.
    pub found: Option<String>,
    /// Of a missing one: functions of that name that are not exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_code: Option<Vec<InCode>>,
    /// Of a missing one: the names most similar to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<Vec<String>>,
}

/// A function in the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InCode {
    /// Its index.
    pub index: u32,
    /// Its signature.
    pub signature: String,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportRow {
    /// The module that it comes from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// `function`, `memory`, `table`, `global` or `tag`.
    pub kind: &'static str,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
}

/// Holds the exports of `interface` against `contract`.
pub fn inspect(interface: &Interface, contract: &Contract) -> Inspection {
    let problems = contract.check_exports(interface);
    let mut rows: Vec<Row> = vec![];
    for spec in &contract.exports {
        let found = interface.export(&spec.name).map(|export| export.ty.to_string());
        let mut row = Row {
            name: spec.name.clone(),
            status: Status::Present,
            kind: spec.ty.kind(),
            expected: Some(spec.ty.to_string()),
            found,
            in_code: None,
            near: None,
        };
        for problem in &problems {
            match problem {
                Problem::Missing { name, in_code, near, .. } if *name == spec.name => {
                    let function = |f: &crate::interface::NamedFunction| InCode {
                        index: f.index,
                        signature: f.signature.to_string(),
                    };
                    row.status = Status::Missing;
                    row.in_code = Some(in_code.iter().map(function).collect());
                    row.near = Some(near.clone());
                }
                Problem::Differs { name, .. } if *name == spec.name => row.status = Status::Differs,
                _ => {}
            }
        }
        rows.push(row);
    }
    let functions = contract.exports.iter().zip(&rows).filter(|(spec, _)| matches!(spec.ty, ItemType::Function(_)));
    let functions = functions.fold(Count::default(), |count, (_, row)| Count {
        expected: count.expected + 1,
        present: count.present + usize::from(row.status == Status::Present),
    });
    let promised = |name: &str| contract.exports.iter().any(|spec| spec.name == name);
    rows.extend(interface.exports.iter().filter(|export| !promised(&export.name)).map(|export| Row {
        name: export.name.clone(),
        status: Status::Extra,
        kind: export.ty.kind(),
        expected: None,
        found: Some(export.ty.to_string()),
        in_code: None,
        near: None,
    }));
    let imports = interface.imports.iter().map(|import| ImportRow {
        module: import.module.clone(),
        name: import.name.clone(),
        kind: import.ty.kind(),
        ty: import.ty.to_string(),
    });
    Inspection {
        contract: contract.name.clone(),
        ok: problems.is_empty(),
        functions,
        exports: rows,
        imports: imports.collect(),
        problems,
    }
}

impl Inspection {
    /// The verdict: one line if the contract is kept, else one more for each problem.
    pub fn verdict(&self) -> String {
        let Count { expected, present } = self.functions;
        let functions = |count: usize| if count == 1 { "function" } else { "functions" };
        if self.ok {
            let all = if expected == 1 { "the 1".to_owned() } else { format!("all {expected}") };
            return format!(
                "{all} {} of contract `{}` {} present",
                functions(expected),
                self.contract,
                if expected == 1 { "is" } else { "are" }
            );
        }
        let mut text =
            format!("{present} of {expected} {} of contract `{}` are present", functions(expected), self.contract);
        for problem in &self.problems {
            text.push_str(&format!("\n  {problem}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    const GOOD: &str = "(module (memory (export \"memory\") 1) (func (export \"init\") (result i32) i32.const 0)
      (func (export \"compute\") (param i32 i32) (result i32) i32.const 0) (func (export \"get_buffer_ptr\") (result i32) i32.const 0)
      (func (export \"get_buffer_size\") (result i32) i32.const 0) (func (export \"get_memory_stats\") (param i32))
      (func (export \"run_gc\")) (func (export \"more\")))";

    fn inspection(text: &str) -> Inspection {
        let interface = Interface::read(&wat::parse_str(text).unwrap()).unwrap();
        inspect(&interface, &contract::load("core").unwrap())
    }

    #[test]
    fn a_good_module_has_all_six() {
        let good = inspection(GOOD);
        assert!(good.ok);
        assert_eq!(good.verdict(), "all 6 functions of contract `core` are present");
        assert_eq!(good.exports.last().unwrap().status, Status::Extra);
    }

    #[test]
    fn a_bad_module_is_told_what_and_why() {
        let bad = inspection(
            &GOOD
                .replace("(export \"init\") (result i32)", "$init (export \"init\") (result i64)")
                .replace("i32.const 0)\n      (func (export \"compute\")", "i64.const 0)\n      (func $compute")
                .replace("\"run_gc\"", "\"run_gcs\""),
        );
        assert!(!bad.ok);
        assert_eq!(
            bad.verdict(),
            "3 of 6 functions of contract `core` are present\n  \
             `init`: expected function () -> i32, found function () -> i64\n  \
             `compute`: missing, expected function (i32, i32) -> i32; it is in the code (function 1, (i32, i32) -> i32) but not exported\n  \
             `run_gc`: missing, expected function () -> (); near: `run_gcs`"
        );
        let json = serde_json::to_value(&bad).unwrap();
        assert_eq!(json["ok"], false);
        assert_eq!(json["functions"], serde_json::json!({"expected": 6, "present": 3}));
        assert_eq!(json["exports"][0]["status"], "differs");
        assert_eq!(json["exports"][1]["in_code"][0]["index"], 1);
        assert_eq!(json["exports"][5]["near"][0], "run_gcs");
    }
}
