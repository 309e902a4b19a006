//! How long a proposal takes each numeric advisor with 100 trials behind it, on a whole grid of more
//! than a thousand configurations and under a limit on the first token, which takes a second model.
//! The target is 50 ms. Run: `cargo bench -p wattsmith-search --bench advisors`.

use std::collections::BTreeSet;
use std::time::Instant;
use wattsmith_domain::{Advisor, Constraints};
use wattsmith_search::{
    Context, NumericAdvisor as _, Observation, Outcome, Pool, Random, advisor, synthetic,
};

const TRIALS: usize = 100;
const RUNS: u64 = 5;
const TARGET_MS: f64 = 50.0;

fn main() {
    let space = synthetic::space();
    let pool = Pool::from(&space);
    let context = Context {
        physical_cores: 4,
        concurrency: 8,
        constraints: Constraints {
            max_time_to_first_token_s: Some(1.0),
            ..Constraints::default()
        },
        log_sd: Some(0.05),
        prior: Vec::new(),
    };
    let mut random = Random::new(&pool, 1);
    let mut told = Vec::new();
    for index in 0..TRIALS {
        let Some(configuration) = random.ask(&BTreeSet::new()) else {
            break;
        };
        let wave = (index as f64 * 0.7).sin();
        let observation = Observation {
            configuration,
            outcome: (index % 10 != 9).then_some(Outcome {
                joules_per_unit: 0.3 + 0.1 * wave,
                repeats: 3,
                tokens_per_second: Some(50.0 - 10.0 * wave),
                time_to_first_token_s: Some(1.0 + 0.3 * wave),
            }),
        };
        random.tell(observation.clone());
        told.push(observation);
    }
    let mut missed = false;
    for name in [
        Advisor::Rule,
        Advisor::Sobol,
        Advisor::Random,
        Advisor::Tpe,
        Advisor::Gp,
        Advisor::Surrogate,
    ] {
        let mut slowest: f64 = 0.0;
        for seed in 0..RUNS {
            let Some(mut advisor) = advisor(name, &pool, &context, seed) else {
                continue;
            };
            told.iter().cloned().for_each(|one| advisor.tell(one));
            let began = Instant::now();
            let next = advisor.ask(&BTreeSet::new());
            slowest = slowest.max(began.elapsed().as_secs_f64() * 1e3);
            assert!(next.is_some());
        }
        missed |= slowest > TARGET_MS;
        println!(
            "{name:10} {slowest:6.1} ms at {} trials, slowest of {RUNS}",
            told.len()
        );
    }
    if missed {
        println!("missed: more than {TARGET_MS} ms");
    }
}
