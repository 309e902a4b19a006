//! What advisors promise, on written-out spaces and on random ones.

#![allow(clippy::unwrap_used)] // a panic here is the report

mod landscapes;
mod promises;
mod racing;
mod shortlists;
mod sobol;

use proptest::prelude::*;
use std::collections::BTreeSet;
use wattsmith_domain::{Configuration, Kind, Parameter, ParameterSpace, Rule, Tell, Value};
use wattsmith_search::{NumericAdvisor, Observation, Sobol, shortlist};

fn parameter(name: &str, kind: Kind, default: Value) -> Parameter {
    Parameter {
        name: name.to_owned(),
        kind,
        default,
        told: Tell::Flag {
            flag: format!("--{name}"),
        },
        effect: String::new(),
        danger: String::new(),
        changes_output: false,
    }
}

fn int(name: &str, levels: &[i64], default: i64) -> Parameter {
    let kind = Kind::Int {
        min: levels.iter().copied().min().unwrap_or(0).min(default),
        max: levels.iter().copied().max().unwrap_or(0).max(default),
        levels: levels.to_vec(),
    };
    parameter(name, kind, Value::Int(default))
}

fn choice(name: &str, options: &[&str]) -> Parameter {
    let options: Vec<String> = options.iter().map(ToString::to_string).collect();
    let default = Value::Choice(options[0].clone());
    parameter(name, Kind::Choice { options }, default)
}

fn at_most(parameter: &str, limit: &str) -> Rule {
    Rule::AtMost {
        parameter: parameter.to_owned(),
        limit: limit.to_owned(),
    }
}

/// Like a real engine's: 13,500 cells, of which the rule forbids a third.
fn engine_space() -> ParameterSpace {
    ParameterSpace {
        parameters: vec![
            int("threads", &[1, 2, 4, 8], 3),
            int("parallel", &[1, 2, 4, 8, 16], 1),
            int("batch", &[64, 256, 512, 1024, 2048], 2048),
            int("ubatch", &[32, 64, 128, 256, 512], 512),
            choice("flash-attn", &["auto", "on", "off"]),
            parameter("cont-batching", Kind::Bool, Value::Bool(true)),
        ],
        rules: vec![at_most("ubatch", "batch")],
    }
}

fn small_space() -> ParameterSpace {
    ParameterSpace {
        parameters: vec![
            int("a", &[1, 2, 3], 1),
            int("b", &[1, 2, 3], 3),
            choice("c", &["x", "y"]),
        ],
        rules: vec![at_most("a", "b")],
    }
}

/// Every valid cell of the grid, by brute force.
fn valid_cells(space: &ParameterSpace) -> BTreeSet<String> {
    let mut cells = vec![Configuration::default()];
    for parameter in &space.parameters {
        let mut levels = parameter.kind.levels();
        if levels.is_empty() {
            levels.push(parameter.default.clone());
        }
        cells = cells
            .into_iter()
            .flat_map(|cell| {
                levels.iter().map(move |level| {
                    let mut next = cell.clone();
                    next.set(&parameter.name, level.clone());
                    next
                })
            })
            .collect();
    }
    cells
        .iter()
        .filter_map(|cell| Some(space.check(cell).ok()?.key()))
        .collect()
}

fn drain(space: &ParameterSpace, seed: u64, tried: &mut BTreeSet<String>) -> Vec<Configuration> {
    let mut advisor: Box<dyn NumericAdvisor> = Box::new(Sobol::new(space, seed));
    let mut all = Vec::new();
    while let Some(configuration) = advisor.ask(tried) {
        assert!(tried.insert(configuration.key()), "{configuration} again");
        advisor.tell(Observation {
            configuration: configuration.clone(),
            outcome: None,
        });
        all.push(configuration);
    }
    all
}

#[test]
fn a_small_space_is_exhausted_to_the_last_valid_cell() {
    let space = small_space();
    let mut tried = BTreeSet::from([space.default_configuration().key()]);
    let offered = drain(&space, 7, &mut tried);
    assert_eq!(tried, valid_cells(&space));
    assert_eq!(offered.len(), 2 * 6 - 1);
}

#[test]
fn the_same_seed_and_history_give_the_same_next_point_after_a_restart() {
    let space = engine_space();
    let mut tried = BTreeSet::new();
    let without_restart: Vec<_> = (0..6)
        .map(|_| {
            let next = Sobol::new(&space, 42).next(&tried).unwrap();
            tried.insert(next.key());
            next
        })
        .collect();
    let mut advisor = Sobol::new(&space, 42);
    let mut again = BTreeSet::new();
    for expected in &without_restart {
        let next = advisor.ask(&again).unwrap();
        assert_eq!(next, *expected);
        again.insert(next.key());
    }
    let other = Sobol::new(&space, 43).next(&BTreeSet::new()).unwrap();
    assert_ne!(other, without_restart[0]);
}

