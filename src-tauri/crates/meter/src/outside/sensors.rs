//! A meter's number as power, or as energy: what cannot be is refused here.

use super::refusal::MeterRefusal;
use super::{Reading, Value};
use crate::sensor::{EnergyCounter, PowerGauge, ReadError, Total};
use std::sync::{Arc, Mutex, PoisonError};
use wattsmith_domain::{Joules, MeterUnit, SensorFault, Watts};

/// More than a workstation can draw; whoever tells it counts in another unit.
const MOST_WATTS: f64 = 100_000.0;

/// Power told as a number.
pub(super) struct Gauge {
    pub(super) reading: Arc<dyn Reading>,
    pub(super) unit: MeterUnit,
    /// Whether what is drawn shows as negative.
    pub(super) flip: bool,
}

impl Gauge {
    pub(super) fn watts(&self) -> Result<Watts, MeterRefusal> {
        let Value { number, of, .. } = self.reading.value()?;
        let sign = if self.flip { -1.0 } else { 1.0 };
        let value = number * self.unit.factor();
        if !value.is_finite() {
            return Err(MeterRefusal::unreadable(format!(
                "{of} tells no finite number"
            )));
        }
        if value == 0.0 {
            return Err(MeterRefusal::new(
                SensorFault::ImpossibleLevel,
                format!(
                    "{of} tells 0 W, which nothing that runs draws: it measures something else, or \
                     nothing"
                ),
            ));
        }
        let drawn = value * sign;
        if drawn < 0.0 {
            let why = match self.flip {
                true => "and its sign is to be turned (flip), which makes it a negative power",
                false => "a negative power is no consumption",
            };
            return Err(MeterRefusal::new(
                SensorFault::Negative,
                format!(
                    "{of} tells {value} W; {why}: turn the meter or its clamp around, or say that its \
                     sign is to be turned (flip) if this is what the machine draws"
                ),
            ));
        }
        if drawn > MOST_WATTS {
            return Err(MeterRefusal::new(
                SensorFault::ImpossibleLevel,
                format!(
                    "{of} tells {drawn:.0} W, more than any workstation draws: is its unit right?"
                ),
            ));
        }
        Ok(Watts(drawn))
    }
}

impl PowerGauge for Gauge {
    fn power(&self) -> Result<Watts, ReadError> {
        Ok(self.watts()?)
    }

    /// What flows the other way is counted elsewhere.
    fn total(&self) -> Option<Total> {
        self.reading.total().filter(|_| !self.flip)
    }
}

/// Energy told as a number that grows.
pub(super) struct Counter {
    reading: Arc<dyn Reading>,
    unit: MeterUnit,
    state: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    last: Option<f64>,
    /// Once it ran back, what it counted meanwhile is lost, and no later value can be joined to an
    /// earlier one.
    broken: Option<MeterRefusal>,
}

impl Counter {
    pub(super) fn new(reading: Arc<dyn Reading>, unit: MeterUnit) -> Self {
        Self {
            reading,
            unit,
            state: Mutex::default(),
        }
    }

    /// Joules, with what else is known of the reading.
    pub(super) fn joules(&self) -> Result<(Joules, Value), MeterRefusal> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(refusal) = &state.broken {
            return Err(refusal.clone());
        }
        let read = self.reading.value()?;
        let value = read.number * self.unit.factor();
        if !value.is_finite() || value < 0.0 {
            return Err(MeterRefusal::unreadable(format!(
                "{} tells {value} J, which is no energy",
                read.of
            )));
        }
        if let Some(last) = state.last.filter(|last| value < *last) {
            let refusal = MeterRefusal::unreadable(format!(
                "its counter ran back from {last:.1} to {value:.1} J, so it was restarted or reset; \
                 probe the sensors again to use it"
            ));
            state.broken = Some(refusal.clone());
            return Err(refusal);
        }
        state.last = Some(value);
        Ok((Joules(value), read))
    }
}

impl EnergyCounter for Counter {
    fn energy(&self) -> Result<Joules, ReadError> {
        Ok(self.joules()?.0)
    }
}
