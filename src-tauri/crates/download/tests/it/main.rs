//! Downloads against a small HTTP server on this machine that cuts, changes and refuses as it is told.

#![allow(clippy::unwrap_used)]

mod fetching;
mod full_disk;
mod resuming;
mod stand;
