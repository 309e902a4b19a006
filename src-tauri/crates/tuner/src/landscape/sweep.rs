//! The windows of a landscape: which come next, what becomes of each.

use super::{Extent, Recording};
use crate::error::TunerError;
use crate::job::Job;
use crate::measuring::measure::{Measured, Window as MeasuredWindow};
use crate::measuring::trial::more_passes;
use crate::tuner::Tuner;
use std::time::Instant;
use wattsmith_domain::{Configuration, Repeat, WarningKind, Watts};
use wattsmith_search::{Entry, Failure, Landscape, SplitMix, Truth, Window};

/// Windows that other load spoiled are measured again so often, at the end of their pass.
const AGAIN: usize = 2;
/// After so many spoiled windows in a row the machine is not fit to record on now.
const MOST_SPOILED: u32 = 6;

/// Windows that are done, and all that are planned.
pub(super) fn progress(recording: &Recording) -> (usize, usize) {
    let landscape = &recording.landscape;
    let top = match recording.extent {
        Extent::Sweep { top } => top,
        Extent::Asked { most } => {
            let entries = landscape.entries.iter().map(|entry| &entry.windows);
            let truth = landscape.truth.iter().map(|truth| &truth.windows);
            return (entries.chain(truth).map(|own| passes_of(own)).sum(), most);
        }
    };
    let passes = landscape.passes as usize;
    let per_entry = |entry: &Entry| match entry.failure {
        Some(_) => passes,
        None => passes_of(&entry.windows).min(passes),
    };
    let swept: usize = landscape.entries.iter().map(per_entry).sum();
    let rounds = recording.fresh as usize;
    let fresh: usize = landscape
        .truth
        .iter()
        .map(|truth| passes_of(&truth.windows).min(rounds))
        .sum();
    let again = (top + 1).min(landscape.entries.len()) * rounds;
    (swept + fresh, landscape.entries.len() * passes + again)
}

/// Passes that gave a usable window.
fn passes_of(windows: &[Window]) -> usize {
    windows.iter().filter(|one| one.spoiled.is_none()).count()
}

/// Whether `pass` still lacks a window that can be used, and may be tried again.
pub(super) fn is_open(windows: &[Window], pass: u32) -> bool {
    let own: Vec<&Window> = windows.iter().filter(|one| one.pass == pass).collect();
    own.iter().all(|one| one.spoiled.is_some()) && own.len() <= AGAIN
}

/// Gives what was spoiled in an earlier call another chance: the machine may be quiet now.
pub(super) fn forget_spoiled(landscape: &mut Landscape) {
    let entries = landscape.entries.iter_mut().map(|one| &mut one.windows);
    let truth = landscape.truth.iter_mut().map(|one| &mut one.windows);
    for windows in entries.chain(truth) {
        windows.retain(|window| window.spoiled.is_none());
    }
}

/// Which list a window belongs to.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum List {
    Sweep,
    Fresh,
}

/// How the work goes, for the time that is left.
pub(crate) struct Pace {
    began: Instant,
    measured: u32,
    /// Windows in a row that cannot be used.
    spoiled: u32,
    idle: Option<Watts>,
    expected_s: Option<f64>,
}

impl Pace {
    /// Of work that begins now.
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            measured: 0,
            spoiled: 0,
            idle: None,
            expected_s: None,
        }
    }
}

/// What is measured together, in an order of its own.
pub(super) struct Pass<'a> {
    pub list: List,
    /// From 1.
    pub number: u32,
    /// Places in the list.
    pub places: Vec<usize>,
    /// Such as `pass 2 of 4`.
    pub part: &'a str,
}

