//! A meter as `meters.toml` holds it: one flat table, checked field by field.

use super::{
    CommandMode, Decimal, MeterRole, MeterUnit, OutsideKind, OutsideMeter, OutsideMeterError, Part,
};
use crate::measurement::Scope;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KindName {
    Shelly1,
    Shelly2,
    Tasmota,
    Command,
    Csv,
    Prometheus,
}

impl KindName {
    pub(super) fn label(self) -> &'static str {
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
pub(super) struct Flat {
    name: String,
    kind: KindName,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Older files say `switch`.
    #[serde(alias = "switch", skip_serializing_if = "Option::is_none")]
    channel: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<String>,
    #[serde(default, skip_serializing_if = "is_not")]
    sum: bool,
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
    decimal: Option<Decimal>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    averaging_s: Option<f64>,
    #[serde(default, skip_serializing_if = "is_not")]
    flip: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_not(set: &bool) -> bool {
    !*set
}

/// Systematic error of a plug where the person does not state one: makers promise 1 % at full load
/// and far less accuracy at the tens of watts of an idle machine.
const ERROR_OF_A_PLUG: f64 = 0.03;

impl Flat {
    /// The fields that are set and belong to some kinds only.
    fn special(&self) -> [(&'static str, bool, &'static [KindName]); 11] {
        use KindName::{Command, Csv, Prometheus, Shelly1, Shelly2, Tasmota};
        [
            (
                "url",
                self.url.is_some(),
                &[Shelly1, Shelly2, Tasmota, Prometheus],
            ),
            (
                "channel",
                self.channel.is_some(),
                &[Shelly1, Shelly2, Tasmota, Command],
            ),
            (
                "component",
                self.component.is_some(),
                &[Shelly1, Shelly2, Tasmota],
            ),
            ("sum", self.sum, &[Shelly1, Shelly2, Tasmota, Command]),
            ("argv", self.argv.is_some(), &[Command]),
            ("mode", self.mode.is_some(), &[Command]),
            ("path", self.path.is_some(), &[Csv]),
            ("column", self.column.is_some(), &[Csv]),
            ("separator", self.separator.is_some(), &[Csv]),
            ("decimal", self.decimal.is_some(), &[Csv]),
            ("query", self.query.is_some(), &[Prometheus]),
        ]
    }

    /// What a meter of this kind cannot do without and does not say, in words.
    fn missing(&self) -> Vec<&'static str> {
        let own = match self.kind {
            KindName::Shelly1 | KindName::Shelly2 | KindName::Tasmota => {
                return match self.url {
                    Some(_) => Vec::new(),
                    None => vec!["`url` (where it answers)"],
                };
            }
            KindName::Command => vec![("`argv` (the program)", self.argv.is_some())],
            KindName::Csv => vec![
                ("`path` (the file)", self.path.is_some()),
                ("`column` (of the value)", self.column.is_some()),
            ],
            KindName::Prometheus => vec![
                ("`url` (where the server answers)", self.url.is_some()),
                ("`query` (for one number)", self.query.is_some()),
            ],
        };
        let common = [
            ("`unit` (such as watts)", self.unit.is_some()),
            (
                "`scope` (what it covers, such as wall)",
                self.scope.is_some(),
            ),
            (
                "`error` (how far off it may be, such as 0.05)",
                self.error.is_some(),
            ),
        ];
        let all = own.into_iter().chain(common);
        all.filter(|(_, there)| !there)
            .map(|(words, _)| words)
            .collect()
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
        let missing = flat.missing();
        // All of them, so that nobody is sent back once for each.
        let needs = || {
            OutsideMeterError(format!(
                "meter {name:?}: a {kind} meter needs {}",
                missing.join(", ")
            ))
        };
        let plug = flat.kind.is_plug();
        let url = flat.url.ok_or_else(&needs);
        let part = match (flat.channel, flat.component, flat.sum) {
            (None, None, false) => Part::Only,
            (Some(channel), None, false) => Part::Channel(channel),
            (None, Some(component), false) => Part::Component(component),
            (None, None, true) => Part::Sum,
            _ => {
                return Err(OutsideMeterError(format!(
                    "meter {name:?}: `channel`, `component` and `sum` each say what to read; keep \
                     one of them"
                )));
            }
        };
        let meter = Self {
            kind: match flat.kind {
                KindName::Shelly1 => OutsideKind::Shelly1 { url: url?, part },
                KindName::Shelly2 => OutsideKind::Shelly2 { url: url?, part },
                KindName::Tasmota => OutsideKind::Tasmota { url: url?, part },
                KindName::Command => OutsideKind::Command {
                    argv: flat.argv.ok_or_else(&needs)?,
                    mode: flat.mode.unwrap_or_default(),
                    part,
                },
                KindName::Csv => OutsideKind::Csv {
                    path: flat.path.ok_or_else(&needs)?,
                    column: flat.column.ok_or_else(&needs)?,
                    separator: flat.separator.unwrap_or(','),
                    decimal: flat.decimal,
                },
                KindName::Prometheus => OutsideKind::Prometheus {
                    url: url?,
                    query: flat.query.ok_or_else(&needs)?,
                },
            },
            unit: match flat.unit {
                Some(unit) => unit,
                None if plug => MeterUnit::Watts,
                None => return Err(needs()),
            },
            scope: match flat.scope {
                Some(scope) => scope,
                None if plug => Scope::Wall,
                None => return Err(needs()),
            },
            error: match flat.error {
                Some(error) => error,
                None if plug => ERROR_OF_A_PLUG,
                None => return Err(needs()),
            },
            name: flat.name,
            role: flat.role,
            period_s: flat.period_s,
            averaging_s: flat.averaging_s,
            flip: flat.flip,
            machine: flat.machine,
        };
        meter
            .check()
            .map_err(|error| OutsideMeterError(format!("meter {:?}: {error}", meter.name)))?;
        Ok(meter)
    }
}

impl From<OutsideMeter> for Flat {
    fn from(meter: OutsideMeter) -> Self {
        let part = meter.part().cloned().unwrap_or_default();
        let mut flat = Self {
            kind: meter.kind.name(),
            name: meter.name,
            url: None,
            channel: None,
            component: None,
            sum: false,
            argv: None,
            mode: None,
            path: None,
            column: None,
            separator: None,
            decimal: None,
            query: None,
            unit: Some(meter.unit),
            scope: Some(meter.scope),
            error: Some(meter.error),
            role: meter.role,
            period_s: meter.period_s,
            averaging_s: meter.averaging_s,
            flip: meter.flip,
            machine: meter.machine,
        };
        match part {
            Part::Only => {}
            Part::Channel(channel) => flat.channel = Some(channel),
            Part::Component(name) => flat.component = Some(name),
            Part::Sum => flat.sum = true,
        }
        match meter.kind {
            OutsideKind::Shelly1 { url, .. }
            | OutsideKind::Shelly2 { url, .. }
            | OutsideKind::Tasmota { url, .. } => flat.url = Some(url),
            OutsideKind::Command { argv, mode, .. } => {
                (flat.argv, flat.mode) = (Some(argv), Some(mode));
            }
            OutsideKind::Csv {
                path,
                column,
                separator,
                decimal,
            } => {
                flat.decimal = decimal;
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
#[path = "written_tests.rs"]
mod tests;
