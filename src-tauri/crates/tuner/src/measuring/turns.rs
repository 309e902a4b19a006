//! Two settings held against each other by turns: both engines are loaded, and slices of the same work alternate in
//! balanced order ([`wattsmith_stats::turn_order`]).
//!
//! It is asked for by name and no part of a session: what it gives is a ratio, and a confirmation by windows needs
//! none of its conditions. These are that nothing goes to a board that only one of them may have, that both fit into
//! memory, and that each reads back the same settings with the other loaded as without it. After every launch of
//! both, each works alone, with a launch of its own: that says what a setting costs by itself, whether the engine
//! that waits is in the ratio ([`Loaded`]), and what windows would have said.

use crate::error::TunerError;
use crate::event::PhaseKind;
use crate::job::Job;
use crate::machine::memory_need::{MemoryNeed, free_memory, gigabytes};
use crate::machine::models::blocking;
use crate::measuring::measure::Window;
use crate::measuring::too_busy::{BusyLimit, is_taken, threads};
use crate::session::plan::SessionPlan;
use crate::session::work::WorkSize;
use crate::tuner::Tuner;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wattsmith_domain::{
    Advisor, Configuration, Interval, Seconds, Session, SessionId, SystemClock, Tell,
};
use wattsmith_engine::{Driven, RunningEngine, drive, inspect_model, launch, warm_up, with_passes};
use wattsmith_meter::{Recorded, Recording};
use wattsmith_stats::{
    LEAST_LAUNCHES, Loaded, Turn, geometric_mean, launch_log_ratio, turn_order, turns_ratio,
};

/// Launches of both when nobody says.
pub const TURNS_LAUNCHES: u32 = 3;
/// Fours of slices of each launch when nobody says.
pub const TURNS_FOURS: u32 = 4;
/// Most of both.
const MOST: u32 = 50;
/// No slice holds more passes.
const MOST_PASSES: f64 = 1000.0;

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnsWish {
    /// The engine by name; the one that comes along when empty.
    pub engine: String,
    /// The model's file; the one used last when none.
    pub model: Option<PathBuf>,
    /// Another size of the usual work.
    pub size: WorkSize,
    /// What one side changes of the default; the other side is the default.
    pub changes: Configuration,
    /// Launches of both, at least three.
    pub launches: u32,
    /// Fours of slices of each launch, at least one.
    pub fours: u32,
}

/// What came of it. Sides are (with the changes, the default).
#[derive(Debug, Clone, PartialEq)]
pub struct TookTurns {
    /// Where the joules came from.
    pub source: String,
    /// Whether they were read from a sensor.
    pub measured: bool,
    /// Changed over default by turns, 95 %, corrected for the engine that waits where that is needed.
    pub by_turns: Interval,
    /// The same by windows of one engine each, from the same launches and amount of work.
    pub by_windows: Option<Interval>,
    /// What each side costs with the other loaded over what it costs alone.
    pub loaded: [Loaded; 2],
    /// Whether the ratio was corrected by that.
    pub corrected: bool,
    /// J/unit of each side, alone.
    pub alone: [f64; 2],
    /// Passes over the work in a slice.
    pub passes: u32,
    /// Seconds that turns took and windows took, all included.
    pub seconds: [Seconds; 2],
}

/// The place that it takes among the jobs.
#[must_use]
pub fn turns_job() -> SessionId {
    SessionId::from("turns")
}

/// A side that is loaded.
struct Ready {
    engine: RunningEngine,
    recording: Recording,
    used: BTreeMap<String, String>,
}

/// What a side did, and what was recorded meanwhile.
struct Worked {
    recorded: Recorded,
    driven: Vec<Driven>,
    used: BTreeMap<String, String>,
}

impl Worked {
    fn slice(&self, at: usize) -> Result<(f64, f64), TunerError> {
        let driven = &self.driven[at];
        let energy = self.recorded.energy(driven.started, driven.ended)?;
        Ok((energy.gross.0, driven.units().0 as f64))
    }

    /// J/unit of all slices together.
    fn cost(&self) -> Result<f64, TunerError> {
        let slices: Vec<(f64, f64)> = (0..self.driven.len())
            .map(|at| self.slice(at))
            .collect::<Result<_, _>>()?;
        let joules: f64 = slices.iter().map(|one| one.0).sum();
        let units: f64 = slices.iter().map(|one| one.1).sum();
        Ok(joules / units.max(1.0))
    }
}

