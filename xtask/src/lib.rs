//! The toolchain behind `cargo xtask`: from Lua's C sources to a small WebAssembly module.
//!
//! Data flows one way: [`recipe`] -> [`pipeline`] -> [`pass`] -> [`report`]. The passes know nothing of the command line.

pub mod app;
pub mod attribution;
pub mod budget;
pub mod cache_folder;
pub mod cli;
pub mod command;
pub mod compile;
pub mod compile_level;
pub mod contract;
pub mod debug_info;
pub mod digest;
pub mod features;
pub mod file_server;
pub mod inspect;
pub mod interface;
pub mod link;
pub mod linked;
pub mod machine;
pub mod module_cache;
pub mod nearest;
pub mod object_cache;
pub mod optimised_cache;
pub mod output_file;
pub mod pass;
pub mod patch;
pub mod pipeline;
pub mod post;
pub mod progress;
pub mod provenance;
pub mod recipe;
pub mod report;
pub mod script;
pub mod section;
pub mod size_report;
pub mod symbols;
pub mod toolchain;
pub mod upstream;
