//! A recording of the noise: one continuous run of the usual work, then a few launches of short windows.
//!
//! The run is whole passes, one after the other without a break, so that the engine stays full; it is cut
//! afterwards by the clock, from the recorded power and from when tokens came. What cutting in the middle of
//! a request adds is told apart ([`wattsmith_stats::noise::Components`]). The launches then show what stays
//! with an engine from its start to its end.
//!
//! Where others kept the machine busy the whole recording is thrown away: their noise is not the machine's.

use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::job::{Job, JobState};
use crate::machine::models::blocking;
use crate::machine::noise::{KeptNoise, NoisePlace};
use crate::measuring::measure::Window;
use crate::measuring::too_busy::{BusyLimit, is_taken, takers, threads};
use crate::session::plan::SessionPlan;
use crate::session::work::WorkSize;
use crate::tuner::{Tuner, now};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wattsmith_domain::{
    Advisor, Clock as _, Configuration, MonotonicNs, Seconds, Session, SessionId, SystemClock,
};
use wattsmith_engine::{Driven, RunningEngine, drive, launch, warm_up, with_passes};
use wattsmith_meter::Recorded;
use wattsmith_stats::noise::{Noise, Question, SHORTEST_WINDOW_S, WorkSlice};

/// How long the continuous run is when nobody says.
pub const NOISE_SECONDS: f64 = 240.0;
/// Shorter ones tell nothing of slow drift.
const LEAST_SECONDS: f64 = 30.0;
/// Longer ones keep the machine for an hour.
const MOST_SECONDS: f64 = 3600.0;
/// Launches after the run, and windows of each.
const LAUNCHES: u32 = 3;
const WINDOWS_EACH: u32 = 3;
/// The start of the run that is no steady part of it.
const DROPPED: Seconds = Seconds(5.0);
/// Others are looked for in stretches of this length.
const STRETCH: Seconds = Seconds(30.0);
/// A run that is shorter than this share of what was asked for is made again, at most so often in all.
const LONG_ENOUGH: f64 = 0.8;
const MOST_TRIES: u32 = 3;
/// Most passes in one run.
const MOST_PASSES: f64 = 10_000.0;

/// What is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseWish {
    /// The engine by name; the one that comes along when empty.
    pub engine: String,
    /// The model's file; the one used last when none.
    pub model: Option<PathBuf>,
    /// Another size of the usual work.
    pub size: WorkSize,
    /// Length of the continuous run, seconds.
    pub seconds: f64,
    /// A new file for the run's slices, as CSV; they are written before the launches begin.
    pub slices: Option<PathBuf>,
}

impl Default for NoiseWish {
    fn default() -> Self {
        Self {
            engine: String::new(),
            model: None,
            size: WorkSize::default(),
            seconds: NOISE_SECONDS,
            slices: None,
        }
    }
}

/// The place that a recording takes among the jobs.
#[must_use]
pub fn noise_job() -> SessionId {
    SessionId::from("noise")
}

/// Work that was driven, with when its tokens came.
struct Drove {
    driven: Driven,
    /// Tokens so far, ten times a second.
    stamps: Vec<(MonotonicNs, f64)>,
}

/// What one engine did from its start to its end.
struct Launched {
    recorded: Recorded,
    drove: Vec<Drove>,
    /// Seconds beside the work.
    beside_s: f64,
    threads: u32,
}

/// The work of one launch.
#[derive(Clone, Copy)]
enum Work {
    /// A pass, then as many as fill so many seconds.
    Run(f64),
    /// Windows of so many passes.
    Windows(u32),
}

impl Tuner {
    /// What the recording that runs is doing.
    #[must_use]
    pub fn recording_noise(&self) -> JobState {
        self.jobs.state(&noise_job())
    }

    /// Ends the recording that runs, and its engine. Whether there was one.
    #[must_use]
    pub fn cancel_noise(&self) -> bool {
        self.jobs.cancel(&noise_job())
    }

    /// Starts a recording and returns at once; watch it with [`Tuner::watch`].
    ///
    /// # Errors
    /// One runs already, or the wish cannot be.
    pub fn start_noise(self: &Arc<Self>, wish: NoiseWish) -> Result<(), TunerError> {
        let job = self.begin_noise(&wish)?;
        let tuner = Arc::clone(self);
        tokio::spawn(async move {
            match tuner.noise_as(&job, wish).await {
                Ok(_) | Err(TunerError::Cancelled) => {}
                Err(error) => job.emit(EventKind::Failed(error.to_string())),
            }
        });
        Ok(())
    }

