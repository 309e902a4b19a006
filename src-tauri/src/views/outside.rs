//! The person's own meters: from what the form holds to what the core keeps, and back.

use crate::wire::{
    MeterDecimal, MeterKind, MeterOfferView, MeterScope, MeterTrialView, MeterUnit,
    OutsideMeterView,
};
use std::path::PathBuf;
use wattsmith_tuner::domain::{
    self, CommandMode, Decimal, MeterRole, OutsideKind, OutsideMeter, Part, Scope,
};
use wattsmith_tuner::words::figure;
use wattsmith_tuner::{MeterTrial, TunerError};

/// What the form says for all parts together.
const SUM: &str = "sum";

/// A meter as the form shows it.
pub fn outside(meter: &OutsideMeter) -> OutsideMeterView {
    let mut view = OutsideMeterView {
        name: meter.name.clone(),
        kind: MeterKind::Shelly2,
        url: String::new(),
        part: meter.part().map(part_words).unwrap_or_default(),
        command: String::new(),
        once: false,
        path: String::new(),
        column: String::new(),
        separator: ",".to_owned(),
        decimal: MeterDecimal::Shown,
        query: String::new(),
        unit: unit(meter.unit),
        scope: scope(meter.scope),
        // 0.03 is no round number of per cent otherwise.
        error_percent: (meter.error * 1e4).round() / 1e2,
        main: meter.role == MeterRole::Main,
        period_s: meter.period_s,
        averaging_s: meter.averaging_s,
        flip: meter.flip,
        machine: meter.machine.clone().unwrap_or_default(),
    };
    match &meter.kind {
        OutsideKind::Shelly1 { url, .. } => {
            view.kind = MeterKind::Shelly1;
            view.url.clone_from(url);
        }
        OutsideKind::Shelly2 { url, .. } => view.url.clone_from(url),
        OutsideKind::Tasmota { url, .. } => {
            view.kind = MeterKind::Tasmota;
            view.url.clone_from(url);
        }
        OutsideKind::Command { argv, mode, .. } => {
            view.kind = MeterKind::Command;
            view.command = line(argv);
            view.once = *mode == CommandMode::Once;
        }
        OutsideKind::Csv {
            path,
            column,
            separator,
            decimal,
        } => {
            view.kind = MeterKind::Csv;
            view.decimal = match decimal {
                None => MeterDecimal::Shown,
                Some(Decimal::Point) => MeterDecimal::Point,
                Some(Decimal::Comma) => MeterDecimal::Comma,
            };
            view.path = path.display().to_string();
            view.column.clone_from(column);
            view.separator = separator.to_string();
        }
        OutsideKind::Prometheus { url, query } => {
            view.kind = MeterKind::Prometheus;
            (view.url, view.query) = (url.clone(), query.clone());
        }
    }
    view
}

/// What reading a meter gave, as the form shows it.
pub fn meter_trial(trial: &MeterTrial) -> MeterTrialView {
    let offers = trial.offers.iter().map(|offer| MeterOfferView {
        component: offer.component.clone(),
        tells: match offer.watts {
            Some(watts) => format!("{} W", figure(watts)),
            None => "no power".to_owned(),
        },
    });
    MeterTrialView {
        answers: trial.watts.is_ok(),
        said: match &trial.watts {
            Ok(watts) => format!("{} W", figure(watts.0)),
            Err(refusal) => refusal.what.clone(),
        },
        fault: trial
            .watts
            .as_ref()
            .err()
            .map(|refusal| refusal.fault.code().to_owned()),
        offers: offers.collect(),
    }
}

fn part_words(part: &Part) -> String {
    match part {
        Part::Only => String::new(),
        Part::Channel(channel) => channel.to_string(),
        Part::Component(name) => name.clone(),
        Part::Sum => SUM.to_owned(),
    }
}

fn part(words: &str) -> Part {
    match words.trim() {
        "" => Part::Only,
        SUM => Part::Sum,
        other => match other.parse() {
            Ok(channel) => Part::Channel(channel),
            Err(_) => Part::Component(other.to_owned()),
        },
    }
}

