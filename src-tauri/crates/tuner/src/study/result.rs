//! What a study shows, worked out from its runs.

use super::{Judged, Note, SaidWords, StudyPlan};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use wattsmith_domain::{Constraints, WorkUnit};
use wattsmith_search::{Landscape, Noise, Run, SplitMix, Standing, Summary, Verdict};
use wattsmith_stats::{
    CONFIDENCE, Waiting, expected_first_draw, holm, kaplan_meier, median_time, restricted_mean,
    signed_rank, simultaneous_upper, spread,
};

/// Resamples behind simultaneous bounds.
const RESAMPLES: usize = 2000;
/// The least budget at which regrets are compared.
const FROM: usize = 2;
/// Trials after which the share of the attainable saving is told.
const EARLY: usize = 5;

/// A mean with its spread, for JSON.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation between runs.
    pub sd: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Proposals after the default until something, runs that never got there being censored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// Runs that got there.
    pub reached: usize,
    /// Median by Kaplan and Meier; none where fewer than half got there.
    pub median: Option<f64>,
    /// Mean where runs that never got there count as the whole budget.
    pub restricted_mean: f64,
}

/// One arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmResult {
    /// Name.
    pub name: String,
    /// True J/unit of what is recommended, after the default and after each proposal.
    pub truth: Vec<Mean>,
    /// Regret of the same as a share of the default's J/unit.
    pub regret: Vec<Mean>,
    /// To within 5 % of the best.
    pub to_good: Time,
    /// To the goal below the default, by the truth of what is recommended.
    pub to_goal: Time,
    /// Runs whose own figures showed the goal reached though the truth had not.
    pub false_stops: usize,
    /// Share of the attainable saving after five trials.
    pub early_share: Option<Mean>,
    /// The same of the best of what was tried by then: what no recommendation could have exceeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_ceiling: Option<Mean>,
    /// Prompts per run, retries among them; 0 where nobody is asked.
    pub prompts: f64,
    /// To the goal as [`ArmResult::to_goal`], in prompts where an LLM is asked: what the source
    /// paper counts.
    pub asks_to_goal: Time,
}

/// The first arm against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The other arm.
    pub other: String,
    /// Two-sided p of the signed-rank test on regret at the end of the budget.
    pub p_regret: f64,
    /// The same after Holm's correction over all other arms.
    pub p_regret_holm: f64,
    /// Rank-biserial effect on regret; negative where the first arm has less.
    pub effect_regret: f64,
    /// Two-sided p of the test on proposals to within 5 % of the best, censored runs at budget + 1.
    pub p_time: f64,
    /// The same after Holm's correction.
    pub p_time_holm: f64,
    /// Rank-biserial effect on that; negative where the first arm needs fewer.
    pub effect_time: f64,
    /// Prompts (trials where nobody is asked) to the goal, first arm less the other, runs that never
    /// got there counted one beyond all they took.
    pub asks_difference: Option<Mean>,
    /// Two-sided p of the signed-rank test on that.
    pub p_asks: f64,
    /// The same after Holm's correction.
    pub p_asks_holm: f64,
    /// Rank-biserial effect on that; negative where the first arm needs fewer.
    pub effect_asks: f64,
    /// From budget 2 on: mean difference of regret, first arm less the other.
    pub difference: Vec<f64>,
    /// Upper bounds of it that hold together at 95 %.
    pub upper: Vec<f64>,
}

/// Random search by its runs and by counting: agrees unless the machinery is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomCheck {
    /// Exact expectation of the first draw within 5 % of the best.
    pub expected: f64,
    /// Mean over runs; those cut off by the budget are counted by the exact chance.
    pub seen: f64,
    /// How many standard errors lie between: beyond 4 something is wrong.
    pub standard_errors: f64,
}

