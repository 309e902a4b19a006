//! Numbers as a person reads them: three significant digits, always a unit, never more precise than
//! what was measured, and never "NaN".

use wattsmith_domain::Interval;
use wattsmith_stats::said;

/// What stands where there is no figure.
pub(crate) use wattsmith_stats::said::NONE;

/// Between a number and its unit: a space at which no line breaks.
pub(crate) const GAP: char = '\u{a0}';

/// Three significant digits, without an exponent: `0.228`, `1.40`, `113`, `1230`.
pub(crate) fn number(value: f64) -> String {
    said::number(value)
}

/// With a capital letter, as a sentence begins.
pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
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
    tied(&said::interval(interval))
}

/// The error of a figure: `± 0.009`, or `0.14 to 1.1` where the interval is wide.
pub(crate) fn spread(interval: &Interval) -> String {
    tied(&said::spread(interval))
}

/// `20.2 % less` for a ratio of 0.798.
pub(crate) fn less_or_more(ratio: f64) -> String {
    tied(&said::less_or_more(ratio))
}

/// The size of a change against the default, `20.2 %` for a ratio of 0.798.
pub(crate) fn size(ratio: f64) -> String {
    tied(&said::size(ratio))
}

/// A ratio's interval as `between 18.9 % and 21.4 % less`.
pub(crate) fn range(ratio: &Interval) -> String {
    tied(&said::range(ratio))
}

/// How much longer something would take: `40 s`, `3 min`.
pub(crate) fn outlook(seconds: f64) -> String {
    said::span(seconds).replace(' ', &GAP.to_string())
}

/// No line breaks between a number and what belongs to it.
pub(crate) fn tied(text: &str) -> String {
    let gap = GAP.to_string();
    text.replace(" %", &format!("{gap}%"))
        .replace("± ", &format!("±{gap}"))
}

/// Joules, kilojoules or megajoules.
pub(crate) fn joules(value: f64) -> String {
    said::joules(value).replace(' ', &GAP.to_string())
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
    said::count(value)
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
    tied(&said::systematic(fraction))
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
            (-12.34, "-12.3"),
            (f64::NAN, NONE),
            (f64::INFINITY, NONE),
        ] {
            assert_eq!(number(value), text);
        }
        for (shown, text) in [
            (joules(1404.0), "1.40 kJ"),
            (joules(999.7), "1.00 kJ"),
            (duration(0.2134), "0.213 s"),
            (duration(5000.0), "83 min"),
            (count(4_321_000.0), "4.32 million"),
            (percent(0.1983), "20 %"),
            (size(0.8017), "19.8 %"),
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
            (0.228, 0.2279, 0.2281, "0.2280 ± 0.0001"),
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
                number(value), joules(value), duration(value), outlook(span),
                count(value), percent(value),
            ] {
                prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{}", text);
            }
        }
    }
}