/// What stays the same throughout.
struct Sides<'a> {
    session: &'a Session,
    settings: [Configuration; 2],
}

impl Sides<'_> {
    fn name(side: usize) -> &'static str {
        ["with the changes", "the default"][side]
    }
}

impl Tuner {
    /// Lets two settings take turns.
    ///
    /// # Errors
    /// Something is measured already, one of the conditions does not hold, an engine failed, others kept the machine
    /// busy, or it was cancelled.
    pub async fn take_turns(&self, wish: TurnsWish) -> Result<TookTurns, TunerError> {
        let fits = LEAST_LAUNCHES as u32..=MOST;
        if !fits.contains(&wish.launches) || !(1..=MOST).contains(&wish.fours) {
            return Err(TunerError::Invalid(format!(
                "Choose {LEAST_LAUNCHES} to {MOST} launches and 1 to {MOST} fours of slices."
            )));
        }
        let job = self.jobs.begin(&turns_job(), false)?;
        let meter = self.meter();
        let Some(least) = meter.hundred_updates() else {
            return Err(TunerError::Invalid(
                "Here power is told only as an average over a second or more, so there are no slices to take \
                 turns in."
                    .to_owned(),
            ));
        };
        let _machine = self.claim_machine()?;
        let session = self
            .session(SessionPlan {
                engine: wish.engine,
                model: wish.model,
                size: wish.size,
                advisor: Advisor::Sobol,
                quick: false,
                memory: false,
                ..SessionPlan::default()
            })
            .await?;
        let default = session.space.default_configuration();
        let mut changed = default.clone();
        for (name, value) in wish.changes.iter() {
            changed.set(name, value.clone());
        }
        let sides = Sides {
            session: &session,
            settings: [changed, default],
        };
        self.may_take_turns(&sides).await?;
        let mut passes = None;
        let mut turned: Vec<(Vec<Turn>, [f64; 2])> = Vec::new();
        let mut alone: Vec<[f64; 2]> = Vec::new();
        let mut seconds = [0.0; 2];
        for number in 1..=wish.launches {
            let label = format!("launch {number} of {}", wish.launches);
            let begins = number % 2 == 1;
            let order = turn_order(wish.fours as usize, begins);
            let begun = Instant::now();
            let both = self
                .both(&job, &sides, &label, &order, least, &mut passes)
                .await?;
            seconds[0] += begun.elapsed().as_secs_f64();
            let begun = Instant::now();
            let mut by_itself = [0.0; 2];
            let count = order.len() / 2;
            let slices = passes.unwrap_or(1);
            for side in if begins { [0, 1] } else { [1, 0] } {
                let worked = self
                    .alone(&job, &sides, side, &label, count, slices)
                    .await?;
                if worked.used != both[side].used {
                    return Err(differs(side, &both[side].used, &worked.used));
                }
                by_itself[side] = worked.cost()?;
            }
            seconds[1] += begun.elapsed().as_secs_f64();
            turned.push((turns(&both, &order)?, [both[0].cost()?, both[1].cost()?]));
            alone.push(by_itself);
        }
        let logs: Option<Vec<f64>> = turned
            .iter()
            .map(|(turns, _)| launch_log_ratio(turns))
            .collect();
        let column = |of: &dyn Fn(usize) -> f64| (0..alone.len()).map(of).collect::<Vec<f64>>();
        let loaded = [0, 1].map(|side| {
            let with = column(&|at| turned[at].1[side]);
            Loaded::of(&with, &column(&|at| alone[at][side]))
        });
        let ([Some(best), Some(other)], Some(logs)) = (loaded, logs) else {
            return Err(no_figure());
        };
        let corrected = !(best.is_alike() && other.is_alike());
        let by_turns = turns_ratio(&logs, None, corrected.then_some([best, other]), 0.95);
        let windows = column(&|at| (alone[at][0] / alone[at][1]).ln());
        let costs = [0, 1].map(|side| geometric_mean(&column(&|at| alone[at][side])));
        let (Some(by_turns), [Some(own), Some(default)]) = (by_turns, costs) else {
            return Err(no_figure());
        };
        Ok(TookTurns {
            source: meter.source_label(),
            measured: meter.is_measured(),
            by_turns,
            by_windows: turns_ratio(&windows, None, None, 0.95),
            loaded: [best, other],
            corrected,
            alone: [own, default],
            passes: passes.unwrap_or(1),
            seconds: seconds.map(Seconds),
        })
    }

