//! In what state a device was while it was measured: heat, clocks, limits, and who else used it.
//! Looked at about once a second by the thread that reads the device's power (`recording`), and told
//! per window as [`DeviceConditions`] and as warnings.

use crate::company::Company;
use crate::files::Root;
use crate::recorded::Recorded;
use std::ops::Range;
use std::time::Duration;
use wattsmith_domain::{DeviceConditions, MonotonicNs, Warning, WarningKind, Watts};

/// How often a device is asked for its state.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// States that are kept. Beyond that every other one of the older half goes, so that a recording of
/// days stays small.
const MOST_STATES: usize = 4096;
/// A power limit that moved by less is a rounding.
const SAME_LIMIT: Watts = Watts(1.0);

/// Tells in what state a device is, besides its power.
pub(crate) trait StateGauge: Send + Sync {
    /// Now; what it does not tell is none.
    fn state(&self) -> State;
}

/// What a device tells of itself at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) temperature_c: Option<f64>,
    pub(crate) clock_mhz: Option<f64>,
    pub(crate) memory_clock_mhz: Option<f64>,
    /// Share of the time just past in which it computed.
    pub(crate) busy_percent: Option<f64>,
    /// The same in which its memory was read or written.
    pub(crate) memory_busy_percent: Option<f64>,
    pub(crate) power_limit: Option<Watts>,
    pub(crate) p_state: Option<u32>,
    pub(crate) held_down: HeldDown,
    /// Processes that use it, the engine among them.
    pub(crate) users: Vec<User>,
}

/// A process that uses a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) pid: u32,
    /// Whether it computes; else it draws.
    pub(crate) computes: bool,
}

/// Why clocks are held down: any number of reasons at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HeldDown(u8);

impl HeldDown {
    /// The configured power limit. Ordinary under load, and no fault.
    pub(crate) const POWER_LIMIT: Self = Self(1);
    /// Clocks that somebody set or that are kept in step with another board. No fault either.
    pub(crate) const SETTING: Self = Self(2);
    pub(crate) const DRIVER_HEAT: Self = Self(4);
    pub(crate) const BOARD_HEAT: Self = Self(8);
    pub(crate) const POWER_BRAKE: Self = Self(16);
    pub(crate) const PROTECTION: Self = Self(32);

    const WORDS: [(Self, &'static str); 6] = [
        (Self::POWER_LIMIT, "its power limit"),
        (Self::SETTING, "a clock setting"),
        (Self::DRIVER_HEAT, "the driver's heat limit"),
        (Self::BOARD_HEAT, "the board's heat limit"),
        (Self::POWER_BRAKE, "the power supply's brake"),
        (Self::PROTECTION, "the board's own protection"),
    ];

    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn faults(self) -> Self {
        Self(self.0 & !(Self::POWER_LIMIT.0 | Self::SETTING.0))
    }

    fn words(self) -> Vec<String> {
        Self::WORDS
            .iter()
            .filter(|(reason, _)| self.has(*reason))
            .map(|(_, words)| (*words).to_owned())
            .collect()
    }
}

/// The states of one device over a recording.
#[derive(Debug, Clone)]
pub(crate) struct ConditionLog {
    states: Vec<(MonotonicNs, State)>,
    company: Company,
}

impl ConditionLog {
    pub(crate) fn new(root: Root, engine: Option<u32>) -> Self {
        Self {
            states: Vec::new(),
            company: Company::of(root, engine),
        }
    }

    /// Whether it is time to look again.
    pub(crate) fn is_due(&self, now: MonotonicNs) -> bool {
        let last = self.states.last();
        last.is_none_or(|(at, _)| now.since(*at).0 >= LOOK_EVERY.as_secs_f64())
    }

    pub(crate) fn push(&mut self, at: MonotonicNs, mut state: State) {
        self.company.meet(at, &state.users);
        state.users = Vec::new();
        if self.states.len() >= MOST_STATES {
            self.thin();
        }
        self.states.push((at, state));
    }

    /// Of the older half, every other state goes; why clocks were held down stays.
    fn thin(&mut self) {
        let recent = self.states.split_off(self.states.len() / 2);
        let older = std::mem::take(&mut self.states);
        for (index, (at, state)) in older.into_iter().enumerate() {
            match self.states.last_mut() {
                Some((_, kept)) if index % 2 == 1 => kept.held_down.add(state.held_down),
                _ => self.states.push((at, state)),
            }
        }
        self.states.extend(recent);
    }

    /// The states within a window, and the one on either side of it.
    fn around(&self, from: MonotonicNs, to: MonotonicNs) -> &[(MonotonicNs, State)] {
        let within = self.within(from, to);
        let last = (within.end + 1).min(self.states.len());
        self.states
            .get(within.start.saturating_sub(1)..last)
            .unwrap_or(&[])
    }

