//! One window: launch, warm up, do the work while every sensor is read, end the engine, and work out
//! the joules. Each window has an engine of its own, so that what varies between launches is part of
//! the repeatability that is stated.

use crate::error::TunerError;
use crate::event::PhaseKind;
use crate::job::Job;
use crate::measuring::phases::phases;
use crate::measuring::pictures::Album;
use crate::measuring::spoiled::{other_heat, other_limit, others_disturbed};
use crate::measuring::too_busy::BusyLimit;
use crate::tuner::{Tuner, now};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{
    Clock as _, Configuration, CpuUse, Energy, EnergyReading, FailureCause, Joules, Launch, Marks,
    MonotonicNs, Parameter, PowerSample, Repeat, Scope, Seconds, Session, SteadyState, SystemClock,
    Tell, Tokens, Warning, WarningKind, Watts, WorkUnit,
};
use wattsmith_engine::{
    About, Driven, EngineError, LaunchOptions, Place, RunningEngine, drive, gpu_knobs, launch,
    seconds_set, server_of, warm_up,
};
use wattsmith_fail_points::fail_point;
use wattsmith_meter::{Judged, Meter, MeterError, Recorded};

/// Longest wait until a model is loaded.
const READY_TIMEOUT: Duration = Duration::from_secs(300);
/// The environment variable that sets another, in seconds.
const READY_VARIABLE: &str = "WATTSMITH_LOAD_LIMIT_S";
/// Model-loaded idle before the work and after it, for real sensors.
const IDLE: Duration = Duration::from_secs(30);
/// The same in quick mode.
const IDLE_QUICK: Duration = Duration::from_secs(5);
/// The longest that a slow sensor is waited for.
const LONGEST_IDLE: Duration = Duration::from_secs(60);
/// Units of work that a window must hold to measure well.
pub(crate) fn least_units(unit: WorkUnit) -> u64 {
    match unit {
        WorkUnit::OutputToken => 200,
        WorkUnit::Image => 8,
    }
}

/// The shortest window of a session: the usual one of its sensors, or where the machine's noise was known when
/// it began the shortest that pays, with no fewer than a hundred updates of a sensor.
pub(crate) fn least_window(session: &Session, meter: &Meter) -> Duration {
    let known = session.noise.as_ref().and_then(|one| one.window.as_ref());
    match (known, meter.hundred_updates()) {
        (Some(window), Some(updates)) => {
            let pays = Duration::try_from_secs_f64(window.length.0);
            pays.map_or(meter.least_window(), |pays| pays.max(updates))
        }
        _ => meter.least_window(),
    }
}

/// What to measure.
pub(crate) struct Window<'a> {
    pub session: &'a Session,
    pub configuration: &'a Configuration,
    /// From 1 within its list.
    pub index: u32,
    /// For the screen, such as `trial 5 · repeat 2 of 3`.
    pub label: String,
    /// Idle power measured earlier in the same trial.
    pub idle: Option<Watts>,
    /// Length of an earlier window of the session.
    pub expected_s: Option<f64>,
    /// The session's first window, to hold the devices' heat against.
    pub reference: Option<&'a Repeat>,
    /// Where its pictures are kept, where it makes some and they are to be kept.
    pub album: Option<Album>,
}

/// What came of it.
pub(crate) struct Measured {
    pub repeat: Repeat,
    pub samples: Vec<(String, Vec<PowerSample>)>,
    /// What energy counters told around the window.
    pub readings: Vec<(String, Vec<EnergyReading>)>,
    pub launch: Launch,
}

