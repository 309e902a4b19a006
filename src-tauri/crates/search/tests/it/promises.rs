//! What every numeric advisor promises, on the spaces of this suite and on an engine's.

use std::collections::BTreeSet;
use wattsmith_domain::{Advisor, Configuration, Constraints, ParameterSpace, Value};
use wattsmith_search::{Context, Observation, Outcome, Pool, PriorPoint, advisor, synthetic};

pub const NUMERIC: [Advisor; 6] = [
    Advisor::Sobol,
    Advisor::Random,
    Advisor::Rule,
    Advisor::Tpe,
    Advisor::Gp,
    Advisor::Surrogate,
];

pub fn context() -> Context {
    Context {
        physical_cores: 4,
        concurrency: 8,
        constraints: Constraints::default(),
        log_sd: Some(0.05),
        prior: Vec::new(),
    }
}

/// An outcome that depends on the settings alone, and differs between them.
fn outcome(configuration: &Configuration) -> Outcome {
    let weight = configuration.key().bytes().map(f64::from).sum::<f64>();
    Outcome {
        joules_per_unit: 0.2 + 0.1 * (weight * 0.618).fract(),
        repeats: 3,
        tokens_per_second: Some(50.0),
        time_to_first_token_s: Some(1.0),
    }
}

/// Asks until nothing is left or `most` were proposed; every third one fails.
fn proposals(
    name: Advisor,
    pool: &Pool,
    context: &Context,
    seed: u64,
    most: usize,
) -> Vec<Configuration> {
    let default = pool.space().default_configuration();
    let mut told = vec![Observation {
        outcome: Some(outcome(&default)),
        configuration: default,
    }];
    let mut proposed = Vec::new();
    while proposed.len() < most {
        // A new advisor each time: all that it knows has to come from what it is told.
        let mut advisor = advisor(name, pool, context, seed).unwrap();
        told.iter().cloned().for_each(|one| advisor.tell(one));
        let Some(next) = advisor.ask(&BTreeSet::new()) else {
            break;
        };
        told.push(Observation {
            outcome: (proposed.len() % 3 != 2).then(|| outcome(&next)),
            configuration: next.clone(),
        });
        proposed.push(next);
    }
    proposed
}

fn assert_sound(name: Advisor, space: &ParameterSpace, proposed: &[Configuration]) {
    let mut seen = BTreeSet::from([space.default_configuration().key()]);
    for one in proposed {
        assert_eq!(space.check(one).as_ref(), Ok(one), "{name}: not canonical");
        assert!(seen.insert(one.key()), "{name}: {one} was proposed twice");
    }
}

#[test]
fn nothing_is_proposed_twice_and_all_of_it_is_valid() {
    let space = synthetic::space();
    for name in NUMERIC {
        let proposed = proposals(name, &Pool::from(&space), &context(), 7, 25);
        assert_eq!(proposed.len(), 25, "{name}");
        assert_sound(name, &space, &proposed);
    }
}

#[test]
fn a_listed_pool_is_proposed_to_its_end_and_nothing_outside_it() {
    let landscape = synthetic::rugged(3);
    let listed: Vec<Configuration> = landscape.configurations().into_iter().take(14).collect();
    let pool = Pool::listed(&landscape.space, &listed);
    let all: BTreeSet<String> = listed.iter().skip(1).map(Configuration::key).collect();
    for name in NUMERIC {
        let proposed = proposals(name, &pool, &context(), 3, 99);
        assert_sound(name, &landscape.space, &proposed);
        let keys: BTreeSet<String> = proposed.iter().map(Configuration::key).collect();
        assert_eq!(keys, all, "{name}");
    }
}

#[test]
fn an_advisor_that_lives_on_proposes_what_a_restarted_one_does() {
    let pool = Pool::from(&synthetic::space());
    for name in NUMERIC {
        let restarted = proposals(name, &pool, &context(), 11, 9);
        let mut living = advisor(name, &pool, &context(), 11).unwrap();
        let default = pool.space().default_configuration();
        living.tell(Observation {
            outcome: Some(outcome(&default)),
            configuration: default,
        });
        for (index, expected) in restarted.iter().enumerate() {
            let next = living.ask(&BTreeSet::new()).unwrap();
            assert_eq!(next, *expected, "{name}, proposal {index}");
            living.tell(Observation {
                outcome: (index % 3 != 2).then(|| outcome(&next)),
                configuration: next,
            });
        }
    }
}

