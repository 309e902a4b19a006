//! Races advisors on the invented landscapes, as a study does: every one is judged by the truth of
//! what it would recommend from its own noisy figures. Prints the mean regret after some budgets in
//! per cent of the default's J/unit, the mean number of trials to within 5 % of the best (21 where
//! there is none), and how far ours may lie above `tpe` and `gp`: the greatest of the simultaneous
//! 95 % upper bounds of the difference at all budgets from 2 to 20. Then, after five trials, what the
//! recommendation and the lowest figure save, in per cent of what the best of the tried ones does.
//!
//! `cargo run --release -p wattsmith-search --example race -- SEEDS FIRST LAST`, with the first and
//! the last instance of each landscape.

use std::collections::BTreeSet;
use wattsmith_domain::{Advisor, Configuration};
use wattsmith_search::{
    Context, Landscape, MOST_ENTRIES, NumericAdvisor, Observation, Pool, Replay, SplitMix,
    Standing, Surrogate, Verdict, advisor, standings, synthetic,
};
use wattsmith_stats::simultaneous_upper;

const BUDGET: usize = 20;
/// Budget from which on ours are held against the others.
const FROM: usize = 2;
const SHOWN: [usize; 11] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20];
const OURS: [&str; 2] = ["surrogate", "guided-blind"];
const OTHERS: [&str; 4] = ["tpe", "gp", "sobol", "random"];
/// Trials after which recommendations are held against what they could have been.
const EARLY: usize = 5;
const REPEATS: u32 = 3;
const RESAMPLES: usize = 2000;

type Make = fn(u64) -> Landscape;
const LANDSCAPES: [(&str, Make); 4] = [
    ("waiting line", synthetic::waiting_line),
    ("in a hurry", synthetic::in_a_hurry),
    ("contrary", synthetic::contrary),
    ("rugged", synthetic::rugged),
];

fn main() {
    let mut words = std::env::args().skip(1).filter_map(|one| one.parse().ok());
    let mut number = |otherwise: u64| words.next().unwrap_or(otherwise);
    let (seeds, first, last) = (number(100), number(1), number(5));
    println!("regret in % after {SHOWN:?}");
    for (name, make) in LANDSCAPES {
        let arms = OURS.iter().chain(&OTHERS);
        let mut all: Vec<Races> = arms.map(|arm| Races::new(arm)).collect();
        for instance in first..=last {
            let landscape = make(instance);
            let here: Vec<Races> = all
                .iter()
                .map(|races| Races::held(&landscape, races.arm, seeds))
                .collect();
            println!("{name} {instance}: {}", bounds(&here).join(", "));
            for (all, here) in all.iter_mut().zip(here) {
                all.runs.extend(here.runs);
            }
        }
        println!("{name}, all: {}", bounds(&all).join(", "));
        for races in &all {
            println!("{races}");
        }
    }
}

/// How one arm fared, run by run.
struct Races {
    arm: &'static str,
    runs: Vec<Run>,
}

/// What is kept of a run.
pub struct Run {
    /// After the default, then after each trial, as a share of the default's J/unit.
    pub regrets: Vec<f64>,
    /// Trials to within 5 % of the best.
    pub to_good: f64,
    /// Savings after [`EARLY`] trials, as shares of the default's J/unit: of the best that was tried, of
    /// what is recommended, and of the lowest figure that keeps the limits.
    pub early: [f64; 3],
}

impl Races {
    fn new(arm: &'static str) -> Self {
        let runs = Vec::new();
        Self { arm, runs }
    }

    fn held(landscape: &Landscape, arm: &'static str, seeds: u64) -> Self {
        let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let runs = std::thread::scope(|scope| {
            let part = |worker| {
                let own = (0..seeds).filter(move |seed| seed % workers == worker);
                scope.spawn(move || -> Vec<Run> {
                    own.filter_map(|seed| run(landscape, arm, seed)).collect()
                })
            };
            let parts: Vec<_> = (0..workers).map(part).collect();
            let done = parts.into_iter().filter_map(|part| part.join().ok());
            done.flatten().collect()
        });
        Self { arm, runs }
    }

    fn mean(&self, of: impl Fn(&Run) -> f64) -> f64 {
        self.runs.iter().map(of).sum::<f64>() / self.runs.len() as f64
    }
}

impl std::fmt::Display for Races {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = SHOWN.map(|at| format!("{:5.1}", self.mean(|run| run.regrets[at]) * 100.0));
        let to_good = self.mean(|run| run.to_good);
        let ceiling = self.mean(|run| run.early[0]);
        let share = |at: usize| 100.0 * self.mean(|run| run.early[at]) / ceiling;
        write!(
            f,
            "  {:12} {} | to good {to_good:4.1} | of the ceiling {:.1}, lowest figure {:.1}",
            self.arm,
            at.join(" "),
            share(1),
            share(2),
        )
    }
}

