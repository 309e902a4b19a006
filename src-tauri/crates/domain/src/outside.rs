//! Meters that the person brings: a plug at the wall, a program, a file, a query. What each is, what
//! it covers and how far it is off is for the person to say; what cannot be is refused here.

use crate::measurement::{Scope, Source};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

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
}

/// Where a meter's values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutsideKind {
    /// A Shelly plug of the first generation: `URL/status`.
    Shelly1 {
        /// Such as `http://192.168.1.20`.
        url: String,
        /// Which of its meters, from 0.
        switch: u32,
    },
    /// A Shelly plug of the second generation or later: `URL/rpc/Switch.GetStatus?id=N`.
    Shelly2 {
        /// Such as `http://192.168.1.20`.
        url: String,
        /// Which of its switches, from 0.
        switch: u32,
    },
    /// A plug with Tasmota: `URL/cm?cmnd=Status%2010`.
    Tasmota {
        /// Such as `http://192.168.1.20`.
        url: String,
    },
    /// A program that prints a number; started without a shell.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// How often it prints.
        mode: CommandMode,
    },
    /// A CSV file to which some other meter adds lines.
    Csv {
        /// The file.
        path: PathBuf,
        /// The column with the value: its name in the first line, or its number from 1.
        column: String,
        /// What separates columns.
        separator: char,
    },
    /// An instant query to a Prometheus server that gives exactly one number.
    Prometheus {
        /// Such as `http://127.0.0.1:9090`.
        url: String,
        /// Such as `sum(DCGM_FI_DEV_POWER_USAGE)`.
        query: String,
    },
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
        match &self.kind {
            OutsideKind::Shelly1 { url, .. }
            | OutsideKind::Shelly2 { url, .. }
            | OutsideKind::Tasmota { url } => {
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
                Ok(())
            }
            OutsideKind::Csv { path, column, .. } => {
                if !path.is_absolute() {
                    return wrong("`path` must be absolute");
                }
                if column.is_empty() || column == "0" {
                    return wrong("`column` is a name from the first line or a number from 1");
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindName {
    Shelly1,
    Shelly2,
    Tasmota,
    Command,
    Csv,
    Prometheus,
}

impl KindName {
    fn label(self) -> &'static str {
        match self {
            Self::Shelly1 => "shelly1",
            Self::Shelly2 => "shelly2",
            Self::Tasmota => "tasmota",
            Self::Command => "command",
            Self::Csv => "csv",
            Self::Prometheus => "prometheus",
        }
    }

    fn is_plug(self) -> bool {
        matches!(self, Self::Shelly1 | Self::Shelly2 | Self::Tasmota)
    }
}

/// A meter as it is written: one flat table, in which every kind uses some of the fields.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flat {
    name: String,
    kind: KindName,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    switch: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    argv: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<CommandMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    separator: Option<char>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<MeterUnit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<f64>,
    #[serde(default)]
    role: MeterRole,
    #[serde(skip_serializing_if = "Option::is_none")]
    period_s: Option<f64>,
}

/// Systematic error of a plug where the person does not state one: makers promise 1 % at full load
/// and far less accuracy at the tens of watts of an idle machine.
const ERROR_OF_A_PLUG: f64 = 0.03;

impl Flat {
    /// The fields that are set and belong to some kinds only.
    fn special(&self) -> [(&'static str, bool, &'static [KindName]); 8] {
        use KindName::{Command, Csv, Prometheus, Shelly1, Shelly2, Tasmota};
        [
            (
                "url",
                self.url.is_some(),
                &[Shelly1, Shelly2, Tasmota, Prometheus],
            ),
            ("switch", self.switch.is_some(), &[Shelly1, Shelly2]),
            ("argv", self.argv.is_some(), &[Command]),
            ("mode", self.mode.is_some(), &[Command]),
            ("path", self.path.is_some(), &[Csv]),
            ("column", self.column.is_some(), &[Csv]),
            ("separator", self.separator.is_some(), &[Csv]),
            ("query", self.query.is_some(), &[Prometheus]),
        ]
    }
}

impl TryFrom<Flat> for OutsideMeter {
    type Error = OutsideMeterError;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        let kind = flat.kind.label();
        if let Some((field, ..)) = flat
            .special()
            .into_iter()
            .find(|(_, set, kinds)| *set && !kinds.contains(&flat.kind))
        {
            return Err(OutsideMeterError(format!(
                "meter {:?}: `{field}` does not belong to a {kind} meter",
                flat.name
            )));
        }
        let name = flat.name.clone();
        let needs = |field: &str| {
            OutsideMeterError(format!("meter {name:?}: a {kind} meter needs `{field}`"))
        };
        let plug = flat.kind.is_plug();
        let url = flat.url.ok_or_else(|| needs("url"));
        let switch = flat.switch.unwrap_or(0);
        let meter = Self {
            kind: match flat.kind {
                KindName::Shelly1 => OutsideKind::Shelly1 { url: url?, switch },
                KindName::Shelly2 => OutsideKind::Shelly2 { url: url?, switch },
                KindName::Tasmota => OutsideKind::Tasmota { url: url? },
                KindName::Command => OutsideKind::Command {
                    argv: flat.argv.ok_or_else(|| needs("argv"))?,
                    mode: flat.mode.unwrap_or_default(),
                },
                KindName::Csv => OutsideKind::Csv {
                    path: flat.path.ok_or_else(|| needs("path"))?,
                    column: flat.column.ok_or_else(|| needs("column"))?,
                    separator: flat.separator.unwrap_or(','),
                },
                KindName::Prometheus => OutsideKind::Prometheus {
                    url: url?,
                    query: flat.query.ok_or_else(|| needs("query"))?,
                },
            },
            unit: match flat.unit {
                Some(unit) => unit,
                None if plug => MeterUnit::Watts,
                None => return Err(needs("unit")),
            },
            scope: match flat.scope {
                Some(scope) => scope,
                None if plug => Scope::Wall,
                None => return Err(needs("scope")),
            },
            error: match flat.error {
                Some(error) => error,
                None if plug => ERROR_OF_A_PLUG,
                None => return Err(needs("error")),
            },
            name: flat.name,
            role: flat.role,
            period_s: flat.period_s,
        };
        meter
            .check()
            .map_err(|error| OutsideMeterError(format!("meter {:?}: {error}", meter.name)))?;
        Ok(meter)
    }
}

