//! Numbers as a person reads them: three significant digits, always a unit, never more precise than
//! what was measured, and never "NaN".

use wattsmith_domain::Interval;

/// What stands where there is no figure.
pub(crate) const NONE: &str = "–";

/// Between a number and its unit: a space at which no line breaks.
pub(crate) const GAP: char = '\u{a0}';

/// Three significant digits, without an exponent: `0.228`, `1.40`, `113`, `1230`.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    fixed(rounded(value), decimals(value))
}

/// `number` with its unit.
pub(crate) fn with_unit(value: f64, unit: &str) -> String {
    if value.is_finite() {
        format!("{}{GAP}{unit}", number(value))
    } else {
        NONE.to_owned()
    }
}

/// A figure with its interval: `0.228 ± 0.009`; where the interval is wide, and so lopsided, by its
/// ends: `0.40 (0.14 to 1.1)`.
pub(crate) fn interval(interval: &Interval) -> String {
    if is_wide(interval) {
        format!("{} ({})", number(interval.mean), ends(interval))
    } else {
        format!("{} {}", number(interval.mean), spread(interval))
    }
}

/// The error of a figure: `± 0.009`, or `0.14 to 1.1` where the interval is wide.
pub(crate) fn spread(interval: &Interval) -> String {
    if is_wide(interval) {
        ends(interval)
    } else {
        half(interval.mean, (interval.high - interval.low) / 2.0)
    }
}

/// Intervals are symmetrical on the log scale; beyond this share of the mean that shows.
fn is_wide(interval: &Interval) -> bool {
    interval.relative_half_width() > 0.25
}

fn ends(interval: &Interval) -> String {
    format!("{} to {}", number(interval.low), number(interval.high))
}

/// Half the width of an interval to the decimal place of its mean: `± 0.009`.
pub(crate) fn half(mean: f64, half_width: f64) -> String {
    let decimals = decimals(mean);
    let shown = fixed(half_width, decimals);
    if shown.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        let least = fixed(10_f64.powi(-(decimals as i32)), decimals);
        format!("±{GAP}less than {least}")
    } else {
        format!("±{GAP}{shown}")
    }
}

/// Joules, kilojoules or megajoules.
pub(crate) fn joules(value: f64) -> String {
    scaled(value, "J")
}

/// Seconds as `0.21 s`, `48 s`, `3 min`, `1.4 h`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        NONE.to_owned()
    } else if seconds < 90.0 {
        with_unit(seconds, "s")
    } else if seconds < 5400.0 {
        format!("{:.0}{GAP}min", seconds / 60.0)
    } else if seconds < 172_800.0 {
        format!("{:.1}{GAP}h", seconds / 3600.0)
    } else {
        format!("{:.0}{GAP}days", seconds / 86_400.0)
    }
}

/// A large count in words: `4.32 million`.
pub(crate) fn count(value: f64) -> String {
    match value {
        _ if !value.is_finite() => NONE.to_owned(),
        v if v < 1e4 => format!("{:.0}", rounded(v)),
        v if v < 1e6 => format!("{} thousand", number(v / 1e3)),
        v if v < 1e9 => format!("{} million", number(v / 1e6)),
        v => format!("{} billion", number(v / 1e9)),
    }
}

/// A share as a whole or one-decimal percentage, without the sign: `19.8 %`.
pub(crate) fn percent(fraction: f64) -> String {
    let value = (fraction * 100.0).abs();
    if !value.is_finite() {
        NONE.to_owned()
    } else if value < 0.05 {
        format!("0{GAP}%")
    } else if value < 9.95 {
        format!("{value:.1}{GAP}%")
    } else {
        format!("{value:.0}{GAP}%")
    }
}

/// A systematic error, which nobody knows to a tenth of a per cent: `± 5 %`.
pub(crate) fn error(fraction: f64) -> String {
    let value = fraction * 100.0;
    if value.is_finite() && value >= 1.0 {
        format!("±{GAP}{value:.0}{GAP}%")
    } else {
        format!("±{GAP}{}", percent(fraction))
    }
}

/// Bytes as kB, MB or GB.
pub(crate) fn bytes(value: u64) -> String {
    scaled(value as f64, "B")
}

/// `one thing`, `2 things`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    match count {
        1 => format!("one {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// A moment of RFC 3339 as `2026-01-15 09:00 UTC`.
pub(crate) fn moment(stamp: &str) -> String {
    match (stamp.get(..10), stamp.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => stamp.to_owned(),
    }
}

fn scaled(value: f64, unit: &str) -> String {
    let (factor, prefix) = match value.abs() {
        size if size < 1e3 => (1.0, ""),
        size if size < 1e6 => (1e3, "k"),
        size if size < 1e9 => (1e6, "M"),
        _ => (1e9, "G"),
    };
    with_unit(value / factor, &format!("{prefix}{unit}"))
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // A small negative number must not become "-0.00".
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

/// Decimal places that show three significant digits; at most 6.
fn decimals(value: f64) -> usize {
    (2 - magnitude(value)).clamp(0, 6) as usize
}

fn rounded(value: f64) -> f64 {
    match magnitude(value) - 2 {
        power if power > 0 => {
            let step = 10_f64.powi(power);
            (value / step).round() * step
        }
        _ => value,
    }
}

fn magnitude(value: f64) -> i32 {
    if value == 0.0 {
        return 2;
    }
    let power = value.abs().log10().floor() as i32;
    // 0.9996 is shown as 1.00, not as 1.000.
    let step = 10_f64.powi(power - 2);
    if (value.abs() / step).round() >= 1000.0 {
        power + 1
    } else {
        power
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn figures_have_three_significant_digits() {
        for (value, text) in [
            (0.22841, "0.228"),
            (1.399, "1.40"),
            (113.4, "113"),
            (1234.0, "1230"),
            (0.9996, "1.00"),
            (0.0, "0"),
            (-0.000_000_1, "0.000000"),
            (-12.34, "-12.3"),
            (f64::NAN, NONE),
            (f64::INFINITY, NONE),
        ] {
            assert_eq!(number(value), text);
        }
        for (shown, text) in [
            (joules(1404.0), "1.40 kJ"),
            (joules(999.7), "1000 J"),
            (duration(0.2134), "0.213 s"),
            (duration(5000.0), "83 min"),
            (count(4_321_000.0), "4.32 million"),
            (percent(0.1983), "20 %"),
            (percent(-0.034), "3.4 %"),
            (error(0.05), "± 5 %"),
            (bytes(98_000_000), "98.0 MB"),
        ] {
            assert_eq!(shown.replace(GAP, " "), text);
        }
    }

    #[test]
    fn an_error_is_rounded_like_its_figure() {
        for (mean, low, high, text) in [
            (0.228, 0.2186, 0.2374, "0.228 ± 0.009"),
            (113.0, 108.4, 117.6, "113 ± 5"),
            (0.228, 0.2279, 0.2281, "0.228 ± less than 0.001"),
            (0.4, 0.1414, 1.1314, "0.400 (0.141 to 1.13)"),
        ] {
            let shown = interval(&Interval {
                mean,
                low,
                high,
                n: 3,
            });
            assert_eq!(shown.replace(GAP, " "), text);
        }
    }

    proptest! {
        #[test]
        fn no_number_is_shown_as_nan_or_with_an_exponent(value in any::<f64>(), span in any::<f64>()) {
            for text in [
                number(value), half(value, span), joules(value), duration(value),
                count(value), percent(value),
            ] {
                prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{}", text);
            }
        }
    }
}
