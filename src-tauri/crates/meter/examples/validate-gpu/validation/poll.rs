//! How often each value of a board changes, and what asking for it costs.

use nvml_wrapper::Device;
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::sys_exports::field_id::{NVML_FI_DEV_POWER_AVERAGE, NVML_FI_DEV_POWER_INSTANT};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(2);

/// What was seen of one value, or what the driver answered instead.
pub struct Polled {
    pub result: Result<Seen, String>,
}

pub struct Seen {
    /// Median time between changes; none where it never changed.
    pub period_ms: Option<f64>,
    /// Smallest change, joules or watts.
    pub step: Option<f64>,
    /// Of one call, microseconds: the median and the slowest of a hundred.
    pub cost_us: (f64, f64),
}

type Read = fn(&Device) -> Result<f64, NvmlError>;

pub fn all(device: &Device, samples: usize) -> Vec<(&'static str, Polled)> {
    let values: [(&'static str, Read); 4] = [
        ("energy counter", |device| {
            let millijoules = device.total_energy_consumption()?;
            Ok(millijoules as f64 / 1e3)
        }),
        ("instant power (field 186)", |device| {
            field(device, NVML_FI_DEV_POWER_INSTANT)
        }),
        ("averaged power (field 185)", |device| {
            field(device, NVML_FI_DEV_POWER_AVERAGE)
        }),
        ("nvmlDeviceGetPowerUsage", |device| {
            Ok(f64::from(device.power_usage()?) / 1e3)
        }),
    ];
    values
        .map(|(name, read)| (name, poll(device, read, samples)))
        .into()
}

fn field(device: &Device, id: u32) -> Result<f64, NvmlError> {
    let mut samples = device.field_values_for(&[FieldId(id)])?;
    let milliwatts = match samples.pop().ok_or(NvmlError::NoData)??.value? {
        SampleValue::U32(value) => f64::from(value),
        SampleValue::U64(value) => value as f64,
        SampleValue::I64(value) => value as f64,
        SampleValue::F64(value) => value,
    };
    Ok(milliwatts / 1e3)
}

fn poll(device: &Device, read: Read, samples: usize) -> Polled {
    let begin = Instant::now();
    let mut costs = Vec::with_capacity(samples);
    let mut changes: Vec<Duration> = Vec::new();
    let mut step: Option<f64> = None;
    let mut last: Option<f64> = None;
    for _ in 0..samples {
        let before = Instant::now();
        let value = match read(device) {
            Ok(value) => value,
            Err(error) => {
                return Polled {
                    result: Err(error.to_string()),
                };
            }
        };
        costs.push(before.elapsed().as_secs_f64() * 1e6);
        if let Some(last) = last.filter(|last| *last != value) {
            changes.push(begin.elapsed());
            let by = (value - last).abs();
            step = Some(step.map_or(by, |least| least.min(by)));
        }
        last = Some(value);
        std::thread::sleep(EVERY);
    }
    let between = changes
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e3);
    Polled {
        result: Ok(Seen {
            period_ms: quantile(between.collect(), 0.5),
            step,
            cost_us: (
                quantile(costs.clone(), 0.5).unwrap_or_default(),
                quantile(costs, 0.99).unwrap_or_default(),
            ),
        }),
    }
}

fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let index = (values.len() as f64 * share) as usize;
    values.get(index).copied()
}
