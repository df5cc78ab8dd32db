//! The toolchain behind `cargo xtask`: from Lua's C sources to a small WebAssembly module.
//!
//! Data flows one way: [`recipe`] -> [`pipeline`] -> [`pass`] -> [`report`]. The passes know nothing of the command line.

pub mod budget;
pub mod cli;
pub mod command;
pub mod nearest;
pub mod output_file;
pub mod pipeline;
pub mod progress;
pub mod recipe;
pub mod report;
pub mod section;
