//! A meter that is read for a few seconds, to see whether it answers and what.

use super::refusal::{MeterOffer, MeterRefusal};
use super::sensors::Counter;
use super::{Opened, Sensor};
use std::time::{Duration, Instant};
use wattsmith_domain::{OutsideKind, OutsideMeter, SensorFault, Watts};

/// How long a meter is tried.
const TRY: Duration = Duration::from_secs(3);
/// How many of its own steps a counter is tried for: between the first and the last change there is
/// at least one whole step then.
const TRY_STEPS: f64 = 2.2;
/// How often a counter is looked at meanwhile: the instant of a change is known no better. Programs
/// that are started anew and servers in the network get more time.
const LOOK: Duration = Duration::from_millis(100);
const LOOK_AFAR: Duration = Duration::from_millis(250);

/// What trying a meter gave.
#[derive(Debug, Clone, PartialEq)]
pub struct MeterTrial {
    /// Its mean power, or why it gives none.
    pub watts: Result<Watts, MeterRefusal>,
    /// What the device measures, where it can tell; one of them, or their sum, is the meter.
    pub offers: Vec<MeterOffer>,
}

/// Reads a meter for about 3 s, a counter for two of its steps at least. Blocks.
#[must_use]
pub fn try_meter(meter: &OutsideMeter) -> MeterTrial {
    if let Err(error) = meter.check() {
        return MeterTrial {
            watts: Err(MeterRefusal::unreadable(error.to_string())),
            offers: Vec::new(),
        };
    }
    let opened = Opened::of(meter);
    let watts = match &opened.sensor {
        Sensor::Counter(counter) => counted(counter, meter),
        Sensor::Gauge(gauge) => mean(|| gauge.watts(), opened.device.info.period),
    };
    MeterTrial {
        watts,
        offers: opened.reading.offers(),
    }
}

fn mean(
    read: impl Fn() -> Result<Watts, MeterRefusal>,
    period: Duration,
) -> Result<Watts, MeterRefusal> {
    let begin = Instant::now();
    let (mut sum, mut count) = (read()?.0, 1.0);
    while begin.elapsed() < TRY {
        std::thread::sleep(period);
        sum += read()?.0;
        count += 1.0;
    }
    Ok(Watts(sum / count))
}

/// From its first change to its last one: before and after, what it counted is not known.
fn counted(counter: &Counter, meter: &OutsideMeter) -> Result<Watts, MeterRefusal> {
    let look = match &meter.kind {
        OutsideKind::Csv { .. } | OutsideKind::Command { .. } => LOOK,
        _ => LOOK_AFAR,
    };
    let length = TRY.max(meter.period().mul_f64(TRY_STEPS));
    let begin = Instant::now();
    let (first, _) = counter.joules()?;
    let mut last = first;
    let mut changes = Vec::new();
    while begin.elapsed() < length {
        std::thread::sleep(look);
        let before = Instant::now();
        let (joules, read) = counter.joules()?;
        if joules > last {
            // Where it is known when the value was measured, it counts from then; else from half-way
            // through the reading.
            let at = match read.age {
                Some(age) => Instant::now() - age,
                None => before + before.elapsed() / 2,
            };
            changes.push((at, joules));
            last = joules;
        }
    }
    match (changes.first(), changes.last()) {
        (Some((from, one)), Some((to, other))) if to > from => {
            let span = to.duration_since(*from).as_secs_f64();
            Ok(Watts((other.0 - one.0) / span))
        }
        (Some(_), _) => Err(MeterRefusal::new(
            SensorFault::Stale,
            format!(
                "its counter moved only once in {:.0} s, so its power cannot be told: it moves less \
                 often than stated (period)",
                begin.elapsed().as_secs_f64()
            ),
        )),
        (None, _) => Err(MeterRefusal::new(
            SensorFault::Frozen,
            format!(
                "its counter answers but stood still for {:.0} s",
                begin.elapsed().as_secs_f64()
            ),
        )),
    }
}
