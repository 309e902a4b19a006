//! Figures in words, the same in window, terminal and report: how many digits, how an error stands
//! beside its figure, what a saving is called. Nothing else rounds what a person reads.

mod amount;
mod known;

pub use amount::{beside, carbon, energy, in_kilowatt_hours, kilowatt_hours, money, saved, whole};
pub use known::known_noise;

use wattsmith_domain::{Interval, SessionRecord};

/// What stands where there is no figure.
pub const NONE: &str = "–";
/// What stands in place of an interval where others disturbed a window.
pub const TOO_BUSY_TO_SAY: &str = "too busy to say";
/// Intervals are symmetrical on the log scale; beyond this share of the mean that shows.
const WIDE: f64 = 0.25;

/// Three significant digits, never an exponent: `0.228`, `12.3`, `1230`.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = 2 - magnitude(value);
    if decimals < 0 {
        let step = 10_f64.powi(-decimals);
        return format!("{:.0}", (value / step).round() * step);
    }
    let text = format!("{value:.*}", decimals.min(9) as usize);
    // A small negative number must not become "-0.00".
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

/// The power of ten of the first digit that is shown: 0.9996 is shown as 1.00.
fn magnitude(value: f64) -> i32 {
    let power = value.abs().log10().floor() as i32;
    let step = 10_f64.powi(power - 2);
    power + i32::from((value.abs() / step).round() >= 1000.0)
}

/// A figure with its unit.
#[must_use]
pub fn with_unit(value: f64, unit: &str) -> String {
    format!("{} {unit}", number(value))
}

/// A figure with its interval: `0.228 ± 0.009`, or `0.228 (0.110 to 0.470)` where the interval is wide
/// and so lopsided.
#[must_use]
pub fn interval(interval: &Interval) -> String {
    let spread = spread(interval);
    match spread.starts_with('±') {
        true => format!("{} {spread}", mean(interval)),
        false => format!("{} ({spread})", number(interval.mean)),
    }
}

/// The error beside a figure: `± 0.009`, or its ends where it is wide.
#[must_use]
pub fn spread(interval: &Interval) -> String {
    if interval.relative_half_width() > WIDE {
        return format!("{} to {}", number(interval.low), number(interval.high));
    }
    let half = (interval.high - interval.low) / 2.0;
    format!("± {half:.*}", decimals(interval))
}

/// The figure alone, with as many decimals as stand beside its error.
#[must_use]
pub fn mean(interval: &Interval) -> String {
    match interval.relative_half_width() > WIDE {
        true => number(interval.mean),
        false => format!("{:.*}", decimals(interval), interval.mean),
    }
}

/// A small error keeps one digit at least: it is never shown as none.
fn decimals(interval: &Interval) -> usize {
    let half = (interval.high - interval.low) / 2.0;
    let first = |value: f64| value.abs().log10().floor() as i32;
    let least = if half > 0.0 { -first(half) } else { 0 };
    (2 - first(interval.mean)).max(least).clamp(0, 9) as usize
}

/// A change in per cent with its sign, for a ratio to the default: `−18.6 %`, `+4.2 %`.
#[must_use]
pub fn change(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    let sign = match percent {
        small if small.abs() < 0.05 => "±",
        less if less < 0.0 => "\u{2212}",
        _ => "+",
    };
    format!("{sign}{:.1} %", percent.abs())
}

/// The size of a change, without its sign: `18.6 %` for a ratio of 0.814.
#[must_use]
pub fn size(ratio: f64) -> String {
    match (1.0 - ratio).abs() * 100.0 {
        value if value.is_finite() => format!("{value:.1} %"),
        _ => NONE.to_owned(),
    }
}

/// `18.6 % less` for a ratio of 0.814.
#[must_use]
pub fn less_or_more(ratio: f64) -> String {
    let word = if ratio > 1.0 { "more" } else { "less" };
    format!("{} {word}", size(ratio))
}

/// What was measured against what was predicted, for the ratio of the two: `64.8 % more than predicted`, or
/// `as predicted`. A prediction's error has this base wherever it is said.
#[must_use]
pub fn than_predicted(ratio: f64) -> String {
    match (ratio - 1.0).abs() {
        off if !off.is_finite() => NONE.to_owned(),
        off if off < 0.005 => "as predicted".to_owned(),
        _ => format!("{} than predicted", less_or_more(ratio)),
    }
}

