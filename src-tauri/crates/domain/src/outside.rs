//! Meters that the person brings: a plug at the wall, a program, a file, a query. What each is, what
//! it covers and how far it is off is for the person to say; what cannot be is refused here.

mod written;

use crate::measurement::{Scope, Source};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use written::{Flat, KindName};

/// A meter that the person brings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Flat", into = "Flat")]
pub struct OutsideMeter {
    /// How it is called on screen and in records, such as `plug-desk`; one name, one meter.
    pub name: String,
    /// Where its values come from.
    pub kind: OutsideKind,
    /// What its values are. Plugs tell watts.
    pub unit: MeterUnit,
    /// What part of the machine it covers; never [`Scope::Estimated`].
    pub scope: Scope,
    /// Typical systematic error as a fraction, above 0 and at most 1.
    pub error: f64,
    /// Whether it makes the figure or stands beside it.
    pub role: MeterRole,
    /// Seconds between two of its values, where the person knows better than
    /// [`OutsideKind::usual_period`].
    pub period_s: Option<f64>,
    /// Seconds that each value is the mean of, where the person says so; none for the power of the
    /// moment and for counters.
    pub averaging_s: Option<f64>,
    /// Whether what is drawn shows as a negative power, as with a clamp that is the wrong way round.
    pub flip: bool,
    /// The machine that it measures, as the person calls it, where that is not this one: it then counts
    /// for servers that run there, and for nothing else.
    pub machine: Option<String>,
}

/// Which of the several things that a device or a program tells is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Part {
    /// The only one. Where there are several, nothing is read until the person says which.
    #[default]
    Only,
    /// The one with this number, from 0: a socket, a clamp, a phase, a line.
    Channel(u32),
    /// The one with this name, as the device's test lists it, such as `em1:0`.
    Component(String),
    /// All of them added, because the person said that together they are what is measured.
    Sum,
}

/// Where a meter's values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutsideKind {
    /// A Shelly device of the first generation: `URL/status`.
    Shelly1 {
        /// Such as `http://192.168.1.20`.
        url: String,
        /// Which of its meters.
        part: Part,
    },
    /// A Shelly device of the second generation or later: `URL/rpc/…`.
    Shelly2 {
        /// Such as `http://192.168.1.20`.
        url: String,
        /// Which of its components.
        part: Part,
    },
    /// A plug with Tasmota: `URL/cm?cmnd=Status%2010`.
    Tasmota {
        /// Such as `http://192.168.1.20`.
        url: String,
        /// Which of its channels.
        part: Part,
    },
    /// A program that prints a number; started without a shell.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// How often it prints.
        mode: CommandMode,
        /// Which of the numbers that it prints at once.
        part: Part,
    },
    /// A CSV file to which some other meter adds lines.
    Csv {
        /// The file.
        path: PathBuf,
        /// The column with the value: its name in the first line, or its number from 1.
        column: String,
        /// What separates columns.
        separator: char,
        /// What stands before the decimals, where the numbers themselves leave it open.
        decimal: Option<Decimal>,
    },
    /// An instant query to a Prometheus server that gives exactly one number.
    Prometheus {
        /// Such as `http://127.0.0.1:9090`.
        url: String,
        /// Such as `sum(max by (UUID) (DCGM_FI_DEV_POWER_USAGE))`.
        query: String,
    },
}

/// What stands before the decimals of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decimal {
    /// 61.5
    Point,
    /// 61,5
    Comma,
}

/// How often a program prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandMode {
    /// A line per value for as long as it runs.
    #[default]
    Stream,
    /// One value, and then it ends; it is started for every reading.
    Once,
}

/// What a meter's values are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeterUnit {
    /// Power, W.
    #[default]
    Watts,
    /// Power, mW.
    Milliwatts,
    /// Energy so far, J.
    Joules,
    /// Energy so far, mJ, as DCGM counts it.
    Millijoules,
    /// Energy so far, µJ.
    Microjoules,
    /// Energy so far, Wh.
    WattHours,
    /// Energy so far, kWh.
    KilowattHours,
}

impl MeterUnit {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Watts,
        Self::Milliwatts,
        Self::Joules,
        Self::Millijoules,
        Self::Microjoules,
        Self::WattHours,
        Self::KilowattHours,
    ];

    /// Whether it counts energy; otherwise it is power.
    #[must_use]
    pub fn is_energy(self) -> bool {
        !matches!(self, Self::Watts | Self::Milliwatts)
    }

    /// Watts, or joules, in one of it.
    #[must_use]
    pub fn factor(self) -> f64 {
        match self {
            Self::Watts | Self::Joules => 1.0,
            Self::Milliwatts | Self::Millijoules => 1e-3,
            Self::Microjoules => 1e-6,
            Self::WattHours => 3.6e3,
            Self::KilowattHours => 3.6e6,
        }
    }

    /// Its symbol.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Watts => "W",
            Self::Milliwatts => "mW",
            Self::Joules => "J",
            Self::Millijoules => "mJ",
            Self::Microjoules => "µJ",
            Self::WattHours => "Wh",
            Self::KilowattHours => "kWh",
        }
    }
}

/// Whether a meter makes the figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeterRole {
    /// In place of the built-in sensors of its scope; of all of them where it covers the whole
    /// machine.
    Main,
    /// Kept beside the figure and never added to it.
    #[default]
    Beside,
}