#[test]
fn the_first_points_cover_every_knob_evenly() {
    let mut space = engine_space();
    space.rules.clear();
    let mut tried = BTreeSet::new();
    for _ in 0..16 {
        let next = Sobol::new(&space, 1).next(&tried).unwrap();
        tried.insert(next.key());
    }
    for level in ["threads=1", "threads=2", "threads=4", "threads=8"] {
        let count = tried.iter().filter(|key| key.contains(level)).count();
        assert_eq!(count, 4, "{level} of 16 points in {tried:#?}");
    }
}

#[test]
fn a_shortlist_offers_neighbours_of_the_best_and_points_far_from_it() {
    let space = engine_space();
    let mut base = space.default_configuration();
    base.set("threads", Value::Int(2));
    base.set("parallel", Value::Int(8));
    let default = space.default_configuration();
    let tried = BTreeSet::from([base.key(), default.key()]);
    let list = shortlist(&space, &base, &tried, 8, 5);
    assert_eq!(list.len(), 8);
    let changes = |from: &Configuration| {
        list.iter()
            .map(|one| one.changes_from(from, &space).len())
            .collect::<Vec<_>>()
    };
    let (from_base, from_default) = (changes(&base), changes(&default));
    assert!(
        from_base.iter().filter(|n| **n == 1).count() >= 2,
        "{from_base:?}"
    );
    assert!(
        from_base.iter().filter(|n| **n == 2).count() >= 2,
        "{from_base:?}"
    );
    assert!(
        from_default.iter().filter(|n| **n == 1).count() >= 2,
        "{from_default:?}"
    );
    assert!(from_base.iter().any(|n| *n > 2), "{from_base:?}");
    assert_eq!(list, shortlist(&space, &base, &tried, 8, 5));
}

#[test]
fn a_shortlist_of_an_exhausted_space_is_empty_and_of_a_nearly_exhausted_one_short() {
    let space = small_space();
    let mut tried = valid_cells(&space);
    let default = space.default_configuration();
    assert_eq!(shortlist(&space, &default, &tried, 8, 0), []);
    let last = tried.pop_last().unwrap();
    let keys: Vec<_> = shortlist(&space, &default, &tried, 8, 0)
        .iter()
        .map(Configuration::key)
        .collect();
    assert_eq!(keys, [last]);
}

#[test]
fn a_space_without_a_knob_has_one_configuration() {
    let space = ParameterSpace::default();
    assert_eq!(drain(&space, 3, &mut BTreeSet::new()).len(), 1);
    let tried = BTreeSet::from([String::new()]);
    assert_eq!(Sobol::new(&space, 3).next(&tried), None);
    let empty = Configuration::default();
    assert_eq!(shortlist(&space, &empty, &tried, 4, 3), []);
}

#[test]
fn a_space_of_more_knobs_than_the_sequence_has_dimensions_is_searched() {
    let space = ParameterSpace {
        parameters: (0..300)
            .map(|index| int(&format!("p{index}"), &[1, 2], 1))
            .collect(),
        rules: Vec::new(),
    };
    let mut tried = BTreeSet::new();
    for _ in 0..5 {
        let next = Sobol::new(&space, 9).next(&tried).unwrap();
        assert!(tried.insert(next.key()));
    }
}

fn spaces() -> impl Strategy<Value = ParameterSpace> {
    let levels = prop::collection::btree_set(1_i64..20, 0..4);
    (
        prop::collection::vec(levels, 1..4),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(ints, with_choice, with_rule)| {
            let mut parameters: Vec<Parameter> = ints
                .iter()
                .zip(["a", "b", "c"])
                .map(|(levels, name)| {
                    let levels: Vec<i64> = levels.iter().copied().collect();
                    int(name, &levels, levels.last().copied().unwrap_or(4))
                })
                .collect();
            if with_choice {
                parameters.push(choice("word", &["x", "y", "z"]));
            }
            let rules = if with_rule && ints.len() > 1 {
                vec![at_most("a", "b")]
            } else {
                Vec::new()
            };
            ParameterSpace { parameters, rules }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_space_is_exhausted_without_repetition(space in spaces(), seed: u64) {
        let mut tried = BTreeSet::new();
        for offered in drain(&space, seed, &mut tried) {
            prop_assert_eq!(space.check(&offered), Ok(offered.clone()));
        }
        prop_assert_eq!(tried, valid_cells(&space));
    }

    #[test]
    fn any_shortlist_is_valid_untried_and_without_repetition(
        space in spaces(),
        seed: u64,
        n in 0_usize..12,
        used in 0_usize..12,
    ) {
        let mut tried = BTreeSet::new();
        for _ in 0..used {
            tried.extend(Sobol::new(&space, seed).next(&tried).map(|one| one.key()));
        }
        let base = space.default_configuration();
        let list = shortlist(&space, &base, &tried, n, seed);
        let left = valid_cells(&space).difference(&tried).count();
        prop_assert!(list.len() <= n);
        // The default's own cell may lie outside the grid, and neighbours of it with it.
        prop_assert!(list.len() >= n.min(left));
        let mut seen = tried.clone();
        for one in &list {
            prop_assert_eq!(space.check(one), Ok(one.clone()));
            prop_assert!(seen.insert(one.key()), "{} was tried or is listed twice", one);
        }
    }
}
