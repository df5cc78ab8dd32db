//! `cargo xtask setup`: installs the C toolchain now, or says what a given one lacks.

use anyhow::Result;

use super::{Outcome, print, project_root};
use crate::cli::SetupArgs;
use crate::progress::Terminal;
use crate::toolchain;

/// Installs or checks the chosen toolchain and says what it is.
pub fn run(args: &SetupArgs) -> Result<Outcome> {
    let root = project_root()?;
    let progress = Terminal::new();
    let toolchain = toolchain::setup(args.toolchain, &root, args.offline, &progress)?;
    progress.finish();
    print(&toolchain.id)?;
    Ok(Outcome::Done)
}
