//! Sessions in SQLite: migrations, one writer, queries.
//!
//! The tuner stores every noun of `domain` here as soon as it changes and reads whole
//! [`SessionRecord`](wattsmith_domain::SessionRecord)s back. One thread owns the connection; the
//! async methods of [`Store`] send it work and await the answer, so that no disk is ever waited for
//! on the async runtime. When a method that writes returns `Ok`, the data is on disk.
//!
//! Each record is one JSON body beside the few columns that are searched by. API keys have no field
//! in any of them, and therefore cannot end up in the file.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | `store`, `writer` | the async face, and the thread that owns the connection |
//! | `open`, `place`, `space`, `error` | opening the file, where it lies, what room is left, what can go wrong |
//! | `schema`, `backup` | migrations that only ever add, and the copy before each |
//! | `records`, `body`, `digests` | nouns into tables and back; what a list shows of a session |
//! | `sampled`, `samples` | finished repeats with their power, thinned for the screen |
//! | `readings` | what energy counters told around a window, as it came |
//!
//! # The life of one value
//!
//! A finished [`Repeat`](wattsmith_domain::Repeat): [`Store`] sends it to the writer; `body` makes JSON of it,
//! `samples` a blob of its power, `sampled` writes both in one transaction. Once that is on disk the method
//! returns, and only then is anybody told.
//!
//! # Stopping
//!
//! [`Store::close`] waits for what is queued and folds the log in, so that the one file is whole. A killed
//! process loses nothing that was acknowledged: the next start finds the log.

mod backup;
mod body;
mod digests;
mod error;
mod open;
mod place;
mod readings;
mod records;
mod sampled;
mod samples;
mod schema;
mod space;
mod store;
mod writer;

pub use digests::Head;
pub use error::StoreError;
pub use open::StoreOptions;
pub use store::{Owner, Side, Store};
