//! Downloads against a small HTTP server on this machine that cuts, changes and refuses as it is told.

mod fetching;
mod full_disk;
mod resuming;
mod stand;