impl OutsideKind {
    /// The name in `meters.toml`.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.name().label()
    }

    fn name(&self) -> KindName {
        match self {
            Self::Shelly1 { .. } => KindName::Shelly1,
            Self::Shelly2 { .. } => KindName::Shelly2,
            Self::Tasmota { .. } => KindName::Tasmota,
            Self::Command { .. } => KindName::Command,
            Self::Csv { .. } => KindName::Csv,
            Self::Prometheus { .. } => KindName::Prometheus,
        }
    }

    /// The source that its joules are labelled with.
    #[must_use]
    pub fn source(&self) -> Source {
        match self {
            Self::Shelly1 { .. } | Self::Shelly2 { .. } | Self::Tasmota { .. } => Source::WallPlug,
            Self::Command { .. } => Source::Command,
            Self::Csv { .. } => Source::Csv,
            Self::Prometheus { .. } => Source::Prometheus,
        }
    }

    /// How often such a meter gives a new value where nobody says: plugs and programs every second;
    /// Prometheus every 15 s, as its example configuration scrapes.
    #[must_use]
    pub fn usual_period(&self) -> Duration {
        match self {
            Self::Prometheus { .. } => Duration::from_secs(15),
            _ => Duration::from_secs(1),
        }
    }
}

impl OutsideMeter {
    /// Which of several things is meant, where its kind can tell several.
    #[must_use]
    pub fn part(&self) -> Option<&Part> {
        match &self.kind {
            OutsideKind::Shelly1 { part, .. }
            | OutsideKind::Shelly2 { part, .. }
            | OutsideKind::Tasmota { part, .. }
            | OutsideKind::Command { part, .. } => Some(part),
            OutsideKind::Csv { .. } | OutsideKind::Prometheus { .. } => None,
        }
    }

    /// How often it gives a new value, as stated or as is usual.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period_s
            .map_or_else(|| self.kind.usual_period(), Duration::from_secs_f64)
    }

    /// Refuses what cannot be.
    ///
    /// # Errors
    /// What is wrong, naming the field.
    pub fn check(&self) -> Result<(), OutsideMeterError> {
        let wrong = |what: &str| Err(OutsideMeterError(what.to_owned()));
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            return wrong("`name` must be a word or two");
        }
        if !(self.error > 0.0 && self.error <= 1.0) {
            return wrong(
                "`error` must be above 0 and at most 1: 0.03 is 3 %, as the meter's data sheet says",
            );
        }
        let no_meters = [Scope::Estimated, Scope::GpuPackageAndCpu, Scope::Part];
        if no_meters.contains(&self.scope) {
            return wrong(
                "`scope` must be one of gpu-board, gpu-package, cpu-package, gpu-and-cpu, platform, \
                 battery and wall: say what the meter covers",
            );
        }
        if self
            .period_s
            .is_some_and(|seconds| !(0.1..=600.0).contains(&seconds))
        {
            return wrong("`period_s` must lie between 0.1 and 600");
        }
        if self
            .averaging_s
            .is_some_and(|seconds| !(0.1..=3600.0).contains(&seconds))
        {
            return wrong("`averaging_s` must lie between 0.1 and 3600");
        }
        if self.unit.is_energy() && self.averaging_s.is_some() {
            return wrong("`averaging_s` is for power; a counter of energy averages nothing");
        }
        if self.unit.is_energy() && self.flip {
            return wrong("`flip` is for power; a counter of energy has no sign to turn");
        }
        let is_name =
            |name: &String| !name.trim().is_empty() && !name.chars().any(char::is_control);
        if !self.machine.iter().all(is_name) {
            return wrong(
                "`machine` is what you call the machine, such as gpu-box; leave it out for this one",
            );
        }
        match &self.kind {
            OutsideKind::Shelly1 { url, .. }
            | OutsideKind::Shelly2 { url, .. }
            | OutsideKind::Tasmota { url, .. } => {
                if let Some(Part::Component(name)) = self.part()
                    && name.trim().is_empty()
                {
                    return wrong("`component` is empty; its test lists what there is");
                }
                if self.unit != MeterUnit::Watts {
                    return wrong("a plug tells watts; leave `unit` out");
                }
                check_url(url)
            }
            OutsideKind::Prometheus { url, query } => {
                if query.trim().is_empty() {
                    return wrong("`query` is empty");
                }
                check_url(url)
            }
            OutsideKind::Command { argv, .. } => {
                if argv.first().is_none_or(String::is_empty) {
                    return wrong("`argv` needs at least the program");
                }
                if matches!(self.part(), Some(Part::Component(_))) {
                    return wrong(
                        "`component` is for devices; `channel` says which number of a program",
                    );
                }
                Ok(())
            }
            OutsideKind::Csv {
                path,
                column,
                separator,
                decimal,
            } => {
                if !path.is_absolute() {
                    return wrong("`path` must be absolute");
                }
                if column.is_empty() || column == "0" {
                    return wrong("`column` is a name from the first line or a number from 1");
                }
                if matches!((separator, decimal), ('.', Some(Decimal::Point))) {
                    return wrong("`separator` and `decimal` cannot both be a point");
                }
                Ok(())
            }
        }
    }
}

fn check_url(url: &str) -> Result<(), OutsideMeterError> {
    let wrong = |what: &str| Err(OutsideMeterError(what.to_owned()));
    if url.starts_with("https://") {
        return wrong(
            "`url` must begin with http://: meters are read without encryption, in your own network",
        );
    }
    let host = url.strip_prefix("http://").unwrap_or_default();
    if host.is_empty() || host.starts_with(['/', ':']) || url.contains(char::is_whitespace) {
        return wrong("`url` must look like http://192.168.1.20");
    }
    Ok(())
}

/// Why a meter's description cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutsideMeterError(pub String);
