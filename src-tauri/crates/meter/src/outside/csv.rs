//! A CSV file to which some other meter adds lines; the newest whole line counts.

mod growth;
mod table;

use super::number::{self, NoNumber};
use super::refusal::MeterRefusal;
use super::unit::{self, Named};
use super::{Reading, Value};
use growth::Growth;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use table::Table;
use wattsmith_domain::{Decimal, MeterUnit, SensorFault};

/// What is read of a file, and how.
pub(super) struct Columns<'a> {
    pub(super) column: &'a str,
    pub(super) separator: char,
    pub(super) decimal: Option<Decimal>,
    pub(super) unit: MeterUnit,
}

/// The end of a file.
pub(super) struct Tail {
    path: PathBuf,
    column: String,
    separator: char,
    decimal: Option<Decimal>,
    unit: MeterUnit,
    /// A last line older than this is no reading any more.
    stale: Duration,
    growth: Mutex<Option<Growth>>,
}

impl Tail {
    pub(super) fn new(path: &Path, columns: &Columns<'_>, stale: Duration) -> Self {
        Self {
            path: path.to_owned(),
            column: columns.column.trim().to_owned(),
            separator: columns.separator,
            decimal: columns.decimal,
            unit: columns.unit,
            stale,
            growth: Mutex::default(),
        }
    }

    fn named(&self, refusal: &MeterRefusal) -> MeterRefusal {
        let what = format!("{}: {refusal}", self.path.display());
        MeterRefusal::new(refusal.fault, what)
    }

    fn number(&self) -> Result<f64, MeterRefusal> {
        let unreadable = |error: std::io::Error| MeterRefusal::unreadable(error.to_string());
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let facts = file.metadata().map_err(unreadable)?;
        let table = Table::read(&mut file, facts.len(), self.separator).map_err(unreadable)?;
        let mut growth = self.growth.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Growth::next(growth.as_ref(), &facts, &table);
        let checked = now.check(self.stale);
        *growth = Some(now);
        checked?;
        self.cell(&table?)
    }

    /// The value in the last line.
    fn cell(&self, table: &Table) -> Result<f64, MeterRefusal> {
        let place = table.place(&self.column)?;
        let heading = table.heading(place);
        let line = table.last()?;
        if self.separator == ',' {
            table.check_commas(line)?;
        }
        table.check_rows(place)?;
        let cell = line.get(place).ok_or_else(|| {
            MeterRefusal::unreadable(format!(
                "its last line has {} columns, and none with number {}",
                line.len(),
                place + 1
            ))
        })?;
        let (digits, printed) = number::split_unit(cell);
        let decimal = self.decimal.or_else(|| number::shown(table.column(place)));
        let value = number::number(digits, decimal).map_err(|why| self.no_number(cell, &why))?;
        let above = heading.and_then(|heading| unit::of_column(heading).1);
        let unit = match (printed, above) {
            (Some(printed), _) => printed,
            (None, Some(Named::Unit(named))) => named,
            (None, Some(Named::Other(other))) => {
                return Err(MeterRefusal::unreadable(format!(
                    "its column {:?} is in {other}, which is neither power nor energy: name the \
                     column of watts",
                    heading.unwrap_or_default()
                )));
            }
            (None, None) => return Ok(value),
        };
        unit::in_meter_unit(value, unit, self.unit).map_err(|why| {
            MeterRefusal::unreadable(format!(
                "its column {:?}: {why}",
                heading.unwrap_or(&self.column)
            ))
        })
    }

    fn no_number(&self, cell: &str, why: &NoNumber) -> MeterRefusal {
        let hint = match (why, self.decimal) {
            (NoNumber::Open(mark), _) => format!(
                "in its last line may be read in two ways: its {mark:?} stands before decimals or \
                 between thousands; say which with decimal (comma or point)"
            ),
            (NoNumber::Other, Some(decimal)) => format!(
                "in its last line is no number with a {} before its decimals",
                match decimal {
                    Decimal::Point => "point",
                    Decimal::Comma => "comma",
                }
            ),
            (NoNumber::Other, None) => "in its last line is no number".to_owned(),
        };
        MeterRefusal::unreadable(format!("{cell:?} {hint}"))
    }
}

impl Reading for Tail {
    fn value(&self) -> Result<Value, MeterRefusal> {
        self.number()
            .map(Value::of_now)
            .map_err(|refusal| self.named(&refusal))
    }
}

/// It gives several values where one is wanted.
fn several(what: String) -> MeterRefusal {
    MeterRefusal::new(SensorFault::SeveralValues, what)
}
