//! Sessions in SQLite: migrations, one writer, queries.
//!
//! The tuner stores every noun of `domain` here as soon as it changes and reads whole
//! [`SessionRecord`](wattsmith_domain::SessionRecord)s back. One thread owns the connection; the
//! async methods of [`Store`] send it work and await the answer, so that no disk is ever waited for
//! on the async runtime. When a method that writes returns `Ok`, the data is on disk.
//!
//! Each record is one JSON body beside the few columns that are searched by. API keys have no field
//! in any of them, and therefore cannot end up in the file.

mod backup;
mod body;
mod digests;
mod error;
mod open;
mod place;
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
