//! The knobs of NVIDIA boards: how many watts a board may draw and how fast its compute units may
//! run. The engine is told nothing of them; the tuner sets them before the engine starts and puts
//! them back afterwards. Offered only in sessions that the person allowed to touch the boards.
//!
//! One value holds for all boards. A board that cannot take it gets the nearest that it can; at the
//! knob's default every board is at its own default.

use wattsmith_domain::{Configuration, GpuControl, Kind, Machine, Parameter, Tell, Value, Watts};

/// Name of the knob for the power limit, W.
pub const GPU_POWER_LIMIT: &str = "gpu-power-limit";
/// Name of the knob for the highest graphics clock, MHz.
pub const GPU_CLOCK_LOCK: &str = "gpu-clock-lock";

/// Parts of the highest clock that a search tries.
const CLOCK_PARTS: [f64; 5] = [0.4, 0.55, 0.7, 0.85, 1.0];
/// Steps from the least power limit to the default that a search tries.
const POWER_STEPS: i64 = 4;
/// Levels between are rounded to so many watts.
const POWER_GRID: f64 = 5.0;

/// What one board is to be set to.
#[derive(Debug, Clone, PartialEq)]
pub struct GpuSetting {
    /// The board.
    pub uuid: String,
    /// For people.
    pub name: String,
    /// Its power limit; none where the knob is not tuned.
    pub power_limit: Option<Watts>,
    /// Its highest graphics clock: none where the knob is not tuned, and `Some(None)` for a clock
    /// that is not held down.
    pub clock_mhz: Option<Option<u32>>,
}

/// The knobs of this machine's boards; empty where nothing can be set.
#[must_use]
pub fn gpu_knobs(machine: &Machine) -> Vec<Parameter> {
    let boards = &machine.gpu_controls;
    let on_which = match boards.len() {
        1 => String::new(),
        count => format!(" Holds for all {count} NVIDIA boards that can be set."),
    };
    let power = power_range(boards).map(|(min, max, default)| Parameter {
        name: GPU_POWER_LIMIT.into(),
        kind: Kind::Int {
            min,
            max,
            levels: power_levels(min, default),
        },
        default: Value::Int(default),
        told: Tell::Device,
        effect: format!(
            "The most watts that the GPU may draw; less often costs less energy per token.{on_which}"
        ),
        danger: "Too low a limit makes everything on this GPU slow; it is put back after the trial."
            .into(),
        changes_output: false,
    });
    let clock = clock_range(boards).map(|(min, max)| Parameter {
        name: GPU_CLOCK_LOCK.into(),
        kind: Kind::Int {
            min,
            max,
            levels: clock_levels(boards, min, max),
        },
        default: Value::Int(max),
        told: Tell::Device,
        effect: format!("The highest clock of the GPU, MHz; {max} leaves it free.{on_which}"),
        danger: "A low clock makes answers slow; a lock that you set yourself is lifted after the \
                 trial."
            .into(),
        changes_output: false,
    });
    power.into_iter().chain(clock).collect()
}

/// What `configuration` asks of each board. Empty where it holds no knob of the boards.
#[must_use]
pub fn gpu_settings(machine: &Machine, configuration: &Configuration) -> Vec<GpuSetting> {
    let boards = &machine.gpu_controls;
    let watts = configuration.int(GPU_POWER_LIMIT).zip(power_range(boards));
    let mhz = configuration.int(GPU_CLOCK_LOCK).zip(clock_range(boards));
    let settings = boards.iter().map(|board| GpuSetting {
        uuid: board.uuid.clone(),
        name: board.name.clone(),
        power_limit: board.power_limit.and_then(|limits| {
            let (asked, (_, _, default)) = watts?;
            Some(match asked == default {
                true => limits.default,
                false => Watts((asked as f64).clamp(limits.min.0, limits.max.0)),
            })
        }),
        clock_mhz: board
            .clocks_mhz
            .first()
            .zip(board.clocks_mhz.last())
            .and_then(|(lowest, highest)| {
                let (asked, (_, free)) = mhz?;
                let asked = u32::try_from(asked).ok()?;
                Some((i64::from(asked) < free).then(|| asked.clamp(*lowest, *highest)))
            }),
    });
    settings
        .filter(|one| one.power_limit.is_some() || one.clock_mhz.is_some())
        .collect()
}

/// Least, greatest and default watts of all boards together.
fn power_range(boards: &[GpuControl]) -> Option<(i64, i64, i64)> {
    let limits = || boards.iter().filter_map(|board| board.power_limit);
    let min = limits().map(|one| one.min.0.ceil()).reduce(f64::max)? as i64;
    let max = limits().map(|one| one.max.0.floor()).reduce(f64::max)? as i64;
    let default = limits().map(|one| one.default.0.round()).reduce(f64::max)? as i64;
    (min < max).then(|| (min, max, default.clamp(min, max)))
}

