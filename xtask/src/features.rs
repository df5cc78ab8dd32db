//! The one place with lists of WebAssembly features.
//!
//! The compiler, the optimiser and the validator must agree on what the module may use: a feature that only one of them
//! knows about ends in a module that some host refuses. So every stage takes its list from here, always explicitly:
//! both Binaryen's and wasmparser's own defaults grow from release to release.

use std::collections::BTreeSet;
use std::fmt;

use wasmparser::{Operator, Parser, Payload, Validator, WasmFeatures};

use crate::interface::{ReadError, preflight};
use crate::recipe::Unwind;

/// A WebAssembly proposal beyond the first version of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Import and export of mutable globals.
    MutableGlobals,
    /// `i32.extend8_s` and its like.
    SignExt,
    /// Saturating conversions from float to integer.
    NontrappingFptoint,
    /// `memory.copy`, `memory.fill`, passive segments.
    BulkMemory,
    /// Functions and blocks with several results.
    MultiValue,
    /// `funcref`, `externref`, several tables.
    ReferenceTypes,
    /// Tail calls.
    TailCall,
    /// 128-bit vectors.
    Simd,
    /// Vector instructions whose results may differ between machines.
    RelaxedSimd,
    /// Shared memory and atomic instructions.
    Threads,
    /// Arithmetic in constant expressions.
    ExtendedConst,
    /// Several memories.
    MultiMemory,
    /// 64-bit memories.
    Memory64,
    /// Typed function references.
    FunctionReferences,
    /// Structs and arrays.
    Gc,
    /// Exceptions by `try`/`catch`, the first encoding.
    LegacyExceptions,
    /// Exceptions by `try_table`/exnref, the standard encoding.
    Exceptions,
}

/// Everything this file knows about a feature.
struct Entry {
    feature: Feature,
    /// The name that clang and the section `target_features` use.
    name: &'static str,
    validator: WasmFeatures,
    /// Binaryen's feature; `None`: Binaryen 116 cannot read such a module.
    binaryen: Option<wasm_opt::Feature>,
    /// The end of the flag that enables it in the program wasm-opt.
    flag: &'static str,
}

const fn entry(
    feature: Feature,
    name: &'static str,
    validator: WasmFeatures,
    binaryen: Option<wasm_opt::Feature>,
    flag: &'static str,
) -> Entry {
    Entry { feature, name, validator, binaryen, flag }
}

/// In the order of [`Feature`].
#[rustfmt::skip]
const TABLE: &[Entry] = {
    use wasm_opt::Feature as B;
    type V = WasmFeatures;
    &[
        entry(Feature::MutableGlobals, "mutable-globals", V::MUTABLE_GLOBAL, Some(B::MutableGlobals), "mutable-globals"),
        entry(Feature::SignExt, "sign-ext", V::SIGN_EXTENSION, Some(B::SignExt), "sign-ext"),
        entry(Feature::NontrappingFptoint, "nontrapping-fptoint", V::SATURATING_FLOAT_TO_INT, Some(B::TruncSat), "nontrapping-float-to-int"),
        entry(Feature::BulkMemory, "bulk-memory", V::BULK_MEMORY, Some(B::BulkMemory), "bulk-memory"),
        entry(Feature::MultiValue, "multivalue", V::MULTI_VALUE, Some(B::Multivalue), "multivalue"),
        entry(Feature::ReferenceTypes, "reference-types", V::REFERENCE_TYPES, Some(B::ReferenceTypes), "reference-types"),
        entry(Feature::TailCall, "tail-call", V::TAIL_CALL, Some(B::TailCall), "tail-call"),
        entry(Feature::Simd, "simd128", V::SIMD, Some(B::Simd), "simd"),
        entry(Feature::RelaxedSimd, "relaxed-simd", V::RELAXED_SIMD, Some(B::RelaxedSimd), "relaxed-simd"),
        entry(Feature::Threads, "atomics", V::THREADS, Some(B::Atomics), "threads"),
        entry(Feature::ExtendedConst, "extended-const", V::EXTENDED_CONST, Some(B::ExtendedConst), "extended-const"),
        entry(Feature::MultiMemory, "multimemory", V::MULTI_MEMORY, Some(B::MultiMemory), "multi-memory"),
        entry(Feature::Memory64, "memory64", V::MEMORY64, Some(B::Memory64), "memory64"),
        entry(Feature::FunctionReferences, "function-references", V::FUNCTION_REFERENCES, Some(B::Gc), "gc"),
        entry(Feature::Gc, "gc", V::GC, Some(B::Gc), "gc"),
        entry(Feature::LegacyExceptions, "legacy-exceptions", V::EXCEPTIONS.union(V::LEGACY_EXCEPTIONS), Some(B::ExceptionHandling), "exception-handling"),
        entry(Feature::Exceptions, "exception-handling", V::EXCEPTIONS, None, "exception-handling"),
    ]
};