/// A ratio's interval: `between 15.2 % and 21.4 % less`.
#[must_use]
pub fn range(ratio: &Interval) -> String {
    let (low, high) = (size(ratio.low), size(ratio.high));
    if ratio.high <= 1.0 {
        format!("between {high} and {low} less")
    } else if ratio.low >= 1.0 {
        format!("between {low} and {high} more")
    } else {
        format!("between {low} less and {high} more")
    }
}

/// A systematic error, which nobody knows to a tenth of a per cent: `± 50 %`.
#[must_use]
pub fn systematic(fraction: f64) -> String {
    match fraction * 100.0 {
        value if !value.is_finite() => NONE.to_owned(),
        value if value >= 1.0 => format!("± {value:.0} %"),
        value => format!("± {value:.1} %"),
    }
}

/// The systematic error of a session's joules: that of its least certain window; none without windows.
#[must_use]
pub fn systematic_of(record: &SessionRecord) -> Option<f64> {
    let trials = record.trials.iter().flat_map(|one| &one.repeats);
    let fresh = |one| -> Vec<&wattsmith_domain::Repeat> {
        let one: &wattsmith_domain::Confirmation = one;
        one.best.iter().chain(&one.default).collect()
    };
    trials
        .chain(record.confirmations.iter().flat_map(fresh))
        .map(|one| one.energy.sensor_error)
        .reduce(f64::max)
}

/// A span of time in the unit that suits it: `40 s`, `3 min`, `1.5 h`.
#[must_use]
pub fn span(seconds: f64) -> String {
    if !seconds.is_finite() {
        NONE.to_owned()
    } else if seconds < 90.0 {
        format!("{:.0} s", seconds.max(1.0))
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

/// Joules with the prefix that keeps them short: `1.40 kJ`.
#[must_use]
pub fn joules(value: f64) -> String {
    let (factor, prefix) = match value.abs() {
        size if size < 999.5 => (1.0, ""),
        size if size < 999.5e3 => (1e3, "k"),
        size if size < 999.5e6 => (1e6, "M"),
        _ => (1e9, "G"),
    };
    with_unit(value / factor, &format!("{prefix}J"))
}

/// A large count: `850`, `12 thousand`, `4.32 million`.
#[must_use]
pub fn count(value: f64) -> String {
    match value {
        _ if !value.is_finite() => NONE.to_owned(),
        few if few < 1e4 => format!("{few:.0}"),
        some if some < 1e6 => format!("{} thousand", number(some / 1e3)),
        many if many < 1e9 => format!("{} million", number(many / 1e6)),
        most => format!("{} billion", number(most / 1e9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mean: f64, low: f64, high: f64) -> Interval {
        Interval {
            mean,
            low,
            high,
            n: 3,
        }
    }

    #[test]
    fn figures_have_three_significant_digits() {
        for (value, text) in [
            (0.22784, "0.228"),
            (12.345, "12.3"),
            (1234.0, "1230"),
            (0.9996, "1.00"),
            (-99.96, "-100"),
            (0.0, "0"),
            (f64::NAN, NONE),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(joules(999.7), "1.00 kJ");
        assert_eq!(span(83.0), "83 s");
        assert_eq!(count(12_000.0), "12.0 thousand");
    }

    #[test]
    fn an_error_is_rounded_like_its_figure_and_never_shown_as_none() {
        for (shown, text) in [
            (of(0.228, 0.2186, 0.2374), "0.228 ± 0.009"),
            (of(113.0, 108.4, 117.6), "113 ± 5"),
            (of(0.228, 0.2279, 0.2281), "0.2280 ± 0.0001"),
            (of(0.4, 0.1414, 1.1314), "0.400 (0.141 to 1.13)"),
        ] {
            assert_eq!(interval(&shown), text);
        }
    }

    #[test]
    fn a_change_has_one_decimal_wherever_it_is_said() {
        assert_eq!(change(0.814), "\u{2212}18.6 %");
        assert_eq!(change(1.042), "+4.2 %");
        assert_eq!(change(1.0001), "±0.0 %");
        assert_eq!(less_or_more(0.798), "20.2 % less");
        assert_eq!(than_predicted(1.648), "64.8 % more than predicted");
        assert_eq!(than_predicted(0.995_1), "as predicted");
        assert_eq!(range(&of(0.8, 0.7, 0.9)), "between 10.0 % and 30.0 % less");
        assert_eq!(
            range(&of(1.0, 0.95, 1.1)),
            "between 5.0 % less and 10.0 % more"
        );
        assert_eq!(systematic(0.5), "± 50 %");
    }
}
