//! The room through its public face, against real servers on this machine.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod connection;
mod contradictions;
mod generated;
mod keyring;
mod local_model;
mod prompts;
mod providers;
mod replies;
mod schemas;
mod seeds;
mod shapes;
mod space;
