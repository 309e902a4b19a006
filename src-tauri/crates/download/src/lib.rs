//! Large files from the network: asked for by name, resumed where they were cut off, checked, and given their
//! name only when they are whole. This room knows files and bytes; what a model is, others know.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | `source` | what a person names: a file of the model hub, or an address |
//! | `hub` | what the hub tells of a file before it is fetched: size and SHA-256 |
//! | `client` | how servers are asked: patience, redirects, words for what went wrong |
//! | `fetch` | the life of one download |
//! | `pull` | one answer of a server, written to the end of what is there |
//! | `part` | the file that grows, and the note beside it that says of which file it is a part |
//! | `pace` | how fast, and how long to go |
//! | `check` | SHA-256 of what is there |
//!
//! # The life of one download
//!
//! `NAME.part` is held, so that nobody else fetches it at the same time. The hub is asked for size and hash, where
//! nobody gave one. What is there already is gone on with by `Range` and `If-Range`, so that parts of two
//! different files are never glued together; a server without ranges begins again. A cut or silent connection
//! is taken up again a few times. Then all of it is read back for its SHA-256, and [`Whole`] waits for its name:
//! the caller looks at it first.
//!
//! # Stopping
//!
//! A cancelled download writes what has come and returns; `NAME.part` and its note stay, and the next one goes on
//! there. The same holds for a process that is killed.

mod check;
mod client;
mod error;
mod fetch;
mod hub;
mod pace;
mod part;
mod pull;
mod source;

pub use check::{is_sha256, sha256_of};
pub use client::Patience;
pub use error::DownloadError;
pub use fetch::{Download, Fetch, Fetched, Order, Whole};
pub use hub::Hub;
pub use pace::{Progress, Stage};
pub use part::{free_space, part_of, waiting};
pub use source::Source;
