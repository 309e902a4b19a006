//! A laptop's battery while it gives off power: the whole machine, screen and all.
//!
//! Some batteries tell `power_now` (µW), others `current_now` (µA) and `voltage_now` (µV). Machines
//! with two batteries draw from one after the other, so all of them are added, and one that does not
//! answer leaves no sum.

use crate::files::{Root, text};
use crate::plausible;
use crate::probe::{Found, Looked, Refusal};
use crate::sensor::{Device, Info, PowerGauge, ReadError, Total};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Joules, Scope, SensorFault, Source, Watts};

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
    match battery.watts() {
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
        Err(refusal) => found.reports.push(looked.refused(refusal)),
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
    /// None where there is no such file.
    fn number(&self, name: &str, file: &str) -> Option<Result<f64, Refusal>> {
        let path = self.root.path(&format!("{CLASS}/{name}/{file}"));
        let unreadable = |what: String| {
            let reason = format!("{} cannot be read: {what}", path.display());
            Refusal::new(SensorFault::Unreadable, reason).advise(
                "The machine's firmware does not answer: restart the machine, or update its firmware \
                 and kernel. A plug at the wall tells what the whole machine draws.",
            )
        };
        let text = match text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => return Some(Err(unreadable(error.to_string()))),
        };
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        Some(number.ok_or_else(|| unreadable(format!("{text:?} is no number"))))
    }

    /// Watts that one battery gives off. The sign of both values depends on the firmware.
    fn one(&self, name: &str) -> Result<f64, Refusal> {
        let power = self.number(name, "power_now");
        if let Some(Ok(power)) = power {
            return Ok(power.abs() / 1e6);
        }
        let current = self.number(name, "current_now");
        let voltage = self.number(name, "voltage_now");
        match (power, current, voltage) {
            (_, Some(Ok(current)), Some(Ok(voltage))) => Ok(current.abs() / 1e6 * (voltage / 1e6)),
            // What it has and does not give is the reason, and not what it never had.
            (Some(Err(refusal)), ..)
            | (_, Some(Err(refusal)), _)
            | (_, Some(_), Some(Err(refusal))) => Err(refusal),
            _ => Err(Refusal::new(
                SensorFault::Unreadable,
                format!("{name} tells neither its power nor its current and voltage"),
            )),
        }
    }

    /// Watts of all that give off power now.
    fn watts(&self) -> Result<f64, Refusal> {
        if !crate::surroundings::on_battery(&self.root) {
            return Err(Refusal::new(None, ON_MAINS).advise(
                "Unplug the charger to measure from the battery; figures on mains are steadier.",
            ));
        }
        let mut watts = 0.0;
        for name in &self.names {
            let path = self.root.path(&format!("{CLASS}/{name}/status"));
            let status = text(&path).map_err(|error| {
                let reason = format!("{} cannot be read: {error}", path.display());
                Refusal::new(SensorFault::Unreadable, reason)
            })?;
            // A second battery that rests says "Unknown" on some machines, and tells 0 W.
            if ["Discharging", "Unknown"].contains(&status.as_str()) {
                watts += self.one(name)?;
            }
        }
        plausible::judge(Scope::Battery, watts)
            .map_err(|reason| Refusal::new(SensorFault::ImpossibleLevel, reason))?;
        Ok(watts)
    }
}

impl PowerGauge for Batteries {
    fn power(&self) -> Result<Watts, ReadError> {
        self.watts().map(Watts).map_err(ReadError::from)
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
            (vec![("BAT0/power_now", "NaN")], "no number"),
            (vec![("BAT0/power_now", "12500")], "it tells 0.013 W"),
            (vec![("BAT0/power_now", "12500000000")], "it tells 12500 W"),
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

    /// The file is there and its read fails: a directory stands for a driver that answers ENODEV
    /// (omarchy's issue tracker has two such laptops).
    fn broken(file: &str, more: &[(&str, &str)]) -> (Refusal, String) {
        let (_dir, root) = machine(&[&DRAINING, more].concat());
        let path = root.path(CLASS).join(file);
        std::fs::create_dir_all(&path).unwrap();
        let found = find(&root);
        assert!(found.devices.is_empty());
        let report = &found.reports[0];
        let Availability::Unavailable { reason, .. } = &report.availability else {
            panic!("available: {report:?}");
        };
        let refusal = Refusal::new(report.fault, reason.clone());
        (refusal, path.display().to_string())
    }

    #[test]
    fn a_power_file_that_cannot_be_read_is_named_with_its_error() {
        let energy = [
            ("BAT0/energy_now", "40000000"),
            ("BAT0/voltage_now", "11520000"),
        ];
        let (refusal, path) = broken("BAT0/power_now", &energy);
        assert_eq!(refusal.fault, Some(SensorFault::Unreadable));
        assert!(refusal.reason.contains(&path), "{}", refusal.reason);
        assert!(refusal.reason.contains("directory"), "{}", refusal.reason);
    }

    #[test]
    fn a_healthy_battery_beside_a_broken_one_is_not_the_sum() {
        let healthy = [
            ("BAT1/type", "Battery"),
            ("BAT1/status", "Discharging"),
            ("BAT1/power_now", "7700000"),
        ];
        for file in ["BAT0/power_now", "BAT0/current_now"] {
            let (refusal, path) = broken(file, &healthy);
            assert!(refusal.reason.contains(&path), "{}", refusal.reason);
        }
        // Made: the status of the second one cannot be read, so nobody knows whether it gives power.
        let second = [("BAT0/power_now", "6000000"), ("BAT1/type", "Battery")];
        let (refusal, path) = broken("BAT1/status", &second);
        assert!(refusal.reason.contains(&path), "{}", refusal.reason);
    }

    #[test]
    fn current_and_voltage_stand_in_for_a_power_that_cannot_be_read() {
        let files = [
            ("BAT0/current_now", "500000"),
            ("BAT0/voltage_now", "12000000"),
        ];
        let (_dir, root) = machine(&[&DRAINING[..], &files].concat());
        std::fs::create_dir_all(root.path(CLASS).join("BAT0/power_now")).unwrap();
        let found = find(&root);
        assert_eq!(
            found.devices[0].gauge.as_ref().unwrap().power().unwrap().0,
            6.0
        );
    }

    #[test]
    fn a_second_battery_that_rests_adds_nothing() {
        for status in ["Unknown", "Full", "Not charging"] {
            let two = [
                ("BAT0/power_now", "8000000"),
                ("BAT1/type", "Battery"),
                ("BAT1/status", status),
                ("BAT1/power_now", "0"),
            ];
            assert_eq!(watts(&two), Ok(8.0), "{status}");
        }
    }

    #[test]
    fn a_charger_that_is_plugged_in_meanwhile_ends_the_readings() {
        let (_dir, root) = machine(&[&DRAINING[..], &[("BAT0/power_now", "9000000")]].concat());
        let found = find(&root);
        let gauge = found.devices[0].gauge.clone().unwrap();
        std::fs::write(root.path(CLASS).join("BAT0/status"), "Charging").unwrap();
        assert!(gauge.power().unwrap_err().reason.contains("on mains"));
    }

    #[test]
    fn a_machine_without_a_battery_has_nothing_to_report() {
        let (_dir, root) = machine(&[]);
        assert!(find(&root).reports.is_empty());
    }
}
