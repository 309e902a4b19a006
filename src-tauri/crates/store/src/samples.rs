//! Power samples as a compact blob, and thinned for the screen.
//!
//! Format 1: the byte `1`; the number of samples; for each sample the step from the time before it
//! (from 0 for the first) and its watts. Numbers are LEB128 varints, steps zigzag-coded so that a
//! clock read out of order costs nothing but a byte; watts are little-endian `f32`, whose 7 digits
//! are beyond any sensor. A sample of a 10 Hz sensor takes 8 bytes.

use wattsmith_domain::{MonotonicNs, PowerSample, Watts};

const FORMAT: u8 = 1;

/// The blob of `samples`.
pub(crate) fn encode(samples: &[PowerSample]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(10 + samples.len() * 8);
    blob.push(FORMAT);
    put_varint(&mut blob, samples.len() as u64);
    let mut before = 0_u64;
    for sample in samples {
        put_varint(&mut blob, zigzag(sample.at.0.wrapping_sub(before)));
        blob.extend((sample.power.0 as f32).to_le_bytes());
        before = sample.at.0;
    }
    blob
}

/// The samples of a blob; none when it is not whole or not of this format.
pub(crate) fn decode(blob: &[u8]) -> Option<Vec<PowerSample>> {
    let (&format, mut rest) = blob.split_first()?;
    if format != FORMAT {
        return None;
    }
    let count = take_varint(&mut rest)?;
    // Five bytes are the least that a sample takes: a damaged count must not allocate the earth.
    if count > rest.len() as u64 / 5 {
        return None;
    }
    let mut samples = Vec::with_capacity(count as usize);
    let mut before = 0_u64;
    for _ in 0..count {
        before = before.wrapping_add(unzigzag(take_varint(&mut rest)?));
        let (watts, after) = rest.split_first_chunk::<4>()?;
        rest = after;
        samples.push(PowerSample {
            at: MonotonicNs(before),
            power: Watts(f64::from(f32::from_le_bytes(*watts))),
        });
    }
    rest.is_empty().then_some(samples)
}

/// At most `points` samples (at least 2) that keep every peak and trough visible: the least and the
/// greatest of each stretch, in time order.
pub(crate) fn thin(samples: Vec<PowerSample>, points: usize) -> Vec<PowerSample> {
    let points = points.max(2);
    if samples.len() <= points {
        return samples;
    }
    let stretches = points / 2;
    let mut thinned = Vec::with_capacity(points);
    for stretch in 0..stretches {
        let from = stretch * samples.len() / stretches;
        let to = (stretch + 1) * samples.len() / stretches;
        let power = |index: &usize| samples[*index].power.0;
        let least = (from..to).min_by(|a, b| power(a).total_cmp(&power(b)));
        let most = (from..to).max_by(|a, b| power(a).total_cmp(&power(b)));
        if let (Some(least), Some(most)) = (least, most) {
            thinned.push(samples[least.min(most)]);
            if least != most {
                thinned.push(samples[least.max(most)]);
            }
        }
    }
    thinned
}

pub(crate) fn zigzag(step: u64) -> u64 {
    let step = step as i64;
    ((step << 1) ^ (step >> 63)) as u64
}

pub(crate) fn unzigzag(coded: u64) -> u64 {
    (coded >> 1) ^ (coded & 1).wrapping_neg()
}

pub(crate) fn put_varint(blob: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        blob.push(number as u8 | 0x80);
        number >>= 7;
    }
    blob.push(number as u8);
}

pub(crate) fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(at: u64, watts: f64) -> PowerSample {
        PowerSample {
            at: MonotonicNs(at),
            power: Watts(watts),
        }
    }

    fn any_samples() -> impl Strategy<Value = Vec<PowerSample>> {
        let one = (
            any::<u64>(),
            any::<f32>().prop_filter("a number", |w| !w.is_nan()),
        )
            .prop_map(|(at, watts)| sample(at, f64::from(watts)));
        proptest::collection::vec(one, 0..200)
    }

    proptest! {
        #[test]
        fn samples_come_back_as_they_were(samples in any_samples()) {
            prop_assert_eq!(decode(&encode(&samples)), Some(samples));
        }

        #[test]
        fn a_damaged_blob_never_panics(blob in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&blob);
        }

        #[test]
        fn a_cut_blob_is_noticed(samples in any_samples(), cut in 1_usize..50) {
            let blob = encode(&samples);
            let kept = blob.len().saturating_sub(cut);
            prop_assert_eq!(decode(&blob[..kept]), None);
        }

        #[test]
        fn thinning_keeps_order_peaks_and_the_limit(
            watts in proptest::collection::vec(0.0_f64..400.0, 0..500),
            points in 0_usize..100,
        ) {
            let samples: Vec<_> = (0_u64..).zip(&watts).map(|(at, w)| sample(at, *w)).collect();
            let thinned = thin(samples.clone(), points);
            prop_assert!(thinned.len() <= points.max(2));
            prop_assert!(thinned.is_sorted_by_key(|one| one.at));
            let extremes = |list: &[PowerSample]| {
                let all = list.iter().map(|one| one.power.0);
                (all.clone().fold(f64::MAX, f64::min), all.fold(f64::MIN, f64::max))
            };
            prop_assert_eq!(extremes(&thinned), extremes(&samples));
        }
    }

    #[test]
    fn a_sample_of_a_ten_hertz_sensor_takes_eight_bytes() {
        let samples: Vec<_> = (0..300)
            .map(|tick| sample(5_000_000_000 + tick * 100_003_000, 71.5))
            .collect();
        assert!(encode(&samples).len() <= 300 * 8 + 16);
    }
}