impl Tuner {
    /// Measures one window. The caller holds the machine lock.
    ///
    /// # Errors
    /// The engine's or the meter's fault, or [`TunerError::Cancelled`]; the engine is gone in any
    /// case when this returns.
    pub(crate) async fn window(
        &self,
        job: &Job,
        window: &Window<'_>,
    ) -> Result<Measured, TunerError> {
        let session = window.session;
        let started_at = now();
        let options = self.launch_options(window).await?;
        fail_point!("tuner::window::begun", TunerError::at_fail_point());
        if window.index == 1 {
            self.check_start(&options).await?;
        }
        if session
            .space
            .parameters
            .iter()
            .any(|knob| knob.told == Tell::Device)
        {
            job.phase(PhaseKind::SettingGpu, &window.label, None);
        }
        let set = self
            .gpu
            .apply(&self.machine(), window.configuration, &job.cancel)
            .await?;
        let asked = (&options.space, &options.configuration);
        let begun = window.reference.is_some();
        self.ask_for_settings(job, session, options.server.as_ref(), asked, begun)
            .await?;
        let loading = window.reference.map(|one| one.load.0);
        job.phase(PhaseKind::LoadingEngine, &window.label, loading);
        let engine = launch(options, &job.cancel).await?;
        let meter = self.meter_of(session).await?;
        fail_point!(
            "tuner::window::engine_launched",
            TunerError::Meter(MeterError::NoSensor {
                reason: "fail point".to_owned()
            })
        );
        // CPU time of this machine says nothing of work that is done on another.
        let here = session.engine.machine.is_none();
        let recording = meter.record(engine.pid().filter(|_| here), job.power_feed());
        let recorded_from = SystemClock.now();
        let done = self.work(job, window, &engine, &meter).await;
        let recorded_to = SystemClock.now();
        job.phase(PhaseKind::StoppingEngine, &window.label, None);
        let load = engine.load();
        let place = engine.place().cloned();
        let mut told = engine.launch_at_work().await;
        told.differences.extend(set);
        engine.stop().await;
        // Joining the sensor threads waits for their last sample.
        let recorded = crate::machine::models::blocking(move || recording.finish()).await?;
        let mut work = done?;
        fail_point!("tuner::window::engine_ended", TunerError::at_fail_point());
        let (from, to) = (work.driven.started, work.driven.ended);
        let span = to.since(from);
        let rest = recorded.rest(&work.rests, self.sensing.rest(&session.id).as_ref());
        self.sensing.rested(&session.id, rest.clone());
        let Judged {
            mut energy,
            mut warnings,
        } = recorded.judged((from, to), &work.rests, &rest)?;
        let idle = work.idle(&recorded).or(window.idle);
        let idle = idle.filter(|_| energy.is_measured());
        if energy.scope != Scope::Estimated {
            energy.net = idle.map(|idle| energy.gross - idle * span);
        }
        let cpu = recorded.cpu(from, to).filter(|_| here).unwrap_or_default();
        does_the_work(place.as_ref().filter(|_| here), &cpu, span)?;
        let overhead = overhead(&recorded, recorded_from, recorded_to, from, to, load);
        let least = least_window(session, &meter);
        warnings.extend(own_warnings(
            session,
            span,
            work.driven.units(),
            least,
            &told,
        ));
        warnings.extend(crate::measuring::lengths::warning(
            &session.workload,
            &work.driven,
        ));
        let phases = phases(&work.driven, &recorded, &energy);
        // Before the pictures are taken out: both read what is told of pictures differently.
        let (performance, steady) = (
            work.driven.performance(),
            steady(window, &work.driven, &recorded),
        );
        let units = work.driven.units();
        let pictures = match work.driven.drawn.take() {
            Some(drawn) => Some(
                crate::measuring::pictures::work(drawn, &recorded, &energy, window.album.clone())
                    .await?,
            ),
            None => None,
        };
        let mut repeat = Repeat {
            index: window.index,
            started_at,
            window: span,
            marks: Some(Marks { from, to }),
            units,
            steady,
            performance,
            energy,
            idle,
            cpu,
            phases,
            pictures,
            conditions: match here {
                true => recorded.conditions(from, to),
                false => Vec::new(),
            },
            load,
            warm_up: work.warm_up,
            overhead,
            quick: session.quick,
            disturbed: false,
            warnings,
        };
        let heat = other_heat(&repeat, window.reference);
        let limit = other_limit(&repeat, window.reference, window.configuration);
        let busy =
            crate::measuring::too_busy::warning(&repeat, window.configuration, self.busy_limit);
        repeat.disturbed =
            busy.is_some() || self.busy_limit != BusyLimit::NEVER && others_disturbed(&repeat);
        // First: it says that there is no figure.
        repeat.warnings.splice(0..0, busy);
        repeat.warnings.extend(heat.into_iter().chain(limit));
        repeat.warnings.extend(self.exclusion_overridden());
        Ok(Measured {
            repeat,
            samples: recorded.samples(),
            readings: recorded.readings(from, to),
            launch: told,
        })
    }

    /// Said on every figure that was not kept apart from others by the machine's own lock.
    fn exclusion_overridden(&self) -> Option<Warning> {
        self.paths.lock_overridden.then(|| Warning {
            fault: None,
            kind: WarningKind::ExclusionOverridden,
            text: format!(
                "Exclusion overridden: the lock was {}, and not the one that all on this machine share, \
                 so another Wattsmith may have measured at the same time.",
                self.paths.lock.display()
            ),
        })
    }

