//! What many sessions came to.

use super::session::{Outcome, Play};
use super::world::World;

/// What many sessions came to.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    /// Share of sessions that stopped although the goal was missed.
    pub false_stops: f64,
    /// Share that stopped rightly.
    pub right_stops: f64,
    /// Mean windows.
    pub mean: f64,
    /// Nine of ten sessions had at most so many windows.
    pub p90: usize,
    /// Mean windows of confirmations among them.
    pub fresh: f64,
    /// Mean confirmations.
    pub confirmations: f64,
}

impl Tally {
    /// Counts `outcomes`, of which there must be one at least.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let n = outcomes.len() as f64;
        let share = |of: &dyn Fn(&Outcome) -> bool| {
            outcomes.iter().filter(|one| of(one)).count() as f64 / n
        };
        let mean =
            |of: &dyn Fn(&Outcome) -> usize| outcomes.iter().map(of).sum::<usize>() as f64 / n;
        let mut windows: Vec<usize> = outcomes.iter().map(|one| one.windows).collect();
        windows.sort_unstable();
        Self {
            false_stops: share(&|one| one.wrongly),
            right_stops: share(&|one| one.stopped && !one.wrongly),
            mean: mean(&|one| one.windows),
            p90: windows[(windows.len() * 9 / 10).min(windows.len() - 1)],
            fresh: mean(&|one| one.fresh),
            confirmations: mean(&|one| one.confirmations),
        }
    }
}

/// Both rules on the same `sessions`: (the tuner's, the fixed one).
pub fn tally(noise: f64, best: f64, sessions: u64) -> (Tally, Tally) {
    let play = Play::knowing(noise, 8.0);
    let (tuned, fixed): (Vec<Outcome>, Vec<Outcome>) = (1..=sessions)
        .map(|seed| {
            let world = World::new(seed, noise, best);
            (play.tuned(&world), play.fixed(&world))
        })
        .unzip();
    (Tally::of(&tuned), Tally::of(&fixed))
}
