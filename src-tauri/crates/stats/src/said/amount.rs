//! Amounts that people pay for: energy, money, greenhouse gases, and what is saved of them.

use super::{NONE, joules, number, with_unit};
use wattsmith_domain::{EnergyUnit, Interval};

/// Joules in a watt hour.
const WATT_HOUR: f64 = 3600.0;

/// An amount of energy in the person's unit: `4.05 Wh`, or `14.6 kJ`.
#[must_use]
pub fn energy(value: f64, unit: EnergyUnit) -> String {
    match unit {
        EnergyUnit::Joules => joules(value),
        EnergyUnit::WattHours => watt_hours(value),
    }
}

/// Joules as watt hours, with the prefix that keeps them short: `4.05 Wh`.
fn watt_hours(value: f64) -> String {
    let hours = value / WATT_HOUR;
    let (factor, prefix) = match hours.abs() {
        size if size < 0.9995 => (1e-3, "m"),
        size if size < 999.5 => (1.0, ""),
        size if size < 999.5e3 => (1e3, "k"),
        _ => (1e6, "M"),
    };
    with_unit(hours / factor, &format!("{prefix}Wh"))
}

/// Joules as kilowatt hours, as a bill has them: `0.148 kWh`.
#[must_use]
pub fn kilowatt_hours(value: f64) -> String {
    with_unit(value / WATT_HOUR / 1e3, "kWh")
}

/// Kilowatt hours that joules are.
#[must_use]
pub fn in_kilowatt_hours(value: f64) -> f64 {
    value / WATT_HOUR / 1e3
}

/// An amount of money: `12.4 EUR`.
#[must_use]
pub fn money(value: f64, currency: &str) -> String {
    with_unit(value, currency)
}

/// Greenhouse gases by their warming: `56.2 g CO₂e`, `1.40 kg CO₂e`.
#[must_use]
pub fn carbon(grams: f64) -> String {
    let (factor, unit) = match grams.abs() {
        size if size < 999.5 => (1.0, "g"),
        size if size < 999.5e3 => (1e3, "kg"),
        _ => (1e6, "t"),
    };
    with_unit(grams / factor, &format!("{unit} CO₂e"))
}

/// What is saved, with its interval: `0.81 Wh (0.77 Wh to 0.87 Wh)`. A negative amount is `more`.
#[must_use]
pub fn saved(amount: &Interval, words: impl Fn(f64) -> String) -> String {
    if !(amount.mean.is_finite() && amount.low.is_finite() && amount.high.is_finite()) {
        return NONE.to_owned();
    }
    let mean = match amount.mean < 0.0 {
        true => format!("{} more", words(-amount.mean)),
        false => words(amount.mean),
    };
    if amount.low == amount.high {
        return mean;
    }
    let range = if amount.low >= 0.0 {
        format!("{} to {}", words(amount.low), words(amount.high))
    } else if amount.high <= 0.0 {
        format!("{} to {} more", words(-amount.high), words(-amount.low))
    } else {
        format!(
            "between {} more and {} less",
            words(-amount.low),
            words(amount.high)
        )
    };
    format!("{mean} ({range})")
}

/// How many of something, in whole numbers with their thousands apart: `1,000`.
#[must_use]
pub fn whole(value: u32) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A factor between two speeds or waits: `21.6 % more`, `about the same`.
#[must_use]
pub fn beside(ratio: f64, more: &str, less: &str) -> String {
    /// Below this nobody feels a difference, and most noise is larger.
    const SAME: f64 = 0.01;
    let change = ratio - 1.0;
    if !change.is_finite() {
        NONE.to_owned()
    } else if change.abs() < SAME {
        "about the same".to_owned()
    } else {
        let word = if change > 0.0 { more } else { less };
        let percent = change.abs() * 100.0;
        match percent < 100.0 {
            true => format!("{percent:.1} % {word}"),
            false => format!("{} % {word}", number(percent)),
        }
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
            n: 5,
        }
    }

    #[test]
    fn amounts_have_the_prefix_that_keeps_them_short() {
        for (shown, text) in [
            (energy(14_580.0, EnergyUnit::WattHours), "4.05 Wh"),
            (energy(14_580.0, EnergyUnit::Joules), "14.6 kJ"),
            (energy(3.6, EnergyUnit::WattHours), "1.00 mWh"),
            (energy(3598.5, EnergyUnit::WattHours), "1.00 Wh"),
            (energy(3.6e9, EnergyUnit::WattHours), "1.00 MWh"),
            (kilowatt_hours(3600.0 * 148.0), "0.148 kWh"),
            (money(12.44, "EUR"), "12.4 EUR"),
            (carbon(56.24), "56.2 g CO₂e"),
            (carbon(1_400.0), "1.40 kg CO₂e"),
            (carbon(2.5e6), "2.50 t CO₂e"),
            (whole(1_000), "1,000"),
            (whole(25), "25"),
            (whole(1_234_567), "1,234,567"),
        ] {
            assert_eq!(shown, text);
        }
    }

    #[test]
    fn what_is_saved_has_its_interval_and_says_where_it_may_be_more() {
        let wh = |joules: f64| energy(joules, EnergyUnit::WattHours);
        for (amount, text) in [
            (of(3600.0, 1800.0, 7200.0), "1.00 Wh (500 mWh to 2.00 Wh)"),
            (
                of(3600.0, -3600.0, 7200.0),
                "1.00 Wh (between 1.00 Wh more and 2.00 Wh less)",
            ),
            (
                of(-3600.0, -7200.0, -1800.0),
                "1.00 Wh more (500 mWh to 2.00 Wh more)",
            ),
            (of(3600.0, 3600.0, 3600.0), "1.00 Wh"),
            (of(f64::NAN, 0.0, 1.0), NONE),
        ] {
            assert_eq!(saved(&amount, wh), text);
        }
    }

    #[test]
    fn a_difference_that_nobody_feels_is_none() {
        assert_eq!(beside(1.216, "faster", "slower"), "21.6 % faster");
        assert_eq!(beside(0.969, "faster", "slower"), "3.1 % slower");
        assert_eq!(beside(1.004, "faster", "slower"), "about the same");
        assert_eq!(beside(3.5, "later", "sooner"), "250 % later");
        assert_eq!(beside(f64::NAN, "later", "sooner"), NONE);
    }
}
