//! One window in the bundle: a file that says what was recorded of it, and one of its samples.

use super::{File, KeptSamples};
use crate::redact;
use serde_json::{Value, json};
use std::fmt::Write;
use wattsmith_domain::{DeviceEnergy, Launch, Reckoning, Repeat, SessionRecord, WindowOf};

/// A window, and where it stands.
pub(super) struct Window<'a> {
    /// In words; its files are called like that.
    name: String,
    /// The way to it through the record.
    at: Value,
    /// What its samples are kept under; none where they never are.
    of: Option<WindowOf>,
    repeat: &'a Repeat,
    launch: Option<&'a Launch>,
}

/// Every window that a figure rests on: those of the trials, of the confirmations, and of what was undone.
pub(super) fn all(record: &SessionRecord) -> Vec<Window<'_>> {
    let mut all = Vec::new();
    for (number, trial) in record.trials.iter().enumerate() {
        for (nth, repeat) in trial.repeats.iter().enumerate() {
            all.push(Window {
                name: format!("trial {} repeat {}", trial.number, repeat.index),
                at: json!(["trials", number, "repeats", nth]),
                of: Some(WindowOf::Trial(trial.id.clone(), repeat.index)),
                repeat,
                launch: trial.launch.as_ref(),
            });
        }
    }
    let default = record.default_trial().and_then(|one| one.launch.as_ref());
    for (number, one) in record.confirmations.iter().enumerate() {
        let best = record.trial(&one.trial).and_then(|one| one.launch.as_ref());
        for (nth, repeat) in one.best.iter().enumerate() {
            all.push(Window {
                name: format!("confirmation {} best {}", one.number, repeat.index),
                at: json!(["confirmations", number, "best", nth]),
                of: Some(WindowOf::Best(one.id.clone(), repeat.index)),
                repeat,
                launch: best,
            });
        }
        for (nth, repeat) in one.default.iter().enumerate() {
            all.push(Window {
                name: format!("confirmation {} default {}", one.number, repeat.index),
                at: json!(["confirmations", number, "default", nth]),
                of: Some(WindowOf::Default(one.id.clone(), repeat.index)),
                repeat,
                launch: default,
            });
        }
    }
    let changes = record.undoing.iter().flat_map(|one| &one.changes);
    for (number, change) in changes.enumerate() {
        let sides = [("undone", &change.undone), ("winner", &change.winner)];
        for (side, repeats) in sides {
            for (nth, repeat) in repeats.iter().enumerate() {
                all.push(Window {
                    name: format!("undo {} {side} {}", number + 1, nth + 1),
                    at: json!(["undoing", "changes", number, side, nth]),
                    of: None,
                    repeat,
                    launch: None,
                });
            }
        }
    }
    all
}

impl Window<'_> {
    /// What was recorded of it, and its samples where any were kept.
    pub(super) fn files(
        &self,
        record: &SessionRecord,
        kept: &[(WindowOf, KeptSamples)],
        homes: &[String],
    ) -> serde_json::Result<Vec<File>> {
        let stem = format!("windows/{}", self.name.replace(' ', "-"));
        let none = KeptSamples::default();
        let own = kept.iter().find(|(of, _)| Some(of) == self.of.as_ref());
        let own = own.map_or(&none, |(_, samples)| samples);
        let (rows, missing) = self.rows(own, homes);
        let samples = (!rows.is_empty()).then(|| format!("{stem}.csv"));
        let told = serde_json::to_string_pretty(&self.told(record, samples.as_deref(), missing))?;
        let mut files = vec![(format!("{stem}.json"), told.into_bytes())];
        if let Some(name) = samples {
            let text = format!("device,quantity,at_ns,value\n{rows}");
            files.push((name, text.into_bytes()));
        }
        Ok(files)
    }

    fn told(
        &self,
        record: &SessionRecord,
        samples: Option<&str>,
        missing: Option<String>,
    ) -> Value {
        let repeat = self.repeat;
        let devices: Vec<Value> = (0..)
            .zip(&repeat.energy.devices)
            .map(|(number, device): (u32, &DeviceEnergy)| {
                json!({
                    "number": number,
                    "device": device.device,
                    "source": device.source,
                    "joules": device.joules,
                    "reckoning": device.reckoning,
                })
            })
            .collect();
        json!({
            "window": self.name,
            "record_at": self.at,
            "marks_ns": repeat.marks,
            "units": repeat.units,
            "unit": record.session.workload.unit,
            "recorded": {
                "gross_joules": repeat.energy.gross,
                "net_joules": repeat.energy.net,
                "joules_per_unit": repeat.joules_per_unit(),
                "idle_watts": repeat.idle,
            },
            "devices": devices,
            "samples": samples,
            "no_samples_kept": missing,
            "warnings": repeat.warnings,
            "beside": repeat.energy.beside,
            "launch": self.launch,
        })
    }

    /// Every sample as a row, and why the joules cannot be worked out of them where they cannot.
    fn rows(&self, kept: &KeptSamples, homes: &[String]) -> (String, Option<String>) {
        let older = "an older Wattsmith measured it";
        let mut rows = String::new();
        let mut missing = match self.repeat.marks {
            Some(_) => None,
            None => Some(format!(
                "between which instants it lies is not kept: {older}"
            )),
        };
        for (number, device) in self.repeat.energy.devices.iter().enumerate() {
            let counted = of_device(&kept.readings, number, &device.device, homes);
            let power = of_device(&kept.power, number, &device.device, homes);
            for one in counted {
                let (at, joules) = (one.at.0, one.energy.0);
                let _ = writeln!(rows, "{number},joules,{at},{joules}");
            }
            for one in power {
                let (at, watts) = (one.at.0, one.power.0);
                let _ = writeln!(rows, "{number},watts,{at},{watts}");
            }
            let lacks = match device.reckoning {
                None => Some(format!("how its joules came about is not kept: {older}")),
                Some(Reckoning::Counter { .. }) if counted.is_empty() => {
                    Some(format!("no reading of the counter of {}", device.device))
                }
                Some(Reckoning::Counter { .. }) => None,
                Some(_) if power.is_empty() => Some(format!("no power of {}", device.device)),
                Some(_) => None,
            };
            missing = missing.or(lacks);
        }
        if rows.is_empty() {
            missing = Some("neither power nor counter readings are kept of it".to_owned());
        }
        (rows, missing)
    }
}

/// What is kept of a device. Two may have one name; they then stand in the order of the devices.
fn of_device<'a, T>(
    kept: &'a [(String, Vec<T>)],
    number: usize,
    device: &str,
    homes: &[String],
) -> &'a [T] {
    // Names in the record were looked through for homes and passwords.
    let same = |one: &&(String, Vec<T>)| redact::text(&one.0, homes) == device;
    let own = kept.get(number).filter(same);
    let own = own.or_else(|| kept.iter().find(same));
    own.map_or(&[], |(_, samples)| samples)
}
