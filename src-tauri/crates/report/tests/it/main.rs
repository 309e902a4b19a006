//! Reports of whole sessions, as they are read.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a panic here is the report

mod bundle;
mod charts;
mod gain;
mod handed_over;
mod homes;
mod page;
mod paper;
mod texts;
mod verdicts;
