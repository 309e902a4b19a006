//! The rows of the bench `certainty`.

pub mod options;
mod setting;

pub use setting::{Plan, Setting};

use crate::simulated::{Outcome, Play};
use options::{Options, Rules};
use setting::{BESIDE_S, USUAL_S};
use statrs::distribution::{Beta, ContinuousCDF};
use wattsmith_stats::Rule;
use wattsmith_stats::noise::{Question, wald_pairs};

/// Pairs at which what is not decided is counted, for both rules, with windows of the usual length.
const CAP_PAIRS: f64 = 20.0;
/// Targets.
const MEDIAN: f64 = 0.4;
const ABOVE_BOUND: f64 = 1.15;
const FALSE_STOPS: f64 = 0.05;
const FALSE_STOPS_BOUND: f64 = 0.06;

/// A truth and a goal.
#[derive(Clone, Copy)]
pub struct Asked {
    /// The best over the default.
    pub ratio: f64,
    /// The goal: per cent below the default.
    pub percent: f64,
}

impl Asked {
    fn question(self) -> Question {
        Question {
            ratio: self.ratio / (1.0 - self.percent / 100.0),
            ..Question::usual(BESIDE_S, 0.0)
        }
    }
}

fn play<'a>(
    rule: &'a Option<Rule>,
    setting: &Setting,
    plan: &Plan,
    wrong: Option<f64>,
) -> Play<'a> {
    Play {
        rule: rule.as_ref(),
        window_s: wrong.map_or(USUAL_S, |_| plan.window_s),
        beside_s: BESIDE_S,
        noise: wrong.map(|wrong| setting.known(plan, wrong)),
    }
}

/// Wald's bound for a question, seconds: no test with these errors is quicker on average, by windows as planned.
pub fn bounds(plan: &Plan, asked: Asked) -> f64 {
    let pairs = wald_pairs(&asked.question(), plan.pair_sd.powi(2)).expect("a difference");
    let seconds = 2.0 * pairs * (plan.window_s + BESIDE_S);
    println!("  Wald's bound: {pairs:.1} pairs, {seconds:.0} s");
    seconds
}

struct Times {
    seconds: f64,
    joules: f64,
    right: f64,
}

