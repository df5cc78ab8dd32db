//! A Chromium that measures: a process of node drives it, and takes one request a line.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::machine::Machine;
use crate::command::chromium;
use crate::file_server::{FileServer, Mount};

/// The longest that an answer may take, beyond the limit that the request itself names.
const PATIENCE: Duration = Duration::from_secs(120);

/// The browser, its driver, and the server of what it opens.
pub struct Browser {
    child: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<std::io::Result<String>>,
    /// Which browser it is: "Chromium 140.0.1".
    pub version: String,
    _server: FileServer,
}

impl Browser {
    /// Starts the browser. Its pages find `packages` (npm's) at `/npm`, the package at `/dist`, and what is made for
    /// measurements at `/work`.
    ///
    /// # Errors
    /// Where there is no Chromium, or it or its driver cannot be started.
    pub fn start(machine: &Machine, packages: &Path) -> Result<Browser> {
        let mount = |prefix: &str, folder: &Path| Mount { prefix: prefix.to_owned(), folder: folder.to_owned() };
        let (root, work) = (&machine.root, machine.work());
        let mounts = vec![
            mount("hosts", &root.join("bench/hosts")),
            mount("lua", &root.join("bench/lua")),
            mount("dist", &root.join("web/dist")),
            mount("npm", packages),
            mount("work", &work),
        ];
        let server = FileServer::start(0, mounts)?;
        let mut child = Command::new("node")
            .arg(root.join("web/bench/programs.mjs"))
            .args([packages, &work.join("fengari.js")])
            .env(chromium::VARIABLE, chromium::find(machine.offline)?)
            .env("MOONWRIGHT_SERVER", server.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run node; install Node 20 or later")?;
        let requests = child.stdin.take();
        let output = child.stdout.take().context("expected a pipe from node, found none")?;
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut browser = Browser { child, requests, answers, version: String::new(), _server: server };
        #[derive(serde::Deserialize)]
        struct Hello {
            browser: String,
        }
        browser.version = format!("Chromium {}", browser.answer::<Hello>(PATIENCE)?.browser);
        Ok(browser)
    }

    /// Sends a request and gives its answer, which has to come within `limit` and some patience.
    ///
    /// # Errors
    /// Where there is no such answer.
    pub fn ask<T: DeserializeOwned>(&mut self, request: &impl Serialize, limit: Duration) -> Result<T> {
        let requests = self.requests.as_mut().context("expected a pipe to node, found none")?;
        writeln!(requests, "{}", serde_json::to_string(request)?).context("the browser's driver has ended")?;
        self.answer(limit + PATIENCE)
    }

    fn answer<T: DeserializeOwned>(&self, patience: Duration) -> Result<T> {
        let line = match self.answers.recv_timeout(patience) {
            Ok(line) => line?,
            Err(RecvTimeoutError::Timeout) => bail!("no answer from the browser after {} s", patience.as_secs()),
            Err(RecvTimeoutError::Disconnected) => bail!("the browser's driver has ended"),
        };
        serde_json::from_str(&line)
            .with_context(|| format!("expected measurements, found {}", line.chars().take(200).collect::<String>()))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser when nothing more can come.
        drop(self.requests.take());
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        // Nobody is left to hear of a failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
