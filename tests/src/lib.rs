//! The test host: runs a built module under wasmtime through nothing but its contract.
//!
//! [`Host`] is one instance, [`Tables`] the stored tables behind it (which outlive it, as a disk would), and
//! [`record`] reads what the module writes. It is a host made for tests: it checks what a lenient one would let pass,
//! and it can be told to fail. `tests/node/*.mjs` is the same host in JavaScript.

pub mod case;
pub mod damage;
pub mod fuzz;
pub mod host;
pub mod module;
pub mod program;
pub mod record;
pub mod script;
pub mod store;

pub use case::Case;
pub use host::{Failure, Host, HostOptions, Outcome};
pub use module::{Built, LuaVersion, Profile};
pub use record::{ErrorRecord, ResultRecord, Value};
pub use store::{Faults, Tables};
