//! The server, with requests and restarts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn module() -> PathBuf {
    let folder = std::env::var_os("MOONWRIGHT_MODULES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../target/moonwright/test-modules"),
        PathBuf::from,
    );
    let path = folder.join("lua-5.4-bridge-standard.wasm");
    assert!(path.is_file(), "no module at {}: run `cargo xtask test`, which builds it", path.display());
    path
}

/// A server that runs; dropped, it is killed.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moonwright-server-example"));
        let mut child = command.arg(module()).arg(folder).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect(&line).to_owned();
        Server { child, address }
    }

    fn post(&self, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect(&answer);
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn every_user_has_a_state_that_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let count = "local n = 0; Memory.count = Memory.count or function() n = n + 1; return n end; return Memory.count()";
    {
        let server = Server::start(folder.path());
        assert_eq!(server.post("/ada", count), (200, "1\n".to_owned()));
        assert_eq!(server.post("/ada", count), (200, "2\n".to_owned()));
        assert_eq!(server.post("/bob", count), (200, "1\n".to_owned()));
        assert_eq!(server.post("/ada", "print('a', 1) return {} == nil"), (200, "a\t1\nfalse\n".to_owned()));
    }
    let server = Server::start(folder.path());
    assert_eq!(server.post("/ada", count), (200, "3\n".to_owned()));
    assert_eq!(server.post("/bob", "return Memory.count()"), (200, "2\n".to_owned()));
    assert_eq!(server.post("/eve", "return Memory.count"), (200, "nil\n".to_owned()));
}

#[test]
fn a_bad_script_is_the_users_own_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    for (code, expected) in [
        ("error('no')", "request:1: no"),
        ("x =", "unexpected symbol"),
        ("while true do end", "limit"),
        ("local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t end", "not enough memory"),
    ] {
        let (status, body) = server.post("/ada", code);
        assert!(status == 400 && body.contains(expected), "{code}: {status} {body}");
        assert_eq!(server.post("/ada", "return 6 * 7"), (200, "42\n".to_owned()), "after {code}");
        assert_eq!(server.post("/bob", "return 6 * 7"), (200, "42\n".to_owned()), "after {code}");
    }
    assert_eq!(server.post("/..%2Fada", "return 1").0, 404);
}
