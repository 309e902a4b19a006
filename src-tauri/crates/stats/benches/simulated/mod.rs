//! Simulated whole sessions: the search with its luck, drift windows and confirmations, judged by the
//! functions that the tuner calls ([`enough`], [`Analysis`], [`look`]), beside a fixed rule on the
//! same draws.
//!
//! A session has a default and twelve proposals. Four of them have the ratio in question, the others
//! need up to 30 % more; the order is drawn. Every window's figure is the truth × noise × drift: the
//! machine warms up, which costs 2 % over the first hundred windows. Noise belongs to the n-th window
//! of a configuration, so that both rules see the same luck.

use std::sync::LazyLock;
use wattsmith_domain::{
    Confirmation, ConfirmationId, Constraints, Decision, Joules, Repeat, SessionRecord, Threshold,
    TrialId, TrialState, Value,
};
use wattsmith_stats::{Analysis, enough, look};
use wattsmith_testkit::fixtures::{Fixture, Shown};

/// Below the default by so many per cent is the goal.
const PERCENT: f64 = 10.0;
/// Proposals of a session.
pub const BUDGET: usize = 12;
/// Proposals whose truth is the ratio in question.
const CONTENDERS: usize = 4;
/// The default is measured again after each fourth trial.
const DRIFT_EVERY: usize = 4;
/// Windows per trial as planned, and those of the fixed rule.
const REPEATS: usize = 3;
/// Joules per token of the default.
const DEFAULT: f64 = 0.4;

/// The default's windows.
const REFERENCE: u64 = 0;
/// Windows of confirmations have noise of their own, so that they are fresh.
const FRESH: u64 = 1000;

/// What a session came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// Whether it stopped with the goal reached.
    pub stopped: bool,
    /// Whether the settings that it stopped with miss the goal, or only just reach it.
    pub wrongly: bool,
    /// Windows measured in all.
    pub windows: usize,
    /// Those of them that belong to confirmations.
    pub fresh: usize,
    /// Confirmations opened.
    pub confirmations: usize,
}

/// One session's truth.
pub struct World {
    seed: u64,
    noise: f64,
    ratios: Vec<f64>,
}

impl World {
    /// A session at `noise` (0.06 is 6 %), whose best settings need `best` times the default.
    pub fn new(seed: u64, noise: f64, best: f64) -> Self {
        let mut drawn = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut ratios: Vec<f64> = (0..BUDGET)
            .map(|index| match index < CONTENDERS {
                true => best,
                false => best * (1.0 + 0.3 * drawn.uniform()),
            })
            .collect();
        for last in (1..ratios.len()).rev() {
            let other = (drawn.uniform() * (last + 1) as f64) as usize;
            ratios.swap(last, other.min(last));
        }
        Self {
            seed,
            noise,
            ratios,
        }
    }

    fn ratio(&self, stream: u64) -> f64 {
        match stream % FRESH {
            REFERENCE => 1.0,
            trial => self.ratios[trial as usize - 1],
        }
    }

    /// The n-th window of a stream, as the `at`-th of the session.
    fn joules(&self, stream: u64, nth: usize, at: usize) -> f64 {
        let mut random = Random(
            self.seed
                .wrapping_mul(0x9e37_79b9)
                .wrapping_add(stream.wrapping_mul(0xd134_2543_de82_ef95))
                .wrapping_add((nth as u64).wrapping_mul(0xaf25_1af3_b0f0_25b5)),
        );
        random.uniform();
        let drift = 0.02 * (at as f64 / 100.0).min(1.0);
        DEFAULT * self.ratio(stream) * (self.noise * random.normal() + drift).exp()
    }

    fn misses(&self, trial: usize) -> bool {
        // On the line is no success: nothing may be claimed of it.
        self.ratios[trial - 1] > (1.0 - PERCENT / 100.0) * (1.0 - 1e-9)
    }

    /// "Three repeats each; a mean below the line stops."
    pub fn fixed(&self) -> Outcome {
        let mut at = 0;
        let mut mean = |stream: u64| {
            let logs: f64 = (0..REPEATS)
                .map(|nth| {
                    at += 1;
                    self.joules(stream, nth, at - 1).ln()
                })
                .sum();
            (logs / REPEATS as f64).exp()
        };
        let limit = mean(REFERENCE) * (1.0 - PERCENT / 100.0);
        let stop = (1..=BUDGET).find(|trial| mean(*trial as u64) <= limit);
        Outcome {
            stopped: stop.is_some(),
            wrongly: stop.is_some_and(|trial| self.misses(trial)),
            windows: at,
            ..Outcome::default()
        }
    }