impl TryFrom<OutsideMeterView> for OutsideMeter {
    type Error = TunerError;

    fn try_from(view: OutsideMeterView) -> Result<Self, TunerError> {
        let url = view.url.trim().trim_end_matches('/').to_owned();
        let part = part(&view.part);
        let kind = match view.kind {
            MeterKind::Shelly1 => OutsideKind::Shelly1 { url, part },
            MeterKind::Shelly2 => OutsideKind::Shelly2 { url, part },
            MeterKind::Tasmota => OutsideKind::Tasmota { url, part },
            MeterKind::Command => OutsideKind::Command {
                argv: words(&view.command)?,
                mode: match view.once {
                    true => CommandMode::Once,
                    false => CommandMode::Stream,
                },
                part,
            },
            MeterKind::Csv => OutsideKind::Csv {
                path: PathBuf::from(view.path.trim()),
                column: view.column.trim().to_owned(),
                separator: view.separator.chars().next().unwrap_or(','),
                decimal: match view.decimal {
                    MeterDecimal::Shown => None,
                    MeterDecimal::Point => Some(Decimal::Point),
                    MeterDecimal::Comma => Some(Decimal::Comma),
                },
            },
            MeterKind::Prometheus => OutsideKind::Prometheus {
                url,
                query: view.query.trim().to_owned(),
            },
        };
        let meter = Self {
            name: view.name.trim().to_owned(),
            kind,
            unit: match view.unit {
                MeterUnit::Watts => domain::MeterUnit::Watts,
                MeterUnit::Milliwatts => domain::MeterUnit::Milliwatts,
                MeterUnit::Joules => domain::MeterUnit::Joules,
                MeterUnit::Millijoules => domain::MeterUnit::Millijoules,
                MeterUnit::Microjoules => domain::MeterUnit::Microjoules,
                MeterUnit::WattHours => domain::MeterUnit::WattHours,
                MeterUnit::KilowattHours => domain::MeterUnit::KilowattHours,
            },
            scope: match view.scope {
                MeterScope::GpuBoard => Scope::GpuBoard,
                MeterScope::GpuPackage => Scope::GpuPackage,
                MeterScope::CpuPackage => Scope::CpuPackage,
                MeterScope::GpuAndCpu => Scope::GpuAndCpu,
                MeterScope::Platform => Scope::Platform,
                MeterScope::Battery => Scope::Battery,
                MeterScope::Wall => Scope::Wall,
            },
            error: view.error_percent / 100.0,
            role: match view.main {
                true => MeterRole::Main,
                false => MeterRole::Beside,
            },
            period_s: view.period_s,
            averaging_s: view.averaging_s,
            flip: view.flip,
            machine: Some(view.machine.trim().to_owned()).filter(|name| !name.is_empty()),
        };
        meter
            .check()
            .map_err(|error| TunerError::Invalid(format!("This meter cannot be: {error}.")))?;
        Ok(meter)
    }
}

fn unit(unit: domain::MeterUnit) -> MeterUnit {
    match unit {
        domain::MeterUnit::Watts => MeterUnit::Watts,
        domain::MeterUnit::Milliwatts => MeterUnit::Milliwatts,
        domain::MeterUnit::Joules => MeterUnit::Joules,
        domain::MeterUnit::Millijoules => MeterUnit::Millijoules,
        domain::MeterUnit::Microjoules => MeterUnit::Microjoules,
        domain::MeterUnit::WattHours => MeterUnit::WattHours,
        domain::MeterUnit::KilowattHours => MeterUnit::KilowattHours,
    }
}

fn scope(scope: Scope) -> MeterScope {
    match scope {
        Scope::GpuBoard => MeterScope::GpuBoard,
        Scope::GpuPackage => MeterScope::GpuPackage,
        Scope::CpuPackage => MeterScope::CpuPackage,
        Scope::GpuAndCpu => MeterScope::GpuAndCpu,
        Scope::Platform => MeterScope::Platform,
        Scope::Battery => MeterScope::Battery,
        // No meter that is kept has one of the last three; `OutsideMeter::check` sees to that.
        Scope::Wall | Scope::Estimated | Scope::GpuPackageAndCpu | Scope::Part => MeterScope::Wall,
    }
}