fn power_levels(min: i64, default: i64) -> Vec<i64> {
    let span = (default - min) as f64;
    let mut levels: Vec<i64> = (1..POWER_STEPS)
        .map(|step| min as f64 + span * step as f64 / POWER_STEPS as f64)
        .map(|watts| ((watts / POWER_GRID).round() * POWER_GRID) as i64)
        .filter(|watts| (min..=default).contains(watts))
        .chain([min, default])
        .collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// Lowest and highest clock of all boards together.
fn clock_range(boards: &[GpuControl]) -> Option<(i64, i64)> {
    let lowest = boards.iter().filter_map(|board| board.clocks_mhz.first());
    let highest = boards.iter().filter_map(|board| board.clocks_mhz.last());
    let (min, max) = (i64::from(*lowest.max()?), i64::from(*highest.max()?));
    (min < max).then_some((min, max))
}

fn clock_levels(boards: &[GpuControl], min: i64, max: i64) -> Vec<i64> {
    let clocks = || boards.iter().flat_map(|board| &board.clocks_mhz);
    let mut levels: Vec<i64> = CLOCK_PARTS
        .iter()
        .filter_map(|part| {
            let wanted = (max as f64 * part) as i64;
            clocks()
                .map(|clock| i64::from(*clock))
                .filter(|clock| (min..=max).contains(clock))
                .min_by_key(|clock| clock.abs_diff(wanted))
        })
        .collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::machine;
    use wattsmith_domain::PowerLimits;

    fn board(uuid: &str, limits: Option<(f64, f64, f64)>, clocks_mhz: &[u32]) -> GpuControl {
        GpuControl {
            uuid: uuid.into(),
            name: "a GPU".into(),
            power_limit: limits.map(|(min, max, default)| PowerLimits {
                min: Watts(min),
                max: Watts(max),
                default: Watts(default),
            }),
            clocks_mhz: clocks_mhz.to_vec(),
        }
    }

    fn with(boards: &[GpuControl]) -> Machine {
        Machine {
            gpu_controls: boards.to_vec(),
            ..machine(8, 16, &["a GPU"])
        }
    }

    fn asked(values: &[(&str, i64)]) -> Configuration {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Int(*value)))
            .collect()
    }

    #[test]
    fn the_knobs_span_what_the_driver_tells() {
        let clocks: Vec<u32> = (0..119).map(|step| 210 + 15 * step).collect();
        let knobs = gpu_knobs(&with(&[board("A", Some((200.0, 700.0, 700.0)), &clocks)]));
        let rows: Vec<String> = knobs
            .iter()
            .map(|knob| {
                let levels: Vec<String> = knob.kind.levels().iter().map(Value::to_string).collect();
                assert!(
                    knob.kind
                        .levels()
                        .iter()
                        .all(|level| knob.kind.contains(level))
                );
                assert!(knob.kind.levels().contains(&knob.default));
                format!(
                    "{} [{}] default {}, tried {}\n  {}\n  {}",
                    knob.name,
                    knob.kind.describe(),
                    knob.default,
                    levels.join(" "),
                    knob.effect,
                    knob.danger
                )
            })
            .collect();
        insta::assert_snapshot!(rows.join("\n"));
    }

    #[test]
    fn boards_where_nothing_can_be_set_give_no_knob() {
        assert_eq!(gpu_knobs(&with(&[])), []);
        let fixed = board("A", Some((250.0, 250.0, 250.0)), &[1500]);
        assert_eq!(gpu_knobs(&with(&[fixed, board("B", None, &[])])), []);
    }

    #[test]
    fn at_the_default_every_board_has_its_own_and_below_it_the_nearest_that_it_can() {
        let large = board("A", Some((150.0, 450.0, 450.0)), &[300, 1200, 2500]);
        let small = board("B", Some((70.0, 116.5, 116.5)), &[400, 2000]);
        let machine = with(&[large, small]);
        let set = |watts, mhz| {
            let asked = asked(&[(GPU_POWER_LIMIT, watts), (GPU_CLOCK_LOCK, mhz)]);
            gpu_settings(&machine, &asked)
                .into_iter()
                .map(|one| (one.power_limit.unwrap().0, one.clock_mhz.unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(set(450, 2500), [(450.0, None), (116.5, None)]);
        assert_eq!(set(200, 2400), [(200.0, Some(2400)), (116.5, Some(2000))]);
        assert_eq!(set(150, 300), [(150.0, Some(300)), (116.5, Some(400))]);
    }

    #[test]
    fn knobs_that_a_configuration_does_not_hold_leave_the_board_alone() {
        let machine = with(&[board("A", Some((150.0, 450.0, 450.0)), &[300, 2500])]);
        assert_eq!(gpu_settings(&machine, &asked(&[("threads", 2)])), []);
        let one = &gpu_settings(&machine, &asked(&[(GPU_POWER_LIMIT, 300)]))[0];
        assert_eq!((one.power_limit, one.clock_mhz), (Some(Watts(300.0)), None));
    }
}
