//! Stand-ins for tests: scripted chat server, scripted engine.

pub mod fake_nvml;
pub mod fixtures;
pub mod scripted_chat;
