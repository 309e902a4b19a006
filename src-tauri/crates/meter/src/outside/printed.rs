//! What a program prints at once: a line with a name above it perhaps, and numbers. Which of several
//! numbers is meant is for the person to say.

use super::number::{NoNumber, on_line};
use super::refusal::MeterRefusal;
use super::unit::{self, Named, Printed};
use wattsmith_domain::{MeterUnit, Part, SensorFault};

/// More numbers at once than a machine has boards: output that was held back.
const MOST_AT_ONCE: usize = 16;

/// How a program's output is to be read.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    /// The program's name, for words.
    pub(super) program: String,
    pub(super) unit: MeterUnit,
    pub(super) part: Part,
}

/// The unit that a line without numbers names, where it is one above numbers.
pub(super) fn unit_above(line: &str) -> Option<Named> {
    let columns = line.split(',').map(unit::of_column);
    columns.filter_map(|(_, unit)| unit).next_back()
}

impl Manner {
    /// The value of lines that were printed at once, below `above`.
    pub(super) fn value(&self, above: Option<&str>, lines: &[String]) -> Result<f64, MeterRefusal> {
        let above = above.and_then(unit_above);
        if let Some(Named::Other(other)) = &above {
            return Err(self.refused(format!("its first line says {other}, which is no power")));
        }
        let mut values = Vec::new();
        for line in lines {
            let line = line.trim();
            let numbers = on_line(line).map_err(|why| self.no_number(line, &why))?;
            for (value, printed) in numbers {
                values.push(self.in_unit(line, value, printed, above.as_ref())?);
            }
        }
        if values.len() > MOST_AT_ONCE {
            return Err(self.held_back(values.len()));
        }
        match (&self.part, values.as_slice()) {
            (_, []) => Err(self.refused("printed nothing".to_owned())),
            (Part::Sum, all) => Ok(all.iter().sum()),
            (Part::Channel(channel), all) => all.get(*channel as usize).copied().ok_or_else(|| {
                self.refused(format!(
                    "printed {} numbers at once, and none with number {channel}",
                    all.len()
                ))
            }),
            (_, [one]) => Ok(*one),
            (_, many) => Err(self.several(many)),
        }
    }

    fn in_unit(
        &self,
        line: &str,
        value: f64,
        printed: Option<Printed>,
        above: Option<&Named>,
    ) -> Result<f64, MeterRefusal> {
        let named = match above {
            Some(Named::Unit(unit)) => Some(*unit),
            _ => None,
        };
        match printed.or(named) {
            Some(unit) => unit::in_meter_unit(value, unit, self.unit)
                .map_err(|why| self.refused(format!("printed {line:?}: {why}"))),
            None => Ok(value),
        }
    }

    pub(super) fn refused(&self, what: String) -> MeterRefusal {
        MeterRefusal::unreadable(format!("{} {what}", self.program))
    }

    fn no_number(&self, line: &str, why: &NoNumber) -> MeterRefusal {
        self.refused(match why {
            NoNumber::Other => format!("printed {line:?}, which is no number"),
            NoNumber::Open(mark) => format!(
                "printed {line:?}: its {mark:?} may stand before decimals or between numbers; print \
                 a point before decimals (LC_ALL=C)"
            ),
        })
    }

    fn several(&self, values: &[f64]) -> MeterRefusal {
        let list: Vec<String> = values.iter().map(f64::to_string).collect();
        MeterRefusal::new(
            SensorFault::SeveralValues,
            format!(
                "{} printed {} numbers at once ({}): say which one is meant (channel, from 0), or \
                 that they add (sum). If they are one value at several times, its output was held \
                 back; {FLUSH}",
                self.program,
                values.len(),
                list.join(", ")
            ),
        )
    }

    /// What came all at once was printed over a while, nobody knows when.
    pub(super) fn held_back(&self, count: usize) -> MeterRefusal {
        MeterRefusal::new(
            SensorFault::Stale,
            format!(
                "{} printed {count} numbers at once: its output was held back, so when each was \
                 measured is not known; {FLUSH}",
                self.program
            ),
        )
    }
}

/// What helps where a program keeps its output back.
pub(super) const FLUSH: &str = "let it write out each line at once (stdbuf -oL PROGRAM, python -u, \
                                or a flush after each line)";

#[cfg(test)]
mod tests {
    use super::*;

    fn value(part: Part, above: Option<&str>, lines: &[&str]) -> Result<f64, String> {
        let manner = Manner {
            program: "tool".to_owned(),
            unit: MeterUnit::Watts,
            part,
        };
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        let refused = |refusal: MeterRefusal| format!("{}: {refusal}", refusal.fault);
        manner.value(above, &lines).map_err(refused)
    }

    #[test]
    fn one_number_is_the_value_and_several_are_chosen_or_added_because_somebody_said_so() {
        let two = &["25.40", "210.90"][..];
        assert_eq!(value(Part::Only, None, &["25.40 W"]), Ok(25.4));
        assert_eq!(value(Part::Sum, None, two), Ok(236.3));
        assert_eq!(value(Part::Channel(1), None, two), Ok(210.9));
        assert_eq!(value(Part::Sum, None, &["25.40 W, 210.90 W"]), Ok(236.3));
        for lines in [two, &["25.40 210.90"], &["0, 25.40 W"]] {
            let error = value(Part::Only, None, lines).unwrap_err();
            assert!(error.starts_with("several-values"), "{error}");
        }
        let error = value(Part::Channel(2), None, two).unwrap_err();
        assert!(error.contains("none with number 2"), "{error}");
    }

    #[test]
    fn a_line_above_names_the_unit() {
        assert_eq!(
            value(Part::Only, Some("power.draw [W]"), &["25.40"]),
            Ok(25.4)
        );
        assert_eq!(value(Part::Only, Some("power_mW"), &["25500"]), Ok(25.5));
        assert_eq!(value(Part::Only, Some("kW"), &["25.4 W"]), Ok(25.4));
        let error = value(Part::Only, Some("draw [VA]"), &["25.4"]).unwrap_err();
        assert!(error.contains("VA"), "{error}");
        let error = value(Part::Only, Some("energy (J)"), &["25.4"]).unwrap_err();
        assert!(error.contains("energy"), "{error}");
    }

    #[test]
    fn what_is_no_number_is_shown_even_beside_one() {
        // nvidia-smi prints these for boards that do not tell their power.
        for word in [
            "N/A",
            "[N/A]",
            "[Not Supported]",
            "Not Supported",
            "Unknown Error",
        ] {
            let error = value(Part::Sum, None, &["25.40 W", word]).unwrap_err();
            assert!(
                error.contains(word) && error.contains("no number"),
                "{error}"
            );
        }
        let error = value(Part::Only, None, &["61,5"]).unwrap_err();
        assert!(error.contains("','"), "{error}");
    }

    #[test]
    fn hundreds_at_once_were_held_back_and_are_no_sum_either() {
        let many: Vec<String> = (100..400).map(|watts| watts.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for part in [Part::Only, Part::Sum, Part::Channel(0)] {
            let error = value(part, None, &many).unwrap_err();
            assert!(
                error.starts_with("stale") && error.contains("stdbuf"),
                "{error}"
            );
        }
    }
}
