//! The words of `turns` and `undo`: what two settings cost beside each other.

use super::setting;
use clap::Args;
use std::path::PathBuf;
use wattsmith_tuner::domain::{Configuration, Value};
use wattsmith_tuner::{TURNS_FOURS, TURNS_LAUNCHES, UNDO_MINUTES, WorkSize};

#[derive(Args)]
pub(crate) struct TurnsArgs {
    /// Inference server: a name that `wattsmith-cli servers` lists
    #[arg(long, default_value = "llama-server", value_name = "NAME")]
    pub engine: String,
    /// Model file (GGUF); when left out the one used last
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// A setting that one side changes; can be repeated
    #[arg(long = "set", required = true, value_name = "NAME=VALUE", value_parser = setting)]
    pub settings: Vec<(String, Value)>,
    /// Launches of both: the interval is never narrower than they vary
    #[arg(long, value_name = "N", default_value_t = TURNS_LAUNCHES)]
    pub launches: u32,
    /// Fours of slices (changed, default, default, changed) in each launch
    #[arg(long, value_name = "N", default_value_t = TURNS_FOURS)]
    pub fours: u32,
    /// Requests in a pass, for work of another size
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub requests: Option<u32>,
    /// Clients that send at the same time, likewise
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub concurrency: Option<u32>,
    /// Tokens of each answer, likewise
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub output_tokens: Option<u32>,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

impl TurnsArgs {
    /// What one side changes.
    pub(crate) fn changes(&self) -> Configuration {
        self.settings.iter().cloned().collect()
    }

    /// The size of the work.
    pub(crate) fn size(&self) -> WorkSize {
        WorkSize {
            requests: self.requests,
            concurrency: self.concurrency,
            output_tokens: self.output_tokens,
            arrivals: None,
        }
    }
}

#[derive(Args)]
pub(crate) struct UndoArgs {
    /// Session: its id, the start of its id, or `latest`
    pub session: String,
    /// Minutes that it may take; a winner whose changes were begun is gone on with. Settings without what may be
    /// dropped are measured and confirmed on top of that
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(
        i64::from(*UNDO_MINUTES.start())..=i64::from(*UNDO_MINUTES.end())
    ))]
    pub minutes: u32,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}