    /// Records the noise, keeps what was seen, and gives it.
    ///
    /// # Errors
    /// Something is measured already, the sensors tell only long averages, the engine failed, others kept
    /// the machine busy, or it was cancelled. Nothing is kept then.
    pub async fn record_noise(&self, wish: NoiseWish) -> Result<KeptNoise, TunerError> {
        let job = self.begin_noise(&wish)?;
        self.noise_as(&job, wish).await
    }

    fn begin_noise(&self, wish: &NoiseWish) -> Result<Job, TunerError> {
        // Before minutes are spent on what then has no place.
        let folder = wish.slices.as_deref().and_then(Path::parent);
        if let Some(folder) = folder.filter(|one| !one.as_os_str().is_empty() && !one.is_dir()) {
            return Err(TunerError::Invalid(format!(
                "The slices cannot be written: there is no folder {}. Make it, or name another file.",
                folder.display()
            )));
        }
        if !(LEAST_SECONDS..=MOST_SECONDS).contains(&wish.seconds) {
            return Err(TunerError::Invalid(format!(
                "A recording of {} s cannot be made; choose {LEAST_SECONDS:.0} to {MOST_SECONDS:.0} s.",
                wish.seconds
            )));
        }
        if self.recording_noise().running {
            return Err(TunerError::Busy(
                "The noise is being recorded already. Wait for it, or cancel it first.".to_owned(),
            ));
        }
        self.jobs.begin(&noise_job(), false)
    }