fn times(outcomes: &[Outcome], cap: (f64, f64)) -> Times {
    let right = |one: &&Outcome| one.stopped && !one.wrongly;
    let all = |of: &dyn Fn(&Outcome) -> f64, cap: f64| {
        let figure = |one: &Outcome| if right(&one) { of(one) } else { cap };
        median(outcomes.iter().map(figure).collect())
    };
    Times {
        seconds: all(&|one| one.seconds, cap.0),
        joules: all(&|one| one.joules, cap.1),
        right: outcomes.iter().filter(right).count() as f64 / outcomes.len() as f64,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The first row: seconds and joules to the right verdict.
pub fn verdict(
    options: &Options,
    rules: &Rules,
    setting: &Setting,
    plan: &Plan,
    asked: Asked,
    bound_s: f64,
    missed: &mut Vec<String>,
) {
    let cap_s = 2.0 * CAP_PAIRS * (USUAL_S + BESIDE_S);
    let cap = (cap_s, 2.0 * CAP_PAIRS * (USUAL_S * 40.0 + BESIDE_S * 25.0));
    let played = |one: &Play, whole: bool| {
        let seeds = options.seed..options.seed + options.plays;
        let outcomes: Vec<Outcome> = seeds
            .map(|seed| {
                let world = setting.world(seed, asked.ratio, asked.percent);
                match whole {
                    true => one.tuned(&world),
                    false => one.confirmed(&world),
                }
            })
            .collect();
        let cap = match whole {
            true => (4.0 * cap.0, 4.0 * cap.1),
            false => cap,
        };
        times(&outcomes, cap)
    };
    let without = play(&rules.without, setting, plan, None);
    let with = play(&rules.with, setting, plan, Some(1.0));
    let as_before = Plan {
        window_s: USUAL_S,
        pair_sd: plan.usual_pair_sd,
        ..*plan
    };
    let usual = play(&rules.with, setting, &as_before, Some(1.0));
    println!(
        "  truth {:.0} % below, goal {:.0} %:",
        100.0 - 100.0 * asked.ratio,
        asked.percent
    );
    for (what, whole) in [("confirmation", false), ("whole session", true)] {
        if whole && options.quick {
            continue;
        }
        let (old, new) = (played(&without, whole), played(&with, whole));
        println!(
            "    {what}: median {:.0} s and {:.1} kJ without, {:.0} s and {:.1} kJ with ({:.2} and {:.2} times); right {:.1} and {:.1} %",
            old.seconds,
            old.joules / 1e3,
            new.seconds,
            new.joules / 1e3,
            new.seconds / old.seconds,
            new.joules / old.joules,
            100.0 * old.right,
            100.0 * new.right,
        );
        if !whole {
            let same = played(&usual, whole);
            println!(
                "    {what}, windows as before: median {:.0} s ({:.2} times), right {:.1} %",
                same.seconds,
                same.seconds / old.seconds,
                100.0 * same.right,
            );
            let target = (MEDIAN * old.seconds).max(ABOVE_BOUND * bound_s);
            if new.seconds > target {
                missed.push(format!(
                    "{}: median {:.0} s, not {target:.0} s",
                    setting.name, new.seconds
                ));
            }
        }
    }
}

/// Three crossings in a row on the line, and just below it: quick, and worse than most sessions.
pub fn crossings(options: &Options, rules: &Rules, setting: &Setting, plan: &Plan) {
    for (truth, ratio) in [("on the line", 0.9), ("3 % below it", 0.9 * 0.97)] {
        for (what, rule, wrong) in [
            ("without", &rules.without, None),
            ("with, right", &rules.with, Some(1.0)),
            ("with, half", &rules.with, Some(0.5)),
            ("with, twice", &rules.with, Some(2.0)),
        ] {
            let one = play(rule, setting, plan, wrong);
            let seeds = options.seed..options.seed + options.sessions;
            let outcomes: Vec<Outcome> = seeds
                .map(|seed| one.crossings(&setting.world(seed, ratio, 10.0)))
                .collect();
            let n = outcomes.len() as f64;
            let stops = outcomes.iter().filter(|one| one.stopped).count();
            let seconds = outcomes.iter().map(|one| one.seconds).sum::<f64>() / n;
            println!(
                "  three crossings {truth}, {what}: {:.1} % stop, mean {seconds:.0} s, {:.1} stops in 10,000 s",
                100.0 * stops as f64 / n,
                1e4 * stops as f64 / n / seconds
            );
        }
    }
}

/// The second row: sessions whose best lie on the line. Every stop is false.
pub fn line(
    options: &Options,
    rules: &Rules,
    setting: &Setting,
    plan: &Plan,
    missed: &mut Vec<String>,
) {
    let seeds = || options.seed..options.seed + options.sessions;
    let mut row = |what: String, one: &Play, strict: bool| {
        let outcomes: Vec<Outcome> = seeds()
            .map(|seed| one.tuned(&setting.world(seed, 0.9, 10.0)))
            .collect();
        let stops = outcomes.iter().filter(|one| one.wrongly).count();
        let n = outcomes.len() as f64;
        let share = stops as f64 / n;
        let upper = upper_bound(stops, outcomes.len());
        let mean = |of: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / n;
        println!(
            "  on the line, {what}: {:.1} % false stops (upper 95 % bound {:.1} %), mean {:.0} s, {:.1} \
             confirmations of {:.1} pairs",
            100.0 * share,
            100.0 * upper,
            mean(&|one| one.seconds),
            mean(&|one| one.confirmations as f64),
            mean(&|one| one.fresh as f64) / 2.0 / mean(&|one| one.confirmations as f64).max(1e-9),
        );
        if strict && (share > FALSE_STOPS || upper > FALSE_STOPS_BOUND) {
            missed.push(format!(
                "{}, {what}: {:.1} % false stops (upper bound {:.1} %)",
                setting.name,
                100.0 * share,
                100.0 * upper
            ));
        }
    };
    row(
        "without".to_owned(),
        &play(&rules.without, setting, plan, None),
        false,
    );
    for wrong in [1.0, 0.5, 2.0] {
        let with = play(&rules.with, setting, plan, Some(wrong));
        row(format!("with a prior {wrong} times the truth"), &with, true);
    }
}

/// The exact upper 95 % bound of a share (Clopper & Pearson 1934, one-sided).
fn upper_bound(seen: usize, of: usize) -> f64 {
    if seen >= of {
        return 1.0;
    }
    let beta = Beta::new(seen as f64 + 1.0, (of - seen) as f64).expect("both above 0");
    beta.inverse_cdf(0.95)
}

/// The third row: truth 3 % below the goal.
pub fn power(options: &Options, rules: &Rules, setting: &Setting, plan: &Plan) {
    let seeds = options.seed..options.seed + options.plays;
    let rate = |one: &Play| {
        let outcomes: Vec<Outcome> = seeds
            .clone()
            .map(|seed| one.tuned(&setting.world(seed, 0.9 * 0.97, 10.0)))
            .collect();
        let n = outcomes.len() as f64;
        let right = outcomes
            .iter()
            .filter(|one| one.stopped && !one.wrongly)
            .count() as f64
            / n;
        let seconds = outcomes.iter().map(|one| one.seconds).sum::<f64>() / n;
        let fresh = outcomes.iter().map(|one| one.fresh as f64).sum::<f64>() / n;
        (right, seconds, fresh)
    };
    let without = rate(&play(&rules.without, setting, plan, None));
    let with = rate(&play(&rules.with, setting, plan, Some(1.0)));
    println!(
        "  truth 3 % below the goal: right stops {:.1} % in {:.0} s without, {:.1} % in {:.0} s with: {:.2} times as \
         many for the same seconds",
        100.0 * without.0,
        without.1,
        100.0 * with.0,
        with.1,
        with.0 / with.1 / (without.0 / without.1),
    );
    // What any test could do with the fresh seconds that the rule without a prior spent, all on one confirmation.
    let spent_s = without.2 * (USUAL_S + BESIDE_S);
    for (what, sd, window_s) in [
        ("usual windows", plan.usual_pair_sd, USUAL_S),
        ("windows as planned", plan.pair_sd, plan.window_s),
    ] {
        let pairs = spent_s / 2.0 / (window_s + BESIDE_S);
        println!(
            "    no test stops rightly more often than {:.1} % in the {spent_s:.0} s of fresh pairs with {what}",
            100.0 * most_power(pairs, sd)
        );
    }
}

/// The greatest chance of a right stop that Wald's bound leaves to any test of 3 %, with a false stop in twenty
/// and so many pairs on average where the difference is there.
fn most_power(pairs: f64, sd: f64) -> f64 {
    let needs = |beta: f64| {
        let (alpha, d) = (0.05_f64, 0.97_f64.ln());
        let information =
            (1.0 - beta) * ((1.0 - beta) / alpha).ln() + beta * (beta / (1.0 - alpha)).ln();
        information * 2.0 * sd * sd / (d * d)
    };
    let (mut low, mut high) = (1e-6, 0.95);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        match needs(middle) > pairs {
            true => low = middle,
            false => high = middle,
        }
    }
    1.0 - high
}
