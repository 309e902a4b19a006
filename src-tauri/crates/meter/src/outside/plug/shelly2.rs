//! Shelly of the second generation or later: it has components, each with a kind and a number, such
//! as `switch:0` or `em1:1`. `Shelly.GetStatus` lists them all; where that call is missing, each kind
//! is tried.

use super::part::{Measured, OFF, Told, Unit, number};
use crate::outside::http::{Http, HttpError};
use crate::outside::refusal::MeterRefusal;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};

/// Components of one kind that are tried one by one: no device has more.
const MOST: u32 = 4;

/// A kind of component that can measure.
#[derive(Debug, PartialEq)]
struct Kind {
    /// As `Shelly.GetStatus` names it.
    key: &'static str,
    /// As its own call names it.
    method: &'static str,
    /// A field that its own answer has besides power, so that a server which answers the same to
    /// everything is not taken for several components.
    mark: &'static str,
}

const KINDS: [Kind; 9] = [
    kind("switch", "Switch", "output"),
    kind("pm1", "PM1", "apower"),
    kind("em1", "EM1", "act_power"),
    kind("em", "EM", "a_act_power"),
    kind("cover", "Cover", "state"),
    kind("light", "Light", "brightness"),
    kind("cct", "CCT", "ct"),
    kind("rgb", "RGB", "rgb"),
    kind("rgbw", "RGBW", "white"),
];

const fn kind(key: &'static str, method: &'static str, mark: &'static str) -> Kind {
    Kind { key, method, mark }
}

/// A component that measures.
type Component = (&'static Kind, u32);

/// What is known of a device: its components that measure, once they were looked for.
#[derive(Default)]
pub(super) struct Known(Mutex<Option<Vec<Component>>>);

impl Known {
    pub(super) fn measured(&self, http: &Http, url: &str) -> Result<Vec<Measured>, MeterRefusal> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(components) = known.as_ref() else {
            let found = look(http, url)?;
            let components = found.iter().map(|(component, _)| *component).collect();
            *known = Some(components);
            return Ok(found.iter().flat_map(measured_of).collect());
        };
        let asked: Result<Vec<_>, _> = components
            .iter()
            .map(|component| Ok((*component, ask(http, url, *component)?)))
            .collect();
        match asked {
            Ok(found) => Ok(found.iter().flat_map(measured_of).collect()),
            Err(error) => {
                // What it offers may have changed, with a profile or new firmware.
                *known = None;
                Err(error)
            }
        }
    }
}

/// Every component that measures, with its status.
fn look(http: &Http, url: &str) -> Result<Vec<(Component, Value)>, MeterRefusal> {
    let mut silent = Vec::new();
    let mut found = Vec::new();
    let mut sort = |component: Component, status: Value| match tells_power(&status) {
        true => found.push((component, status)),
        false => silent.push(format!("{}:{}", component.0.key, component.1)),
    };
    let listed = answered(http.json(&format!("{url}/rpc/Shelly.GetStatus"), &[], true))?;
    let listed = listed.as_ref().and_then(Value::as_object);
    for (name, status) in listed.into_iter().flatten() {
        if let Some(component) = component(name) {
            sort(component, status.clone());
        }
    }
    if listed.is_none_or(|all| !all.keys().any(|name| component(name).is_some())) {
        one_by_one(http, url, &mut sort)?;
    }
    if !found.is_empty() {
        return Ok(found);
    }
    Err(MeterRefusal::unreadable(match silent.is_empty() {
        true => "it answers, but not as a Shelly of the second generation or later that measures; \
                 is it an older one (kind shelly1) or a Tasmota?"
            .to_owned(),
        false => format!(
            "this Shelly has {}, and no meter in it: none tells a power (one with PM or EM in its \
             name does)",
            silent.join(", ")
        ),
    }))
}