impl From<OutsideMeter> for Flat {
    fn from(meter: OutsideMeter) -> Self {
        let mut flat = Self {
            kind: meter.kind.name(),
            name: meter.name,
            url: None,
            switch: None,
            argv: None,
            mode: None,
            path: None,
            column: None,
            separator: None,
            query: None,
            unit: Some(meter.unit),
            scope: Some(meter.scope),
            error: Some(meter.error),
            role: meter.role,
            period_s: meter.period_s,
        };
        match meter.kind {
            OutsideKind::Shelly1 { url, switch } | OutsideKind::Shelly2 { url, switch } => {
                (flat.url, flat.switch) = (Some(url), Some(switch));
            }
            OutsideKind::Tasmota { url } => flat.url = Some(url),
            OutsideKind::Command { argv, mode } => {
                (flat.argv, flat.mode) = (Some(argv), Some(mode));
            }
            OutsideKind::Csv {
                path,
                column,
                separator,
            } => {
                (flat.path, flat.column) = (Some(path), Some(column));
                flat.separator = Some(separator);
            }
            OutsideKind::Prometheus { url, query } => {
                (flat.url, flat.query) = (Some(url), Some(query));
            }
        }
        flat
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<OutsideMeter, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plug_needs_no_more_than_its_address() {
        let plug =
            read(json!({"name": "desk", "kind": "shelly2", "url": "http://10.0.0.9"})).unwrap();
        assert_eq!((plug.scope, plug.unit), (Scope::Wall, MeterUnit::Watts));
        assert_eq!((plug.role, plug.error), (MeterRole::Beside, 0.03));
        let again = read(serde_json::to_value(&plug).unwrap()).unwrap();
        assert_eq!(again, plug);
    }

    #[test]
    fn every_kind_survives_being_written() {
        for value in [
            json!({"name": "a", "kind": "shelly1", "url": "http://a", "switch": 1}),
            json!({"name": "b", "kind": "tasmota", "url": "http://b", "period_s": 10.0}),
            json!({"name": "c", "kind": "command", "argv": ["x", "-y"], "mode": "once",
                   "unit": "milliwatts", "scope": "cpu-package", "error": 0.1, "role": "main"}),
            json!({"name": "d", "kind": "csv", "path": "/tmp/x.csv", "column": "3",
                   "separator": ";", "unit": "watt-hours", "scope": "platform", "error": 0.1}),
            json!({"name": "e", "kind": "prometheus", "url": "http://e", "query": "up",
                   "unit": "millijoules", "scope": "gpu-board", "error": 0.05}),
        ] {
            let meter = read(value).unwrap();
            assert_eq!(read(serde_json::to_value(&meter).unwrap()).unwrap(), meter);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_and_names_the_field() {
        let plug = json!({"name": "desk", "kind": "shelly2", "url": "http://10.0.0.9"});
        let program = json!({"name": "p", "kind": "command", "argv": ["x"], "unit": "watts",
                             "scope": "wall", "error": 0.05});
        let with = |base: &serde_json::Value, field: &str, value: serde_json::Value| {
            let mut changed = base.clone();
            changed[field] = value;
            read(changed).unwrap_err()
        };
        for (error, word) in [
            (with(&plug, "url", json!("10.0.0.9")), "http://192"),
            (with(&plug, "url", json!("https://10.0.0.9")), "http://"),
            (with(&plug, "unit", json!("joules")), "watts"),
            (with(&plug, "query", json!("up")), "does not belong"),
            (with(&plug, "swich", json!(1)), "unknown field"),
            (with(&plug, "name", json!(" ")), "`name`"),
            (with(&plug, "period_s", json!(0)), "`period_s`"),
            (with(&program, "error", json!(0)), "`error`"),
            (with(&program, "error", json!(-0.1)), "`error`"),
            (with(&program, "scope", json!("estimated")), "`scope`"),
            (with(&program, "scope", json!("part")), "`scope`"),
            (with(&program, "argv", json!([])), "`argv`"),
            (with(&program, "unit", json!("volts")), "unknown variant"),
            (with(&program, "kind", json!("csv")), "does not belong"),
        ] {
            assert!(error.contains(word), "{error}");
        }
        for field in ["argv", "unit", "scope", "error"] {
            let mut without = program.clone();
            without.as_object_mut().unwrap().remove(field);
            let error = read(without).unwrap_err();
            assert!(error.contains(&format!("needs `{field}`")), "{error}");
        }
    }
}
