//! Sensors that show one register under two names. Added, they would count its joules twice.
//!
//! Some processors of several dies have a zone per die, and every zone shows the counter of the
//! whole socket, be it with a constant beside it. Two devices that happen to draw nearly the same
//! are told from that by time: the difference of mirrors stays within what one update brings, that
//! of two devices drifts and wanders. So both are read over and over, in alternating order; of
//! `A B … B A` every reading of B lies between two of A, and where these two are equal the
//! difference is exact, however late the thread was woken.
//!
//! Gauges are compared by their values: mirrors show the same number at each moment while it
//! changes; two devices do so now and then.
//!
//! Pairs that differ are known within a fraction of a second. Only those that do not are watched for
//! [`FULL`], once: what was found is kept ([`Probed`]), and the next start only looks whether it
//! still holds.

use crate::probe::{Found, Refusal};
use crate::probed::Probed;
use crate::sensor::{Device, EnergyCounter, PowerGauge};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wattsmith_domain::{Scope, SensorFault, Source};

/// How long a pair is watched that does not differ.
const FULL: Duration = Duration::from_secs(5);
/// How long it is looked whether what was kept still holds.
const CHECK: Duration = Duration::from_secs(1);
/// Between two rounds of readings.
const EVERY: Duration = Duration::from_millis(2);
/// Rounds after which a difference is believed.
const LEAST_ROUNDS: usize = 40;
/// Changes of a value below which nothing can be said of a pair.
const LEAST_CHANGES: usize = 5;

/// Sensors of one machine that could mirror each other, and what was kept of each pair.
pub(crate) struct Question {
    sensors: Vec<Sensor>,
    pairs: Vec<(usize, usize)>,
    kept: Vec<Option<bool>>,
}

/// One sensor that is read for its own sake.
struct Sensor {
    name: String,
    kind: Kind,
}

enum Kind {
    Counter(Arc<dyn EnergyCounter>),
    Gauge(Arc<dyn PowerGauge>),
}

impl Sensor {
    fn of(device: &Device) -> Option<Self> {
        let kind = match (&device.counter, &device.gauge) {
            (Some(counter), _) => Kind::Counter(Arc::clone(counter)),
            (None, Some(gauge)) => Kind::Gauge(Arc::clone(gauge)),
            (None, None) => return None,
        };
        Some(Self {
            name: device.info.name.clone(),
            kind,
        })
    }

    fn read(&self) -> Option<f64> {
        match &self.kind {
            Kind::Counter(counter) => counter.energy().ok().map(|joules| joules.0),
            Kind::Gauge(gauge) => gauge.power().ok().map(|watts| watts.0),
        }
    }

    fn is_counter(&self) -> bool {
        matches!(self.kind, Kind::Counter(_))
    }
}

/// A sensor that shows another one once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mirrored {
    name: String,
    of: String,
}

/// What came of a [`Question`].
#[derive(Debug, Default)]
pub(crate) struct Answer {
    mirrored: Vec<Mirrored>,
    /// To be kept, by [`Question::key`].
    seen: Vec<(String, bool)>,
}

/// Whether one could mirror the other: both of RAPL, or both of hwmon and of the same scope.
fn may_mirror(one: &Device, other: &Device) -> bool {
    let (one, other) = (&one.info, &other.info);
    one.source == other.source
        && match one.source {
            Source::Rapl => true,
            Source::Hwmon => one.scope == other.scope,
            _ => false,
        }
}

impl Question {
    /// Of all devices that were found; those that come first are believed.
    pub(crate) fn of(found: [&Found; 2], probed: &Probed) -> Self {
        let devices = found
            .iter()
            .flat_map(|one| one.devices.iter().chain(&one.whole));
        let (sensors, devices): (Vec<Sensor>, Vec<&Device>) = devices
            .filter_map(|device| Some((Sensor::of(device)?, device)))
            .unzip();
        let pairs: Vec<(usize, usize)> = (0..devices.len())
            .flat_map(|second| (0..second).map(move |first| (first, second)))
            .filter(|(first, second)| {
                may_mirror(devices[*first], devices[*second])
                    && sensors[*first].is_counter() == sensors[*second].is_counter()
            })
            .collect();
        let mut question = Self {
            sensors,
            pairs,
            kept: Vec::new(),
        };
        question.kept = (0..question.pairs.len())
            .map(|pair| probed.pair(&question.key(pair)))
            .collect();
        question
    }

