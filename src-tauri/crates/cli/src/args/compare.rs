//! The words of `landscape` and `study`.

use super::{ConnectionArgs, LimitArgs, USUAL_WORKLOAD, WhatArgs};
use clap::Args;
use std::path::PathBuf;
use wattsmith_tuner::domain::Constraints;
use wattsmith_tuner::{FRESH, LandscapeWork, PictureChoice, WorkSize};

/// What is measured, and what varies.
#[derive(Args)]
pub(crate) struct SweptArgs {
    #[command(flatten)]
    pub what: WhatArgs,
    /// Shorter windows
    #[arg(long)]
    pub quick: bool,
    /// Parameters that vary, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub parameters: Vec<String>,
    /// Let settings vary that can change what the model answers
    #[arg(long)]
    pub allow_output_changes: bool,
    /// Name of the landscape that comes of it
    #[arg(long, default_value = "")]
    pub name: String,
}

impl SweptArgs {
    pub(crate) fn work(self, limits: &LimitArgs, seed: u64) -> LandscapeWork {
        LandscapeWork {
            name: self.name,
            engine: self.what.engine.clone(),
            pictures: self.what.pictures(),
            size: self.what.size(),
            start: self.what.start(),
            model: self.what.model,
            workload: self.what.workload,
            work_file: self.what.work_file,
            quick: self.quick,
            tuned: self.parameters,
            constraints: Constraints {
                quality_lock: !self.allow_output_changes,
                ..limits.constraints()
            },
            seed,
        }
    }

    /// Whether anything of it was said.
    pub(crate) fn is_said(&self) -> bool {
        let what = &self.what;
        what.model.is_some()
            || what.workload != USUAL_WORKLOAD
            || what.work_file.is_some()
            || what.size() != WorkSize::default()
            || what.pictures() != PictureChoice::default()
            || what.engine != "llama-server"
            || !what.settings.is_empty()
            || self.quick
            || !self.parameters.is_empty()
            || self.allow_output_changes
            || !self.name.is_empty()
    }
}

#[derive(Args)]
pub(crate) struct RecordArgs {
    /// Where the landscape goes; until it is whole its state lies beside it, in FILE.partial
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    #[command(flatten)]
    pub swept: SweptArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Configurations, spread evenly; the whole grid where it holds no more
    #[arg(long, default_value_t = 48, value_name = "N")]
    pub points: usize,
    /// Sweeps over all configurations
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub passes: u32,
    /// How many of the best get fresh repeats afterwards, beside the default
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub top: usize,
    /// Fresh repeats of each of them
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub fresh: u32,
    /// Seed of the choice and of the orders
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// A finished landscape of the same work whose sweep is taken over, for other limits: only the
    /// fresh repeats are measured
    #[arg(long, value_name = "FILE")]
    pub sweep_from: Option<PathBuf>,
    /// JSON lines while it runs, one JSON object at the end
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// The landscape
    pub file: PathBuf,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct StudyArgs {
    /// The landscape
    #[arg(long, value_name = "FILE", required_unless_present = "live")]
    pub landscape: Option<PathBuf>,
    /// Search the engine itself instead of a landscape. It takes hours; the same words go on where it
    /// was interrupted, and replay it once it is finished
    #[arg(long, conflicts_with = "landscape")]
    pub live: bool,
    /// Who is compared, separated by commas; the first is held against the others. Besides the
    /// advisors there is guided-blind, which picks from the surrogate's short list at random, and
    /// seeded, which a chat model opens with three proposals before the surrogate goes on from all of
    /// them. seeded, enhanced, baseline and guided ask a chat model: say how with --connection
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAMES",
        default_value = "surrogate,guided-blind,gp,tpe,rule,sobol,random",
        default_value_if("live", "true", "surrogate,tpe,sobol")
    )]
    pub advisors: Vec<String>,
    /// Shares of the turns that a chat model has, in per cent and separated by commas, such as
    /// 0,25,50,100: an arm each (llm-25 …), in which the surrogate has the other turns and both know every
    /// figure
    #[arg(long, value_delimiter = ',', value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(0..=100))]
    pub llm_share: Vec<u64>,
    /// Take the names, the words and the order of the knobs away before anybody is asked, so that nobody
    /// finds by what is known of servers what should be found from the trials
    #[arg(long, requires = "landscape", conflicts_with = "memory_from")]
    pub masked: bool,
    /// Other landscapes, which arms called NAME+memory know as if earlier sessions had swept them; one
    /// of the same model at the same work would give the answer away and does not count
    #[arg(long, value_delimiter = ',', value_name = "FILES")]
    pub memory_from: Vec<PathBuf>,
    /// What a person says between the trials, to every run of arms called NAME+notes, such as
    /// enhanced+notes: [[note]]s with after (a trial's number, the default is 1) and text, in TOML
    #[arg(long, value_name = "FILE")]
    pub notes: Option<PathBuf>,
    /// Independent runs of each; 3 with --live
    #[arg(long, default_value_t = 100, default_value_if("live", "true", "3"), value_parser = clap::value_parser!(u64).range(2..=100_000))]
    pub seeds: u64,
    /// Trials after the default; 8 with --live
    #[arg(long, default_value_t = 20, default_value_if("live", "true", "8"), value_parser = clap::value_parser!(u32).range(2..=500))]
    pub budget: u32,
    /// Windows per trial
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub repeats: u32,
    /// Goal in per cent below the default
    #[arg(long, default_value_t = 10.0, value_name = "PERCENT")]
    pub below: f64,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Folder for study.json, study.csv and study.html, with --live for landscape.json, too
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub reached: ConnectionArgs,
    /// Every prompt with its reply; a study goes on from it, and without --connection replays it.
    /// exchanges.jsonl in the folder when left out
    #[arg(long, value_name = "FILE")]
    pub exchanges: Option<PathBuf>,
    /// Replay the recording and write it again with what each prompt was made of and how its reply was
    /// read: then it can be replayed although prompts are worded otherwise
    #[arg(long, requires = "landscape", requires = "exchanges", conflicts_with_all = ["live", "connection"])]
    pub complete_recording: bool,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
    /// Fresh repeats of the default and of everything that was recommended, which fix its truth
    #[arg(long, default_value_t = FRESH, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=20), help_heading = "With --live")]
    pub fresh: u32,
    #[command(flatten, next_help_heading = "With --live")]
    pub swept: SweptArgs,
}