    /// Whether both can be loaded at once.
    async fn may_take_turns(&self, sides: &Sides<'_>) -> Result<(), TunerError> {
        let session = sides.session;
        if !session.workload.unit.is_token() || session.engine.machine.is_some() {
            return Err(TunerError::Invalid(
                "Turns are taken with work of tokens, and with an engine that Wattsmith starts here."
                    .to_owned(),
            ));
        }
        let of_a_board = |name: &str| {
            let knob = session.space.get(name);
            knob.is_some_and(|knob| knob.told == Tell::Device)
        };
        let [changed, default] = &sides.settings;
        let apart = changed
            .iter()
            .find(|(name, value)| of_a_board(name) && default.get(name) != Some(value));
        if let Some((name, _)) = apart {
            return Err(TunerError::Invalid(format!(
                "{name} is set on the board, which both engines share: they cannot take turns in it."
            )));
        }
        let (Ok(file), Some(free)) = (
            inspect_model(Path::new(&session.model.path)).await,
            free_memory(),
        ) else {
            return Ok(());
        };
        let both: u64 = sides
            .settings
            .iter()
            .map(|settings| MemoryNeed::of(&file, settings).bytes())
            .sum();
        match both <= free {
            true => Ok(()),
            false => Err(TunerError::Invalid(format!(
                "Both engines together take at least {}, and {} of memory is free.",
                gigabytes(both),
                gigabytes(free)
            ))),
        }
    }

    /// Starts a side and warms it up, while it is recorded.
    async fn ready(
        &self,
        job: &Job,
        sides: &Sides<'_>,
        side: usize,
        label: &str,
    ) -> Result<Ready, TunerError> {
        let label = format!("{label}: {}", Sides::name(side));
        let options = self
            .launch_options(&Window {
                session: sides.session,
                configuration: &sides.settings[side],
                index: 1,
                label: label.clone(),
                idle: None,
                expected_s: None,
                reference: None,
                album: None,
            })
            .await?;
        self.check_start(&options).await?;
        job.phase(PhaseKind::LoadingEngine, &label, None);
        let engine = launch(options, &job.cancel).await?;
        let recording = self.meter().record(engine.pid(), job.power_feed());
        job.phase(PhaseKind::WarmingUp, &label, None);
        let clock = Arc::new(SystemClock);
        let warm = warm_up(&engine, &sides.session.workload, clock, &job.cancel).await;
        if let Err(error) = warm {
            engine.stop().await;
            return Err(error.into());
        }
        let used = engine.launch_at_work().await.used;
        Ok(Ready {
            engine,
            recording,
            used,
        })
    }

    /// Both loaded, slices in this order; gives what each did.
    async fn both(
        &self,
        job: &Job,
        sides: &Sides<'_>,
        label: &str,
        order: &[bool],
        least: Duration,
        passes: &mut Option<u32>,
    ) -> Result<[Worked; 2], TunerError> {
        let first = self.ready(job, sides, 0, label).await?;
        let second = match self.ready(job, sides, 1, label).await {
            Ok(second) => second,
            Err(error) => {
                first.engine.stop().await;
                return Err(error);
            }
        };
        let ready = [first, second];
        job.phase(PhaseKind::Measuring, &format!("{label}: turns"), None);
        let done = alternate(job, sides.session, &ready, order, least, passes).await;
        let [first, second] = ready;
        first.engine.stop().await;
        second.engine.stop().await;
        let both = [
            (first.recording, first.used),
            (second.recording, second.used),
        ];
        let mut driven = done?.into_iter();
        let mut worked = Vec::new();
        for (recording, used) in both {
            worked.push(Worked {
                recorded: blocking(move || recording.finish()).await?,
                driven: driven.next().unwrap_or_default(),
                used,
            });
        }
        for (side, one) in worked.iter().enumerate() {
            self.quiet_slices(one, &sides.settings[side])?;
        }
        worked.try_into().map_err(|_| no_figure())
    }