    fn key(&self, pair: usize) -> String {
        let (first, second) = self.pairs[pair];
        format!(
            "{} | {}",
            self.sensors[first].name, self.sensors[second].name
        )
    }

    /// Reads until it is known; blocks for [`FULL`] at most, and not at all where nothing could
    /// mirror anything.
    pub(crate) fn answer(&self) -> Answer {
        let mut verdicts = vec![Verdict::Unclear; self.pairs.len()];
        let mut open: Vec<usize> = (0..self.pairs.len()).collect();
        if self.kept.iter().any(Option::is_some) {
            for (pair, verdict) in self.look(&open, CHECK) {
                let holds = match self.kept[pair] {
                    Some(true) => verdict == Verdict::Mirrored,
                    Some(false) => verdict == Verdict::Different,
                    None => false,
                };
                if holds {
                    verdicts[pair] = verdict;
                    open.retain(|one| *one != pair);
                }
            }
        }
        for (pair, verdict) in self.look(&open, FULL) {
            verdicts[pair] = verdict;
        }
        let mut answer = Answer::default();
        for (pair, verdict) in verdicts.into_iter().enumerate() {
            let mirrors = verdict == Verdict::Mirrored;
            answer.seen.push((self.key(pair), mirrors));
            let (first, second) = self.pairs[pair];
            let name = &self.sensors[second].name;
            if mirrors && answer.mirrored.iter().all(|one| one.name != *name) {
                answer.mirrored.push(Mirrored {
                    name: name.clone(),
                    of: self.sensors[first].name.clone(),
                });
            }
        }
        answer
    }

    /// Watches these pairs for so long, or until all of them surely differ.
    fn look(&self, pairs: &[usize], length: Duration) -> Vec<(usize, Verdict)> {
        let mut watched: Vec<Pair> = pairs
            .iter()
            .map(|pair| Pair::new(self.sensors[self.pairs[*pair].0].is_counter()))
            .collect();
        if watched.is_empty() {
            return Vec::new();
        }
        let wanted: Vec<bool> = (0..self.sensors.len())
            .map(|index| {
                let of_pair = |pair: &usize| {
                    let (first, second) = self.pairs[*pair];
                    first == index || second == index
                };
                pairs.iter().any(of_pair)
            })
            .collect();
        let begin = Instant::now();
        let mut rounds = 0;
        while begin.elapsed() < length {
            let read = |index: usize| wanted[index].then(|| self.sensors[index].read()).flatten();
            let there: Vec<_> = (0..self.sensors.len()).map(read).collect();
            let mut back: Vec<_> = (0..self.sensors.len()).rev().map(read).collect();
            back.reverse();
            for (pair, watch) in pairs.iter().zip(&mut watched) {
                let (first, second) = self.pairs[*pair];
                if let (Some(before), Some(one), Some(after)) =
                    (there[first], there[second], back[first])
                {
                    watch.see(before, one, after);
                }
            }
            rounds += 1;
            if rounds % LEAST_ROUNDS == 0 && watched.iter().all(Pair::surely_differs) {
                break;
            }
            std::thread::sleep(EVERY);
        }
        let verdicts = watched.iter().map(Pair::verdict);
        pairs.iter().copied().zip(verdicts).collect()
    }
}

impl Answer {
    /// Takes mirrors out of what was found, and says so in their reports.
    pub(crate) fn apply(self, found: [&mut Found; 2], probed: &Probed) {
        for one in found {
            for mirrored in &self.mirrored {
                mirrored.take_out_of(one);
            }
        }
        for (key, mirrors) in self.seen {
            probed.saw_pair(key, mirrors);
        }
    }
}