impl Tuner {
    /// Measures everything that is still open.
    pub(super) async fn sweep(
        &self,
        job: &Job,
        recording: &mut Recording,
    ) -> Result<(), TunerError> {
        let mut pace = Pace::new();
        recording.save()?;
        self.fill_window(job, recording, &mut pace).await?;
        let passes = recording.landscape.passes;
        for number in 1..=passes {
            let pass = Pass {
                list: List::Sweep,
                number,
                places: (0..recording.landscape.entries.len()).collect(),
                part: &format!("pass {number} of {passes}"),
            };
            self.pass(job, recording, &mut pace, pass).await?;
        }
        if let Extent::Sweep { top } = recording.extent
            && recording.landscape.truth.is_empty()
            && recording.fresh > 0
        {
            recording.landscape.truth = best(recording, top);
            recording.save()?;
        }
        self.repeat_afresh(job, recording, &mut pace).await
    }

    /// Fresh repeats of everything whose truth is to be fixed.
    pub(super) async fn repeat_afresh(
        &self,
        job: &Job,
        recording: &mut Recording,
        pace: &mut Pace,
    ) -> Result<(), TunerError> {
        let rounds = recording.fresh;
        for number in 1..=rounds {
            let pass = Pass {
                list: List::Fresh,
                number,
                places: (0..recording.landscape.truth.len()).collect(),
                part: &format!("fresh repeats {number} of {rounds}"),
            };
            self.pass(job, recording, pace, pass).await?;
        }
        Ok(())
    }

    /// The first window of the default tells how many whole passes over the work fill a window.
    pub(super) async fn fill_window(
        &self,
        job: &Job,
        recording: &mut Recording,
        pace: &mut Pace,
    ) -> Result<(), TunerError> {
        let begun = recording
            .landscape
            .entries
            .iter()
            .any(|entry| !entry.windows.is_empty() || entry.failure.is_some());
        if begun || !recording.session.workload.may_be_repeated() {
            return Ok(());
        }
        let default = recording.session.space.default_configuration();
        let measured = self
            .one(job, recording, pace, &default, 1, "how long the work takes")
            .await?;
        let session = &mut recording.session;
        let passes = more_passes(
            &measured.repeat,
            &session.workload,
            session.quick,
            self.meter().least_window(),
        );
        if let Some(passes) = passes {
            session.workload = wattsmith_engine::with_passes(&session.workload, passes);
            recording.landscape.workload = session.workload.clone();
            pace.expected_s = None;
        }
        Ok(())
    }