/// A study with all that follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyResult {
    /// Version of this format.
    pub format: u32,
    /// The landscape's name.
    pub landscape: String,
    /// Whether its figures are invented.
    pub synthetic: bool,
    /// Whether the engine itself was searched: the best is the best that any arm found then.
    #[serde(default)]
    pub live: bool,
    /// Whether its joules were read from a sensor.
    pub measured: bool,
    /// Where they come from.
    pub source: String,
    /// Its machine.
    pub machine: String,
    /// Its model.
    pub model: String,
    /// Its workload.
    pub workload: String,
    /// What it counts.
    #[serde(default, skip_serializing_if = "WorkUnit::is_token")]
    pub unit: WorkUnit,
    /// The LLM of the arms that ask one.
    pub llm: Option<String>,
    /// In whose words it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<SaidWords>,
    /// Names of the landscapes that arms with memory know.
    pub memory_from: Vec<String>,
    /// What a person said between the trials of arms with notes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Its noise.
    pub noise: Noise,
    /// What had to hold.
    pub constraints: Constraints,
    /// The landscape in a few figures.
    pub summary: Summary,
    /// Seeds.
    pub seeds: u64,
    /// Trials after the default.
    pub budget: u32,
    /// Windows per trial.
    pub repeats: u32,
    /// The goal.
    pub below_percent: f64,
    /// The arms in the plan's order.
    pub arms: Vec<ArmResult>,
    /// The first arm against each other one.
    pub comparisons: Vec<Comparison>,
    /// The check on the machinery, where `random` is an arm.
    pub random_check: Option<RandomCheck>,
    /// True throughput and J/unit of every configuration that works.
    pub cloud: Vec<(f64, f64)>,
    /// Every run.
    pub runs: Vec<Run>,
}

impl StudyResult {
    pub(super) fn of(judged: &Judged, runs: Vec<Run>) -> Self {
        let Judged {
            landscape,
            plan,
            verdict,
            memory,
            ..
        } = judged;
        let of_arm = |name: &String| runs.iter().filter(|run| run.arm == *name).collect();
        let arms: Vec<(String, Vec<&Run>)> = plan
            .arms
            .iter()
            .map(|name| (name.clone(), of_arm(name)))
            .collect();
        let judge = Judge { plan, verdict };
        let comparisons = judge.comparisons(&arms);
        let random_check = arms
            .iter()
            // On the engine nobody knows how many there are to draw from that are good.
            .find(|(name, _)| name == "random" && !judged.live)
            .and_then(|(_, runs)| judge.random(landscape, runs));
        Self {
            format: 1,
            landscape: landscape.name.clone(),
            synthetic: landscape.synthetic,
            live: judged.live,
            measured: landscape.measured,
            source: landscape.source.clone(),
            machine: landscape.machine.cpu.clone(),
            model: landscape.model.name.clone(),
            workload: landscape.workload.name.clone(),
            unit: landscape.workload.unit,
            llm: judged.llm.clone(),
            said: judged.said.clone(),
            memory_from: memory.sessions.iter().map(|one| one.name.clone()).collect(),
            notes: plan.notes.clone(),
            noise: landscape.noise,
            constraints: plan.constraints,
            summary: verdict.summary.clone(),
            seeds: plan.seeds,
            budget: plan.budget,
            repeats: plan.repeats,
            below_percent: plan.below_percent,
            arms: arms
                .iter()
                .map(|(name, runs)| judge.arm(name, runs))
                .collect(),
            comparisons,
            random_check,
            cloud: landscape
                .figures()
                .values()
                .map(|one| (one.tokens_per_second, one.joules_per_unit))
                .collect(),
            runs,
        }
    }

    /// One row for each run and trial.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut csv = String::from(
            "arm,seed,trial,tried,seen_j_per_unit,recommended,true_j_per_unit,keeps_limits\r\n",
        );
        for run in &self.runs {
            for (trial, one) in run.standings.iter().enumerate() {
                let seen = one.seen.map_or_else(String::new, |seen| seen.to_string());
                let _ = write!(
                    csv,
                    "{},{},{trial},\"{}\",{seen},\"{}\",{},{}\r\n",
                    run.arm, run.seed, one.tried, one.recommended, one.truth, one.keeps
                );
            }
        }
        csv
    }
}

/// From waits and whether what was waited for came.
fn time(waits: Vec<(f64, bool)>) -> Time {
    let waits: Vec<Waiting> = waits
        .into_iter()
        .map(|(time, happened)| Waiting { time, happened })
        .collect();
    let longest = waits.iter().map(|one| one.time).fold(0.0, f64::max);
    let curve = kaplan_meier(&waits);
    Time {
        reached: waits.iter().filter(|one| one.happened).count(),
        median: median_time(&curve),
        restricted_mean: restricted_mean(&curve, longest),
    }
}

struct Judge<'a> {
    plan: &'a StudyPlan,
    verdict: &'a Verdict,
}

