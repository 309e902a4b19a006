//! A laptop's battery while it gives off power: the whole machine, screen and all.
//!
//! Some batteries tell `power_now` (µW), others `current_now` (µA) and `voltage_now` (µV). Machines
//! with two batteries draw from one after the other, so all of them are added.

use crate::files::Root;
use crate::probe::{Found, Looked};
use crate::sensor::{Device, Info, PowerGauge, ReadError, Total};
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Joules, Scope, Source, Watts};

const CLASS: &str = "sys/class/power_supply";
/// Fuel gauges promise about 1 % of the current at full load; at a tenth of it a few per cent.
const ERROR: f64 = 0.05;
/// How often firmware takes a new value from the fuel gauge; slower ones were seen, so windows of a
/// minute are the least to trust.
const UPDATE: Duration = Duration::from_secs(5);
/// Steps in which firmware tells what is left: 10 mWh is usual, and some round to a tenth of a Wh.
const CHARGE_STEP: Joules = Joules(360.0);
/// How often it is read. Each reading can wake the embedded controller.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Looks for the machine's own batteries. Reports nothing where there are none.
pub(crate) fn find(root: &Root) -> Found {
    let names = names(root);
    let mut found = Found::default();
    if names.is_empty() {
        return found;
    }
    let looked = Looked {
        name: "Battery discharge",
        device: names.join(" and "),
        source: Source::Battery,
        scope: Scope::Battery,
        error: ERROR,
    };
    let battery = Batteries {
        root: root.clone(),
        names,
    };
    match battery.power() {
        Ok(_) => {
            found.devices.push(Device {
                info: Info {
                    name: looked.device.clone(),
                    source: Source::Battery,
                    scope: Scope::Battery,
                    error: ERROR,
                    period: READ_EVERY,
                    update: Some(UPDATE),
                    averaging: None,
                },
                counter: None,
                gauge: Some(Arc::new(battery)),
                state: None,
            });
            found.reports.push(looked.available(Some(UPDATE)));
        }
        Err(error) => {
            let remedy = if error.0 == ON_MAINS {
                "Unplug the charger to measure from the battery; figures on mains are steadier."
            } else {
                ""
            };
            found
                .reports
                .push(looked.unavailable((error.0, remedy.to_owned())));
        }
    }
    found
}

const ON_MAINS: &str = "the machine is on mains, so the battery does not say what it draws";

/// Batteries of the machine; a wireless mouse has one too, whose scope is "Device".
fn names(root: &Root) -> Vec<String> {
    root.names(CLASS)
        .into_iter()
        .filter(|name| {
            let says = |file: &str| root.text(&format!("{CLASS}/{name}/{file}"));
            says("type").as_deref() == Some("Battery")
                && says("scope").as_deref() != Some("Device")
                && says("present").as_deref() != Some("0")
        })
        .collect()
}

struct Batteries {
    root: Root,
    names: Vec<String>,
}

impl Batteries {
    fn number(&self, name: &str, file: &str) -> Option<Result<f64, ReadError>> {
        let text = self.root.text(&format!("{CLASS}/{name}/{file}"))?;
        Some(
            text.parse()
                .map_err(|_| ReadError(format!("{name}: {file} holds {text:?}, no number"))),
        )
    }

    /// Watts that one battery gives off. The sign of both values depends on the firmware.
    fn one(&self, name: &str) -> Result<f64, ReadError> {
        if let Some(power) = self.number(name, "power_now") {
            return Ok(power?.abs() / 1e6);
        }
        match (
            self.number(name, "current_now"),
            self.number(name, "voltage_now"),
        ) {
            (Some(current), Some(voltage)) => Ok(current?.abs() / 1e6 * (voltage? / 1e6)),
            _ => Err(ReadError(format!(
                "{name} tells neither its power nor its current and voltage"
            ))),
        }
    }
}