    /// One side by itself, in a launch of its own.
    async fn alone(
        &self,
        job: &Job,
        sides: &Sides<'_>,
        side: usize,
        label: &str,
        count: usize,
        passes: u32,
    ) -> Result<Worked, TunerError> {
        let ready = self.ready(job, sides, side, label).await?;
        let what = format!("{label}: {} alone", Sides::name(side));
        job.phase(PhaseKind::Measuring, &what, None);
        let mut driven = Vec::new();
        let mut failed = None;
        // The first one settles, as it does where they take turns.
        for at in 0..=count {
            let slices = if at == 0 { 1 } else { passes };
            match slice(job, sides.session, &ready.engine, slices).await {
                Ok(_) if at == 0 => {}
                Ok(one) => driven.push(one),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        ready.engine.stop().await;
        let recording = ready.recording;
        let recorded = blocking(move || recording.finish()).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        let worked = Worked {
            recorded,
            driven,
            used: ready.used,
        };
        self.quiet_slices(&worked, &sides.settings[side])?;
        Ok(worked)
    }

    /// Refuses slices beside which others worked, an engine that should have waited among them.
    fn quiet_slices(&self, worked: &Worked, settings: &Configuration) -> Result<(), TunerError> {
        if self.busy_limit == BusyLimit::NEVER {
            return Ok(());
        }
        let whole = self.meter().is_measured();
        for driven in &worked.driven {
            let span = driven.ended.since(driven.started);
            let Some(cpu) = worked.recorded.cpu(driven.started, driven.ended) else {
                continue;
            };
            let threads = threads(settings, &cpu);
            if is_taken(&cpu, span, whole, self.busy_limit, threads) {
                return Err(TunerError::Busy(
                    "Too busy to say: others used the CPU while slices were measured. Nothing is kept. Close \
                     other programs and try again."
                        .to_owned(),
                ));
            }
        }
        Ok(())
    }
}

/// Slices of both in this order; gives those of each. How many passes a slice has is found once and then kept.
async fn alternate(
    job: &Job,
    session: &Session,
    ready: &[Ready; 2],
    order: &[bool],
    least: Duration,
    passes: &mut Option<u32>,
) -> Result<[Vec<Driven>; 2], TunerError> {
    let mut pass_s = f64::INFINITY;
    for side in ready {
        let settled = slice(job, session, &side.engine, 1).await?;
        pass_s = pass_s.min(settled.ended.since(settled.started).0);
    }
    let enough = (least.as_secs_f64() / pass_s.max(0.001)).ceil();
    let passes = *passes.get_or_insert(enough.clamp(1.0, MOST_PASSES) as u32);
    let mut driven = [Vec::new(), Vec::new()];
    for (at, best) in order.iter().enumerate() {
        let side = usize::from(!best);
        driven[side].push(slice(job, session, &ready[side].engine, passes).await?);
        job.progress((at + 1) as f64 / order.len() as f64);
    }
    Ok(driven)
}

/// Whole passes over the work.
async fn slice(
    job: &Job,
    session: &Session,
    engine: &RunningEngine,
    passes: u32,
) -> Result<Driven, TunerError> {
    let workload = with_passes(&session.workload, passes);
    let clock = Arc::new(SystemClock);
    Ok(drive(engine, &workload, clock, |_| {}, &job.cancel).await?)
}

/// The turns in the order in which they were taken.
fn turns(both: &[Worked; 2], order: &[bool]) -> Result<Vec<Turn>, TunerError> {
    let mut taken = [0, 0];
    order
        .iter()
        .map(|best| {
            let side = usize::from(!best);
            let (joules, units) = both[side].slice(taken[side])?;
            taken[side] += 1;
            Ok(Turn {
                best: *best,
                joules,
                units,
            })
        })
        .collect()
}

fn differs(
    side: usize,
    with: &BTreeMap<String, String>,
    without: &BTreeMap<String, String>,
) -> TunerError {
    let apart = with
        .iter()
        .find(|(name, value)| without.get(*name) != Some(value));
    let (name, value) = apart.map_or(("a setting", "another"), |(name, value)| (name, value));
    let alone = without.get(name).map_or("nothing", String::as_str);
    TunerError::Invalid(format!(
        "The engine {} uses {name} = {value} with the other engine loaded, and {alone} without: they cannot take \
         turns. Set {name}.",
        Sides::name(side)
    ))
}

fn no_figure() -> TunerError {
    TunerError::Invalid("The slices gave no figure. Choose more work.".to_owned())
}
