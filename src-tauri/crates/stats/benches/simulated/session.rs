//! A session that is played by a rule.

use super::world::World;
use super::{BUDGET, DRIFT_EVERY, FRESH, REFERENCE, REPEATS};
use std::sync::LazyLock;
use wattsmith_domain::{
    Confirmation, ConfirmationId, Constraints, Decision, Joules, NoiseOrigin, PairSpread, Repeat,
    SessionNoise, SessionRecord, SpreadPrior, Threshold, TrialId, TrialState, Value,
};
use wattsmith_stats::noise::pair_spread;
use wattsmith_stats::{Analysis, Rule, enough};
use wattsmith_testkit::fixtures::{Fixture, Shown};

/// Watts in a window at the default's level, and beside it, while an engine is loaded.
const BUSY_W: f64 = 40.0;
const BESIDE_W: f64 = 25.0;

/// How sessions are played.
#[derive(Clone)]
pub struct Play<'a> {
    /// By which rule fresh pairs are judged; as the tuner does where none is named.
    pub rule: Option<&'a Rule>,
    /// Length of a window, seconds.
    pub window_s: f64,
    /// What each takes besides: launch, warm-up, end.
    pub beside_s: f64,
    /// What was known of the noise beforehand.
    pub noise: Option<SessionNoise>,
}

impl Play<'static> {
    /// The rule with a prior that is right about white noise and counts for so many windows.
    pub fn knowing(log_sd: f64, windows: f64) -> Self {
        let prior = SpreadPrior {
            log_sd,
            windows,
            origin: NoiseOrigin::Sessions,
        };
        let pairs = PairSpread {
            log_sd: log_sd * std::f64::consts::SQRT_2,
            windows,
        };
        Self {
            rule: None,
            window_s: 10.0,
            beside_s: 3.0,
            noise: Some(SessionNoise {
                prior,
                pairs: Some(pairs),
                window: None,
            }),
        }
    }
}

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
    /// Seconds of windows and what is around them.
    pub seconds: f64,
    /// Joules of the same.
    pub joules: f64,
}

impl Play<'_> {
    /// "Three repeats each; a mean below the line stops."
    pub fn fixed(&self, world: &World) -> Outcome {
        let mut at = 0;
        let mut clock_s = 0.0;
        let mut mean = |stream: u64| {
            let logs: f64 = (0..REPEATS)
                .map(|nth| {
                    clock_s += self.beside_s + self.window_s;
                    at += 1;
                    let from_s = clock_s - self.window_s;
                    world
                        .joules(stream, nth, at - 1, from_s, self.window_s)
                        .ln()
                })
                .sum();
            (logs / REPEATS as f64).exp()
        };
        let limit = mean(REFERENCE) * (1.0 - world.percent / 100.0);
        let stop = (1..=BUDGET).find(|trial| mean(*trial as u64) <= limit);
        Outcome {
            stopped: stop.is_some(),
            wrongly: stop.is_some_and(|trial| world.misses(trial)),
            windows: at,
            seconds: clock_s,
            ..Outcome::default()
        }
    }

    /// A session as the tuner runs it.
    pub fn tuned(&self, world: &World) -> Outcome {
        let mut session = Simulated::new(self, world);
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

    /// Three crossings one after the other, each of a trial with the best settings' truth.
    pub fn crossings(&self, world: &World) -> Outcome {
        let (mut session, known) = self.searched(world);
        let contender = world.contender();
        for _ in 0..3 {
            if session.fresh(TrialId::from("contender"), contender, known) {
                break;
            }
        }
        session.outcome
    }

    /// A first confirmation alone: the best settings against the default.
    pub fn confirmed(&self, world: &World) -> Outcome {
        let (mut session, known) = self.searched(world);
        session.fresh(TrialId::from("contender"), world.contender(), known);
        session.outcome
    }

    /// A session whose search, of the default and two trials of three windows, is over and not counted; and what
    /// its confirmations know of the spread of pairs.
    fn searched<'a>(&'a self, world: &'a World) -> (Simulated<'a>, Option<PairSpread>) {
        let mut session = Simulated::new(self, world);
        session.record.session.adaptive = false;
        for trial in 0..3 {
            let change = Value::Int(100 + trial);
            let changes = [("parallel", change)];
            session.trial(if trial == 0 { &[] } else { &changes });
        }
        let known = pair_spread(&session.record);
        session.begun_s = session.outcome.seconds;
        session.outcome = Outcome::default();
        (session, known)
    }
}

/// A session that is being run.
struct Simulated<'a> {
    play: &'a Play<'a>,
    world: &'a World,
    record: SessionRecord,
    outcome: Outcome,
    /// Seconds before what is counted.
    begun_s: f64,
}

impl<'a> Simulated<'a> {
    fn new(play: &'a Play<'a>, world: &'a World) -> Self {
        let mut record = Fixture::on_gpu().build();
        let session = &mut record.session;
        session.repeats = REPEATS as u32;
        session.adaptive = true;
        session.objective.threshold = Threshold::PercentBelowDefault {
            percent: world.percent,
        };
        session.objective.constraints = Constraints::default();
        session.noise = play.noise.clone();
        Self {
            play,
            world,
            record,
            outcome: Outcome::default(),
            begun_s: 0.0,
        }
    }

    fn repeat(&mut self, stream: u64, nth: usize) -> Repeat {
        static ONE: LazyLock<Repeat> =
            LazyLock::new(|| Fixture::on_gpu().repeat(1, Shown(400.0, 120.0)));
        let mut repeat = ONE.clone();
        let Play {
            window_s, beside_s, ..
        } = *self.play;
        let from_s = self.outcome.seconds + beside_s;
        let at_s = self.begun_s + from_s;
        let joules = self
            .world
            .joules(stream, nth, self.outcome.windows, at_s, window_s);
        repeat.energy.gross = Joules(joules * repeat.units.0 as f64);
        repeat.energy.net = None;
        self.outcome.windows += 1;
        self.outcome.seconds = from_s + window_s;
        self.outcome.joules += window_s * BUSY_W * joules / super::DEFAULT + beside_s * BESIDE_W;
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
        let trials = &self.record.trials;
        let Some(index) = trials.iter().position(|one| one.id == crossing) else {
            unreachable!("a crossing is a trial of the record");
        };
        let known = pair_spread(&self.record);
        self.fresh(crossing, index, known)
    }

    /// Fresh pairs of trial `index` and the default until the rule has enough.
    fn fresh(&mut self, trial: TrialId, index: usize, spread: Option<PairSpread>) -> bool {
        let number = self.record.confirmations.len() as u32 + 1;
        let mut confirmation = Confirmation {
            id: ConfirmationId(format!("confirmation-{number}")),
            session: self.record.session.id.clone(),
            trial,
            number,
            alpha: 0.0,
            best: Vec::new(),
            default: Vec::new(),
            discarded: Vec::new(),
            ratio: None,
            decision: None,
            chance: None,
            spread,
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
            let rule = self.play.rule.unwrap_or_else(|| Rule::of(&confirmation));
            confirmation.decision = rule.look(&confirmation, threshold).decision;
        }
        let below = confirmation.decision == Some(Decision::Below);
        self.record.confirmations.push(confirmation);
        self.outcome.confirmations += 1;
        self.outcome.stopped = below;
        self.outcome.wrongly = below && self.world.misses(index);
        below
    }
}
