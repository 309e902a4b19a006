//! The words of the command line.

mod compare;
mod effect;
mod settings;
mod size;
mod turns;

pub(crate) use compare::{RecordArgs, ShowArgs, StudyArgs};
pub(crate) use effect::{wants_json, without_effect};
pub(crate) use settings::{SettingsArgs, SettingsCommand};
pub(crate) use size::SizeArgs;
pub(crate) use turns::{TurnsArgs, UndoArgs};

use clap::{Args, Parser, Subcommand};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use wattsmith_tuner::domain::{
    Advisor, Busy, Configuration, Constraints, Threshold, USUAL_WAIT_S, Value,
};
use wattsmith_tuner::{Format, NOISE_SECONDS, PictureChoice, SessionPlan, WorkSize};

/// The work of which sessions are made where nothing else is said.
const USUAL_WORKLOAD: &str = "chat";

/// Lowers the energy that model inference costs on this machine.
#[derive(Parser)]
#[command(name = "wattsmith-cli", version)]
pub(crate) struct Cli {
    /// Folder for database, reports and templates
    #[arg(long, global = true, env = "WATTSMITH_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// A measuring lock of one's own instead of the machine's, for tests and stand-ins: every figure says
    /// that exclusion was overridden
    #[arg(
        long,
        global = true,
        hide = true,
        env = "WATTSMITH_LOCK",
        value_name = "FILE"
    )]
    pub lock: Option<PathBuf>,
    /// A folder with models of your own; can be repeated. WATTSMITH_MODELS names folders, too, separated by
    /// colons
    #[arg(long = "models-folder", global = true, value_name = "DIR")]
    pub models_folders: Vec<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// What can be measured on this machine, what not and why
    Doctor(DoctorArgs),
    /// Measure one configuration
    Trial(TrialArgs),
    /// Tune until energy per token is below a threshold
    Tune(Box<TuneArgs>),
    /// Compare one setting with the default while both are loaded, in short slices taken in turns
    Turns(TurnsArgs),
    /// Undo each change of a session's confirmed winner by itself: which of them earned it
    Undo(UndoArgs),
    /// Tables of measured configurations, to compare advisors on
    #[command(subcommand)]
    Landscape(LandscapeCommand),
    /// Ask the session's chat LLM anything
    Say(SayArgs),
    /// Compare advisors on a landscape, on equal terms
    Study(Box<StudyArgs>),
    /// Stored sessions
    Sessions(SessionsArgs),
    /// What is in a file of your own prompts or chats, and what is wrong with it
    Work(WorkFileArgs),
    /// Models on this machine, and those that can be fetched
    Models(ModelsArgs),
    /// Servers that can be started here, and those that run already
    Servers(ServersArgs),
    /// Write a session's report
    Report(ReportArgs),
    /// Meters of your own: plugs, programs, files, queries; and calibration of the estimate
    #[command(subcommand)]
    Meters(MetersCommand),
    /// What a kilowatt hour costs and emits, answers a day, units, colours, folders of models
    Settings(SettingsArgs),
}

#[derive(Subcommand)]
pub(crate) enum MetersCommand {
    /// All of them, and whether they answer
    List(JsonArgs),
    /// Add a meter, or change the one of this name, and read it
    Add(Box<MeterAddArgs>),
    /// Read a meter for 3 s, and list what its device measures
    Test(MeterNameArgs),
    /// Take a meter out
    Remove(MeterNameArgs),
    /// Say which of a device's two readers stands, where they contradict each other
    Reader(MeterReaderArgs),
    /// Fit what CPU time costs on this machine against the best meter that answers
    Calibrate(CalibrateArgs),
}