    /// The states within a window alone.
    fn inside(&self, from: MonotonicNs, to: MonotonicNs) -> &[(MonotonicNs, State)] {
        self.states.get(self.within(from, to)).unwrap_or(&[])
    }

    fn within(&self, from: MonotonicNs, to: MonotonicNs) -> Range<usize> {
        let begin = self.states.partition_point(|(at, _)| *at <= from);
        begin..self.states.partition_point(|(at, _)| *at < to)
    }

    /// Per cent of the time in which it computed, from one instant to another; none where it does not
    /// tell.
    pub(crate) fn busy(&self, from: MonotonicNs, to: MonotonicNs) -> Option<f64> {
        mean(self.inside(from, to), |state| state.busy_percent)
    }

    fn conditions(&self, device: &str, from: MonotonicNs, to: MonotonicNs) -> DeviceConditions {
        let states = self.around(from, to);
        // Before the window it was idle, and that is no part of its load.
        let inside = self.inside(from, to);
        let first = states.first().map(|(_, state)| state);
        let last = states.last().map(|(_, state)| state);
        DeviceConditions {
            device: device.to_owned(),
            temperature_from_c: first.and_then(|state| state.temperature_c),
            temperature_to_c: last.and_then(|state| state.temperature_c),
            clock_mhz: mean(states, |state| state.clock_mhz),
            memory_clock_mhz: mean(states, |state| state.memory_clock_mhz),
            busy_percent: mean(inside, |state| state.busy_percent),
            memory_busy_percent: mean(inside, |state| state.memory_busy_percent),
            power_limit: last.and_then(|state| state.power_limit),
            p_state: last.and_then(|state| state.p_state),
            throttled: self.held_down(from, to).words(),
            other_processes: self.company.others(from, to),
        }
    }

    fn held_down(&self, from: MonotonicNs, to: MonotonicNs) -> HeldDown {
        let mut all = HeldDown::default();
        for (_, state) in self.around(from, to) {
            all.add(state.held_down);
        }
        all
    }

    fn warnings(&self, device: &str, from: MonotonicNs, to: MonotonicNs) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let faults = self.held_down(from, to).faults().words();
        if !faults.is_empty() {
            warnings.push(Warning {
                fault: None,
                kind: WarningKind::Throttled,
                text: format!(
                    "{device}: its clocks were held down by {} during the window. Let it cool, \
                     look into its fans and power cables, and measure again.",
                    faults.join(" and ")
                ),
            });
        }
        let strangers = self.company.strangers(from, to);
        if !strangers.is_empty() {
            warnings.push(Warning {
                fault: None,
                kind: WarningKind::GpuShared,
                text: format!(
                    "{device}: other processes used it during the window, and what they drew is in \
                     the figure: {}. End them and measure again.",
                    strangers.join(", ")
                ),
            });
        }
        let limits = || {
            let around = self.around(from, to).iter();
            around.filter_map(|(_, state)| state.power_limit.map(|limit| limit.0))
        };
        let (least, most) = (
            limits().fold(f64::INFINITY, f64::min),
            limits().fold(f64::NEG_INFINITY, f64::max),
        );
        if most - least > SAME_LIMIT.0 {
            warnings.push(Warning {
                fault: None,
                kind: WarningKind::LimitChanged,
                text: format!(
                    "{device}: its power limit moved between {least:.0} and {most:.0} W during the \
                     window. Find out what sets it, and measure again."
                ),
            });
        }
        warnings
    }
}

/// The mean of what was told; none where nothing was.
fn mean(states: &[(MonotonicNs, State)], tell: fn(&State) -> Option<f64>) -> Option<f64> {
    let told: Vec<f64> = states.iter().filter_map(|(_, one)| tell(one)).collect();
    (!told.is_empty()).then(|| told.iter().sum::<f64>() / told.len() as f64)
}

impl Recorded {
    /// The state of each device that tells it, between two instants: what was seen inside the
    /// window and just outside it.
    #[must_use]
    pub fn conditions(&self, from: MonotonicNs, to: MonotonicNs) -> Vec<DeviceConditions> {
        self.devices
            .iter()
            .filter_map(|device| {
                let log = device.conditions.as_ref()?;
                Some(log.conditions(&device.info.name, from, to))
            })
            .collect()
    }

    pub(crate) fn condition_warnings(&self, from: MonotonicNs, to: MonotonicNs) -> Vec<Warning> {
        self.devices
            .iter()
            .filter_map(|device| {
                let log = device.conditions.as_ref()?;
                Some(log.warnings(&device.info.name, from, to))
            })
            .flatten()
            .collect()
    }
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
