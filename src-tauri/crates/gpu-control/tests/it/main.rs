//! The program as it is built, against a stand-in for the driver's library; and the tuner with it.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a panic here is the report

mod bench;
mod boards;
mod hold;
mod stand;
mod trials;
mod verbs;