#[derive(Args)]
pub(crate) struct MeterNameArgs {
    /// Name of the meter
    pub name: String,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct MeterReaderArgs {
    /// The device, or a part of its name that no other has; all of them are listed without it
    pub device: Option<String>,
    /// counter or power; for a meter of your own beside another sensor own or built-in; open leaves
    /// it open again
    #[arg(requires = "device")]
    pub reader: Option<String>,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct CalibrateArgs {
    /// How long it takes, in all
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(24..=3600))]
    pub seconds: u64,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct MeterAddArgs {
    /// Name of the meter, such as plug-desk
    pub name: String,
    /// shelly1, shelly2, tasmota, command, csv or prometheus
    #[arg(long)]
    pub kind: String,
    /// Address of a plug or a Prometheus server, such as http://192.168.1.20
    #[arg(long)]
    pub url: Option<String>,
    /// Which socket, clamp or phase of a device, or which number of a program, from 0
    #[arg(long, value_name = "N", visible_alias = "switch")]
    pub channel: Option<u32>,
    /// Which component of a device, as `meters test` lists them, such as em1:0
    #[arg(long, value_name = "NAME")]
    pub component: Option<String>,
    /// All channels or numbers added: together they are what is measured
    #[arg(long)]
    pub sum: bool,
    /// A negative power is what is drawn, as with a clamp that is the wrong way round
    #[arg(long)]
    pub flip: bool,
    /// CSV file to which another meter adds lines
    #[arg(long, value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Column of the value: its name, or its number from 1
    #[arg(long)]
    pub column: Option<String>,
    /// What separates columns; a comma when left out
    #[arg(long, value_name = "CHAR")]
    pub separator: Option<char>,
    /// What stands before the decimals in a file, where its numbers leave that open: point or comma
    #[arg(long)]
    pub decimal: Option<String>,
    /// Prometheus query that gives one number, such as
    /// `sum(max by (UUID) (DCGM_FI_DEV_POWER_USAGE))`: several series of one GPU are one GPU
    #[arg(long)]
    pub query: Option<String>,
    /// Whether the command prints a line per value (stream) or ends after one (once)
    #[arg(long)]
    pub mode: Option<String>,
    /// watts, milliwatts, joules, millijoules, microjoules, watt-hours or kilowatt-hours
    #[arg(long)]
    pub unit: Option<String>,
    /// gpu-board, gpu-package (its chip alone), cpu-package, gpu-and-cpu, platform, battery or wall
    #[arg(long)]
    pub scope: Option<String>,
    /// Systematic error as a fraction, such as 0.03
    #[arg(long, value_name = "FRACTION")]
    pub error: Option<f64>,
    /// main makes the figure, beside stands beside it
    #[arg(long)]
    pub role: Option<String>,
    /// Seconds between two of its values, where they are not usual
    #[arg(long, value_name = "S")]
    pub period: Option<f64>,
    /// Seconds that each value is the mean of, where it is no power of the moment
    #[arg(long, value_name = "S")]
    pub averaging: Option<f64>,
    /// The machine that it measures, as you call it, where that is not this one: it counts for servers
    /// that run there (`--attach`), and for nothing else
    #[arg(long, value_name = "NAME")]
    pub machine: Option<String>,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
    /// Program and arguments of a command meter, after --
    #[arg(last = true, value_name = "PROGRAM")]
    pub argv: Vec<String>,
}

#[derive(Args)]
pub(crate) struct JsonArgs {
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ModelsArgs {
    #[command(flatten)]
    pub listed: JsonArgs,
    #[command(subcommand)]
    pub of: Option<OfModels>,
}

#[derive(Subcommand)]
pub(crate) enum OfModels {
    /// Fetch a model into the data folder; what an earlier download left is gone on with
    Fetch(FetchArgs),
}

#[derive(Args)]
pub(crate) struct FetchArgs {
    /// A name that `wattsmith-cli models` lists, OWNER/REPOSITORY/FILE.gguf of the model hub (HF_ENDPOINT
    /// names another one), or an address
    #[arg(value_name = "NAME|OWNER/REPOSITORY/FILE|URL")]
    pub what: String,
    /// What the file has to be, where you know it; what the hub tells of its own files is checked anyway
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<String>,
    /// JSON lines instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct ServersArgs {
    /// Give the server at this address one window of work and tell times and tokens, where nobody knows
    /// its energy
    #[arg(long, value_name = "URL")]
    pub time: Option<String>,
    /// The work for that
    #[arg(long, default_value = USUAL_WORKLOAD, requires = "time")]
    pub workload: String,
    #[command(flatten)]
    pub size: SizeArgs,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct WorkFileArgs {
    /// The file, JSONL or CSV
    pub file: PathBuf,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// Watch every counter anew and at length, whatever earlier starts kept of it
    #[arg(long)]
    pub fresh: bool,
    /// Record how much figures vary here, over which times: one run of the engine, then three launches
    #[arg(long)]
    pub noise: bool,
    /// Length of that run
    #[arg(long, requires = "noise", value_name = "N", default_value_t = NOISE_SECONDS)]
    pub seconds: f64,
    /// Engine of that run; as in a new session when left out
    #[arg(
        long,
        requires = "noise",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub engine: String,
    /// Model of that run
    #[arg(long, requires = "noise", value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Also write the slices of that run to a CSV file
    #[arg(long, requires = "noise", value_name = "FILE")]
    pub slices: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SessionsArgs {
    #[command(flatten)]
    pub listed: JsonArgs,
    #[command(subcommand)]
    pub of: Option<OfSession>,
}

#[derive(Subcommand)]
pub(crate) enum OfSession {
    /// What the human added to a session, as JSON: `tune --ledger` does the same in another one
    Ledger {
        /// Session: its id, the start of its id, or `latest`
        session: String,
        /// Where to; standard output when left out
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write one session into a file, with the power of every window: for another machine or person
    Export {
        /// Session: its id, the start of its id, or `latest`
        session: String,
        /// Where to
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// Take a session in from such a file. It comes as ended, and with nothing agreed to
    Import {
        /// The file
        file: PathBuf,
        /// Only to look at: nothing is measured in it here, no session learns from it, and it stands beside
        /// none
        #[arg(long)]
        example: bool,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// How often what was expected of trials and sessions held
    Forecasts(JsonArgs),
    /// Write all that is stored into a new file, whole by itself, also while Wattsmith runs
    Backup {
        /// Where to; no file that is there is overwritten
        file: PathBuf,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
}

/// What work is done by what, wherever something is measured.
#[derive(Args)]
pub(crate) struct WhatArgs {
    /// Inference server: a name that `wattsmith-cli servers` lists, or a file that describes one
    /// (docs/engines.md)
    #[arg(long, default_value = "llama-server", value_name = "NAME|FILE")]
    pub engine: String,
    /// Measure a server that runs already, at this address: nothing of it is started, ended or changed
    #[arg(long, value_name = "URL", conflicts_with_all = ["engine", "model"])]
    pub attach: Option<String>,
    /// Where that server runs, when it cannot be found out: `here`, or the name of a machine to which a
    /// meter was assigned (`meters add --machine`)
    #[arg(long, value_name = "NAME", requires = "attach")]
    pub runs_on: Option<String>,
    /// Model file (GGUF, part 1 of a set); when left out the one used last, else the one that
    /// Wattsmith brings. For pictures a pipeline's folder, a safetensors file, or `tiny` with diffusers:
    /// a tiny one with random weights
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Workload: chat, single, code, long or batch; of pictures pictures or pictures-small
    #[arg(long, default_value = USUAL_WORKLOAD)]
    pub workload: String,
    /// A file of your own prompts or chats in place of a workload, JSONL or CSV; `work FILE` shows what
    /// is in it
    #[arg(long = "work", value_name = "FILE", conflicts_with = "workload")]
    pub work_file: Option<PathBuf>,
    #[command(flatten)]
    size: SizeArgs,
    /// A prompt for pictures in place of the workload's; can be repeated
    #[arg(long = "prompt", value_name = "TEXT")]
    pub prompts: Vec<String>,
    /// Seeds of each prompt's pictures, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "SEEDS")]
    pub picture_seeds: Vec<u32>,
    /// Size of pictures, such as 512x512
    #[arg(long, value_name = "WxH", value_parser = picture_size)]
    pub picture_size: Option<(u32, u32)>,
    /// Sampler of pictures by the server's name; when left out the model's own
    #[arg(long, value_name = "NAME")]
    pub sampler: Option<String>,
    /// A setting that differs from the default; can be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    pub settings: Vec<(String, Value)>,
}

impl WhatArgs {
    pub(crate) fn start(&self) -> Configuration {
        self.settings.iter().cloned().collect()
    }

    pub(crate) fn pictures(&self) -> PictureChoice {
        PictureChoice {
            prompts: self.prompts.clone(),
            seeds: self.picture_seeds.clone(),
            size: self.picture_size,
            sampler: self.sampler.clone(),
        }
    }

    pub(crate) fn size(&self) -> WorkSize {
        self.size.size()
    }
}

/// What is measured, for `trial` and `tune` alike.
#[derive(Args)]
pub(crate) struct WorkArgs {
    #[command(flatten)]
    pub what: WhatArgs,
    /// A small model of the same vocabulary that drafts for it (llama-server): adds speculation
    /// draft-simple and draft-tokens to what may be set
    #[arg(long, value_name = "FILE", conflicts_with = "attach")]
    pub draft_model: Option<PathBuf>,
    /// Start from what the server would choose by itself (llama-server: --fit on): it is started once
    /// without any setting, and what it says it uses is the default here
    #[arg(long, conflicts_with = "attach")]
    pub server_chooses: bool,
    /// Just so many measured windows per configuration; when left out 3, in a search fewer or more
    /// where that is enough or worth it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub repeats: Option<u32>,
    /// Keep windows that other load or the like disturbed, instead of measuring them again
    #[arg(long)]
    pub keep_disturbed: bool,
    /// Where other programs keep the machine busy before the first window: ask, wait (a minute at
    /// most; wait:300 for 300 s), measure all the same, or fail. When left out, a person at a terminal
    /// is asked, and everybody else waits
    #[arg(long, value_name = "WHAT", env = "WATTSMITH_BUSY")]
    pub busy: Option<Busy>,
    /// Shorter windows: sooner, less certain
    #[arg(long)]
    pub quick: bool,
    /// JSON lines while it runs, one JSON object at the end
    #[arg(long)]
    pub json: bool,
}

impl WorkArgs {
    /// What to do on a busy machine. `asks` says whether the command asks the person anything; nobody
    /// can be asked where the words go to a program.
    pub(crate) fn on_busy(&self, asks: bool) -> Busy {
        let person =
            asks && !self.json && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let wait = Busy::Wait {
            at_most_s: USUAL_WAIT_S,
        };
        match self.busy {
            // Nobody is there to answer.
            Some(Busy::Ask) if !person => wait,
            Some(busy) => busy,
            None if person => Busy::Ask,
            None => wait,
        }
    }

    /// Windows per configuration.
    pub(crate) fn repeats(&self) -> u32 {
        self.repeats
            .unwrap_or_else(|| SessionPlan::default().repeats)
    }
}

#[derive(Args)]
pub(crate) struct TrialArgs {
    #[command(flatten)]
    pub work: WorkArgs,
    /// Allow --set gpu-power-limit=W and gpu-clock-lock=MHZ: asks for an administrator's password,
    /// holds for the whole machine while the trial runs, and is put back afterwards
    #[arg(long)]
    pub allow_gpu_control: bool,
}

#[derive(Args)]
pub(crate) struct TuneArgs {
    #[command(flatten)]
    pub work: WorkArgs,
    /// Who proposes: enhanced, baseline, guided, surrogate, rule, sobol, random, tpe or gp
    #[arg(long, default_value = "guided")]
    pub advisor: Advisor,
    #[command(flatten)]
    pub reached: ConnectionArgs,
    /// Stop at 10% below the default, or at 0.25J per token or image
    #[arg(long, default_value = "10%")]
    pub threshold: Threshold,
    /// Trials after the default, 8 when left out; with --session of a session that has ended, as many
    /// more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    pub budget: Option<u32>,
    /// Go on without asking
    #[arg(long)]
    pub auto: bool,
    /// Parameters to tune, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub parameters: Vec<String>,
    /// Also tune the GPU's power limit and clock: asks for an administrator's password, holds for
    /// the whole machine while a trial runs, and is put back afterwards
    #[arg(long)]
    pub tune_gpu: bool,
    /// Least output tokens per second, or images per second
    #[arg(long, value_name = "N", visible_alias = "min-images-per-second")]
    pub min_tokens_per_second: Option<f64>,
    /// Greatest time to first token, or to a request's pictures (95th percentile), seconds
    #[arg(long, value_name = "S", visible_alias = "max-time-to-pictures")]
    pub max_time_to_first_token: Option<f64>,
    /// Allow settings that can change what the model answers, or its pictures
    #[arg(long)]
    pub allow_output_changes: bool,
    /// Least likeness of every picture to the default's of the same seed, PSNR in dB; 29 when left
    /// out, 0 for no limit
    #[arg(long, value_name = "DB")]
    pub min_likeness: Option<f64>,
    /// Least share of the first tokens of greedy answers that are the same as the default's, such as 0.9: with
    /// --allow-output-changes, settings that say less alike are given up
    #[arg(long, value_name = "SHARE")]
    pub min_same_tokens: Option<f64>,
    /// Go on with a stored session instead of a new one
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// Do what the human did in another session, at the same points (see `sessions ledger`)
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Start without what earlier sessions on this machine taught
    #[arg(long)]
    pub no_memory: bool,
    /// Name of the session
    #[arg(long, default_value = "")]
    pub name: String,
    /// Seed of every random choice
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write the report here when it ends (html, csv, json or md by its suffix)
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum LandscapeCommand {
    /// Sweep an engine; goes on where an earlier call was interrupted
    Record(Box<RecordArgs>),
    /// What a landscape is like
    Show(ShowArgs),
}

/// Limits that a configuration has to keep.
#[derive(Args)]
pub(crate) struct LimitArgs {
    /// Least output tokens per second, or images per second
    #[arg(long, value_name = "N", visible_alias = "min-images-per-second")]
    pub min_tokens_per_second: Option<f64>,
    /// Greatest time to first token, or to a request's pictures (95th percentile), seconds
    #[arg(long, value_name = "S", visible_alias = "max-time-to-pictures")]
    pub max_time_to_first_token: Option<f64>,
}

impl LimitArgs {
    pub(crate) fn constraints(&self) -> Constraints {
        self.over(Constraints::default())
    }

    /// These limits where they are given, else those of `file`.
    pub(crate) fn over(&self, file: Constraints) -> Constraints {
        file.with_limits(self.min_tokens_per_second, self.max_time_to_first_token)
    }
}

/// How the chat LLM is reached, for `tune` and `say` alike.
#[derive(Args)]
pub(crate) struct ConnectionArgs {
    /// How the chat LLM is reached: local, local:FILE, openai:MODEL, anthropic:MODEL, gemini:MODEL,
    /// ollama:MODEL or paste; with --session the session goes on by it
    #[arg(long, value_name = "HOW")]
    pub connection: Option<String>,
    /// Server of that connection, where it is not the provider's usual one. Its key is read from
    /// WATTSMITH_API_KEY, or from OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, OLLAMA_API_KEY
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Agree that prompts go to that server
    #[arg(long)]
    pub agree: bool,
    /// Price of a million tokens of prompts; unknown when left out
    #[arg(long, value_name = "AMOUNT", requires = "price_out")]
    pub price_in: Option<f64>,
    /// Price of a million tokens of replies
    #[arg(long, value_name = "AMOUNT", requires = "price_in")]
    pub price_out: Option<f64>,
    /// Most that all prompts and replies of the session may cost, in the currency of the prices
    #[arg(long, value_name = "AMOUNT")]
    pub spending_cap: Option<f64>,
}

#[derive(Args)]
pub(crate) struct SayArgs {
    /// Session: its id, the start of its id, or `latest`
    pub session: String,
    /// What to ask
    #[arg(required = true, num_args = 1..)]
    pub text: Vec<String>,
    #[command(flatten)]
    pub reached: ConnectionArgs,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct ReportArgs {
    /// Session: its id, the start of its id, or `latest`
    pub session: String,
    /// html, pdf, csv, json, md, svg (a file for each chart), or bundle: a .tar with every sample and a program
    /// that works the joules out again. Or the settings that were found, as command, systemd, compose, preset
    /// (llama-server), modelfile (Ollama) or vllm
    #[arg(long, default_value = "html")]
    pub format: Format,
    /// Where to; into the data folder when left out. With svg what each file's name begins with
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Tell paths in your home as they are; otherwise the home is ~
    #[arg(long)]
    pub with_paths: bool,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Reads `512x384`.
fn picture_size(text: &str) -> Result<(u32, u32), String> {
    let size = text.split_once(['x', 'X', '×']);
    let size = size.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    size.ok_or_else(|| format!("{text:?} is no size; write it like 512x512"))
}

/// Reads `threads=2`. What the value means is the parameter's matter.
fn setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(|| format!("{text:?} is no setting; write it like threads=2"))?;
    Ok((name.to_owned(), Value::Choice(value.to_owned())))
}