impl Feature {
    fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }

    /// The name that clang and the section `target_features` use.
    pub fn name(self) -> &'static str {
        self.entry().name
    }
}

/// What every module of ours may use, whatever the unwind encoding. Nothing newer: node 17, wasmtime, browsers since
/// 2022 and the interpreters wasmi and wasm3 all run these.
pub const BASE: &[Feature] =
    &[Feature::MutableGlobals, Feature::SignExt, Feature::NontrappingFptoint, Feature::BulkMemory];

/// A set of features that a module may use, on top of the first version of WebAssembly.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FeatureSet(BTreeSet<Feature>);

impl FeatureSet {
    /// [`BASE`]: what the compiler and the optimiser may use.
    pub fn base() -> Self {
        FeatureSet(BASE.iter().copied().collect())
    }

    /// All features that the toolchain knows.
    pub fn known() -> Self {
        FeatureSet(TABLE.iter().map(|entry| entry.feature).collect())
    }

    /// This set and what the functions of an unwind encoding need.
    pub fn with_unwind(mut self, unwind: Unwind) -> Self {
        match unwind {
            Unwind::Legacy => _ = self.0.insert(Feature::LegacyExceptions),
            Unwind::Standard => _ = self.0.insert(Feature::Exceptions),
            Unwind::Host => {}
        }
        self
    }

    /// The features that a module uses: the smallest part of [`FeatureSet::known`] under which it is valid.
    ///
    /// # Errors
    /// When the module is not valid under all known features.
    pub fn detect(wasm: &[u8]) -> Result<Self, ReadError> {
        let mut set = FeatureSet::known();
        set.validate(wasm)?;
        // Newest first: `gc` must go before the `function-references` that it builds upon.
        for entry in TABLE.iter().rev() {
            let mut smaller = set.clone();
            smaller.0.remove(&entry.feature);
            if smaller.validate(wasm).is_ok() {
                set = smaller;
            }
        }
        Ok(set)
    }

    /// Whether `feature` is in the set.
    pub fn contains(&self, feature: Feature) -> bool {
        self.0.contains(&feature)
    }

    /// The features, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Feature> {
        self.0.iter().copied()
    }

    /// The set as wasmparser's validator knows it.
    pub fn to_wasmparser(&self) -> WasmFeatures {
        self.iter().fold(WasmFeatures::MVP, |set, feature| set | feature.entry().validator)
    }

    /// The set as the crate `wasm-opt` knows it.
    ///
    /// # Errors
    /// The feature that Binaryen cannot read.
    pub fn to_binaryen(&self) -> Result<Vec<wasm_opt::Feature>, Feature> {
        self.iter().map(|feature| feature.entry().binaryen.ok_or(feature)).collect()
    }

    /// The set as flags of the program `wasm-opt`.
    pub fn to_binaryen_flags(&self) -> Vec<String> {
        // The switch makes the list exact: neither Binaryen's defaults nor the module's own section add to it.
        let mut flags = vec!["--mvp-features".to_owned()];
        for feature in self.iter() {
            let flag = format!("--enable-{}", feature.entry().flag);
            if !flags.contains(&flag) {
                flags.push(flag);
            }
        }
        flags
    }

    /// The set after a translation from legacy to standard exceptions, which adds references and blocks with several results.
    pub fn translated_to_standard(mut self) -> Self {
        self.0.remove(&Feature::LegacyExceptions);
        self.0.extend([Feature::Exceptions, Feature::ReferenceTypes, Feature::MultiValue]);
        self
    }

    /// Checks that `wasm` is a valid module that uses no feature outside this set.
    ///
    /// # Errors
    /// What is wrong first, and at which byte.
    pub fn validate(&self, wasm: &[u8]) -> Result<(), ReadError> {
        preflight(wasm)?;
        Validator::new_with_features(self.to_wasmparser()).validate_all(wasm)?;
        if self.contains(Feature::LegacyExceptions) && !self.contains(Feature::Exceptions) {
            refuse_standard_exceptions(wasm)?;
        }
        Ok(())
    }
}

