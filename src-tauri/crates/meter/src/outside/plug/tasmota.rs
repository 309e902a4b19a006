//! Tasmota: `StatusSNS` holds a section per sensor. `ENERGY` is the chip of a plug, with a list of
//! powers where it has several channels or phases; meters that are read out have sections of their
//! own.

use super::part::{Measured, Told, Unit, number};
use crate::outside::http::Http;
use crate::outside::refusal::MeterRefusal;
use serde_json::{Map, Value};

pub(super) fn measured(http: &Http, url: &str) -> Result<Vec<Measured>, MeterRefusal> {
    // Tasmota explains itself in JSON beside a status of 4xx.
    let ask = |number: u32| http.json(&format!("{url}/cm?cmnd=Status%20{number}"), &[], true);
    let answer = ask(10)?;
    if answer["WARNING"].is_string() {
        return Err(MeterRefusal::unreadable(
            "it asks for a password; Wattsmith reads meters without one",
        ));
    }
    let found = match answer["StatusSNS"].as_object() {
        Some(sections) => sections_of(sections),
        // Older firmware has it under another number.
        None => match ask(8) {
            Ok(older) if older["StatusSNS"].is_object() || older["StatusPWR"].is_object() => {
                let mut found = older["StatusSNS"]
                    .as_object()
                    .map(sections_of)
                    .unwrap_or_default();
                found.extend(section("ENERGY", &older["StatusPWR"]));
                found
            }
            _ => {
                return Err(MeterRefusal::unreadable("it answers, but not as a Tasmota"));
            }
        },
    };
    match found.is_empty() {
        true => Err(MeterRefusal::unreadable(
            "this Tasmota has no energy meter: no section of its sensors tells a power",
        )),
        false => Ok(found),
    }
}

fn sections_of(sections: &Map<String, Value>) -> Vec<Measured> {
    sections
        .iter()
        .flat_map(|(name, values)| section(name, values))
        .collect()
}

/// What one section measures: `Power` in W, one or a list; `Total` in kWh.
fn section(name: &str, values: &Value) -> Vec<Measured> {
    let Some(values) = values.as_object() else {
        return Vec::new();
    };
    let powers: Vec<(&String, &Value)> = values.iter().filter(|(key, _)| is_power(key)).collect();
    let plain = |key: &str| key.eq_ignore_ascii_case("power");
    let mut all = Vec::new();
    for (key, power) in &powers {
        let label = match plain(key) {
            true => name.to_owned(),
            false => format!("{name}:{key}"),
        };
        let total = match plain(key) {
            true => values.get("Total").unwrap_or(&Value::Null),
            false => &Value::Null,
        };
        match power.as_array() {
            Some(list) => all.extend((0..).zip(list).map(|(index, power)| {
                let told = told(power, &total[index as usize]);
                Measured::new(format!("{label}:{index}"), index, told)
            })),
            None => all.push(Measured::new(label, 0, told(power, total))),
        }
    }
    all
}

fn told(power: &Value, total: &Value) -> Result<Told, String> {
    Ok(Told {
        watts: number(power, "Power")?,
        total: total.as_f64(),
        // Thousandths of a kilowatt-hour.
        unit: Unit {
            joules: 3.6e6,
            step: 3.6e3,
        },
    })
}

/// Whether a field is a power of now: not apparent, reactive or a factor, not of a day.
fn is_power(key: &str) -> bool {
    const NOT: [&str; 8] = [
        "apparent",
        "reactive",
        "factor",
        "today",
        "yesterday",
        "max",
        "min",
        "avg",
    ];
    let key = key.to_lowercase();
    key.contains("power") && !NOT.iter().any(|other| key.contains(other))
}
