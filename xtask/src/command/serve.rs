//! `cargo xtask serve`: the demo pages on a local port.

use anyhow::{Context, Result};

use super::{Outcome, package, print, project_root};
use crate::cli::ServeArgs;
use crate::file_server::{FileServer, Mount};

/// Builds what is missing and serves the pages until the process is ended.
pub fn run(args: &ServeArgs) -> Result<Outcome> {
    let root = project_root()?;
    // Before the build: who has to choose another port should not wait for it.
    let folder = package::site_folder(&root);
    let server = FileServer::start(args.port, vec![Mount { prefix: String::new(), folder }])?;
    package::build_site(&root, args.offline, "cargo xtask serve")?;
    print(&format!("{}  (Ctrl-C ends it)", server.url()))?;
    if args.open {
        open::that(server.url()).with_context(|| format!("cannot open a browser; open {} in one", server.url()))?;
    }
    server.wait();
    Ok(Outcome::Done)
}