    pub(crate) async fn launch_options(
        &self,
        window: &Window<'_>,
    ) -> Result<LaunchOptions, TunerError> {
        let session = window.session;
        // The whole catalogue, so that what is not tuned is told to the engine as well.
        let server = server_of(&session.engine)?;
        let flags = server.flags(Path::new(&session.engine.path)).await;
        let mut space = server.space(&About {
            flags: flags.as_ref(),
            ..about(session)
        });
        let allowed = |knob: &Parameter| session.space.get(&knob.name).is_some();
        let of_boards = gpu_knobs(&session.machine).into_iter().filter(allowed);
        space.parameters.extend(of_boards);
        let configuration = space
            .check(window.configuration)
            .map_err(|problems| crate::session::plan::invalid(&problems))?;
        let mut options = LaunchOptions::new(
            server,
            &session.engine.path,
            &session.model.path,
            space,
            configuration,
            self.paths.engines_state(),
        );
        options.draft = session
            .model
            .draft
            .as_ref()
            .map(|one| PathBuf::from(&one.path));
        options.flags = flags;
        let set = seconds_set(READY_VARIABLE).map(Duration::from_secs_f64);
        options.ready_timeout = set.unwrap_or(READY_TIMEOUT);
        Ok(options)
    }

    async fn work(
        &self,
        job: &Job,
        window: &Window<'_>,
        engine: &RunningEngine,
        meter: &Meter,
    ) -> Result<Work, TunerError> {
        let session = window.session;
        let warming = window.reference.map(|one| one.warm_up.0);
        job.phase(PhaseKind::WarmingUp, &window.label, warming);
        let clock = Arc::new(SystemClock);
        let warm_up = warm_up(engine, &session.workload, clock.clone(), &job.cancel).await?;
        self.cool_down(job, window).await?;
        let idle_span = if session.quick { IDLE_QUICK } else { IDLE };
        // Slow sensors need longer to tell the power of a rest at all.
        let idle_span = idle_span.max(meter.least_rest().min(LONGEST_IDLE));
        // An estimate has no net; its rest serves to judge the meters that stand beside it.
        let needs_idle = match meter.is_measured() {
            true => window.idle.is_none(),
            false => meter.reads_sensors() && self.sensing.rest(&session.id).is_none(),
        };
        let before = match needs_idle {
            true => Some(self.rest(job, &window.label, idle_span).await?),
            false => None,
        };
        job.phase(PhaseKind::Measuring, &window.label, window.expected_s);
        fail_point!(
            "tuner::window::opened",
            TunerError::Engine(EngineError::failed(FailureCause::Hang, "fail point"))
        );
        // Once a second: what is shown may not disturb what is measured.
        let mut told_s = f64::NEG_INFINITY;
        let driven = drive(
            engine,
            &session.workload,
            clock,
            |progress| {
                if progress.tokens > 0 && progress.elapsed.0 - told_s >= 1.0 {
                    told_s = progress.elapsed.0;
                    job.progress(progress.tokens as f64 / progress.tokens_total.max(1) as f64);
                }
            },
            &job.cancel,
        )
        .await?;
        fail_point!(
            "tuner::window::closed",
            TunerError::Engine(EngineError::failed(FailureCause::Crash, "fail point"))
        );
        let after = match needs_idle {
            true => Some(self.rest(job, &window.label, idle_span).await?),
            false => None,
        };
        Ok(Work {
            driven,
            warm_up,
            rests: before.into_iter().chain(after).collect(),
        })
    }

    /// Leaves the loaded model idle; gives the span.
    async fn rest(
        &self,
        job: &Job,
        label: &str,
        span: Duration,
    ) -> Result<(MonotonicNs, MonotonicNs), TunerError> {
        job.phase(PhaseKind::MeasuringIdle, label, Some(span.as_secs_f64()));
        let from = SystemClock.now();
        tokio::select! {
            () = tokio::time::sleep(span) => Ok((from, SystemClock.now())),
            () = job.cancel.cancelled() => Err(TunerError::Cancelled),
        }
    }
}

/// Of one core, what whoever does the work takes at the least; who only passes it on takes less.
const LEAST_SHARE: f64 = 0.05;