impl PowerGauge for Batteries {
    fn power(&self) -> Result<Watts, ReadError> {
        if !crate::surroundings::on_battery(&self.root) {
            return Err(ReadError(ON_MAINS.to_owned()));
        }
        let mut watts = 0.0;
        for name in &self.names {
            let status = self.root.text(&format!("{CLASS}/{name}/status"));
            if status.as_deref() == Some("Discharging") {
                watts += self.one(name)?;
            }
        }
        if watts > 0.0 && watts.is_finite() {
            Ok(Watts(watts))
        } else {
            Err(ReadError(
                "the battery says that it gives off 0 W, which cannot be".to_owned(),
            ))
        }
    }

    /// What is gone of the charge, where every battery tells what is left of it.
    fn total(&self) -> Option<Total> {
        let left = self.names.iter().map(|name| {
            let microwatt_hours = self.number(name, "energy_now")?.ok()?;
            Some(microwatt_hours * 3.6e-3)
        });
        Some(Total {
            joules: Joules(-left.sum::<Option<f64>>()?),
            step: CHARGE_STEP,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::Availability;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        crate::files::tree(CLASS, files)
    }

    const DRAINING: [(&str, &str); 2] = [("BAT0/type", "Battery"), ("BAT0/status", "Discharging")];

    fn watts(more: &[(&str, &str)]) -> Result<f64, String> {
        let (_dir, root) = machine(&[&DRAINING, more].concat());
        let found = find(&root);
        match (&found.reports[0].availability, found.devices.first()) {
            (Availability::Available { .. }, Some(device)) => {
                assert_eq!(device.info.scope, Scope::Battery);
                Ok(device.gauge.as_ref().unwrap().power().unwrap().0)
            }
            (Availability::Unavailable { reason, .. }, None) => Err(reason.clone()),
            other => panic!("report and device differ: {:?}", other.0),
        }
    }

    #[test]
    fn power_comes_from_power_or_from_current_and_voltage_of_any_sign() {
        assert_eq!(watts(&[("BAT0/power_now", "12500000\n")]), Ok(12.5));
        assert_eq!(watts(&[("BAT0/power_now", "-12500000\n")]), Ok(12.5));
        let current = [
            ("BAT0/current_now", "-1500000"),
            ("BAT0/voltage_now", "12000000"),
        ];
        assert_eq!(watts(&current), Ok(18.0));
    }

    #[test]
    fn two_batteries_are_added_and_a_mouse_is_none() {
        let two = [
            ("BAT0/power_now", "8000000"),
            ("BAT1/type", "Battery"),
            ("BAT1/status", "Discharging"),
            ("BAT1/power_now", "2000000"),
            ("mouse/type", "Battery"),
            ("mouse/scope", "Device"),
            ("mouse/status", "Discharging"),
            ("mouse/power_now", "900000000"),
        ];
        assert_eq!(watts(&two), Ok(10.0));
    }

    #[test]
    fn what_cannot_be_a_discharge_has_a_reason_and_no_number() {
        for (files, words) in [
            (vec![("BAT0/power_now", "0")], "0 W"),
            (vec![("BAT0/power_now", "much")], "no number"),
            (vec![], "neither"),
            (vec![("BAT0/current_now", "1000000")], "neither"),
            (
                vec![
                    ("BAT0/power_now", "9000000"),
                    ("AC/type", "Mains"),
                    ("AC/online", "1"),
                ],
                "on mains",
            ),
        ] {
            let reason = watts(&files).unwrap_err();
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn a_charger_that_is_plugged_in_meanwhile_ends_the_readings() {
        let (_dir, root) = machine(&[&DRAINING[..], &[("BAT0/power_now", "9000000")]].concat());
        let found = find(&root);
        let gauge = found.devices[0].gauge.clone().unwrap();
        std::fs::write(root.path(CLASS).join("BAT0/status"), "Charging").unwrap();
        assert!(gauge.power().unwrap_err().0.contains("on mains"));
    }

    #[test]
    fn a_machine_without_a_battery_has_nothing_to_report() {
        let (_dir, root) = machine(&[]);
        assert!(find(&root).reports.is_empty());
    }
}