impl Mirrored {
    fn take_out_of(&self, found: &mut Found) {
        let is_it = |device: &Device| device.info.name == self.name;
        found.devices.retain(|device| !is_it(device));
        found.whole.retain(|device| !is_it(device));
        let reports = found.reports.iter_mut();
        for report in reports.filter(|one| one.device == self.name && one.answers()) {
            let what = match report.scope {
                Scope::Platform => "so it does not tell of the whole platform",
                _ => "and nothing is counted twice",
            };
            let reason = format!(
                "it shows what {} shows once more: over {} s their difference did not leave one \
                 update, {what}",
                self.of,
                FULL.as_secs()
            );
            Refusal::new(SensorFault::Mirrored, reason)
                .advise("Nothing needs to be done: the first one is counted.")
                .put_into(report);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Mirrored,
    Different,
    /// They changed too seldom to say.
    Unclear,
}

/// What was read of two sensors.
struct Pair {
    counters: bool,
    /// Of each round: the first sensor, the second, the first again.
    rounds: Vec<(f64, f64, f64)>,
}

impl Pair {
    fn new(counters: bool) -> Self {
        Self {
            counters,
            rounds: Vec::new(),
        }
    }

    fn see(&mut self, before: f64, one: f64, after: f64) {
        self.rounds.push((before, one, after));
    }

    fn surely_differs(&self) -> bool {
        self.rounds.len() >= LEAST_ROUNDS
            && if self.counters {
                self.offsets()
                    .is_some_and(|seen| seen.spread > 3.0 * seen.update)
            } else {
                let (equal, all, _) = self.equals();
                all >= LEAST_ROUNDS / 2 && equal * 2 < all
            }
    }

    fn verdict(&self) -> Verdict {
        if !self.counters {
            let (equal, all, changes) = self.equals();
            return match () {
                () if all == 0 => Verdict::Unclear,
                () if equal * 4 < all * 3 => Verdict::Different,
                () if changes < LEAST_CHANGES => Verdict::Unclear,
                () => Verdict::Mirrored,
            };
        }
        match self.offsets() {
            None => Verdict::Unclear,
            Some(seen) if seen.differ() => Verdict::Different,
            Some(_) => Verdict::Mirrored,
        }
    }

    /// Rounds in which a gauge held its value and the other told the same, all rounds in which it
    /// held, and how often it changed.
    fn equals(&self) -> (usize, usize, usize) {
        let held = || {
            self.rounds
                .iter()
                .filter(|(before, _, after)| before == after)
        };
        let equal = held().filter(|(before, one, _)| before == one).count();
        let changes = self.rounds.windows(2).filter(|two| two[0].0 != two[1].0);
        (equal, held().count(), changes.count())
    }

    fn offsets(&self) -> Option<Offsets> {
        let firsts = self.rounds.iter().map(|round| round.0);
        let seconds = self.rounds.iter().map(|round| round.1);
        let update = usual_step(firsts)?.max(usual_step(seconds)?);
        let exact: Vec<f64> = self
            .rounds
            .iter()
            .filter(|(before, _, after)| after - before <= update)
            .map(|(before, one, after)| f64::midpoint(*before, *after) - one)
            .collect();
        if exact.len() < LEAST_ROUNDS / 2 {
            return None;
        }
        let quarter = exact.len() / 4;
        let (early, late) = (&exact[..quarter], &exact[exact.len() - quarter..]);
        let drift = [0.1, 0.5, 0.9]
            .into_iter()
            .map(|share| (quantile(late, share) - quantile(early, share)).abs())
            .fold(f64::INFINITY, f64::min);
        let (first, last) = (self.rounds.first()?, self.rounds.last()?);
        Some(Offsets {
            update,
            spread: quantile(&exact, 0.95) - quantile(&exact, 0.05),
            drift,
            gained: (last.0 - first.0).min(last.1 - first.1),
        })
    }
}

/// How the difference of two counters behaved, joules.
#[derive(Debug)]
struct Offsets {
    /// What one update brings as a rule.
    update: f64,
    /// Between nearly all of them.
    spread: f64,
    /// From the first quarter of the time to the last. Mirrors that are brought up to date one after
    /// the other have two differences; how often each is seen may change, but not where they lie.
    drift: f64,
    /// The less that either counted.
    gained: f64,
}

impl Offsets {
    fn differ(&self) -> bool {
        let drifted = (self.update / 5.0).min(self.gained * 0.002);
        self.spread > 1.5 * self.update || self.drift > drifted
    }
}

/// The median of what the value grew by when it changed; none where it changed too seldom.
fn usual_step(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut last = None;
    let mut steps: Vec<f64> = values
        .filter_map(|value| {
            let step = value - last.replace(value)?;
            (step != 0.0).then_some(step.abs())
        })
        .collect();
    if steps.len() < LEAST_CHANGES {
        return None;
    }
    steps.sort_by(f64::total_cmp);
    Some(steps[steps.len() / 2])
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
#[path = "mirror_tests.rs"]
mod tests;