/// wasmparser has no switch for tags without `try_table`, so the legacy encoding needs a look of our own: an engine that
/// knows only `try`/`catch` refuses a module with one instruction of the standard encoding.
fn refuse_standard_exceptions(wasm: &[u8]) -> Result<(), ReadError> {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload? {
            for operator in body.get_operators_reader()?.into_iter_with_offsets() {
                let (operator, offset) = operator?;
                let name = match operator {
                    Operator::TryTable { .. } => "try_table",
                    Operator::ThrowRef => "throw_ref",
                    _ => continue,
                };
                let message = format!("{name} is of the standard exception encoding, only the legacy one is allowed");
                return Err(ReadError::Invalid { offset, message });
            }
        }
    }
    Ok(())
}

impl FromIterator<Feature> for FeatureSet {
    fn from_iter<T: IntoIterator<Item = Feature>>(features: T) -> Self {
        FeatureSet(features.into_iter().collect())
    }
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Feature::name).collect();
        f.write_str(if names.is_empty() { "none" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wasm(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, entry) in TABLE.iter().enumerate() {
            assert_eq!(entry.feature as usize, index, "{}", entry.name);
        }
    }

    #[test]
    fn detection_finds_exactly_what_is_used() {
        assert_eq!(FeatureSet::detect(&wasm("(module)")).unwrap(), FeatureSet::default());
        let copy = wasm("(module (memory 1) (func (memory.copy (i32.const 0) (i32.const 0) (i32.const 0))))");
        assert_eq!(FeatureSet::detect(&copy).unwrap(), [Feature::BulkMemory].into_iter().collect());
        let tail = wasm("(module (func $f return_call $f))");
        assert_eq!(FeatureSet::detect(&tail).unwrap(), [Feature::TailCall].into_iter().collect());
    }

    #[test]
    fn the_two_exception_encodings_are_told_apart() {
        let legacy = wasm("(module (tag $t) (func try catch $t end))");
        let standard = wasm("(module (tag $t) (func block $b try_table (catch $t $b) end end))");
        let legacy_set = FeatureSet::base().with_unwind(Unwind::Legacy);
        let standard_set = FeatureSet::base().with_unwind(Unwind::Standard);
        legacy_set.validate(&legacy).unwrap();
        standard_set.validate(&standard).unwrap();
        assert!(standard_set.validate(&legacy).is_err());
        let error = legacy_set.validate(&standard).unwrap_err().to_string();
        assert!(error.contains("try_table is of the standard exception encoding"), "{error}");
        assert!(FeatureSet::base().validate(&legacy).is_err());
        assert_eq!(FeatureSet::detect(&legacy).unwrap(), [Feature::LegacyExceptions].into_iter().collect());
        assert_eq!(FeatureSet::detect(&standard).unwrap(), [Feature::Exceptions].into_iter().collect());
    }

    #[test]
    fn binaryen_is_told_of_nothing_that_it_cannot_read() {
        assert_eq!(FeatureSet::base().with_unwind(Unwind::Standard).to_binaryen(), Err(Feature::Exceptions));
        assert_eq!(FeatureSet::base().to_binaryen_flags().len(), 1 + BASE.len());
    }
}
