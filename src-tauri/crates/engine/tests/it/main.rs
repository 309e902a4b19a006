//! The engine room against the real llama-server and SmolLM2, and against fake engines that do what
//! a real one does only on bad days.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a panic here is the report

mod attached;
mod described;
mod drive;
mod every_knob;
mod failures;
mod lifecycle;
mod ollama;
mod outliving;
mod own_work;
mod picture_faults;
mod real_texts;
mod seeds;
mod setting;
mod texts;
