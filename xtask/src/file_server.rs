//! A server of files on this machine's loopback address, for pages that can't be opened from the disk.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use tiny_http::{Header, Method, Request, Response, Server};

/// Pages ask for half a dozen files at once.
const THREADS: usize = 4;

/// A folder and where its files are found: the URL `/PREFIX/a/b` is `FOLDER/a/b`.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The first segment of the paths, without slashes; empty for everything that no other mount has.
    pub prefix: String,
    /// What is served there.
    pub folder: PathBuf,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken.
    #[error("port {0} is in use: end what uses it, or choose another one with --port (0: any that is free)")]
    PortInUse(u16),
    /// The port can't be had for another reason.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The server does not start.
    #[error("cannot serve on 127.0.0.1:{port}: {reason}")]
    Start {
        /// The port.
        port: u16,
        /// What the server says.
        reason: String,
    },
}

/// A server that answers until it is dropped.
pub struct FileServer {
    server: Arc<Server>,
    threads: Vec<thread::JoinHandle<()>>,
    port: u16,
}

impl FileServer {
    /// Serves `mounts` on 127.0.0.1 at `port`; 0 takes any that is free.
    ///
    /// # Errors
    /// Where the port can't be had.
    pub fn start(port: u16, mounts: Vec<Mount>) -> Result<FileServer, ServeError> {
        let listen = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::PortInUse(port),
            _ => ServeError::Listen { port, source },
        };
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(listen)?;
        let port = listener.local_addr().map_err(listen)?.port();
        let server = Server::from_listener(listener, None)
            .map_err(|error| ServeError::Start { port, reason: error.to_string() })?;
        let server = Arc::new(server);
        let mounts = Arc::new(mounts);
        let threads = (0..THREADS)
            .map(|_| {
                let (server, mounts) = (Arc::clone(&server), Arc::clone(&mounts));
                thread::spawn(move || {
                    for request in server.incoming_requests() {
                        answer(request, &mounts);
                    }
                })
            })
            .collect();
        Ok(FileServer { server, threads, port })
    }

    /// Where it is: `http://127.0.0.1:8080/`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Answers until the process is ended.
    pub fn wait(mut self) {
        for thread in std::mem::take(&mut self.threads) {
            // A thread that panicked has said so; the others go on.
            let _ = thread.join();
        }
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        for _ in &self.threads {
            self.server.unblock();
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn answer(request: Request, mounts: &[Mount]) {
    let (status, kind, body) = match request.method() {
        Method::Get | Method::Head => find(request.url(), mounts),
        other => (405, TEXT, format!("expected GET or HEAD, found {other}\n").into_bytes()),
    };
    let mut response = Response::from_data(body).with_status_code(status);
    // The pages are looked at while they are written: what is asked for is what is on the disk.
    for (name, value) in [("Content-Type", kind), ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff")]
    {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    // Who asked may be gone, which is no error of ours.
    let _ = request.respond(response);
}

const TEXT: &str = "text/plain; charset=utf-8";

/// Status, type and content of what a URL means.
fn find(url: &str, mounts: &[Mount]) -> (u16, &'static str, Vec<u8>) {
    let missing = || (404, TEXT, format!("there is no {url} here\n").into_bytes());
    let Some(path) = path_of(url, mounts) else { return missing() };
    match std::fs::read(&path) {
        Ok(bytes) => (200, media_type(&path), bytes),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => missing(),
        Err(error) => (500, TEXT, format!("cannot read {}: {error}\n", path.display()).into_bytes()),
    }
}

/// The file that a URL means; none where it would lie outside of the mounts.
fn path_of(url: &str, mounts: &[Mount]) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let text = percent_decoded(path)?;
    let mut segments: Vec<&str> = text.split('/').filter(|segment| !segment.is_empty()).collect();
    let escapes = |segment: &&str| *segment == "." || *segment == ".." || segment.contains(['\\', ':', '\0']);
    if segments.iter().any(escapes) {
        return None;
    }
    let first = segments.first().copied().unwrap_or_default();
    let named = mounts.iter().find(|mount| !mount.prefix.is_empty() && mount.prefix == first);
    let mount = match named {
        Some(mount) => {
            segments.remove(0);
            mount
        }
        None => mounts.iter().find(|mount| mount.prefix.is_empty())?,
    };
    let mut file = mount.folder.clone();
    file.extend(&segments);
    if file.is_dir() {
        // Relative links in a page need the slash, so a folder without it is no page.
        return (segments.is_empty() && named.is_none() || path.ends_with('/')).then(|| file.join("index.html"));
    }
    Some(file)
}

/// The text that percent signs stand for; none where they stand for no text.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        // Without this very type browsers don't compile while the module arrives.
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "lua" | "ts" | "md" | "txt" => TEXT,
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn mounts(folder: &Path) -> Vec<Mount> {
        ["", "inner"].map(|prefix| Mount { prefix: prefix.into(), folder: folder.join(prefix) }).into()
    }

    fn get(server: &FileServer, path: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn files_are_served_with_their_types_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("root/inner/deep")).unwrap();
        std::fs::write(dir.path().join("root/index.html"), "<p>home").unwrap();
        std::fs::write(dir.path().join("root/inner/a b.wasm"), "wasm").unwrap();
        std::fs::write(dir.path().join("root/inner/deep/index.html"), "<p>deep").unwrap();
        std::fs::write(dir.path().join("secret"), "secret").unwrap();
        let server = FileServer::start(0, mounts(&dir.path().join("root"))).unwrap();

        let home = get(&server, "/?x=1");
        assert!(home.starts_with("HTTP/1.1 200") && home.contains("text/html") && home.ends_with("<p>home"), "{home}");
        let module = get(&server, "/inner/a%20b.wasm");
        assert!(module.contains("application/wasm") && module.ends_with("wasm"), "{module}");
        assert!(get(&server, "/inner/deep/").ends_with("<p>deep"));
        for path in
            ["/../secret", "/%2e%2e/secret", "/inner/..%2f..%2fsecret", "/nothing", "/inner/deep", "/%zz", "/%ff"]
        {
            let text = get(&server, path);
            assert!(text.starts_with("HTTP/1.1 404"), "{path}: {text}");
        }
    }

    #[test]
    fn a_port_in_use_is_an_error_that_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let first = FileServer::start(0, mounts(dir.path())).unwrap();
        let error = FileServer::start(first.port, mounts(dir.path())).err().unwrap().to_string();
        assert!(error.contains(&first.port.to_string()) && error.contains("--port"), "{error}");
    }
}
