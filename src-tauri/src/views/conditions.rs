//! What stands beside a trial's figure: prefill and decode, other meters, the devices' state.

use crate::wire::{BesideView, ConditionView, PhasesView};
use wattsmith_tuner::domain::{BesideEnergy, Repeat};

/// Prefill and decode apart, the geometric mean over the repeats that tell.
pub(super) fn phases(repeats: &[Repeat]) -> Option<PhasesView> {
    let told: Vec<_> = repeats.iter().filter_map(|repeat| repeat.phases).collect();
    Some(PhasesView {
        prefill: geometric_mean(told.iter().map(|one| one.prefill_joules_per_token))?,
        decode: geometric_mean(told.iter().map(|one| one.decode_joules_per_token))?,
    })
}

/// Each meter of another scope once. One that failed in any repeat has no figure: a mean over the
/// others would be of other work.
pub(super) fn beside(repeats: &[Repeat]) -> Vec<BesideView> {
    let of = |repeat: &'_ Repeat, name: &str| -> Option<Result<f64, String>> {
        let beside = &repeat.energy.beside;
        let one = beside.iter().find(|one| one.device == name)?;
        Some(match &one.joules {
            Ok(joules) => Ok(*joules / repeat.units),
            Err(why) => Err(why.clone()),
        })
    };
    let mut meters: Vec<&BesideEnergy> = Vec::new();
    for one in repeats.iter().flat_map(|repeat| &repeat.energy.beside) {
        if meters.iter().all(|known| known.device != one.device) {
            meters.push(one);
        }
    }
    meters
        .into_iter()
        .map(|meter| {
            let figures: Result<Vec<f64>, String> = repeats
                .iter()
                .filter_map(|repeat| of(repeat, &meter.device))
                .collect();
            let (joules_per_unit, trouble) = match figures {
                Ok(figures) => (geometric_mean(figures.into_iter()), String::new()),
                Err(why) => (None, why),
            };
            BesideView {
                device: meter.device.clone(),
                scope: meter.scope.label().to_owned(),
                joules_per_unit,
                trouble,
                sensor_error: meter.sensor_error,
            }
        })
        .collect()
}

/// The devices' state, repeat after repeat.
pub(super) fn conditions(repeats: &[Repeat]) -> Vec<ConditionView> {
    let each = repeats
        .iter()
        .flat_map(|repeat| repeat.conditions.iter().map(move |one| (repeat.index, one)));
    each.map(|(repeat, one)| ConditionView {
        repeat,
        device: one.device.clone(),
        from_c: one.temperature_from_c,
        to_c: one.temperature_to_c,
        clock_mhz: one.clock_mhz,
        memory_clock_mhz: one.memory_clock_mhz,
        busy_percent: one.busy_percent,
        memory_busy_percent: one.memory_busy_percent,
        power_limit_w: one.power_limit.map(|limit| limit.0),
        p_state: one.p_state,
        throttled: one.throttled.clone(),
        others: one.other_processes.clone(),
    })
    .collect()
}

/// None for no figures, and where one of them has no logarithm.
fn geometric_mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let logs: Vec<f64> = values.map(f64::ln).collect();
    let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    (!logs.is_empty() && mean.is_finite()).then_some(mean)
}