/// Tries every kind from number 0 on, as long as there are components of it.
fn one_by_one(
    http: &Http,
    url: &str,
    sort: &mut impl FnMut(Component, Value),
) -> Result<(), MeterRefusal> {
    let mut refused = None;
    let mut any = false;
    for kind in &KINDS {
        for id in 0..MOST {
            let answer = http.json(&address(url, (kind, id)), &[], true);
            if let Ok(Value::Object(status)) = &answer
                && status.get("message").is_some_and(Value::is_string)
            {
                break;
            }
            let status = match answered(answer) {
                Ok(Some(status)) => status,
                Ok(None) => break,
                Err(error) => {
                    refused.get_or_insert(error);
                    break;
                }
            };
            if !is(kind, id, &status) {
                break;
            }
            any = true;
            sort((kind, id), status);
        }
        if let (Some(error), false) = (&refused, any) {
            // It is no Shelly, or is not there: the other calls would fare alike.
            return Err(error.clone());
        }
    }
    Ok(())
}

/// The answer, none where the device has no such call.
fn answered(answer: Result<Value, HttpError>) -> Result<Option<Value>, MeterRefusal> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(HttpError::Status { status, .. }) if (400..600).contains(&status) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The component that is listed under `name`, if it is of a kind that can measure.
fn component(name: &str) -> Option<Component> {
    let (key, id) = name.split_once(':')?;
    let kind = KINDS.iter().find(|kind| kind.key == key)?;
    Some((kind, id.parse().ok()?))
}

fn address(url: &str, (kind, id): Component) -> String {
    format!("{url}/rpc/{}.GetStatus?id={id}", kind.method)
}

/// Whether an answer is this component's own.
fn is(kind: &Kind, id: u32, status: &Value) -> bool {
    let own_number = match status["id"].as_u64() {
        Some(number) => number == u64::from(id),
        None => id == 0,
    };
    // What a switch tells has power, too, and a state of its own.
    let other = kind.key == "pm1" && !status["output"].is_null();
    own_number && !status[kind.mark].is_null() && !other
}

fn tells_power(status: &Value) -> bool {
    ["apower", "act_power", "a_act_power"]
        .iter()
        .any(|field| status.get(field).is_some())
}

/// The status of one component.
fn ask(http: &Http, url: &str, component: Component) -> Result<Value, MeterRefusal> {
    let (kind, id) = component;
    let status = http.json(&address(url, component), &[], true)?;
    match status["message"].as_str() {
        Some(message) => Err(MeterRefusal::unreadable(format!(
            "it refuses {}:{id}: {message}",
            kind.key
        ))),
        None => Ok(status),
    }
}

/// What a component measures: one thing, or one per phase.
fn measured_of(((kind, id), status): &(Component, Value)) -> Vec<Measured> {
    let name = format!("{}:{id}", kind.key);
    if kind.key != "em" {
        return vec![Measured::new(name, *id, told(status))];
    }
    (0..)
        .zip(["a", "b", "c"])
        .map(|(channel, phase)| {
            let field = format!("{phase}_act_power");
            let told = failed(&status[format!("{phase}_errors")])
                .and_then(|()| number(&status[&field], &field))
                .map(|watts| Told {
                    watts,
                    total: None,
                    unit: UNIT,
                });
            Measured::new(format!("{name}:{phase}"), channel, told)
        })
        .collect()
}

/// Thousandths of a watt-hour.
const UNIT: Unit = Unit {
    joules: 3.6e3,
    step: 3.6,
};

/// `apower` or `act_power` in W, `aenergy.total` in Wh, `output` whether it is on.
fn told(status: &Value) -> Result<Told, String> {
    if status["output"] == false {
        return Err(OFF.to_owned());
    }
    failed(&status["errors"])?;
    let field = match status.get("act_power") {
        Some(_) => "act_power",
        None => "apower",
    };
    Ok(Told {
        watts: number(&status[field], field)?,
        total: status["aenergy"]["total"].as_f64(),
        unit: UNIT,
    })
}

/// A meter that says that it failed.
fn failed(errors: &Value) -> Result<(), String> {
    let failed = errors
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .find(|error| error.contains("power_meter_failure"));
    match failed {
        Some(error) => Err(format!("its meter says that it does not work ({error})")),
        None => Ok(()),
    }
}
