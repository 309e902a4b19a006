//! Which change earned it: a change is dropped only where it certainly costs next to nothing.

use crate::figures::{Noise, measured};
use wattsmith_domain::{PairSpread, SessionId, TrialId, UndoVerdict, Undoing, UndoneChange, Value};
use wattsmith_stats::{added_up, next_to_undo, undo_look};

fn change(name: &str) -> UndoneChange {
    UndoneChange {
        name: name.to_owned(),
        changed: Value::Int(8),
        default: Value::Int(4),
        undone: Vec::new(),
        winner: Vec::new(),
        cost: None,
        verdict: None,
        why: None,
    }
}

fn undoing(changes: Vec<UndoneChange>) -> Undoing {
    Undoing {
        session: SessionId::from("session"),
        trial: TrialId::from("trial"),
        allowed_s: 600.0,
        spread: None,
        changes,
        simpler: None,
        created_at: "2026-01-15T09:00:00Z".to_owned(),
    }
}

/// Pair after pair until it is decided, where undoing costs so much and pairs vary by `sd`.
fn play(noise: &mut Noise, costs: f64, sd: f64) -> UndoneChange {
    let known = PairSpread {
        log_sd: sd,
        windows: 8.0,
    };
    let mut one = change("parallel");
    loop {
        one.winner.push(measured(0.2));
        one.undone
            .push(measured(0.2 * costs * (sd * noise.normal()).exp()));
        let seen = undo_look(&one, Some(&known));
        one.cost = seen.cost;
        if seen.verdict.is_some() {
            one.verdict = seen.verdict;
            return one;
        }
    }
}

fn share(noise: &mut Noise, costs: f64, sd: f64, verdict: UndoVerdict) -> f64 {
    let rounds = 1500;
    let seen = (0..rounds)
        .filter(|_| play(noise, costs, sd).verdict == Some(verdict))
        .count();
    seen as f64 / f64::from(rounds)
}

#[test]
fn what_costs_a_per_cent_is_dropped_in_at_most_one_of_twenty() {
    let mut noise = Noise(41);
    for sd in [0.005, 0.02, 0.06] {
        let dropped = share(&mut noise, 1.01, sd, UndoVerdict::Dropped);
        // 6.5 % of 1,500 would be seen once in two hundred runs if it were just 5 %.
        assert!(dropped < 0.065, "{sd}: {dropped}");
    }
    assert!(share(&mut noise, 1.01, 0.005, UndoVerdict::Dropped) > 0.01);
}

#[test]
fn what_costs_nothing_is_dropped_where_the_noise_allows_to_see_it() {
    let mut noise = Noise(42);
    assert!(share(&mut noise, 1.0, 0.005, UndoVerdict::Dropped) > 0.95);
    assert!(share(&mut noise, 0.97, 0.02, UndoVerdict::Dropped) > 0.9);
    // At 12 % nobody can tell one per cent from none in ninety pairs.
    assert!(share(&mut noise, 1.0, 0.12, UndoVerdict::Kept) > 0.85);
}

#[test]
fn what_costs_much_earns_its_place_after_few_pairs() {
    let mut noise = Noise(43);
    let played: Vec<UndoneChange> = (0..200).map(|_| play(&mut noise, 1.2, 0.03)).collect();
    let earns = |one: &&UndoneChange| one.verdict == Some(UndoVerdict::Earns);
    assert!(played.iter().filter(earns).count() > 190);
    let pairs: usize = played.iter().map(|one| one.undone.len()).sum();
    assert!(pairs < 200 * 5, "{pairs}");
}

#[test]
fn pairs_are_shared_out_among_the_changes_that_are_open() {
    let mut all = undoing(vec![change("parallel"), change("threads"), change("batch")]);
    assert_eq!(next_to_undo(&all), Some(0));
    all.changes[0].undone.push(measured(0.2));
    all.changes[0].winner.push(measured(0.2));
    assert_eq!(next_to_undo(&all), Some(1));
    all.changes[1].verdict = Some(UndoVerdict::Refused);
    assert_eq!(next_to_undo(&all), Some(2));
    for one in &mut all.changes {
        one.verdict = Some(UndoVerdict::Kept);
    }
    assert_eq!(next_to_undo(&all), None);
}

#[test]
fn single_effects_are_multiplied_only_once_each_has_a_figure() {
    let mut noise = Noise(44);
    let mut all = undoing(vec![
        play(&mut noise, 1.2, 0.01),
        play(&mut noise, 1.1, 0.01),
    ]);
    let together = added_up(&all).unwrap();
    assert!((together - 1.32).abs() < 0.03, "{together}");
    all.changes[1].cost = None;
    assert_eq!(added_up(&all), None);
}

#[test]
fn the_simpler_settings_lack_what_may_be_dropped_and_nothing_else() {
    let winner = [("parallel", 8), ("threads", 8)]
        .map(|(name, value)| (name.to_owned(), Value::Int(value)))
        .into_iter()
        .collect();
    let mut all = undoing(vec![change("parallel"), change("threads")]);
    assert_eq!(all.simpler(&winner), None);
    all.changes[0].verdict = Some(UndoVerdict::Dropped);
    all.changes[1].verdict = Some(UndoVerdict::Earns);
    let simpler = all.simpler(&winner).unwrap();
    assert_eq!(simpler.int("parallel"), Some(4));
    assert_eq!(simpler.int("threads"), Some(8));
    // Where nothing earns anything, there is no winner left to simplify.
    all.changes[1].verdict = Some(UndoVerdict::Dropped);
    assert_eq!(all.simpler(&winner), None);
}