#[test]
fn what_the_person_dismissed_is_not_proposed_again() {
    let pool = Pool::from(&synthetic::space());
    for name in NUMERIC {
        let first = proposals(name, &pool, &context(), 5, 1).remove(0);
        let mut again = advisor(name, &pool, &context(), 5).unwrap();
        let default = pool.space().default_configuration();
        again.tell(Observation {
            outcome: Some(outcome(&default)),
            configuration: default,
        });
        let next = again.ask(&BTreeSet::from([first.key()])).unwrap();
        assert_ne!(next, first, "{name}");
    }
}

#[test]
fn the_rule_is_threads_as_cores_and_requests_as_clients_then_neighbours() {
    let space = synthetic::space();
    let proposed = proposals(Advisor::Rule, &Pool::from(&space), &context(), 1, 4);
    assert_eq!(proposed[0].int("threads"), Some(4));
    assert_eq!(proposed[0].int("parallel"), Some(8));
    for next in &proposed[1..] {
        let turned: Vec<usize> = [&space.default_configuration()]
            .into_iter()
            .chain(&proposed)
            .map(|base| next.changes_from(base, &space).len())
            .filter(|changes| *changes > 0)
            .collect();
        assert!(turned.contains(&1), "{next}");
    }
}

#[test]
fn a_grid_too_large_to_be_looked_at_as_a_whole_is_searched() {
    let mut space = synthetic::space();
    let more = space.parameters[0].clone();
    for name in ["one", "two", "three", "four", "five"] {
        let mut knob = more.clone();
        knob.name = name.to_owned();
        space.parameters.push(knob);
    }
    assert!(space.grid_size() > 1_000_000);
    for name in NUMERIC {
        let proposed = proposals(name, &Pool::from(&space), &context(), 2, 5);
        assert_eq!(proposed.len(), 5, "{name}");
        assert_sound(name, &space, &proposed);
    }
}

#[test]
fn an_earlier_session_moves_the_first_proposal_of_the_models() {
    let space = synthetic::space();
    let pool = Pool::from(&space);
    let mut good = space.default_configuration();
    good.set("threads", Value::Int(1));
    good.set("parallel", Value::Int(2));
    let mut with_memory = context();
    with_memory.prior = [
        ("threads", 2, 0.8),
        ("threads", 8, 1.6),
        ("parallel", 8, 1.5),
        ("parallel", 1, 1.4),
    ]
    .into_iter()
    .map(|(name, value, relative)| {
        let mut configuration = space.default_configuration();
        configuration.set(name, Value::Int(value));
        PriorPoint {
            configuration,
            relative,
            weight: 1.0,
        }
    })
    .chain([PriorPoint {
        configuration: good.clone(),
        relative: 0.5,
        weight: 1.0,
    }])
    .collect();
    for name in [Advisor::Gp, Advisor::Tpe, Advisor::Surrogate] {
        let cold = proposals(name, &pool, &context(), 4, 1);
        let warm = proposals(name, &pool, &with_memory, 4, 1);
        assert_ne!(cold, warm, "{name}");
    }
    let warm = proposals(Advisor::Surrogate, &pool, &with_memory, 4, 1).remove(0);
    assert_eq!(
        (warm.int("threads"), warm.int("parallel")),
        (Some(1), Some(2))
    );
}

#[test]
fn advisors_that_need_a_chat_or_a_person_are_none_of_these() {
    let pool = Pool::from(&synthetic::space());
    for name in [
        Advisor::Enhanced,
        Advisor::Baseline,
        Advisor::Guided,
        Advisor::Person,
    ] {
        assert!(advisor(name, &pool, &context(), 1).is_none());
    }
}
