//! The surrogate's short list: what is on it, and what it says.

use crate::promises::context;
use std::collections::BTreeSet;
use wattsmith_domain::{Advisor, Configuration, Value};
use wattsmith_search::{
    Candidate, Context, Landscape, MOST_ENTRIES, NumericAdvisor as _, OFFERED_SHARE, Observation,
    Pool, PriorPoint, Replay, Surrogate, advisor, synthetic,
};

fn after(landscape: &Landscape, trials: usize) -> Surrogate {
    let pool = Pool::listed(&landscape.space, &landscape.configurations());
    let mut context = context();
    context.constraints = landscape.constraints;
    let mut surrogate = Surrogate::new(&pool, context, 1);
    let replay = Replay::new(landscape, 1);
    let mut next = landscape.space.default_configuration();
    for _ in 0..trials {
        surrogate.tell(Observation {
            outcome: replay.measure(&next, 0, 3),
            configuration: next,
        });
        next = surrogate.ask(&BTreeSet::new()).unwrap();
    }
    surrogate
}

fn text(list: &[Candidate]) -> String {
    let lines: Vec<String> = list
        .iter()
        .map(|one| {
            format!(
                "{:.3} ({:.3} to {:.3}), promise {:.2}\n  {}",
                one.expected, one.low, one.high, one.promise, one.reason
            )
        })
        .collect();
    lines.join("\n")
}

#[test]
fn a_short_list_gives_expectation_interval_and_a_plain_reason() {
    let landscape = synthetic::waiting_line(1);
    insta::assert_snapshot!(
        "first_turn",
        text(&after(&landscape, 1).shortlist(&BTreeSet::new(), 4))
    );
    insta::assert_snapshot!(
        "fifth_turn",
        text(&after(&landscape, 5).shortlist(&BTreeSet::new(), 4))
    );
    let hurried = synthetic::in_a_hurry(1);
    insta::assert_snapshot!(
        "with_a_limit",
        text(&after(&hurried, 2).shortlist(&BTreeSet::new(), 4))
    );
}

#[test]
fn the_rule_of_thumb_opens_unless_an_earlier_session_knows_better() {
    let landscape = synthetic::waiting_line(2);
    let pool = Pool::listed(&landscape.space, &landscape.configurations());
    let default = Observation {
        configuration: landscape.space.default_configuration(),
        outcome: Replay::new(&landscape, 1).measure(&landscape.space.default_configuration(), 0, 3),
    };
    let first = |name, context: &Context| {
        let mut one = advisor(name, &pool, context, 1).unwrap();
        one.tell(default.clone());
        one.ask(&BTreeSet::new()).unwrap()
    };
    let rule = first(Advisor::Rule, &context());
    assert_eq!(first(Advisor::Surrogate, &context()), rule);

    let warned = Context {
        prior: vec![PriorPoint {
            configuration: rule.clone(),
            relative: 2.0,
            weight: 1.0,
        }],
        ..context()
    };
    assert_ne!(first(Advisor::Surrogate, &warned), rule);
}

#[test]
fn the_first_entry_is_what_the_surrogate_proposes_and_none_promises_little() {
    for trials in [1, 2, 5, 9, 15] {
        for landscape in [
            synthetic::waiting_line(2),
            synthetic::contrary(1),
            synthetic::rugged(1),
        ] {
            let mut surrogate = after(&landscape, trials);
            let list = surrogate.shortlist(&BTreeSet::new(), MOST_ENTRIES);
            assert_eq!(
                Some(list[0].configuration.clone()),
                surrogate.ask(&BTreeSet::new())
            );
            assert!(list.len() <= MOST_ENTRIES);
            let keys: BTreeSet<String> = list.iter().map(|one| one.configuration.key()).collect();
            assert_eq!(keys.len(), list.len());
            for one in &list {
                assert!(
                    one.promise >= OFFERED_SHARE && one.promise <= 1.0,
                    "{}",
                    one.promise
                );
                assert!(one.low < one.expected && one.expected < one.high);
                assert!(!one.reason.contains('\n') && one.reason.ends_with('.'));
            }
        }
    }
}

#[test]
fn what_somebody_else_brings_is_judged_by_the_same_measure() {
    let landscape = synthetic::waiting_line(1);
    let surrogate = after(&landscape, 3);
    let list = surrogate.shortlist(&BTreeSet::new(), 3);
    let same = surrogate
        .judge(&list[1].configuration, &BTreeSet::new())
        .unwrap();
    assert_eq!(same, list[1]);
    let mut slow = landscape.space.default_configuration();
    slow.set("parallel", Value::Int(1));
    slow.set("threads", Value::Int(1));
    assert!(surrogate.judge(&slow, &BTreeSet::new()).unwrap().promise < OFFERED_SHARE);
    let tried = landscape.space.default_configuration();
    assert_eq!(surrogate.judge(&tried, &BTreeSet::new()), None);
    let mut wrong = Configuration::default();
    wrong.set("threads", Value::Int(99));
    assert_eq!(surrogate.judge(&wrong, &BTreeSet::new()), None);
    // Between the levels is allowed.
    let mut between = landscape.space.default_configuration();
    between.set("threads", Value::Int(3));
    assert!(surrogate.judge(&between, &BTreeSet::new()).is_some());
}

#[test]
fn before_anything_worked_there_is_no_list_but_a_proposal() {
    let space = synthetic::space();
    let mut surrogate = Surrogate::new(&space, context(), 1);
    assert_eq!(surrogate.shortlist(&BTreeSet::new(), 8), []);
    surrogate.tell(Observation {
        configuration: space.default_configuration(),
        outcome: None,
    });
    assert!(surrogate.shortlist(&BTreeSet::new(), 8).is_empty());
    let next = surrogate.ask(&BTreeSet::new()).unwrap();
    assert_eq!(
        (next.int("threads"), next.int("parallel")),
        (Some(4), Some(8))
    );
}
