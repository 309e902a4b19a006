//! What a thing can draw at all while it is on. A sensor that claims less or more tells something
//! else, or counts in another unit.
//!
//! The bounds are wide on purpose: they shall refuse no machine that works, and catch a value that
//! is off by a thousand, a register without a device behind it, and a driver's stand-in for "cannot
//! be read".

use wattsmith_domain::Scope;

/// Least and most watts of one device of this scope.
///
/// - GPU board, GPU chip: boards of laptops rest at 1 to 3 W and desktop ones at 3 to 20 W, as their
///   drivers tell; the largest accelerators are rated at 1,000 to 1,400 W (makers' data sheets).
/// - CPU package: a small one (Intel N100, 6 W) rests at about half a watt, and something runs while
///   this is looked at; the largest are rated at 500 W, and peaks go to twice that.
/// - Platform, battery, wall: a running machine with its memory, at the least a single-board
///   computer; at the most what a circuit of 16 A at 230 V gives to two power supplies.
pub(crate) fn range(scope: Scope) -> (f64, f64) {
    match scope {
        Scope::GpuBoard | Scope::GpuPackage => (0.5, 3000.0),
        Scope::CpuPackage => (0.1, 2000.0),
        Scope::GpuAndCpu | Scope::GpuPackageAndCpu => (0.5, 5000.0),
        Scope::Platform | Scope::Battery => (0.5, 7500.0),
        Scope::Wall | Scope::Estimated => (0.1, 100_000.0),
        Scope::Part => (0.0, 7500.0),
    }
}

/// How the words for too little are told from those for too much.
pub(crate) const TOO_LITTLE: &str = "draws less than";

/// Whether a thing of this scope can draw so much; if not, the words for it.
///
/// # Errors
/// Such as `it tells 0.012 W, and no GPU board that is on draws less than 0.5 W`.
pub(crate) fn judge(scope: Scope, watts: f64) -> Result<(), String> {
    let (least, most) = range(scope);
    let thing = match scope {
        Scope::GpuBoard => "GPU board",
        Scope::GpuPackage => "GPU chip",
        Scope::CpuPackage => "CPU package",
        _ => "machine",
    };
    if watts < least {
        let told = words(watts);
        return Err(format!(
            "it tells {told} W, and no {thing} that is on {TOO_LITTLE} {least} W"
        ));
    }
    if watts <= most {
        return Ok(());
    }
    Err(format!(
        "it tells {} W, and no {thing} draws more than {most} W",
        words(watts)
    ))
}

/// Watts with as many digits as tell something.
pub(crate) fn words(watts: f64) -> String {
    match watts.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.001 => format!("{watts:e}"),
        size if size < 10.0 => {
            let text = format!("{watts:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{watts:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_real_devices_rest_at_and_what_the_largest_draw_is_plausible() {
        for (scope, watts) in [
            (Scope::GpuBoard, 1.0),
            (Scope::GpuBoard, 1400.0),
            (Scope::GpuPackage, 6.0),
            (Scope::CpuPackage, 0.5),
            (Scope::CpuPackage, 900.0),
            (Scope::Battery, 2.5),
            (Scope::Platform, 3000.0),
        ] {
            assert_eq!(judge(scope, watts), Ok(()), "{scope:?} {watts}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_in_words_that_name_value_and_bound() {
        for (scope, watts, told) in [
            // A processor's own graphics that tells milliwatts.
            (
                Scope::GpuBoard,
                0.012,
                "it tells 0.012 W, and no GPU board that is on draws less than 0.5 W",
            ),
            // All bits set in milliwatts ÷ 1000.
            (
                Scope::GpuBoard,
                65535.0,
                "it tells 65535 W, and no GPU board draws more than 3000 W",
            ),
            // A package of 25 W whose unit is off by a thousand, both ways.
            (
                Scope::CpuPackage,
                0.025,
                "it tells 0.025 W, and no CPU package that is on draws less than 0.1 W",
            ),
            (
                Scope::CpuPackage,
                25000.0,
                "it tells 25000 W, and no CPU package draws more than 2000 W",
            ),
            (
                Scope::Battery,
                0.0,
                "it tells 0 W, and no machine that is on draws less than 0.5 W",
            ),
        ] {
            assert_eq!(judge(scope, watts), Err(told.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn a_value_is_plausible_exactly_between_its_bounds(watts in -1.0..200_000.0_f64) {
            for scope in [Scope::GpuBoard, Scope::CpuPackage, Scope::Platform, Scope::Battery] {
                let (least, most) = range(scope);
                prop_assert_eq!(judge(scope, watts).is_ok(), watts >= least && watts <= most);
            }
        }
    }
}
