//! Plugs at the wall that tell their power over HTTP.
//!
//! Their energy totals are too coarse to make a figure of (Shelly of the first generation counts
//! whole watt-minutes, Tasmota watt-hours), so power is integrated; but a total that runs back tells
//! that the plug was restarted, and one that stands still or grows by something else than the power
//! tells that one of the two is wrong.

use super::Reading;
use super::http::Http;
use crate::sensor::{ReadError, Total};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use wattsmith_domain::Joules;

/// A plug.
pub(super) struct Plug {
    http: Http,
    url: String,
    /// Which of its sockets.
    switch: u32,
    maker: Maker,
    /// The total of the last reading, in the plug's own unit.
    total: Mutex<Option<f64>>,
}

#[derive(Clone, Copy)]
enum Maker {
    Shelly1,
    Shelly2,
    Tasmota,
}

/// What a plug tells at once.
#[derive(Debug, PartialEq)]
struct Told {
    watts: f64,
    total: Option<f64>,
}

impl Plug {
    /// A Shelly of the first generation.
    pub(super) fn shelly1(url: &str, switch: u32) -> Self {
        Self::new(url, "/status", switch, Maker::Shelly1)
    }

    /// A Shelly of the second generation or later.
    pub(super) fn shelly2(url: &str, switch: u32) -> Self {
        let path = format!("/rpc/Switch.GetStatus?id={switch}");
        Self::new(url, &path, switch, Maker::Shelly2)
    }

    /// A plug with Tasmota.
    pub(super) fn tasmota(url: &str) -> Self {
        Self::new(url, "/cm?cmnd=Status%2010", 0, Maker::Tasmota)
    }

    fn new(url: &str, path: &str, switch: u32, maker: Maker) -> Self {
        Self {
            http: Http::new(),
            url: format!("{}{path}", url.trim_end_matches('/')),
            switch,
            maker,
            total: Mutex::default(),
        }
    }
}

impl Maker {
    /// Joules in one of its total's unit, and the least by which the total grows, joules: Shelly's
    /// later ones count thousandths of a watt-hour, its first ones whole watt-minutes, Tasmota
    /// thousandths of a kilowatt-hour.
    fn total(self) -> (f64, f64) {
        match self {
            Self::Shelly1 => (60.0, 60.0),
            Self::Shelly2 => (3.6e3, 3.6),
            Self::Tasmota => (3.6e6, 3.6e3),
        }
    }
}

impl Reading for Plug {
    fn total(&self) -> Option<Total> {
        let last = *self.total.lock().unwrap_or_else(PoisonError::into_inner);
        let (unit, step) = self.maker.total();
        last.map(|total| Total {
            joules: Joules(total * unit),
            step: Joules(step),
        })
    }

    fn value(&self) -> Result<f64, ReadError> {
        // Tasmota and Shelly explain themselves in JSON beside a status of 4xx or 5xx.
        let answer = self.http.json(&self.url, None, true)?;
        let told = match self.maker {
            Maker::Shelly1 => shelly1(&answer, self.switch),
            Maker::Shelly2 => shelly2(&answer, self.switch),
            Maker::Tasmota => tasmota(&answer),
        }
        .map_err(ReadError)?;
        let mut last = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *last;
        *last = told.total.or(before);
        if let (Some(before), Some(now)) = (before, told.total)
            && now < before
        {
            return Err(ReadError(format!(
                "its total ran back from {before} to {now}, so it was restarted or reset"
            )));
        }
        Ok(told.watts)
    }
}

const OFF: &str = "the plug is switched off, so this machine is not on it";

/// `meters[n]`: `power` in W, `total` in watt-minutes, `is_valid` false where its meter failed.
fn shelly1(answer: &Value, switch: u32) -> Result<Told, String> {
    let Some(meters) = answer["meters"].as_array() else {
        return Err(
            "it answers, but not as a Shelly of the first generation with a meter; is it a newer \
             one (kind shelly2) or a Tasmota?"
                .to_owned(),
        );
    };
    let index = switch as usize;
    let meter = meters.get(index).ok_or_else(|| {
        format!(
            "it has {} meters, and none with number {switch}",
            meters.len()
        )
    })?;
    if answer["relays"][index]["ison"] == false {
        return Err(OFF.to_owned());
    }
    if meter["is_valid"] == false {
        return Err("its meter says that it does not work".to_owned());
    }
    Ok(Told {
        watts: number(&meter["power"], "power")?,
        total: meter["total"].as_f64(),
    })
}

/// `apower` in W, `aenergy.total` in Wh, `output` whether it is on.
fn shelly2(answer: &Value, switch: u32) -> Result<Told, String> {
    if let Some(message) = answer["message"].as_str() {
        return Err(format!("it refuses switch {switch}: {message}"));
    }
    if answer["output"] == false {
        return Err(OFF.to_owned());
    }
    if answer["apower"].is_null() {
        return Err(if answer["output"].is_null() {
            "it answers, but not as a Shelly of the second generation or later; is it an older one \
             (kind shelly1) or a Tasmota?"
                .to_owned()
        } else {
            "this Shelly has no meter; one with PM in its name has".to_owned()
        });
    }
    Ok(Told {
        watts: number(&answer["apower"], "apower")?,
        total: answer["aenergy"]["total"].as_f64(),
    })
}

/// `StatusSNS.ENERGY`: `Power` in W, `Total` in kWh.
fn tasmota(answer: &Value) -> Result<Told, String> {
    if answer["WARNING"].is_string() {
        return Err("it asks for a password; Wattsmith reads meters without one".to_owned());
    }
    let sensors = &answer["StatusSNS"];
    if !sensors.is_object() {
        return Err("it answers, but not as a Tasmota".to_owned());
    }
    let energy = &sensors["ENERGY"];
    if !energy.is_object() {
        return Err("this Tasmota has no energy meter".to_owned());
    }
    if energy["Power"].is_array() {
        return Err("this Tasmota measures several sockets, which cannot be told apart".to_owned());
    }
    Ok(Told {
        watts: number(&energy["Power"], "Power")?,
        total: energy["Total"].as_f64(),
    })
}

fn number(value: &Value, field: &str) -> Result<f64, String> {
    value
        .as_f64()
        .ok_or_else(|| format!("its `{field}` is no number but {value}"))
}