    /// The rule that the tuner follows.
    pub fn tuned(&self) -> Outcome {
        let mut session = Simulated::new(self);
        session.trial(&[]);
        for trial in 1..=BUDGET {
            session.trial(&[("parallel", Value::Int(100 + trial as i64))]);
            if trial % DRIFT_EVERY == DRIFT_EVERY - 1 {
                session.window(0);
            }
            while let Some(crossing) = Analysis::of(&session.record).crossing {
                if session.confirm(crossing) {
                    return session.outcome;
                }
            }
        }
        session.outcome
    }
}

/// A session that is being run.
struct Simulated<'a> {
    world: &'a World,
    record: SessionRecord,
    outcome: Outcome,
}

impl<'a> Simulated<'a> {
    fn new(world: &'a World) -> Self {
        let mut record = Fixture::on_gpu().build();
        let session = &mut record.session;
        session.repeats = REPEATS as u32;
        session.adaptive = true;
        session.objective.threshold = Threshold::PercentBelowDefault { percent: PERCENT };
        session.objective.constraints = Constraints::default();
        Self {
            world,
            record,
            outcome: Outcome::default(),
        }
    }

    fn repeat(&mut self, stream: u64, nth: usize) -> Repeat {
        static ONE: LazyLock<Repeat> =
            LazyLock::new(|| Fixture::on_gpu().repeat(1, Shown(400.0, 120.0)));
        let mut repeat = ONE.clone();
        let joules = self.world.joules(stream, nth, self.outcome.windows);
        repeat.energy.gross = Joules(joules * repeat.units.0 as f64);
        repeat.energy.net = None;
        self.outcome.windows += 1;
        repeat
    }

    /// One more window of trial `index`, 0 being the default.
    fn window(&mut self, index: usize) {
        let nth = self.record.trials[index].repeats.len();
        let repeat = self.repeat(index as u64, nth);
        self.record.trials[index].repeats.push(repeat);
    }

    fn trial(&mut self, changes: &[(&str, Value)]) {
        let mut fixture = Fixture::on_gpu();
        std::mem::swap(fixture.record_mut(), &mut self.record);
        self.record = fixture
            .unfinished(changes, TrialState::Running, &[])
            .build();
        let index = self.record.trials.len() - 1;
        let id = self.record.trials[index].id.clone();
        while enough(&self.record, &id).is_none() {
            self.window(index);
        }
        self.record.trials[index].state = TrialState::Complete;
    }

    /// Whether fresh repeats confirm the crossing.
    fn confirm(&mut self, crossing: TrialId) -> bool {
        let number = self.record.confirmations.len() as u32 + 1;
        let trials = &self.record.trials;
        let Some(index) = trials.iter().position(|one| one.id == crossing) else {
            unreachable!("a crossing is a trial of the record");
        };
        let mut confirmation = Confirmation {
            id: ConfirmationId(format!("confirmation-{number}")),
            session: self.record.session.id.clone(),
            trial: crossing,
            number,
            alpha: 0.0,
            best: Vec::new(),
            default: Vec::new(),
            discarded: Vec::new(),
            ratio: None,
            decision: None,
            chance: None,
            created_at: String::new(),
        };
        let threshold = self.record.session.objective.threshold;
        while confirmation.decision.is_none() {
            let pair = confirmation.best.len();
            let fresh = FRESH * u64::from(number);
            let streams = [fresh + index as u64, fresh + REFERENCE];
            // Who goes first alternates, as in the tuner.
            let mut windows = [0, 1].map(|turn| {
                let side = (turn + pair) % 2;
                (side, self.repeat(streams[side], pair))
            });
            windows.sort_by_key(|(side, _)| *side);
            let [(_, best), (_, default)] = windows;
            confirmation.best.push(best);
            confirmation.default.push(default);
            self.outcome.fresh += 2;
            confirmation.decision = look(&confirmation, threshold).decision;
        }
        let below = confirmation.decision == Some(Decision::Below);
        self.record.confirmations.push(confirmation);
        self.outcome.confirmations += 1;
        self.outcome.stopped = below;
        self.outcome.wrongly = below && self.world.misses(index);
        below
    }
}

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
    let (tuned, fixed): (Vec<Outcome>, Vec<Outcome>) = (1..=sessions)
        .map(|seed| {
            let world = World::new(seed, noise, best);
            (world.tuned(), world.fixed())
        })
        .unzip();
    (Tally::of(&tuned), Tally::of(&fixed))
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