impl Judge<'_> {
    fn arm(&self, name: &str, runs: &[&Run]) -> ArmResult {
        let trials = self.plan.budget as usize + 1;
        let at = |of: &dyn Fn(f64) -> f64| -> Vec<Mean> {
            (0..trials)
                .filter_map(|trial| mean(runs.iter().map(|run| of(truth_at(run, trial))).collect()))
                .collect()
        };
        let summary = &self.verdict.summary;
        let attainable = summary.default_joules_per_unit - summary.best_joules_per_unit;
        let share = |truth: f64| (summary.default_joules_per_unit - truth) / attainable;
        let early = runs.iter().map(|run| share(truth_at(run, EARLY))).collect();
        let ceiling: Option<Vec<f64>> = runs
            .iter()
            .map(|run| at_or_last(run, EARLY)?.ceiling.map(share))
            .collect();
        ArmResult {
            name: name.to_owned(),
            truth: at(&|truth| truth),
            regret: at(&|truth| self.verdict.regret(truth)),
            to_good: self.time(runs, |run| {
                run.standings
                    .iter()
                    .position(|one| self.verdict.is_good(one))
            }),
            to_goal: self.time(runs, |run| self.goal_trial(run)),
            false_stops: runs.iter().filter(|run| self.stops_falsely(run)).count(),
            early_share: (attainable > 0.0).then(|| mean(early)).flatten(),
            early_ceiling: ceiling.filter(|_| attainable > 0.0).and_then(mean),
            prompts: runs.iter().flat_map(|run| &run.prompts).sum::<u32>() as f64
                / runs.len().max(1) as f64,
            asks_to_goal: self.asks(runs),
        }
    }

    fn goal(&self) -> f64 {
        1.0 - self.plan.below_percent / 100.0
    }

    /// Whether the first crossing by the run's own expectations was none by the truth.
    fn stops_falsely(&self, run: &Run) -> bool {
        let goal = self.verdict.summary.default_joules_per_unit * self.goal();
        let mut standings = run.standings.iter();
        let crossing =
            standings.find(|one| one.expected_ratio.is_some_and(|ratio| ratio <= self.goal()));
        crossing.is_some_and(|one| !one.keeps || one.truth > goal)
    }

    fn time(&self, runs: &[&Run], first: impl Fn(&Run) -> Option<usize>) -> Time {
        let budget = self.plan.budget as usize;
        let wait = |run: &&Run| match first(run) {
            Some(trial) => (trial as f64, true),
            None => (budget as f64, false),
        };
        time(runs.iter().map(wait).collect())
    }

    /// Asks until the goal is reached by the truth of what is recommended.
    fn asks(&self, runs: &[&Run]) -> Time {
        time(runs.iter().map(|run| self.asked(run)).collect())
    }

    /// Asks until the goal, and whether it was reached; all asks where it was not.
    fn asked(&self, run: &Run) -> (f64, bool) {
        let trial = self.goal_trial(run);
        let last = self.plan.budget as usize;
        (f64::from(run.asks(trial.unwrap_or(last))), trial.is_some())
    }

    fn goal_trial(&self, run: &Run) -> Option<usize> {
        let goal = self.verdict.summary.default_joules_per_unit * self.goal();
        let mut standings = run.standings.iter();
        standings.position(|one| one.keeps && one.truth <= goal)
    }

    fn comparisons(&self, arms: &[(String, Vec<&Run>)]) -> Vec<Comparison> {
        let Some(((_, ours), others)) = arms.split_first() else {
            return Vec::new();
        };
        let last = self.plan.budget as usize;
        let regret = |run: &Run, trial: usize| self.verdict.regret(truth_at(run, trial));
        let wait = |run: &Run| {
            let found = run
                .standings
                .iter()
                .position(|one| self.verdict.is_good(one));
            found.unwrap_or(last + 1) as f64
        };
        let mut found: Vec<Comparison> = others
            .iter()
            .filter_map(|(other, theirs)| {
                // Runs are in the order of their seeds.
                let pairs = || ours.iter().zip(theirs);
                let by_regret: Vec<f64> = pairs()
                    .map(|(one, other)| regret(one, last) - regret(other, last))
                    .collect();
                let by_time: Vec<f64> = pairs()
                    .map(|(one, other)| wait(one) - wait(other))
                    .collect();
                let rows: Vec<Vec<f64>> = pairs()
                    .map(|(one, other)| {
                        let trials = FROM..=last;
                        trials
                            .map(|trial| regret(one, trial) - regret(other, trial))
                            .collect()
                    })
                    .collect();
                let asks = |run: &Run| match self.asked(run) {
                    (asks, true) => asks,
                    (asks, false) => asks + 1.0,
                };
                let by_asks: Vec<f64> = pairs()
                    .map(|(one, other)| asks(one) - asks(other))
                    .collect();
                let asks_difference = mean(by_asks.clone());
                let by_asks = signed_rank(&by_asks)?;
                let (by_regret, by_time) = (signed_rank(&by_regret)?, signed_rank(&by_time)?);
                let mut dice = SplitMix(1);
                let draw = |n: usize| (dice.next() % n as u64) as usize;
                let columns = rows.first().map_or(0, Vec::len);
                let column = |at: usize| rows.iter().map(|row| row[at]).sum::<f64>();
                Some(Comparison {
                    other: other.clone(),
                    p_regret: by_regret.p,
                    p_regret_holm: 1.0,
                    effect_regret: by_regret.effect,
                    p_time: by_time.p,
                    p_time_holm: 1.0,
                    effect_time: by_time.effect,
                    asks_difference,
                    p_asks: by_asks.p,
                    p_asks_holm: 1.0,
                    effect_asks: by_asks.effect,
                    difference: (0..columns)
                        .map(|at| column(at) / rows.len() as f64)
                        .collect(),
                    upper: simultaneous_upper(&rows, CONFIDENCE, RESAMPLES, draw)?,
                })
            })
            .collect();
        let p: Vec<f64> = found.iter().map(|one| one.p_regret).collect();
        let times: Vec<f64> = found.iter().map(|one| one.p_time).collect();
        let asks: Vec<f64> = found.iter().map(|one| one.p_asks).collect();
        let corrected = holm(&p).into_iter().zip(holm(&times)).zip(holm(&asks));
        for (one, ((p, time), asks)) in found.iter_mut().zip(corrected) {
            one.p_regret_holm = p;
            one.p_time_holm = time;
            one.p_asks_holm = asks;
        }
        found
    }

    /// First draws within 5 % of the best, held against counting. Cut off at the budget on both
    /// sides: the mean of min(first, budget + 1).
    fn random(&self, landscape: &Landscape, runs: &[&Run]) -> Option<RandomCheck> {
        let default = landscape.space.default_configuration();
        let all = landscape.configurations().len().checked_sub(1)?;
        let summary = &self.verdict.summary;
        let good = runs
            .first()
            .and_then(|run| run.standings.first())
            .filter(|first| first.tried == default.key() && self.verdict.tried_is_good(first))
            .map_or(summary.good, |_| summary.good - 1);
        let whole = expected_first_draw(all, good)?;
        let limit = (self.plan.budget as usize).min(all) + 1;
        // P(first > k) = C(N − k, K) / C(N, K), as a running product.
        let (mut beyond, mut expected, mut square) = (1.0, 0.0, 0.0);
        for k in 0..limit {
            expected += beyond;
            square += beyond * (2 * k + 1) as f64;
            let left = (all - k.min(all)) as f64;
            beyond *= ((left - good as f64) / left.max(1.0)).max(0.0);
        }
        debug_assert!(expected <= whole + 1e-9);
        let firsts: Vec<f64> = runs
            .iter()
            .map(|run| {
                let mut tried = run.standings.iter().skip(1);
                let first = tried.position(|one| self.verdict.tried_is_good(one));
                first.map_or(limit, |first| first + 1) as f64
            })
            .collect();
        let seen = firsts.iter().sum::<f64>() / firsts.len() as f64;
        let error = ((square - expected * expected).max(0.0) / firsts.len() as f64).sqrt();
        Some(RandomCheck {
            expected,
            seen,
            standard_errors: if error > 0.0 {
                (seen - expected) / error
            } else {
                0.0
            },
        })
    }
}

/// The truth after `trial` proposals.
fn truth_at(run: &Run, trial: usize) -> f64 {
    at_or_last(run, trial).map_or(f64::NAN, |one| one.truth)
}

/// Where a run stood after `trial` proposals; one that ended early stays where it was.
fn at_or_last(run: &Run, trial: usize) -> Option<&Standing> {
    let last = run.standings.len().saturating_sub(1);
    run.standings.get(trial.min(last))
}

fn mean(values: Vec<f64>) -> Option<Mean> {
    spread(&values, CONFIDENCE).map(|one| Mean {
        mean: one.mean,
        sd: one.sd,
        low: one.low,
        high: one.high,
    })
}
