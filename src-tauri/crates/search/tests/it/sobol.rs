//! Which levels of different knobs meet in the first points of a Sobol sequence.

use crate::{choice, int};
use std::collections::{BTreeMap, BTreeSet};
use wattsmith_domain::{Configuration, ParameterSpace};
use wattsmith_search::{Pool, Sequence, Sobol};

const SEEDS: u64 = 600;
const POINTS: usize = 16;

/// Knobs of two and three levels, as a machine of two cores has them: more than can be told apart.
fn few_levels() -> ParameterSpace {
    let mut parameters = vec![
        choice("load", &["mmap", "read"]),
        choice("poll", &["a", "b"]),
    ];
    parameters.extend(["c", "d", "e", "f"].map(|name| int(name, &[1, 2], 1)));
    parameters.extend(["x", "y", "z"].map(|name| int(name, &[1, 2, 3], 1)));
    ParameterSpace {
        parameters,
        rules: Vec::new(),
    }
}

fn points(sequence: Sequence, seed: u64) -> Vec<Configuration> {
    let sobol = Sobol::new(Pool::from(&few_levels()).with_sequence(sequence), seed);
    let mut tried = BTreeSet::new();
    let next = |_| {
        let next = sobol.next(&tried).unwrap();
        tried.insert(next.key());
        next
    };
    (0..POINTS).map(next).collect()
}

/// What two knobs showed over all seeds.
#[derive(Default)]
struct Pair {
    /// How often each pair of levels came.
    counts: BTreeMap<(String, String), u32>,
    /// Seeds in which every pair of levels came.
    whole: u64,
}

/// By the names of two knobs, with how many pairs of levels they have.
fn pairs(sequence: Sequence) -> BTreeMap<(String, String), (usize, Pair)> {
    let space = few_levels();
    let knobs: Vec<(&str, usize)> = space
        .parameters
        .iter()
        .map(|one| (one.name.as_str(), one.kind.levels().len()))
        .collect();
    let mut all: BTreeMap<(String, String), (usize, Pair)> = BTreeMap::new();
    for seed in 0..SEEDS {
        let points = points(sequence, seed);
        for (at, (one, levels)) in knobs.iter().enumerate() {
            for (other, others) in &knobs[at + 1..] {
                let names = ((*one).to_owned(), (*other).to_owned());
                let (_, pair) = all
                    .entry(names)
                    .or_insert_with(|| (levels * others, Pair::default()));
                let mut here = BTreeSet::new();
                for point in &points {
                    let level = |name| point.get(name).unwrap().to_string();
                    let met = (level(one), level(other));
                    here.insert(met.clone());
                    *pair.counts.entry(met).or_default() += 1;
                }
                pair.whole += u64::from(here.len() == levels * others);
            }
        }
    }
    all
}

#[test]
fn over_seeds_all_pairs_of_levels_come_about_equally_often_by_sixteen_points() {
    for ((one, other), (levels, pair)) in pairs(Sequence::Permuted) {
        assert_eq!(pair.counts.len(), levels, "{one} and {other}");
        let even = (SEEDS as f64) * POINTS as f64 / levels as f64;
        for (met, count) in &pair.counts {
            let share = f64::from(*count) / even;
            assert!(
                (0.9..1.1).contains(&share),
                "{one} and {other} at {met:?}: {share}"
            );
        }
    }
}

#[test]
fn no_two_knobs_are_tied_under_every_seed_and_in_one_order_for_all_seeds_some_are() {
    // All pairs of knobs with as many levels share one chance to show every pair of levels.
    let mut chances: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (levels, pair) in pairs(Sequence::Permuted).into_values() {
        chances
            .entry(levels)
            .or_default()
            .push(pair.whole as f64 / SEEDS as f64);
    }
    for (levels, chances) in chances {
        let lowest = chances.iter().copied().fold(1.0, f64::min);
        let highest = chances.iter().copied().fold(0.0, f64::max);
        // Four standard errors of a difference of two shares, each at most 0.02.
        assert!(
            lowest > 0.2 && highest - lowest < 0.12,
            "{levels}: {chances:?}"
        );
    }
    let never = pairs(Sequence::InOrder).into_values();
    assert!(never.filter(|(_, pair)| pair.whole == 0).count() > 0);
}