    /// One pass in its own order; what was spoiled comes again at its end.
    pub(super) async fn pass(
        &self,
        job: &Job,
        recording: &mut Recording,
        pace: &mut Pace,
        pass: Pass<'_>,
    ) -> Result<(), TunerError> {
        let mut order = pass.places.clone();
        let fresh = pass.list == List::Fresh;
        let salt = u64::from(pass.number) + if fresh { 1 << 32 } else { 0 };
        SplitMix(recording.landscape.seed ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .shuffle(&mut order);
        for _ in 0..=AGAIN {
            for place in &order {
                job.check()?;
                self.visit(job, recording, pace, &pass, *place).await?;
            }
        }
        Ok(())
    }

    async fn visit(
        &self,
        job: &Job,
        recording: &mut Recording,
        pace: &mut Pace,
        pass: &Pass<'_>,
        index: usize,
    ) -> Result<(), TunerError> {
        let (list, number) = (pass.list, pass.number);
        let landscape = &recording.landscape;
        let (configuration, windows, failed) = match list {
            List::Sweep => {
                let entry = &landscape.entries[index];
                (
                    &entry.configuration,
                    &entry.windows,
                    entry.failure.is_some(),
                )
            }
            List::Fresh => {
                let truth = &landscape.truth[index];
                (&truth.configuration, &truth.windows, false)
            }
        };
        if failed || !is_open(windows, number) {
            return Ok(());
        }
        let configuration = configuration.clone();
        let label = label(recording, pace, pass.part);
        match self
            .one(job, recording, pace, &configuration, number, &label)
            .await
        {
            Ok(measured) => {
                let repeat = measured.repeat;
                recording.accept(&repeat)?;
                let window = Window::of(&repeat, number, spoiled(&repeat));
                pace.spoiled = window.spoiled.as_ref().map_or(0, |_| pace.spoiled + 1);
                match list {
                    List::Sweep => recording.landscape.entries[index].windows.push(window),
                    List::Fresh => recording.landscape.truth[index].windows.push(window),
                }
            }
            // A finding about these settings, not a fault of the recording; fresh repeats of what
            // worked four times are another matter.
            Err(
                error @ (TunerError::Engine(_) | TunerError::GpuControl(_) | TunerError::Meter(_)),
            ) if list == List::Sweep && error.fault().is_none() => {
                recording.landscape.entries[index].failure = Some(Failure {
                    cause: error.failure_cause(),
                    message: error.to_string(),
                });
            }
            Err(error) => return Err(error),
        }
        recording.save()?;
        if pace.spoiled >= MOST_SPOILED {
            return Err(TunerError::Busy(format!(
                "The last {MOST_SPOILED} windows cannot be used, since something else disturbs this \
                 machine. What is done is kept in {}: go on with the same command when it is quiet.",
                recording.partial().display()
            )));
        }
        Ok(())
    }

    async fn one(
        &self,
        job: &Job,
        recording: &Recording,
        pace: &mut Pace,
        configuration: &Configuration,
        index: u32,
        label: &str,
    ) -> Result<Measured, TunerError> {
        let measured = self
            .window(
                job,
                &MeasuredWindow {
                    session: &recording.session,
                    configuration,
                    index,
                    label: label.to_owned(),
                    // The idle power of a loaded model hardly depends on settings, and gross is
                    // what is recorded: measured once.
                    idle: pace.idle,
                    expected_s: pace.expected_s,
                    reference: None,
                    album: None,
                },
            )
            .await?;
        pace.measured += 1;
        pace.idle = measured.repeat.idle;
        pace.expected_s = Some(measured.repeat.window.0);
        Ok(measured)
    }
}

impl Recording {
    /// Figures of another scope would be another landscape.
    fn accept(&mut self, repeat: &Repeat) -> Result<(), TunerError> {
        if let Some(device) = repeat.energy.undecided.first() {
            return Err(TunerError::Invalid(format!(
                "The two readers of {device} contradict each other, so this landscape would not be \
                 certain. Say which one stands: wattsmith-cli meters reader. What was measured is \
                 kept."
            )));
        }
        let landscape = &mut self.landscape;
        if repeat.energy.scope != landscape.scope {
            return Err(TunerError::Invalid(format!(
                "The sensors changed while the landscape was recorded: it covers the {}, and now \
                 they give the {}. What was measured is kept; bring the sensor back and go on.",
                landscape.scope.label(),
                repeat.energy.scope.label()
            )));
        }
        landscape.source = source(&landscape.source, repeat);
        landscape.measured = repeat.energy.is_measured();
        landscape.sensor_error = repeat.energy.sensor_error;
        Ok(())
    }
}

/// Where the joules come from; once a window was not kept apart from others by the machine's own lock, that
/// stands behind it for good, wherever the source is told.
fn source(before: &str, repeat: &Repeat) -> String {
    const OVERRIDDEN: &str = ", exclusion overridden";
    let kinds = repeat.warnings.iter().map(|warning| warning.kind);
    let now = kinds
        .into_iter()
        .any(|kind| kind == WarningKind::ExclusionOverridden);
    match now || before.ends_with(OVERRIDDEN) {
        true => format!("{}{OVERRIDDEN}", repeat.energy.source()),
        false => repeat.energy.source(),
    }
}

/// The default and the lowest of the sweep that keep the limits, without windows.
fn best(recording: &Recording, top: usize) -> Vec<Truth> {
    let landscape = &recording.landscape;
    let figures = landscape.figures();
    let default = landscape.space.default_configuration();
    let mut ranked: Vec<(f64, &Configuration)> = landscape
        .entries
        .iter()
        .filter(|entry| entry.configuration != default)
        .filter_map(|entry| {
            let own = figures.get(&entry.configuration.key())?;
            let kept = own.keeps(&landscape.constraints);
            kept.then_some((own.joules_per_unit, &entry.configuration))
        })
        .collect();
    ranked.sort_by(|one, other| one.0.total_cmp(&other.0));
    let works = figures.contains_key(&default.key());
    works
        .then_some(&default)
        .into_iter()
        .chain(ranked.into_iter().take(top).map(|(_, one)| one))
        .map(|configuration| Truth {
            configuration: configuration.clone(),
            windows: Vec::new(),
        })
        .collect()
}

/// Why a window must not be used; none where it may be.
fn spoiled(repeat: &Repeat) -> Option<String> {
    const SPOILS: [WarningKind; 6] = [
        WarningKind::TooBusy,
        WarningKind::OtherLoad,
        WarningKind::Throttled,
        WarningKind::GpuShared,
        WarningKind::LimitChanged,
        WarningKind::OnBattery,
    ];
    let texts: Vec<&str> = repeat
        .warnings
        .iter()
        .filter(|warning| SPOILS.contains(&warning.kind))
        .map(|warning| warning.text.as_str())
        .collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// Such as `pass 2 of 4 · window 61 of 280 · about 43 min left`.
fn label(recording: &Recording, pace: &Pace, part: &str) -> String {
    let (done, all) = progress(recording);
    let most = match recording.extent {
        Extent::Sweep { .. } => "",
        Extent::Asked { .. } => "at most ",
    };
    let left = if pace.measured > 0 {
        let each_s = pace.began.elapsed().as_secs_f64() / f64::from(pace.measured);
        let left_s = each_s * all.saturating_sub(done) as f64;
        let about = if most.is_empty() { "about " } else { most };
        format!(" · {about}{} left", duration(left_s))
    } else {
        String::new()
    };
    format!("{part} · window {} of {most}{all}{left}", done + 1)
}

fn duration(seconds: f64) -> String {
    match seconds {
        short if short < 90.0 => format!("{short:.0} s"),
        long if long < 5400.0 => format!("{:.0} min", long / 60.0),
        longer => format!("{:.1} h", longer / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_search::synthetic;

    fn window(pass: u32, spoiled: bool) -> Window {
        let landscape = synthetic::waiting_line(1);
        Window {
            pass,
            spoiled: spoiled.then(|| "another program was busy".to_owned()),
            ..landscape.entries[0].windows[0].clone()
        }
    }

    #[test]
    fn a_window_without_the_machines_lock_marks_the_landscape_for_good() {
        let mut fixture = wattsmith_testkit::fixtures::Fixture::without_sensors();
        let shown = wattsmith_testkit::fixtures::Shown(50.0, 20.0);
        let kept_apart = fixture.repeat(1, shown);
        let mut overridden = kept_apart.clone();
        overridden.warnings.push(wattsmith_domain::Warning {
            fault: None,
            kind: WarningKind::ExclusionOverridden,
            text: "Exclusion overridden.".to_owned(),
        });
        let plain = source("", &kept_apart);
        assert!(!plain.contains("overridden"), "{plain}");
        let marked = source(&plain, &overridden);
        assert_eq!(marked, format!("{plain}, exclusion overridden"));
        assert_eq!(source(&marked, &kept_apart), marked);
        assert_eq!(source(&marked, &overridden), marked);
    }

    #[test]
    fn a_pass_is_open_until_a_window_can_be_used_or_three_could_not() {
        assert!(is_open(&[], 1));
        assert!(!is_open(&[window(1, false)], 1));
        assert!(is_open(&[window(1, false)], 2));
        assert!(is_open(&[window(1, true), window(1, true)], 1));
        assert!(!is_open(&[window(1, true), window(1, false)], 1));
        assert!(!is_open(
            &[window(1, true), window(1, true), window(1, true)],
            1
        ));
    }

    #[test]
    fn a_later_call_measures_again_what_was_spoiled() {
        let mut landscape = synthetic::waiting_line(1);
        landscape.entries[2].windows[0].spoiled = Some("load".to_owned());
        forget_spoiled(&mut landscape);
        assert_eq!(landscape.entries[2].windows.len(), 3);
        assert!(is_open(&landscape.entries[2].windows, 1));
        assert!(!is_open(&landscape.entries[2].windows, 2));
    }
}
