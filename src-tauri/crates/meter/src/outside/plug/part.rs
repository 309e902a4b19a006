//! Which of the things that a device measures is read.

use crate::outside::refusal::{MeterOffer, MeterRefusal, listed};
use crate::sensor::Total;
use serde_json::Value;
use wattsmith_domain::{Joules, Part, SensorFault};

/// What a device tells of one thing at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Told {
    pub(super) watts: f64,
    /// In the device's own unit.
    pub(super) total: Option<f64>,
    /// What that unit is.
    pub(super) unit: Unit,
}

/// The unit of a device's own total.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    /// Joules in one of it.
    pub(super) joules: f64,
    /// Joules by which the total grows at least.
    pub(super) step: f64,
}

impl Unit {
    /// Watt-hours, told to so many of them.
    pub(super) fn watt_hours(step: f64) -> Self {
        Self {
            joules: 3.6e3,
            step: step * 3.6e3,
        }
    }
}

impl Told {
    /// Its total as energy.
    pub(super) fn counted(&self) -> Option<Total> {
        self.total.map(|total| Total {
            joules: Joules(total * self.unit.joules),
            step: Joules(self.unit.step),
        })
    }
}

/// One of the things that a device measures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    /// Such as `em1:0`; phases of one component are `em:0:a`, `em:0:b`, `em:0:c`.
    pub(super) component: String,
    /// Its number among its like, from 0.
    pub(super) channel: u32,
    /// What it tells, or why it tells nothing.
    pub(super) told: Result<Told, String>,
}

impl Measured {
    pub(super) fn new(
        component: impl Into<String>,
        channel: u32,
        told: Result<Told, String>,
    ) -> Self {
        Self {
            component: component.into(),
            channel,
            told,
        }
    }

    pub(super) fn offer(&self) -> MeterOffer {
        MeterOffer {
            component: self.component.clone(),
            watts: self.told.as_ref().ok().map(|told| told.watts),
        }
    }

    fn read(&self) -> Result<Told, MeterRefusal> {
        let why = |why: &String| MeterRefusal::unreadable(format!("{}: {why}", self.component));
        self.told.as_ref().copied().map_err(why)
    }
}

/// What `part` means among `all`, and its name. There is at least one.
pub(super) fn choose(all: Vec<Measured>, part: &Part) -> Result<(String, Told), MeterRefusal> {
    let single = |one: &Measured| Ok((one.component.clone(), one.read()?));
    match part {
        Part::Only => match all.as_slice() {
            [one] => single(one),
            many => Err(several(many)),
        },
        Part::Channel(channel) => {
            let meant = |one: &&Measured| one.channel == *channel;
            let found: Vec<Measured> = all.iter().filter(meant).cloned().collect();
            match found.as_slice() {
                [one] => single(one),
                [] => Err(none(&all, &format!("number {channel}"))),
                many => Err(several(many)),
            }
        }
        Part::Component(name) => {
            let name = name.trim().to_lowercase();
            let of_group = format!("{name}:");
            let is = |one: &&Measured| one.component.to_lowercase() == name;
            if let Some(one) = all.iter().find(is) {
                return single(one);
            }
            // Whoever names a component of several phases means all of it.
            let inside = |one: &&Measured| one.component.to_lowercase().starts_with(&of_group);
            let group: Vec<Measured> = all.iter().filter(inside).cloned().collect();
            match group.is_empty() {
                true => Err(none(&all, &format!("the name {name:?}"))),
                false => Ok((name, sum(&group)?)),
            }
        }
        Part::Sum => {
            let names: Vec<&str> = all.iter().map(|one| one.component.as_str()).collect();
            Ok((names.join(" + "), sum(&all)?))
        }
    }
}

/// All together; none where one fails, or where one draws while another feeds back.
fn sum(all: &[Measured]) -> Result<Told, MeterRefusal> {
    let drawn = |one: &Measured| match one.told.as_ref() {
        // A socket that is off adds nothing.
        Err(why) if why == OFF => Ok(Told {
            watts: 0.0,
            total: None,
            unit: Unit::watt_hours(1.0),
        }),
        _ => one.read(),
    };
    let told: Vec<Told> = all.iter().map(drawn).collect::<Result<_, _>>()?;
    let against = all.iter().zip(&told).find(|(_, told)| told.watts < 0.0);
    if let Some((one, against)) = against
        && told.iter().any(|told| told.watts > 0.0)
    {
        return Err(MeterRefusal::new(
            SensorFault::Negative,
            format!(
                "{} tells {} W and others tell more than 0 W, so adding them hides what is drawn: \
                 turn that clamp around, or choose one of {}",
                one.component,
                against.watts,
                listed(&offers(all))
            ),
        ));
    }
    Ok(Told {
        watts: told.iter().map(|told| told.watts).sum(),
        total: told.iter().map(|told| told.total).sum(),
        unit: Unit {
            joules: told.first().map_or(0.0, |told| told.unit.joules),
            step: told.iter().map(|told| told.unit.step).sum(),
        },
    })
}

fn offers(all: &[Measured]) -> Vec<MeterOffer> {
    all.iter().map(Measured::offer).collect()
}

fn several(all: &[Measured]) -> MeterRefusal {
    let first = all.first().map_or("", |one| one.component.as_str());
    MeterRefusal::new(
        SensorFault::SeveralValues,
        format!(
            "it measures {} things: {}. Say which one this machine is on (such as component \
             {first}), or that all together are what it draws (sum)",
            all.len(),
            listed(&offers(all))
        ),
    )
}

fn none(all: &[Measured], what: &str) -> MeterRefusal {
    MeterRefusal::unreadable(format!(
        "it measures {}, and none with {what}",
        listed(&offers(all))
    ))
}

/// A number of an answer.
pub(super) fn number(value: &Value, field: &str) -> Result<f64, String> {
    value
        .as_f64()
        .ok_or_else(|| format!("its `{field}` is no number but {value}"))
}

/// What is said of whatever is switched off by the device itself.
pub(super) const OFF: &str = "the plug is switched off, so this machine is not on it";