/// Each of ours against `tpe` and `gp`: the greatest upper bound, and at which budget.
fn bounds(races: &[Races]) -> Vec<String> {
    let (ours, others) = races.split_at(OURS.len());
    let pairs = ours
        .iter()
        .flat_map(|one| others[..2].iter().map(move |other| (one, other)));
    pairs
        .filter_map(|(one, other)| {
            let rows: Vec<Vec<f64>> = one
                .runs
                .iter()
                .zip(&other.runs)
                .map(|(a, b)| {
                    (FROM..=BUDGET)
                        .map(|at| a.regrets[at] - b.regrets[at])
                        .collect()
                })
                .collect();
            let mut dice = SplitMix(1);
            let draw = |n: usize| (dice.next() % n as u64) as usize;
            let upper = simultaneous_upper(&rows, 0.95, RESAMPLES, draw)?;
            let (at, most) = upper
                .iter()
                .enumerate()
                .max_by(|one, other| one.1.total_cmp(other.1))?;
            Some(format!(
                "{}−{} ≤ {:.1} % (at {})",
                one.arm,
                other.arm,
                most * 100.0,
                at + FROM
            ))
        })
        .collect()
}

/// One run; `None` where nothing in the landscape keeps its limits.
pub fn run(landscape: &Landscape, arm: &str, seed: u64) -> Option<Run> {
    let verdict = Verdict::of(landscape, &landscape.constraints)?;
    let replay = Replay::new(landscape, seed);
    let pool = Pool::listed(&landscape.space, &landscape.configurations());
    let context = Context {
        physical_cores: landscape.machine.steady_threads(),
        concurrency: landscape.workload.concurrency,
        constraints: landscape.constraints,
        log_sd: Some(landscape.noise.log_sd),
        prior: Vec::new(),
    };
    let mut advisor: Box<dyn NumericAdvisor> = match arm.parse::<Advisor>() {
        Ok(named) => advisor(named, &pool, &context, seed)?,
        Err(_) => Box::new(Blind {
            surrogate: Surrogate::new(&pool, context, seed),
            dice: SplitMix(seed),
        }),
    };
    let mut told: Vec<Observation> = Vec::new();
    let mut next = Some(landscape.space.default_configuration());
    while let Some(configuration) = next.filter(|_| told.len() <= BUDGET) {
        let observation = Observation {
            outcome: replay.measure(&configuration, 0, REPEATS),
            configuration,
        };
        told.push(observation.clone());
        advisor.tell(observation);
        next = advisor.ask(&BTreeSet::new());
    }
    let standings = standings(&verdict, Some(landscape.noise.log_sd), &told);
    let early = early(&verdict, landscape, &told, &standings);
    let to_good = standings.iter().position(|one| verdict.is_good(one));
    Some(Run {
        regrets: standings
            .iter()
            .map(|one| verdict.regret(one.truth))
            .collect(),
        to_good: to_good.unwrap_or(BUDGET + 1) as f64,
        early,
    })
}

fn early(
    verdict: &Verdict,
    landscape: &Landscape,
    told: &[Observation],
    standings: &[Standing],
) -> [f64; 3] {
    let at = EARLY.min(standings.len().saturating_sub(1));
    let default = verdict.summary.default_joules_per_unit;
    let saving = |joules: f64| (default - joules) / default;
    let lowest = (0..=at)
        .filter_map(|at| {
            let seen = told[at].outcome?;
            let keeps = seen.keeps(&landscape.constraints);
            keeps.then_some((seen.joules_per_unit, standings[at].tried_truth?))
        })
        .min_by(|one, other| one.0.total_cmp(&other.0))
        .map_or(standings[at].truth, |(_, truth)| truth);
    let ceiling = standings[at].ceiling.unwrap_or(standings[at].truth);
    [saving(ceiling), saving(standings[at].truth), saving(lowest)]
}

/// Whoever chooses blindly from the short list.
struct Blind {
    surrogate: Surrogate,
    dice: SplitMix,
}

impl NumericAdvisor for Blind {
    fn tell(&mut self, observation: Observation) {
        self.surrogate.tell(observation);
    }

    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration> {
        let mut list = self.surrogate.shortlist(tried, MOST_ENTRIES);
        match list.len() {
            0 => self.surrogate.ask(tried),
            n => {
                let chosen = (self.dice.next() % n as u64) as usize;
                Some(list.swap_remove(chosen).configuration)
            }
        }
    }
}
