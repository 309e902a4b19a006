//! A server on the loopback address that answers whatever it is asked with the same bytes, and the seeds that
//! fuzzers begin with, for whoever feeds them to a reader.
#![expect(
    clippy::expect_used,
    reason = "a test whose seeds are not there has failed"
)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest request that is read.
const MOST: u64 = 1 << 20;

/// The server; its thread ends with the process.
#[derive(Debug)]
pub struct Anything {
    /// Such as `http://127.0.0.1:40123`.
    pub url: String,
    body: Arc<Mutex<Vec<u8>>>,
}

impl Anything {
    /// A server that says nothing yet.
    ///
    /// # Errors
    /// No port is to be had.
    pub fn new() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let body: Arc<Mutex<Vec<u8>>> = Arc::default();
        let said = Arc::clone(&body);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let body = said.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // Who hangs up has heard enough.
                let _ = answer(&stream, &body);
            }
        });
        Ok(Self { url, body })
    }

    /// From now on it says this.
    pub fn says(&self, body: &[u8]) {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = body.to_vec();
    }
}

fn answer(mut stream: &TcpStream, body: &[u8]) -> io::Result<()> {
    let mut request = BufReader::new(stream.take(MOST));
    let mut length = 0;
    loop {
        let mut line = String::new();
        if request.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    io::copy(&mut request.take(length), &mut io::sink())?;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

/// Gives every seed of a target to `taken`, which says whether its reader took it. The name of a seed says
/// what is right: `taken-…` or `refused-…`. Gives how many there are.
///
/// # Panics
/// There are none, one has another name, or a reader does what is not right.
pub fn seeds_are_read_as_they_should(target: &str, mut taken: impl FnMut(&[u8]) -> bool) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../fuzz/seeds")
        .join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of the seeds")
        .map(|entry| entry.expect("an entry of the folder").path())
        .collect();
    files.sort();
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let right = match name.split_once('-').map(|(begin, _)| begin) {
            Some("taken") => true,
            Some("refused") => false,
            _ => panic!("{name} says neither taken- nor refused-"),
        };
        let bytes = std::fs::read(file).expect("a seed");
        assert_eq!(taken(&bytes), right, "{target}/{name}");
    }
    assert!(!files.is_empty(), "{target} has no seeds");
    files.len()
}
