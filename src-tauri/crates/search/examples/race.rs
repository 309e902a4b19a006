//! Races the numeric advisors on the synthetic landscapes and prints their mean regret in per cent
//! of the best: `cargo run -p wattsmith-search --example race -- 100`.

use std::collections::BTreeSet;
use wattsmith_domain::Advisor;
use wattsmith_search::{Context, Landscape, Observation, Pool, Replay, advisor, synthetic};

fn main() {
    let seeds: u64 = std::env::args()
        .nth(1)
        .and_then(|one| one.parse().ok())
        .unwrap_or(20);
    let arms = [
        Advisor::Random,
        Advisor::Sobol,
        Advisor::Rule,
        Advisor::Tpe,
        Advisor::Gp,
        Advisor::Surrogate,
    ];
    for landscape in (1..=3).flat_map(|s| {
        [
            synthetic::waiting_line(s),
            synthetic::contrary(s),
            synthetic::rugged(s),
            synthetic::in_a_hurry(s),
        ]
    }) {
        let Some(summary) = landscape.summary(&landscape.constraints) else {
            continue;
        };
        println!(
            "{}: good {} default rank {} attainable {:.0} % hard {} best {}",
            landscape.name,
            summary.good,
            summary.default_rank,
            summary.attainable_percent,
            summary.is_hard,
            summary.best
        );
        for arm in arms {
            let began = std::time::Instant::now();
            let runs: Vec<Vec<f64>> = (0..seeds).map(|seed| run(&landscape, arm, seed)).collect();
            let mean =
                |at: usize| runs.iter().map(|run| run[at]).sum::<f64>() / seeds as f64 * 100.0;
            let to_good = runs
                .iter()
                .map(|run| run.iter().position(|r| *r <= 0.05).unwrap_or(21) as f64)
                .sum::<f64>()
                / seeds as f64;
            let at: Vec<String> = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20]
                .iter()
                .map(|at| format!("{:5.1}", mean(*at)))
                .collect();
            println!(
                "  {:10} to good {to_good:4.1} | {} | {:.1} ms",
                arm.label(),
                at.join(" "),
                began.elapsed().as_secs_f64() * 1e3 / (20 * seeds) as f64
            );
        }
    }
}

fn run(landscape: &Landscape, arm: Advisor, seed: u64) -> Vec<f64> {
    let replay = Replay::new(landscape, seed);
    let truth = landscape.figures();
    let best = landscape
        .summary(&landscape.constraints)
        .map_or(0.0, |one| one.best_joules_per_unit);
    let default = landscape.space.default_configuration();
    let pool = Pool::listed(&landscape.space, &landscape.configurations());
    let context = Context {
        physical_cores: landscape.machine.physical_cores,
        concurrency: landscape.workload.concurrency,
        constraints: landscape.constraints,
        log_sd: Some(landscape.noise.log_sd),
        prior: Vec::new(),
    };
    let Some(mut advisor) = advisor(arm, &pool, &context, seed) else {
        return vec![0.0; 21];
    };
    let mut told: Vec<Observation> = Vec::new();
    let mut regrets = Vec::new();
    let mut next = Some(default.clone());
    for _ in 0..=20 {
        if let Some(configuration) = next {
            let observation = Observation {
                outcome: replay.measure(&configuration, 0, 3),
                configuration,
            };
            told.push(observation.clone());
            advisor.tell(observation);
        }
        let chosen = told
            .iter()
            .filter_map(|one| Some((one, one.outcome?)))
            .filter(|(_, o)| o.keeps(&landscape.constraints))
            .min_by(|a, b| a.1.joules_per_unit.total_cmp(&b.1.joules_per_unit));
        let of = |key: String| {
            truth
                .get(&key)
                .map_or(1.0, |one| one.joules_per_unit / best - 1.0)
        };
        regrets.push(chosen.map_or_else(
            || of(default.key()).max(0.3),
            |(one, _)| of(one.configuration.key()),
        ));
        next = advisor.ask(&BTreeSet::new());
    }
    regrets
}
