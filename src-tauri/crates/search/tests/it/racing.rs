//! Advisors on functions whose optimum is known.

use crate::promises::context;
use std::collections::BTreeSet;
use wattsmith_domain::{Advisor, Configuration};
use wattsmith_search::{
    Context, Landscape, Observation, Outcome, Pool, Replay, advisor, synthetic,
};

/// A bowl in the levels' order: its bottom is known, and no advisor's belief is built on it.
fn bowl(one: &Configuration) -> f64 {
    let doublings = |name: &str| (one.int(name).unwrap() as f64).log2();
    let gaps = [
        doublings("threads") - 1.0,
        doublings("threads-batch") - 2.0,
        doublings("parallel") - 2.0,
        (doublings("batch") - 9.0) / 2.0,
        (doublings("ubatch") - 8.0) / 2.0,
    ];
    let word = f64::from(u8::from(one.key().contains("flash-attn=on")));
    0.3 + 0.04 * gaps.iter().map(|gap| gap * gap).sum::<f64>() - 0.03 * word
}

fn lowest(name: Advisor, budget: usize, seed: u64) -> f64 {
    let space = synthetic::space();
    let mut context = context();
    context.log_sd = Some(0.005);
    let mut advisor = advisor(name, &Pool::from(&space), &context, seed).unwrap();
    let mut lowest = f64::INFINITY;
    let mut next = space.default_configuration();
    for _ in 0..=budget {
        let cost = bowl(&next);
        lowest = lowest.min(cost);
        advisor.tell(Observation {
            outcome: Some(Outcome {
                joules_per_unit: cost,
                repeats: 3,
                tokens_per_second: None,
                time_to_first_token_s: None,
            }),
            configuration: next,
        });
        next = advisor.ask(&BTreeSet::new()).unwrap();
    }
    lowest
}

#[test]
fn models_find_the_bottom_of_a_bowl_in_thirty_of_more_than_a_thousand_points() {
    const BOTTOM: f64 = 0.27;
    for seed in 0..2 {
        for name in [Advisor::Gp, Advisor::Surrogate] {
            let found = lowest(name, 30, seed);
            assert!(found < BOTTOM * 1.05, "{name}, seed {seed}: {found}");
        }
        let tpe = lowest(Advisor::Tpe, 60, seed);
        assert!(tpe < BOTTOM * 1.12, "tpe, seed {seed}: {tpe}");
    }
}

/// True regret of what each arm recommends after `budget` proposals, mean over seeds.
fn regret(landscape: &Landscape, name: Advisor, budget: usize, seeds: u64) -> f64 {
    let truth = landscape.figures();
    let summary = landscape.summary(&landscape.constraints).unwrap();
    let pool = Pool::listed(&landscape.space, &landscape.configurations());
    let context = Context {
        constraints: landscape.constraints,
        log_sd: Some(landscape.noise.log_sd),
        ..context()
    };
    let one = |seed| {
        let replay = Replay::new(landscape, seed);
        let mut advisor = advisor(name, &pool, &context, seed).unwrap();
        let mut next = landscape.space.default_configuration();
        let mut best: Option<(f64, String)> = None;
        for _ in 0..=budget {
            let outcome = replay.measure(&next, 0, 3);
            if let Some(seen) = outcome.filter(|one| one.keeps(&landscape.constraints))
                && best
                    .as_ref()
                    .is_none_or(|best| seen.joules_per_unit < best.0)
            {
                best = Some((seen.joules_per_unit, next.key()));
            }
            advisor.tell(Observation {
                outcome,
                configuration: next,
            });
            next = advisor.ask(&BTreeSet::new()).unwrap();
        }
        best.map_or(1.0, |(_, key)| {
            truth[&key].joules_per_unit / summary.best_joules_per_unit - 1.0
        })
    };
    (0..seeds).map(one).sum::<f64>() / seeds as f64
}

#[test]
fn where_the_rule_holds_the_surrogate_is_there_at_once_and_stays() {
    for seed in [1, 2] {
        let landscape = synthetic::waiting_line(seed);
        for budget in [2, 12] {
            let ours = regret(&landscape, Advisor::Surrogate, budget, 4);
            let sobol = regret(&landscape, Advisor::Sobol, budget, 4);
            assert!(
                ours < 0.08 && ours < sobol,
                "{seed} {budget}: {ours} {sobol}"
            );
        }
    }
}

#[test]
fn where_the_rule_is_wrong_the_surrogate_learns_it() {
    for landscape in [
        synthetic::contrary(3),
        synthetic::rugged(1),
        synthetic::rugged(3),
    ] {
        let ours = regret(&landscape, Advisor::Surrogate, 20, 4);
        let random = regret(&landscape, Advisor::Random, 20, 4);
        assert!(
            ours < 0.05 && ours < random,
            "{}: {ours} {random}",
            landscape.name
        );
    }
}

#[test]
fn a_limit_on_the_first_token_is_kept_by_what_is_recommended() {
    let landscape = synthetic::in_a_hurry(1);
    let limit = landscape.constraints;
    assert!(limit.max_time_to_first_token_s.is_some());
    assert!(!landscape.summary(&limit).unwrap().default_keeps);
    for name in [Advisor::Gp, Advisor::Surrogate] {
        let found = regret(&landscape, name, 12, 4);
        assert!(found < 0.05, "{name}: {found}");
    }
}

#[test]
fn where_everything_near_a_setting_fails_models_look_elsewhere() {
    let space = synthetic::space();
    for name in [Advisor::Gp, Advisor::Surrogate, Advisor::Tpe] {
        let mut advisor = advisor(name, &Pool::from(&space), &context(), 1).unwrap();
        let mut next = space.default_configuration();
        let mut failures = 0;
        for _ in 0..20 {
            let fails = next.int("parallel") == Some(8);
            failures += u32::from(fails);
            let outcome = (!fails).then(|| Outcome {
                joules_per_unit: bowl(&next),
                repeats: 3,
                tokens_per_second: None,
                time_to_first_token_s: None,
            });
            advisor.tell(Observation {
                outcome,
                configuration: next,
            });
            next = advisor.ask(&BTreeSet::new()).unwrap();
        }
        assert!(failures <= 6, "{name}: {failures} of 20 failed");
    }
}
