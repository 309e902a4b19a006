//! Shelly of the first generation: `/status` holds everything. Plugs and relays list `meters`, clamps
//! `emeters`, which measure whether the device's own relay is on or not.

use super::part::{Measured, OFF, Told, Unit, number};
use crate::outside::http::{Http, HttpError};
use crate::outside::refusal::MeterRefusal;
use serde_json::Value;

pub(super) fn measured(http: &Http, url: &str) -> Result<Vec<Measured>, MeterRefusal> {
    let answer = match http.json(&format!("{url}/status"), &[], true) {
        Err(HttpError::Status { status: 404, .. }) if is_newer(http, url) => {
            return Err(MeterRefusal::unreadable(
                "it is a Shelly of the second generation or later: its kind is shelly2",
            ));
        }
        answer => answer?,
    };
    let list = |name: &str| answer[name].as_array().map_or(&[][..], Vec::as_slice);
    let relays = &answer["relays"];
    let mut all = Vec::new();
    for (index, meter) in (0..).zip(list("meters")) {
        let is_on = relays[index as usize]["ison"] != false;
        let told = if is_on {
            told(meter, WATT_MINUTES)
        } else {
            Err(OFF.to_owned())
        };
        all.push(Measured::new(format!("meter:{index}"), index, told));
    }
    for (index, clamp) in (0..).zip(list("emeters")) {
        all.push(Measured::new(
            format!("emeter:{index}"),
            index,
            told(clamp, Unit::watt_hours(0.1)),
        ));
    }
    match all.is_empty() {
        true => Err(MeterRefusal::unreadable(
            "it answers, but not as a Shelly of the first generation with `meters` or `emeters`; is \
             it a newer one (kind shelly2) or a Tasmota?",
        )),
        false => Ok(all),
    }
}

/// What plugs and relays count in; clamps count tenths of a watt-hour.
const WATT_MINUTES: Unit = Unit {
    joules: 60.0,
    step: 60.0,
};

/// `power` in W, `total` in the given unit, `is_valid` false where its meter failed.
fn told(meter: &Value, unit: Unit) -> Result<Told, String> {
    if meter["is_valid"] == false {
        return Err("its meter says that it does not work".to_owned());
    }
    Ok(Told {
        watts: number(&meter["power"], "power")?,
        total: meter["total"].as_f64(),
        unit,
    })
}

/// Whether it says so itself: only later generations tell their number.
fn is_newer(http: &Http, url: &str) -> bool {
    http.json(&format!("{url}/shelly"), &[], false)
        .is_ok_and(|answer| answer["gen"].as_u64().is_some_and(|number| number > 1))
}
