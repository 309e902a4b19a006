//! A fake of a file server and of the model hub: real HTTP on a free port of this machine, one file, and faults
//! as they are told.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, stream};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What happens to one request for the file; without one it is answered as it should be.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// So many bytes come, then the connection is cut.
    Cut(usize),
    /// So many bytes come, then nothing for as long as the client stays.
    Silent(usize),
    /// A status without a file.
    Status(u16),
    /// A page for browsers, as a network shows it before somebody has signed in.
    Page,
}

/// What the server has and how it is.
#[derive(Debug)]
pub struct Shelf {
    /// Of every file, unless `others` has it.
    pub content: Vec<u8>,
    /// Of files by their names.
    pub others: HashMap<String, Vec<u8>>,
    /// What it calls the state of the file.
    pub etag: Option<&'static str>,
    /// Whether it serves parts.
    pub ranges: bool,
    /// Sends a part of the new file to whoever has a part of the old one.
    pub ignores_if_range: bool,
    /// What the hub names the file by: its SHA-256.
    pub linked: Option<String>,
    /// What happens to the next requests.
    pub faults: VecDeque<Fault>,
    /// Ranges that were asked for, one for each request for the file.
    pub asked: Vec<Option<String>>,
}

/// The server; gone when it is dropped.
#[derive(Debug)]
pub struct FileServer {
    /// Such as `http://127.0.0.1:40123`.
    pub address: String,
    shelf: Arc<Mutex<Shelf>>,
    task: JoinHandle<()>,
}

impl FileServer {
    /// One that has this file.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn with(content: &[u8]) -> std::io::Result<Self> {
        let shelf = Arc::new(Mutex::new(Shelf {
            content: content.to_vec(),
            others: HashMap::new(),
            etag: Some("\"first\""),
            ranges: true,
            ignores_if_range: false,
            linked: None,
            faults: VecDeque::new(),
            asked: Vec::new(),
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shelf));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            shelf,
            task,
        })
    }

    /// What it has, to look at and to change.
    pub fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds faults.
    pub fn faults(&self, faults: &[Fault]) {
        self.shelf().faults.extend(faults);
    }

    /// Ranges that were asked for so far.
    pub fn asked(&self) -> Vec<Option<String>> {
        self.shelf().asked.clone()
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shelf): State<Arc<Mutex<Shelf>>>, request: Request) -> Response {
    let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
    let path = request.uri().path().to_owned();
    let name = path.rsplit('/').next().unwrap_or_default();
    let content = shelf.others.get(name).unwrap_or(&shelf.content).clone();
    if path.contains("missing") {
        return StatusCode::NOT_FOUND.into_response();
    }
    // The hub tells what it knows, and hands over to another server.
    if path.contains("/resolve/") {
        let answer = Response::builder()
            .status(StatusCode::FOUND)
            .header(header::LOCATION, format!("/bytes/{name}"));
        let answer = match &shelf.linked {
            Some(linked) => answer
                .header("x-linked-etag", format!("\"{linked}\""))
                .header("x-linked-size", content.len()),
            None => answer,
        };
        return built(answer.body(Body::empty()));
    }
    match request.method() == Method::HEAD {
        true => StatusCode::OK.into_response(),
        false => file(&mut shelf, &content, request.headers()),
    }
}

fn built(answer: Result<Response, axum::http::Error>) -> Response {
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn file(shelf: &mut Shelf, content: &[u8], asked: &HeaderMap) -> Response {
    let text = |name: header::HeaderName| asked.get(name)?.to_str().ok();
    let range = text(header::RANGE);
    shelf.asked.push(range.map(str::to_owned));
    let fault = shelf.faults.pop_front();
    if let Some(Fault::Status(status)) = fault {
        return built(Response::builder().status(status).body(Body::empty()));
    }
    if matches!(fault, Some(Fault::Page)) {
        let page = "<!DOCTYPE html><html>Sign in first</html>";
        return ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    }
    let total = content.len();
    let unchanged = text(header::IF_RANGE).is_none_or(|tag| Some(tag) == shelf.etag);
    let from = range
        .filter(|_| shelf.ranges && (unchanged || shelf.ignores_if_range))
        .and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .trim_end_matches('-')
                .parse::<usize>()
                .ok()
        });
    let answer = match shelf.etag {
        Some(etag) => Response::builder().header(header::ETAG, etag),
        None => Response::builder(),
    };
    let answer = match from {
        None => answer,
        Some(from) if from >= total => {
            let answer = answer
                .status(StatusCode::RANGE_NOT_SATISFIABLE)
                .header(header::CONTENT_RANGE, format!("bytes */{total}"));
            return built(answer.body(Body::empty()));
        }
        Some(from) => answer.status(StatusCode::PARTIAL_CONTENT).header(
            header::CONTENT_RANGE,
            format!("bytes {from}-{}/{total}", total - 1),
        ),
    };
    let rest = content.get(from.unwrap_or(0)..).unwrap_or_default();
    let answer = answer.header(header::CONTENT_LENGTH, rest.len());
    built(answer.body(body(rest, fault)))
}

fn body(content: &[u8], fault: Option<Fault>) -> Body {
    let piece = |bytes: &[u8]| Ok::<_, std::io::Error>(Bytes::copy_from_slice(bytes));
    match fault {
        Some(Fault::Cut(bytes)) => {
            let cut = Err(std::io::Error::other("cut, as told"));
            Body::from_stream(
                stream::iter([piece(content.get(..bytes).unwrap_or(content)), cut]).then(slowly),
            )
        }
        Some(Fault::Silent(bytes)) => {
            let some = stream::iter([piece(content.get(..bytes).unwrap_or(content))]);
            Body::from_stream(some.chain(stream::pending()))
        }
        _ => Body::from(content.to_vec()),
    }
}

/// So that what came before a cut has left this machine.
async fn slowly<T>(piece: T) -> T {
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    piece
}
