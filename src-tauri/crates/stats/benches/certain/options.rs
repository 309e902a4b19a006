//! What the bench is asked for.

use serde::Deserialize;
use wattsmith_stats::noise::WorkSlice;
use wattsmith_stats::{Rule, Spending, WITH_PRIOR, WITHOUT_PRIOR};

/// Seeds from here on are reported.
const REPORTED: u64 = 1_000_001;

/// What the bench is asked for.
pub struct Options {
    /// Sessions on the line for each row.
    pub sessions: u64,
    /// Confirmations and sessions of the other rows.
    pub plays: u64,
    /// The first seed.
    pub seed: u64,
    /// A recording to play on.
    pub recording: Option<Vec<WorkSlice>>,
    /// Length of its blocks, seconds.
    pub block_s: f64,
    /// Standard deviation of what launches bring, which a recording of one launch does not show.
    pub launch: f64,
    /// Whether a miss fails.
    pub check: bool,
    /// Whether whole sessions are left out.
    pub quick: bool,
    /// Only settings whose name begins so.
    pub only: String,
    spending: Option<Spending>,
}

/// Both rules.
pub struct Rules {
    /// The one with a prior; the tuner's own where no constants are tried.
    pub with: Option<Rule>,
    /// The one without.
    pub without: Option<Rule>,
}

#[derive(Deserialize)]
struct Slice {
    seconds: f64,
    joules: f64,
    units: f64,
}

impl Options {
    /// Reads the command line.
    pub fn of_args() -> Self {
        let args: Vec<String> = std::env::args().collect();
        let after = |name: &str| {
            let at = args.iter().position(|arg| arg == name)?;
            args.get(at + 1).cloned()
        };
        let number = |name: &str, usual: f64| {
            after(name).map_or(usual, |text| text.parse().expect("a number"))
        };
        let has = |name: &str| args.iter().any(|arg| arg == name);
        Self {
            sessions: number("--sessions", 2000.0) as u64,
            plays: number("--plays", 1000.0) as u64,
            seed: if has("--choose") { 1 } else { REPORTED },
            recording: after("--recording").map(|path| read(&path)),
            block_s: number("--block", 120.0),
            launch: number("--launch", 0.01),
            quick: has("--quick"),
            check: has("--check"),
            only: after("--only").unwrap_or_default(),
            spending: after("--rule").map(|words| changed(WITH_PRIOR, &words)),
        }
    }

    /// Both rules, the one with a prior as it is asked for.
    pub fn rules(&self) -> Rules {
        Rules {
            with: self.spending.map(Rule::new),
            without: Some(Rule::new(WITHOUT_PRIOR)),
        }
    }
}

fn read(path: &str) -> Vec<WorkSlice> {
    let text = std::fs::read_to_string(path).expect("the recording can be read");
    let slices: Vec<Slice> = serde_json::from_str(&text).expect("a list of slices");
    let as_work = |one: Slice| WorkSlice {
        seconds: one.seconds,
        joules: one.joules,
        units: one.units,
    };
    slices.into_iter().map(as_work).collect()
}

fn changed(mut spending: Spending, words: &str) -> Spending {
    for word in words.split(',').filter(|word| !word.is_empty()) {
        let (key, value) = word.split_once('=').expect("KEY=VALUE");
        let value: f64 = value.parse().expect("a number");
        match key {
            "first" => spending.first = value as u32,
            "usual" => spending.usual = value as u32,
            "most" => spending.most = value as u32,
            "give-up-from" => spending.give_up_from = value as u32,
            "least-chance" => spending.least_chance = value,
            "good-chance" => spending.good_chance = value,
            "session" => spending.session = value,
            "share" => spending.share = value,
            "power" => spending.power = value,
            "prior-windows" => spending.prior_windows = value,
            "doubt" => spending.doubt = value,
            _ => panic!("no such constant: {key}"),
        }
    }
    spending
}