/// A command line that [`words`] splits into the same words.
fn line(argv: &[String]) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./=:,+@%".contains(letter);
    let quoted = argv.iter().map(|word| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Program and arguments of a command line, with the quotes that a shell knows; nothing is expanded,
/// because no shell runs it.
fn words(line: &str) -> Result<Vec<String>, TunerError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => match letters.next() {
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err(unfinished("a backslash")),
            },
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err(unfinished("an open quote"));
    }
    words.extend(word);
    Ok(words)
}

fn unfinished(what: &str) -> TunerError {
    TunerError::Invalid(format!("The command ends with {what}; finish it."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<String> {
        words(line).unwrap()
    }

    #[test]
    fn a_command_is_split_as_a_shell_would_and_nothing_is_expanded() {
        assert_eq!(split("read-meter --port 3"), ["read-meter", "--port", "3"]);
        assert_eq!(
            split(r#"sh -c 'awk "NR==1{mv=\$1}" $1/in1_input'"#),
            ["sh", "-c", r#"awk "NR==1{mv=\$1}" $1/in1_input"#]
        );
        assert_eq!(
            split(r#"a "b \"c\" $d" e\ f ''"#),
            ["a", r#"b "c" $d"#, "e f", ""]
        );
        assert_eq!(split("  "), Vec::<String>::new());
        for line in ["echo 'a", "echo \"a", "echo \\"] {
            assert!(words(line).is_err(), "{line}");
        }
    }

    #[test]
    fn every_kind_of_meter_comes_back_as_it_went() {
        let url = "http://192.168.1.20".to_owned();
        let kinds = [
            OutsideKind::Shelly1 {
                url: url.clone(),
                part: Part::Sum,
            },
            OutsideKind::Shelly2 {
                url: url.clone(),
                part: Part::Channel(3),
            },
            OutsideKind::Shelly2 {
                url: url.clone(),
                part: Part::Component("em1:0".to_owned()),
            },
            OutsideKind::Tasmota {
                url: url.clone(),
                part: Part::Only,
            },
            OutsideKind::Command {
                argv: vec![
                    "sh".to_owned(),
                    "-c".to_owned(),
                    "echo 'a  b'; x".to_owned(),
                ],
                mode: CommandMode::Once,
                part: Part::Sum,
            },
            OutsideKind::Csv {
                path: PathBuf::from("/tmp/m.csv"),
                column: "P [W]".to_owned(),
                separator: ';',
                decimal: Some(Decimal::Comma),
            },
            OutsideKind::Prometheus {
                url,
                query: "sum(x)".to_owned(),
            },
        ];
        for kind in kinds {
            let meter = OutsideMeter {
                name: "one".to_owned(),
                kind,
                unit: domain::MeterUnit::Watts,
                scope: Scope::Wall,
                error: 0.03,
                role: MeterRole::Main,
                period_s: Some(0.5),
                averaging_s: Some(60.0),
                flip: true,
                machine: None,
            };
            assert_eq!(OutsideMeter::try_from(outside(&meter)).unwrap(), meter);
        }
    }

    #[test]
    fn a_meter_that_cannot_be_is_refused_in_words() {
        let mut view = outside(&OutsideMeter {
            name: "one".to_owned(),
            kind: OutsideKind::Tasmota {
                url: "http://a".to_owned(),
                part: Part::Only,
            },
            unit: domain::MeterUnit::Watts,
            scope: Scope::Wall,
            error: 0.03,
            role: MeterRole::Beside,
            period_s: None,
            averaging_s: None,
            flip: false,
            machine: None,
        });
        view.url = "https://a".to_owned();
        let error = OutsideMeter::try_from(view).unwrap_err().to_string();
        assert!(error.contains("http://"), "{error}");
    }
}
