//! The use cases with everything real but the sensors and, mostly, the chat: engine, model, store,
//! HTTP. Windows are made as short as they can be; what they measure is no figure to trust, and no
//! test does.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a panic here is the report

mod advise;
mod answering;
mod asking;
mod attaching;
mod bench;
mod checking;
mod confirming;
mod connecting;
mod disturbed;
mod doubting;
mod downloading;
mod example;
mod failing;
mod guiding;
mod handing_over;
mod hearing;
mod keeping_ledger;
mod keeping_studies;
mod looping;
mod models;
mod named_models;
mod next;
mod noising;
mod own_work;
mod picturing;
mod planning;
mod plug;
mod real_engines;
mod rebasing;
mod remembering;
mod replaying;
mod reporting;
mod seeds;
mod sensing;
mod settling;
mod speaking;
mod starting;
mod storing;
mod studying;
mod studying_live;
mod talking;
mod talking_beside;
mod turning;
mod undoing;
