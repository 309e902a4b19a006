//! Devices that tell power over HTTP: plugs at the wall, clamps around a wire. What a device can
//! measure it is asked; which of it is meant is for the person to say, where it is more than one.
//!
//! Their energy totals are too coarse to make a figure of (Shelly of the first generation counts
//! whole watt-minutes, Tasmota watt-hours), so power is integrated; but a total that runs back tells
//! that the device was restarted, and one that stands still or grows by something else than the power
//! tells that one of the two is wrong.

mod part;
mod shelly1;
mod shelly2;
mod tasmota;

use super::http::Http;
use super::refusal::{MeterOffer, MeterRefusal};
use super::{Reading, Value};
use crate::sensor::Total;
use part::Measured;
use std::sync::{Mutex, PoisonError};
use wattsmith_domain::Part;

/// A device that measures.
pub(super) struct Plug {
    http: Http,
    /// Without a slash at its end.
    url: String,
    part: Part,
    maker: Maker,
    /// The total of the last reading, in the device's own unit.
    total: Mutex<Option<f64>>,
    /// The same as energy.
    counted: Mutex<Option<Total>>,
}

enum Maker {
    Shelly1,
    Shelly2(shelly2::Known),
    Tasmota,
}

impl Plug {
    /// A Shelly of the first generation.
    pub(super) fn shelly1(url: &str, part: &Part) -> Self {
        Self::new(url, part, Maker::Shelly1)
    }

    /// A Shelly of the second generation or later.
    pub(super) fn shelly2(url: &str, part: &Part) -> Self {
        Self::new(url, part, Maker::Shelly2(shelly2::Known::default()))
    }

    /// A plug with Tasmota.
    pub(super) fn tasmota(url: &str, part: &Part) -> Self {
        Self::new(url, part, Maker::Tasmota)
    }

    fn new(url: &str, part: &Part, maker: Maker) -> Self {
        Self {
            http: Http::new(),
            url: url.trim_end_matches('/').to_owned(),
            part: part.clone(),
            maker,
            total: Mutex::default(),
            counted: Mutex::default(),
        }
    }

    /// What it measures, as far as that is asked for.
    fn measured(&self) -> Result<Vec<Measured>, MeterRefusal> {
        match &self.maker {
            Maker::Shelly1 => shelly1::measured(&self.http, &self.url),
            Maker::Shelly2(known) => known.measured(&self.http, &self.url),
            Maker::Tasmota => tasmota::measured(&self.http, &self.url),
        }
    }
}

impl Reading for Plug {
    fn value(&self) -> Result<Value, MeterRefusal> {
        let (component, told) = part::choose(self.measured()?, &self.part)?;
        let mut last = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *last;
        *last = told.total.or(before);
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = told.counted();
        if let (Some(before), Some(now)) = (before, told.total)
            && now < before
        {
            return Err(MeterRefusal::unreadable(format!(
                "{component}: its total ran back from {before} to {now}, so it was restarted or \
                 reset"
            )));
        }
        Ok(Value {
            number: told.watts,
            of: component,
            age: None,
        })
    }

    fn total(&self) -> Option<Total> {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offers(&self) -> Vec<MeterOffer> {
        let measured = self.measured().unwrap_or_default();
        measured.iter().map(Measured::offer).collect()
    }
}