    async fn noise_as(&self, job: &Job, wish: NoiseWish) -> Result<KeptNoise, TunerError> {
        let meter = self.meter();
        let (Some(slice), Some(updates)) = (meter.least_slice(), meter.hundred_updates()) else {
            return Err(TunerError::Invalid(
                "Here power is told only as an average over a second or more, so there are no slices \
                 below a hundred of its periods, and nothing to record. Windows keep their usual length."
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
        if !session.workload.unit.is_token() || session.engine.machine.is_some() {
            return Err(TunerError::Invalid(
                "The noise is recorded with work of tokens, and with an engine that Wattsmith starts here."
                    .to_owned(),
            ));
        }
        let label = format!("the noise: one run of {:.0} s", wish.seconds);
        let run = self
            .launched(job, &session, &label, Work::Run(wish.seconds))
            .await?;
        let [pass, long] = run.drove.as_slice() else {
            return Err(too_short());
        };
        self.quiet_throughout(&run, long)?;
        let pass_s = length(&pass.driven);
        let (start, steady) = cut(&run.recorded, long, &session, slice)?;
        if let Some(path) = wish.slices {
            let text = table(&start, &steady);
            blocking(move || write(&path, &text)).await??;
        }
        let least_s = SHORTEST_WINDOW_S.max(updates.as_secs_f64());
        let passes = (least_s / pass_s).ceil().clamp(1.0, MOST_PASSES) as u32;
        let mut launches = Vec::new();
        let mut beside_s = vec![run.beside_s];
        for number in 1..=LAUNCHES {
            let label = format!("the noise: launch {number} of {LAUNCHES}");
            let one = self
                .launched(job, &session, &label, Work::Windows(passes))
                .await?;
            let mut figures = Vec::new();
            for window in &one.drove {
                self.quiet_throughout(&one, window)?;
                let driven = &window.driven;
                let energy = one.recorded.energy(driven.started, driven.ended)?;
                figures.push(energy.gross.0 / driven.units().0.max(1) as f64);
            }
            beside_s.push(one.beside_s);
            launches.push(figures);
        }
        let noise = Noise::of(&start, &steady, &launches).ok_or_else(too_short)?;
        let beside_s = beside_s.iter().sum::<f64>() / beside_s.len() as f64;
        let plan = noise
            .plan(&Question::usual(beside_s, least_s))
            .ok_or_else(too_short)?;
        let kept = KeptNoise {
            recorded_at: now(),
            place: NoisePlace::of(
                &session.machine,
                meter.scope(),
                &session.engine,
                &session.model,
            ),
            model: session.model.name.clone(),
            source: meter.source_label(),
            measured: meter.is_measured(),
            noise,
            plan,
            beside_s,
            pass_s,
        };
        self.keep_noise(&kept).await?;
        Ok(kept)
    }

    /// Starts an engine, has it do the work, and ends it.
    async fn launched(
        &self,
        job: &Job,
        session: &Session,
        label: &str,
        work: Work,
    ) -> Result<Launched, TunerError> {
        let configuration = session.space.default_configuration();
        let window = Window {
            session,
            configuration: &configuration,
            index: 1,
            label: label.to_owned(),
            idle: None,
            expected_s: None,
            reference: None,
            album: None,
        };
        let options = self.launch_options(&window).await?;
        job.phase(PhaseKind::LoadingEngine, label, None);
        let begun = Instant::now();
        let engine = launch(options, &job.cancel).await?;
        let recording = self.meter().record(engine.pid(), job.power_feed());
        let done = worked(job, session, label, &engine, work).await;
        let ending = Instant::now();
        job.phase(PhaseKind::StoppingEngine, label, None);
        engine.stop().await;
        let stopped = ending.elapsed();
        let recorded = blocking(move || recording.finish()).await?;
        let (drove, worked) = done?;
        let whole = ending.duration_since(begun) + stopped;
        Ok(Launched {
            beside_s: whole.saturating_sub(worked).as_secs_f64(),
            threads: threads_of(&configuration, &recorded, &drove),
            recorded,
            drove,
        })
    }

    /// Refuses a recording beside which others worked.
    fn quiet_throughout(&self, launched: &Launched, drove: &Drove) -> Result<(), TunerError> {
        if self.busy_limit == BusyLimit::NEVER {
            return Ok(());
        }
        let whole = self.meter().is_measured();
        let end = drove.driven.ended;
        let mut from = drove.driven.started;
        while from < end {
            let to = from.plus(STRETCH).min(end);
            let span = to.since(from);
            let Some(cpu) = launched.recorded.cpu(from, to) else {
                return Ok(());
            };
            if is_taken(&cpu, span, whole, self.busy_limit, launched.threads) {
                let who = takers(&cpu, span).unwrap_or_else(|| "others used the CPU".to_owned());
                let at = from.since(drove.driven.started).0;
                return Err(TunerError::Busy(format!(
                    "Too busy to say: {who} from {at:.0} to {:.0} s of the run. The recording is thrown \
                     away, since their noise is not this machine's. Close other programs and record again.",
                    at + span.0
                )));
            }
            from = to;
        }
        Ok(())
    }
}

/// Has a started engine do the work; gives how long the work itself took, too.
async fn worked(
    job: &Job,
    session: &Session,
    label: &str,
    engine: &RunningEngine,
    work: Work,
) -> Result<(Vec<Drove>, Duration), TunerError> {
    job.phase(PhaseKind::WarmingUp, label, None);
    warm_up(
        engine,
        &session.workload,
        Arc::new(SystemClock),
        &job.cancel,
    )
    .await?;
    let begun = Instant::now();
    let mut drove = Vec::new();
    match work {
        Work::Run(seconds) => {
            job.phase(
                PhaseKind::Measuring,
                &format!("{label} · how long a pass takes"),
                None,
            );
            let pass = driven(job, session, engine, 1).await?;
            let mut passes = 1.0;
            let mut took_s = length(&pass.driven);
            drove.push(pass);
            job.phase(PhaseKind::Measuring, label, Some(seconds));
            // One pass may be far from what many take: it is cold, or something came between.
            for _ in 0..MOST_TRIES {
                passes = f64::ceil(passes * seconds / took_s).clamp(1.0, MOST_PASSES);
                let run = driven(job, session, engine, passes as u32).await?;
                took_s = length(&run.driven);
                drove.truncate(1);
                drove.push(run);
                if took_s >= LONG_ENOUGH * seconds {
                    break;
                }
            }
        }
        Work::Windows(passes) => {
            for number in 1..=WINDOWS_EACH {
                let part = format!("{label} · window {number} of {WINDOWS_EACH}");
                let expected = drove.last().map(|one: &Drove| length(&one.driven));
                job.phase(PhaseKind::Measuring, &part, expected);
                drove.push(driven(job, session, engine, passes).await?);
            }
        }
    }
    Ok((drove, begun.elapsed()))
}

async fn driven(
    job: &Job,
    session: &Session,
    engine: &RunningEngine,
    passes: u32,
) -> Result<Drove, TunerError> {
    let workload = with_passes(&session.workload, passes);
    let mut stamps = Vec::new();
    let mut told_s = f64::NEG_INFINITY;
    let driven = drive(
        engine,
        &workload,
        Arc::new(SystemClock),
        |progress| {
            stamps.push((SystemClock.now(), progress.tokens as f64));
            if progress.elapsed.0 - told_s >= 1.0 {
                told_s = progress.elapsed.0;
                job.progress(progress.tokens as f64 / progress.tokens_total.max(1) as f64);
            }
        },
        &job.cancel,
    )
    .await?;
    Ok(Drove { driven, stamps })
}

fn length(driven: &Driven) -> f64 {
    driven.ended.since(driven.started).0.max(0.001)
}

fn threads_of(configuration: &Configuration, recorded: &Recorded, drove: &[Drove]) -> u32 {
    let cpu = drove
        .first()
        .and_then(|one| recorded.cpu(one.driven.started, one.driven.ended));
    threads(configuration, &cpu.unwrap_or_default())
}

/// Slices of the run: those of its start, and those of its steady part.
fn cut(
    recorded: &Recorded,
    drove: &Drove,
    session: &Session,
    slice: Duration,
) -> Result<(Vec<WorkSlice>, Vec<WorkSlice>), TunerError> {
    let driven = &drove.driven;
    let full = driven.steady_window(session.workload.concurrency);
    let (from, to) = full.map_or((driven.started, driven.ended), |(from, to, _)| (from, to));
    let base = Seconds(slice.as_secs_f64());
    let lead = from.since(driven.started).0.max(DROPPED.0);
    // Whole slices before the steady part, so that the two meet.
    let lead = (lead / base.0).ceil() as usize;
    let all = (to.since(driven.started).0 / base.0).floor() as usize;
    let seen = drove.stamps.last().map_or(0.0, |(_, tokens)| *tokens);
    if seen <= 0.0 || all <= lead {
        return Err(too_short());
    }
    // Some servers send several tokens at a time: the engine's own count is what holds.
    let scale = driven.units().0 as f64 / seen;
    let edge = |at: usize| driven.started.plus(Seconds(at as f64 * base.0));
    let mut slices = (0..all)
        .map(|at| {
            let (from, to) = (edge(at), edge(at + 1));
            Ok(WorkSlice {
                seconds: base.0,
                joules: recorded.energy(from, to)?.gross.0,
                units: scale * (tokens_by(&drove.stamps, to) - tokens_by(&drove.stamps, from)),
            })
        })
        .collect::<Result<Vec<_>, TunerError>>()?;
    let steady = slices.split_off(lead);
    Ok((slices, steady))
}

fn write(path: &Path, text: &str) -> Result<(), TunerError> {
    wattsmith_files::write(path, text.as_bytes()).map_err(|source| {
        TunerError::io(
            format!("cannot write the slices to {}", path.display()),
            source,
        )
    })
}

/// The slices as CSV, in the order of the run.
fn table(start: &[WorkSlice], steady: &[WorkSlice]) -> String {
    let parts = [("start", start), ("steady", steady)];
    let lines = parts.into_iter().flat_map(|(part, slices)| {
        let line = move |one: &WorkSlice| {
            format!(
                "{part},{},{:.6},{:.3}\n",
                one.seconds, one.joules, one.units
            )
        };
        slices.iter().map(line)
    });
    std::iter::once("part,seconds,joules,units\n".to_owned())
        .chain(lines)
        .collect()
}

/// Tokens that had come at some instant, between the stamps around it.
fn tokens_by(stamps: &[(MonotonicNs, f64)], at: MonotonicNs) -> f64 {
    let after = stamps.partition_point(|(when, _)| *when <= at);
    let before = after.checked_sub(1).and_then(|index| stamps.get(index));
    match (before, stamps.get(after)) {
        (Some((from, had)), Some((to, has))) => {
            had + (has - had) * (at.since(*from).0 / to.since(*from).0)
        }
        (Some((_, had)), None) => *had,
        (None, _) => 0.0,
    }
}

fn too_short() -> TunerError {
    TunerError::Invalid(
        "The run was too short to tell the noise: it holds too few slices with work in them. Record a \
         longer one."
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_written_in_the_order_of_the_run() {
        let slice = |joules| WorkSlice {
            seconds: 0.5,
            joules,
            units: 40.25,
        };
        let text = table(&[slice(9.0)], &[slice(7.5), slice(8.0)]);
        insta::assert_snapshot!(text, @r"
        part,seconds,joules,units
        start,0.5,9.000000,40.250
        steady,0.5,7.500000,40.250
        steady,0.5,8.000000,40.250
        ");
    }

    #[test]
    fn tokens_are_counted_between_stamps_and_never_beyond_them() {
        let at = |seconds: f64| MonotonicNs(0).plus(Seconds(seconds));
        let stamps = [(at(1.0), 0.0), (at(2.0), 10.0), (at(4.0), 30.0)];
        for (seconds, tokens) in [
            (0.5, 0.0),
            (1.5, 5.0),
            (2.0, 10.0),
            (3.0, 20.0),
            (9.0, 30.0),
        ] {
            assert!(
                (tokens_by(&stamps, at(seconds)) - tokens).abs() < 1e-9,
                "{seconds}"
            );
        }
        assert_eq!(tokens_by(&[], at(1.0)), 0.0);
    }
}
