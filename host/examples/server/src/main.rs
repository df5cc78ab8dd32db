//! A web server with one persistent Lua state for each user: `cargo run -p moonwright-server-example -- lua.wasm FOLDER [PORT]`.
//!
//! `POST /ada` runs the body as Lua in Ada's state, with limits, and answers with what it prints and returns. What her scripts
//! leave under `Memory` is there at the next request, and after a restart of the server. It listens on the loopback only.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use moonwright::{Capture, DiskStore, Error, Limits, Lua, Module, TableMode};

/// One user's Lua, and what it prints.
struct Session {
    lua: Lua,
    output: Capture,
}

struct Server {
    module: Module,
    folder: PathBuf,
    /// Instances stay between requests; the inner lock is held while a script runs, the outer one never.
    sessions: Mutex<HashMap<String, Arc<Mutex<Option<Session>>>>>,
}

impl Server {
    fn session(&self, user: &str) -> Arc<Mutex<Option<Session>>> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.entry(user.to_owned()).or_default().clone()
    }

    fn open(&self, user: &str) -> Result<Session, Error> {
        let output = Capture::new();
        let lua = Lua::builder()
            .module(&self.module)
            .store(DiskStore::open(self.folder.join(format!("{user}.redb")))?)
            .limits(Limits::none().heap(16 << 20).instructions(50_000_000).time(Duration::from_secs(5)))
            .table_mode(TableMode::Handles)
            .output(output.clone())
            .build()?;
        Ok(Session { lua, output })
    }

    /// Runs a script in a user's state: what it printed and returned, or why it failed.
    fn run(&self, user: &str, code: &str) -> (StatusCode, Vec<u8>) {
        let session = self.session(user);
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        let result = match session.take().map_or_else(|| self.open(user), Ok) {
            Ok(mut opened) => {
                let result = opened.lua.run_named("=request", code).and_then(|values| {
                    let mut body = opened.output.take();
                    for value in values.0 {
                        body.extend(opened.lua.text(value)?);
                        body.push(b'\n');
                    }
                    Ok(body)
                });
                opened.output.take();
                // An instance that has ended is not kept: the next request opens the state anew.
                if !matches!(result, Err(Error::Ended(_) | Error::Store(_))) {
                    *session = Some(opened);
                }
                result
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(body) => (StatusCode::OK, body),
            Err(Error::Lua(error)) => (StatusCode::BAD_REQUEST, format!("{error}\n").into_bytes()),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n").into_bytes()),
        }
    }
}

/// Whether a name can be a user's: it becomes a file's name.
fn is_user(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

async fn handle(State(server): State<Arc<Server>>, Path(user): Path<String>, code: String) -> (StatusCode, Vec<u8>) {
    if !is_user(&user) {
        return (StatusCode::NOT_FOUND, b"expected a user's name: up to 32 of a to z and 0 to 9\n".to_vec());
    }
    // Lua runs to its end or its limit, which is nothing for a thread that serves others, too.
    let ran = tokio::task::spawn_blocking(move || server.run(&user, &code)).await;
    ran.unwrap_or_else(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n").into_bytes()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let module =
        arguments.next().ok_or("expected the path of a module, built with --contract bridge --unwind standard")?;
    let folder = PathBuf::from(arguments.next().ok_or("expected the folder of the states")?);
    let port: u16 = arguments.next().map_or(Ok(0), |port| port.parse())?;
    std::fs::create_dir_all(&folder)?;
    let server = Server { module: Module::from_file(module)?, folder, sessions: Mutex::default() };
    let router = Router::new().route("/{user}", post(handle)).with_state(Arc::new(server));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {}", listener.local_addr()?);
    let stop = async {
        // Without a handler the signal ends the process at once, which no state minds.
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    Ok(())
}
