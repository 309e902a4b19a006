//! Stand-ins for tests: scripted chat server, file server, scripted engine, model files; a daemon that starts a server; a server that somebody else started; whoever checks a bundle; a server that says anything.

pub mod anything;
pub mod fake_nvml;
pub mod file_server;
pub mod fixtures;
pub mod gguf;
pub mod ollama;
pub mod scripted_chat;
pub mod theirs;
pub mod unpacked;