/// Refuses the figures of a server that was found here but whose work is plainly done elsewhere.
fn does_the_work(place: Option<&Place>, cpu: &CpuUse, span: Seconds) -> Result<(), TunerError> {
    let Some(Place::Here { pid, program }) = place else {
        return Ok(());
    };
    if cpu.engine_s >= LEAST_SHARE * span.0 {
        return Ok(());
    }
    Err(TunerError::Surroundings {
        cause: FailureCause::EngineNotFound,
        message: format!(
            "{program} (pid {pid}) holds the port, but used {:.1} % of a core while the work was done: it \
             passes requests on, or the work is done in a container. What this machine's sensors tell is \
             then not its energy. Say where it runs with --runs-on, and assign a meter to that machine \
             (`wattsmith-cli meters add --machine`).",
            100.0 * cpu.engine_s / span.0
        ),
        fault: None,
    })
}

/// What happened between the engine's start and its end.
struct Work {
    driven: Driven,
    warm_up: Seconds,
    rests: Vec<(MonotonicNs, MonotonicNs)>,
}

impl Work {
    /// Mean power of the idle spans, where there were any.
    fn idle(&self, recorded: &Recorded) -> Option<Watts> {
        let powers: Option<Vec<f64>> = self
            .rests
            .iter()
            .map(|(from, to)| recorded.mean_power(*from, *to).map(|power| power.0))
            .collect();
        let powers = powers?;
        (!powers.is_empty()).then(|| Watts(powers.iter().sum::<f64>() / powers.len() as f64))
    }
}

/// Energy around the window. Loading happens before the engine's pid is known, so it is priced at
/// the power of what follows it, until the window opens.
fn overhead(
    recorded: &Recorded,
    recorded_from: MonotonicNs,
    recorded_to: MonotonicNs,
    from: MonotonicNs,
    to: MonotonicNs,
    load: Seconds,
) -> Joules {
    let span = |from: MonotonicNs, to: MonotonicNs, and: Seconds| {
        let power = recorded.mean_power(from, to)?;
        Some(power * Seconds(to.since(from).0 + and.0))
    };
    let before = span(recorded_from, from, load);
    let after = span(to, recorded_to, Seconds(0.0));
    [before, after].into_iter().flatten().sum()
}

/// What the knobs of a session's engine hang on.
fn about(session: &Session) -> About<'_> {
    About {
        context_limit: session.model.context_limit,
        version: Some(&session.engine.version),
        draft: session.model.draft.is_some(),
        ..About::machine(&session.machine)
    }
}

fn steady(window: &Window<'_>, driven: &Driven, recorded: &Recorded) -> Option<SteadyState> {
    // Where requests come by the clock or all at once, nothing keeps the engine evenly full.
    if !window.session.workload.arrivals.is_clients() {
        return None;
    }
    let clients = window.session.workload.concurrency;
    let server = server_of(&window.session.engine).ok()?;
    let about = about(window.session);
    let slots = server.catalogue().at_once(window.configuration, &about)?;
    let (from, to, tokens) = driven.steady_window(slots.min(clients))?;
    let energy: Energy = recorded.energy(from, to).ok()?;
    (tokens > 0).then(|| SteadyState {
        span: to.since(from),
        joules_per_unit: energy.gross.0 / tokens as f64,
    })
}

fn own_warnings(
    session: &Session,
    span: Seconds,
    units: Tokens,
    least: Duration,
    launch: &Launch,
) -> Vec<Warning> {
    let unit = session.workload.unit;
    let mut warnings = Vec::new();
    let remedy = if session.quick {
        "Measure without quick mode before relying on it."
    } else {
        "Choose a longer workload."
    };
    let short = if span.0 < least.as_secs_f64() {
        Some(format!(
            "The window lasted {:.1} s; below {} s start and end weigh too much for this sensor.",
            span.0,
            least.as_secs()
        ))
    } else if units.0 < least_units(unit) {
        Some(format!(
            "The window held {} {}; below {} chance weighs too much.",
            units.0,
            unit.output(),
            least_units(unit)
        ))
    } else {
        None
    };
    warnings.extend(short.map(|short| Warning {
        fault: None,
        kind: WarningKind::ShortWindow,
        text: format!("{short} {remedy}"),
    }));
    for difference in &launch.differences {
        warnings.push(Warning {
            fault: None,
            kind: WarningKind::SettingIgnored,
            text: format!(
                "The {} uses {} = {} instead of {}.",
                match difference.name.starts_with("gpu-") {
                    true => "GPU",
                    false => "engine",
                },
                difference.name,
                difference.used,
                difference.asked
            ),
        });
    }
    warnings
}
