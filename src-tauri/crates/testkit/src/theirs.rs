//! A server that somebody else started, and a tunnel to one: real processes, ended with their test.

use crate::ollama::StandIn;
use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A process of somebody else's that listens on a port.
#[derive(Debug)]
pub struct Theirs {
    /// The process.
    pub child: Child,
    /// Such as `http://127.0.0.1:40123`.
    pub url: String,
    /// Its port.
    pub port: u16,
    /// Whether it has something to end first.
    has_children: bool,
}

impl Drop for Theirs {
    fn drop(&mut self) {
        if self.has_children {
            let _ = Command::new("kill")
                .arg(self.child.id().to_string())
                .status();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(10)
                && matches!(self.child.try_wait(), Ok(None))
            {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Theirs {
    /// llama-server with these words besides, ready for work.
    ///
    /// # Errors
    /// It cannot be started, or is not ready within a minute.
    pub fn llama_server(binary: &Path, model: &Path, words: &[&str]) -> anyhow::Result<Self> {
        let port = free_port()?;
        let told = port.to_string();
        let mut command = Command::new(binary);
        command
            .arg("--model")
            .arg(model)
            .args(["--host", "127.0.0.1", "--port", &told])
            .args(["--no-webui", "--offline"])
            .args(words);
        Self::started(command, port)
    }

    /// A Python script that listens on the port in its first word and answers at `/health`.
    ///
    /// # Errors
    /// There is no Python, or it does not listen within a minute.
    pub fn script(script: &Path, words: &[&str]) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("python3");
        command.arg(script).arg(port.to_string()).args(words);
        Self::started(command, port)
    }

    /// A stand-in for Ollama's daemon, with variables of its own.
    ///
    /// # Errors
    /// There is no Python, or it does not listen within a minute.
    pub fn ollama(stand_in: &StandIn, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(&stand_in.program);
        command
            .arg("serve")
            .env("OLLAMA_HOST", format!("127.0.0.1:{port}"))
            .env("OLLAMA_MODELS", &stand_in.store)
            .envs(variables.iter().copied());
        let mut theirs = Self::started(command, port)?;
        theirs.has_children = true;
        Ok(theirs)
    }

    /// Passes on whatever comes to another port of this machine, as a tunnel does.
    ///
    /// # Errors
    /// There is no Python, or it does not listen within a minute.
    pub fn tunnel(to: u16) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("python3");
        let words: [&dyn AsRef<OsStr>; 4] = [&"-c", &TUNNEL, &port.to_string(), &to.to_string()];
        command.args(words.map(AsRef::as_ref));
        Self::started(command, port)
    }

    fn started(mut command: Command, port: u16) -> anyhow::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let theirs = Self {
            child: command.spawn()?,
            url: format!("http://127.0.0.1:{port}"),
            port,
            has_children: false,
        };
        let begun = Instant::now();
        while !theirs.is_healthy() {
            anyhow::ensure!(
                begun.elapsed() < Duration::from_secs(60),
                "somebody's server was never ready"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(theirs)
    }

    /// Whether it finds itself well.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")?;
            let mut head = [0; 15];
            stream.read_exact(&mut head)?;
            Ok(head.ends_with(b" 200 OK"))
        };
        ask().unwrap_or(false)
    }
}

const TUNNEL: &str = r"
import socket, sys, threading

def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))
while True:
    near, _ = listener.accept()
    far = socket.create_connection(('127.0.0.1', int(sys.argv[2])))
    for pair in ((near, far), (far, near)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
";

/// A port that nobody listens on now.
///
/// # Errors
/// There is none.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
