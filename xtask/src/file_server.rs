//! A server of files on this machine's loopback address, for pages that can't be opened from the disk.

//!
//! Each connection has a thread of its own and ends with its answer, so that no page ever waits for what another one keeps open.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::digest;

/// The longest request that is read: its line and headers.
const LONGEST_REQUEST: usize = 16 * 1024;

/// How long somebody may take to ask, or to take a part of the answer.
const PATIENCE: Duration = Duration::from_secs(30);

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
}

/// A server that answers until it is dropped.
pub struct FileServer {
    stopped: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
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
        let (stopped, mounts) = (Arc::new(AtomicBool::new(false)), Arc::new(mounts));
        let stop = Arc::clone(&stopped);
        let thread = thread::spawn(move || {
            // A connection that failed before it began is its maker's affair.
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let mounts = Arc::clone(&mounts);
                // Who asked may be gone, which is no error of ours.
                thread::spawn(move || _ = answer(stream, &mounts));
            }
        });
        Ok(FileServer { stopped, thread: Some(thread), port })
    }

    /// Where it is: `http://127.0.0.1:8080/`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Answers until the process is ended.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.stopped.store(true, Ordering::Relaxed);
        // The thread looks whether it is to stop when somebody comes. Where nobody can, it ends with the process.
        if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
            let _ = thread.join();
        }
    }
}

/// Reads one request and answers it.
fn answer(mut stream: TcpStream, mounts: &[Mount]) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some(head) = read_head(&mut stream)? else { return Ok(()) };
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let (status, kind, body) = match request.parse(&head).map(|_| (request.method, request.path)) {
        Ok((Some("GET" | "HEAD"), Some(path))) => find(path, mounts),
        Ok((Some(method), _)) => {
            ("405 Method Not Allowed", TEXT, format!("expected GET or HEAD, found {method}\n").into_bytes())
        }
        Ok(_) => ("400 Bad Request", TEXT, b"expected a request, found less\n".to_vec()),
        Err(error) => (
            "400 Bad Request",
            TEXT,
            format!("expected a request of HTTP/1.1, found another thing: {error}\n").into_bytes(),
        ),
    };
    // The pages are looked at while they are written: browsers ask each time whether what they have is what is on the disk. What
    // they then keep, they also keep compiled.
    let tag = (status == OK).then(|| format!("\"{}\"", digest::sha256(&body)));
    let known = tag.as_deref().is_some_and(|tag| knows(request.headers, tag));
    let validator = tag.map_or(String::new(), |tag| format!("ETag: {tag}\r\n"));
    let (status, length) = if known { (NOT_MODIFIED, 0) } else { (status, body.len()) };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-cache\r\n{validator}\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )?;
    if !known && request.method != Some("HEAD") {
        stream.write_all(&body)?;
    }
    stream.flush()
}

const OK: &str = "200 OK";
const NOT_MODIFIED: &str = "304 Not Modified";

/// Whether who asks has the content of that tag.
fn knows(headers: &[httparse::Header<'_>], tag: &str) -> bool {
    let named = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("if-none-match"));
    let mut tags = named.flat_map(|header| header.value.split(|byte| *byte == b','));
    tags.any(|one| one.trim_ascii() == tag.as_bytes())
}

/// The request up to the empty line that ends its headers, or as much as is read of one; none if nothing comes.
fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    while head.len() < LONGEST_REQUEST && !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        match stream.read(&mut chunk)? {
            0 => break,
            count => head.extend_from_slice(&chunk[..count]),
        }
    }
    Ok((!head.is_empty()).then_some(head))
}

const TEXT: &str = "text/plain; charset=utf-8";

/// Status, type and content of what a URL means.
fn find(url: &str, mounts: &[Mount]) -> (&'static str, &'static str, Vec<u8>) {
    let missing = || ("404 Not Found", TEXT, format!("there is no {url} here\n").into_bytes());
    let Some(path) = path_of(url, mounts) else { return missing() };
    match std::fs::read(&path) {
        Ok(bytes) => (OK, media_type(&path), bytes),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => missing(),
        Err(error) => {
            ("500 Internal Server Error", TEXT, format!("cannot read {}: {error}\n", path.display()).into_bytes())
        }
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

    fn mounts(folder: &Path) -> Vec<Mount> {
        ["", "inner"].map(|prefix| Mount { prefix: prefix.into(), folder: folder.join(prefix) }).into()
    }

    fn get(server: &FileServer, path: &str) -> String {
        get_with(server, path, "")
    }

    fn get_with(server: &FileServer, path: &str, header: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{header}Connection: close\r\n\r\n").unwrap();
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
    fn who_has_a_file_as_it_is_does_not_get_it_again() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("inner")).unwrap();
        std::fs::write(dir.path().join("a.wasm"), "one").unwrap();
        let server = FileServer::start(0, mounts(dir.path())).unwrap();
        let first = get(&server, "/a.wasm");
        let tag = first.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap().to_owned();
        for tags in [tag.clone(), format!("\"x\", {tag}")] {
            let again = get_with(&server, "/a.wasm", &format!("If-None-Match: {tags}\r\n"));
            assert!(again.starts_with("HTTP/1.1 304") && again.ends_with("\r\n\r\n"), "{again}");
        }
        std::fs::write(dir.path().join("a.wasm"), "two").unwrap();
        let changed = get_with(&server, "/a.wasm", &format!("If-None-Match: {tag}\r\n"));
        assert!(changed.starts_with("HTTP/1.1 200") && changed.ends_with("two"), "{changed}");
        assert!(!get(&server, "/nothing").contains("ETag"));
    }

    #[test]
    fn nobody_waits_for_a_connection_that_another_keeps_open() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("inner")).unwrap();
        std::fs::write(dir.path().join("index.html"), "<p>home").unwrap();
        let server = FileServer::start(0, mounts(dir.path())).unwrap();
        let idle: Vec<TcpStream> =
            (0..64).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap()).collect();
        assert!(get(&server, "/").ends_with("<p>home"));
        drop(idle);
    }

    #[test]
    fn what_is_no_request_for_a_file_is_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let server = FileServer::start(0, mounts(dir.path())).unwrap();
        for (request, status) in [("POST / HTTP/1.1\r\n\r\n", "405"), ("what?\r\n\r\n", "400"), ("GET", "400")] {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {text}");
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
