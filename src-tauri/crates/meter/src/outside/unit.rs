//! Units as meters print them: after a number, or in the name of a column.

use wattsmith_domain::MeterUnit;

/// A unit of power or of energy that stands in a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Printed {
    pub(super) symbol: &'static str,
    is_energy: bool,
    /// Watts, or joules, in one of it.
    factor: f64,
}

/// What stands where a unit may stand.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Named {
    Unit(Printed),
    /// A unit of something that is neither power nor energy.
    Other(String),
}

/// Symbol, energy, watts or joules in one, and how else it is written. Letters tell apart only `MW`
/// and `MJ`: everywhere else small ones do as well.
const UNITS: [(&str, bool, f64, &[&str]); 15] = [
    ("W", false, 1.0, &["watt", "watts"]),
    ("mW", false, 1e-3, &["milliwatt", "milliwatts"]),
    ("µW", false, 1e-6, &["μw", "uw", "microwatt", "microwatts"]),
    ("kW", false, 1e3, &["kilowatt", "kilowatts"]),
    ("MW", false, 1e6, &["megawatt", "megawatts"]),
    ("J", true, 1.0, &["ws", "joule", "joules"]),
    ("mJ", true, 1e-3, &["millijoule", "millijoules"]),
    ("µJ", true, 1e-6, &["μj", "uj", "microjoule", "microjoules"]),
    ("kJ", true, 1e3, &["kilojoule", "kilojoules"]),
    ("MJ", true, 1e6, &["megajoule", "megajoules"]),
    ("Wh", true, 3.6e3, &["watt-hour", "watt-hours", "watthours"]),
    ("mWh", true, 3.6, &["milliwatt-hours"]),
    ("kWh", true, 3.6e6, &["kilowatt-hour", "kilowatt-hours"]),
    ("MWh", true, 3.6e9, &["megawatt-hours"]),
    ("Wmin", true, 60.0, &["watt-minutes"]),
];

/// What else is printed in brackets behind a quantity.
const OTHERS: [&str; 16] = [
    "V", "mV", "kV", "A", "mA", "VA", "kVA", "var", "kvar", "Hz", "MHz", "%", "°C", "C", "Ah",
    "mAh",
];

/// The unit that `text` is.
pub(super) fn unit(text: &str) -> Option<Printed> {
    let text = text.trim();
    let printed = |(symbol, is_energy, factor, _): (&'static str, bool, f64, _)| Printed {
        symbol,
        is_energy,
        factor,
    };
    let exact = UNITS.into_iter().find(|one| one.0 == text);
    let small = text.to_lowercase();
    let loose = || {
        UNITS
            .into_iter()
            .find(|one| one.0.to_lowercase() == small || one.3.contains(&small.as_str()))
    };
    exact.or_else(loose).map(printed)
}

/// The name of a column without its unit, and the unit that it names: `power.draw [W]`,
/// `Leistung (kW)`, `power_mW`, `watts`.
pub(super) fn of_column(name: &str) -> (&str, Option<Named>) {
    let name = name.trim();
    for (open, close) in [('[', ']'), ('(', ')')] {
        let Some((base, inner)) = name
            .strip_suffix(close)
            .and_then(|rest| rest.rsplit_once(open))
        else {
            continue;
        };
        let base = base.trim_end();
        if let Some(found) = unit(inner) {
            return (base, Some(Named::Unit(found)));
        }
        let inner = inner.trim();
        if OTHERS.contains(&inner) {
            return (base, Some(Named::Other(inner.to_owned())));
        }
        return (name, None);
    }
    if let Some(found) = unit(name) {
        return (name, Some(Named::Unit(found)));
    }
    match name.rsplit_once([' ', '_', '/']) {
        Some((base, last)) => match unit(last) {
            Some(found) => {
                let base = base.strip_suffix(" in").unwrap_or(base);
                (base.trim_end(), Some(Named::Unit(found)))
            }
            None => (name, None),
        },
        None => (name, None),
    }
}

/// `value`, printed in `printed`, in the meter's unit. Watts and joules are what a meter tells, and
/// what is printed beside its values says of which size; any other unit was stated on purpose, and
/// must be the one that is printed.
pub(super) fn in_meter_unit(
    value: f64,
    printed: Printed,
    stated: MeterUnit,
) -> Result<f64, String> {
    let quantity = |is_energy| match is_energy {
        true => "energy",
        false => "power",
    };
    let factor = stated.factor();
    let same = (printed.factor / factor - 1.0).abs() < 1e-9;
    if printed.is_energy != stated.is_energy() {
        return Err(format!(
            "it is in {}, which is {}, and this meter's unit is {}: correct the unit",
            printed.symbol,
            quantity(printed.is_energy),
            stated.symbol()
        ));
    }
    if same {
        return Ok(value);
    }
    if (factor - 1.0).abs() < 1e-9 {
        return Ok(value * printed.factor);
    }
    Err(format!(
        "it is in {}, and this meter's unit is {}: correct the unit",
        printed.symbol,
        stated.symbol()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(text: &str) -> Option<&'static str> {
        unit(text).map(|unit| unit.symbol)
    }

    #[test]
    fn small_letters_mean_the_small_unit() {
        for (text, wanted) in [
            ("W", Some("W")),
            ("w", Some("W")),
            ("MW", Some("MW")),
            ("mW", Some("mW")),
            ("mw", Some("mW")),
            ("Watts", Some("W")),
            ("kwh", Some("kWh")),
            ("μJ", Some("µJ")),
            ("uJ", Some("µJ")),
            ("Ws", Some("J")),
            ("V", None),
            ("", None),
        ] {
            assert_eq!(symbol(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_columns_name_is_taken_apart() {
        for (name, base, wanted) in [
            // nvidia-smi --query-gpu=power.draw --format=csv
            ("power.draw [W]", "power.draw", Some("W")),
            ("Leistung (kW)", "Leistung", Some("kW")),
            ("power_mW", "power", Some("mW")),
            ("Power in W", "Power", Some("W")),
            ("watts", "watts", Some("W")),
            // Intel PCM
            ("Proc Energy (Joules)", "Proc Energy", Some("J")),
            ("power (GPU 0)", "power (GPU 0)", None),
            ("gpu", "gpu", None),
        ] {
            let (found, unit) = of_column(name);
            let symbol = unit.map(|unit| match unit {
                Named::Unit(unit) => unit.symbol,
                Named::Other(other) => panic!("{other}"),
            });
            assert_eq!((found, symbol), (base, wanted), "{name}");
        }
        let (_, other) = of_column("apparent [VA]");
        assert_eq!(other, Some(Named::Other("VA".to_owned())));
    }

    #[test]
    fn a_printed_unit_scales_what_is_stated_as_watts_and_must_match_any_other() {
        let convert = |printed, stated| in_meter_unit(2.0, unit(printed).unwrap(), stated);
        assert_eq!(convert("kW", MeterUnit::Watts), Ok(2000.0));
        assert_eq!(convert("mW", MeterUnit::Milliwatts), Ok(2.0));
        assert_eq!(convert("kWh", MeterUnit::Joules), Ok(7.2e6));
        for (printed, stated) in [
            ("W", MeterUnit::Milliwatts),
            ("kWh", MeterUnit::WattHours),
            ("J", MeterUnit::Watts),
            ("W", MeterUnit::Joules),
        ] {
            let error = convert(printed, stated).unwrap_err();
            assert!(error.contains("correct the unit"), "{error}");
        }
    }
}
