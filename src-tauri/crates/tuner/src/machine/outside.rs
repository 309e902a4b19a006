//! `meters.toml`: the meters that the person brings, in a file that a person can write too. What
//! cannot be read is never written over.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::tuner::Tuner;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use toml_edit::{ArrayOfTables, Document, DocumentMut, Item, Table};
use wattsmith_domain::{MeterRole, OutsideMeter, Reader};
use wattsmith_meter::{MeterTrial, OutsideSettings};

/// The comment that a new file begins with.
const HEAD: &str =
    "# Meters of your own. `wattsmith-cli meters --help` tells what can stand here.\n";
const LIST: &str = "meter";
/// Which reader of a device stands.
const READERS: &str = "readers";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    prefer: Prefer,
    #[serde(default)]
    readers: BTreeMap<String, Reader>,
    #[serde(default)]
    meter: Vec<OutsideMeter>,
}

/// Which of RAPL's counters makes the figure where both are there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Prefer {
    #[default]
    Package,
    Platform,
}

/// What the meter is told at start. A file that cannot be read is one more thing to report, and no
/// reason not to start.
pub(crate) fn settings(path: &Path) -> OutsideSettings {
    match read(path) {
        Ok(file) => OutsideSettings {
            platform_first: file.prefer == Prefer::Platform,
            readers: file.readers,
            meters: file.meter,
            problem: None,
        },
        Err(error) => OutsideSettings {
            problem: Some(error.to_string()),
            ..OutsideSettings::default()
        },
    }
}

fn text(path: &Path) -> Result<String, TunerError> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => {
            read.map_err(|source| TunerError::io(format!("cannot read {}", path.display()), source))
        }
    }
}

fn read(path: &Path) -> Result<File, TunerError> {
    let text = text(path)?;
    let file: File = toml_edit::de::from_str(&text).map_err(|error| {
        match broken_meter(&text) {
            // The parser names the line where the list begins, not that of the meter.
            Some(better) if error.message().starts_with("meter ") => bad(path, &better),
            _ => bad(path, &error),
        }
    })?;
    check(&file.meter).map_err(|what| bad(path, &what))?;
    Ok(file)
}

/// The line and the fault of the first meter that cannot be.
fn broken_meter(text: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let tables = document.get(LIST)?.as_array_of_tables()?;
    tables.iter().find_map(|table| {
        let fault = toml_edit::de::from_str::<OutsideMeter>(&table.to_string()).err()?;
        let line = text.get(..table.span()?.start)?.lines().count() + 1;
        Some(format!("line {line}: {}", fault.message()))
    })
}

fn bad(path: &Path, why: &dyn std::fmt::Display) -> TunerError {
    TunerError::Invalid(format!(
        "{} cannot be used: {}",
        path.display(),
        why.to_string().trim_end()
    ))
}

/// One name, one meter; one main meter per scope.
fn check(meters: &[OutsideMeter]) -> Result<(), String> {
    for (index, meter) in meters.iter().enumerate() {
        let others = || meters.iter().take(index);
        if others().any(|other| other.name == meter.name) {
            return Err(format!("there are two meters called {:?}", meter.name));
        }
        let rival = others().find(|other| {
            other.scope == meter.scope
                && (other.role, meter.role) == (MeterRole::Main, MeterRole::Main)
        });
        if let Some(rival) = rival {
            return Err(format!(
                "{:?} and {:?} are both the main meter of the {}; make one of them `beside`",
                rival.name,
                meter.name,
                meter.scope.label()
            ));
        }
    }
    Ok(())
}

/// Changes the list of meters, keeping comments.
fn change(
    path: &Path,
    change: impl FnOnce(&mut ArrayOfTables) -> Result<(), TunerError>,
) -> Result<(), TunerError> {
    rewrite(path, |document| change(tables(path, document)?))
}

/// Changes the file, keeping its comments. It is there whole, or as it was.
fn rewrite(
    path: &Path,
    change: impl FnOnce(&mut DocumentMut) -> Result<(), TunerError>,
) -> Result<(), TunerError> {
    read(path)?;
    let text = text(path)?;
    let head = if text.is_empty() { HEAD } else { "" };
    let mut document: DocumentMut = text.parse().map_err(|error| bad(path, &error))?;
    change(&mut document)?;
    let text = format!("{head}{document}");
    let file: File = toml_edit::de::from_str(&text).map_err(|error| bad(path, &error))?;
    check(&file.meter).map_err(TunerError::Invalid)?;
    let io = |source| TunerError::io(format!("cannot write {}", path.display()), source);
    wattsmith_files::keep(path, text.as_bytes()).map_err(io)
}

/// The list of meters in the file.
fn tables<'a>(
    path: &Path,
    document: &'a mut DocumentMut,
) -> Result<&'a mut ArrayOfTables, TunerError> {
    let list = document
        .entry(LIST)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if let Some(array) = list.as_array().cloned() {
        // `meter = [{ … }]` says the same.
        let tables = array.into_iter().filter_map(|one| match one {
            toml_edit::Value::InlineTable(table) => Some(table.into_table()),
            _ => None,
        });
        *list = Item::ArrayOfTables(tables.collect());
    }
    list.as_array_of_tables_mut()
        .ok_or_else(|| bad(path, &"`meter` is no list"))
}

/// Which of a device's two readers stands; none leaves it open again.
pub(crate) fn put_reader(
    path: &Path,
    device: &str,
    reader: Option<Reader>,
) -> Result<(), TunerError> {
    rewrite(path, |document| {
        let table = document
            .entry(READERS)
            .or_insert_with(|| Item::Table(Table::new()))
            .as_table_like_mut()
            .ok_or_else(|| bad(path, &"`readers` is no table"))?;
        match reader {
            Some(reader) => table.insert(device, toml_edit::value(reader.label())),
            None => table.remove(device),
        };
        Ok(())
    })
}

fn is_called(table: &Table, name: &str) -> bool {
    table.get("name").and_then(Item::as_str) == Some(name)
}

fn put(path: &Path, meter: &OutsideMeter, replaces: Option<&str>) -> Result<(), TunerError> {
    meter
        .check()
        .map_err(|error| TunerError::Invalid(error.to_string()))?;
    let table = toml_edit::ser::to_document(meter)
        .map_err(|error| TunerError::Invalid(error.to_string()))?
        .as_table()
        .clone();
    change(path, |tables| {
        let same = tables
            .iter_mut()
            .find(|one| is_called(one, replaces.unwrap_or(&meter.name)));
        match same {
            Some(old) => {
                let (place, decor) = (old.position(), old.decor().clone());
                *old = table;
                old.set_position(place);
                *old.decor_mut() = decor;
            }
            None => tables.push(table),
        }
        Ok(())
    })
}

fn remove(path: &Path, name: &str) -> Result<(), TunerError> {
    change(path, |tables| {
        let before = tables.len();
        tables.retain(|one| !is_called(one, name));
        if tables.len() == before {
            return Err(TunerError::NotFound(format!(
                "There is no meter called {name:?} in {}.",
                path.display()
            )));
        }
        Ok(())
    })
}

impl Tuner {
    /// The meters that the person brings, as `meters.toml` in the data folder lists them.
    ///
    /// # Errors
    /// The file cannot be read; says the line.
    pub async fn outside_meters(&self) -> Result<Vec<OutsideMeter>, TunerError> {
        let path = self.paths.meters();
        Ok(blocking(move || read(&path)).await??.meter)
    }

    /// Adds a meter, or changes the one called `replaces`, else the one with its name. It is used
    /// after [`Tuner::reprobe`].
    ///
    /// # Errors
    /// The meter cannot be, or the file cannot be read or written.
    pub async fn put_outside_meter(
        &self,
        meter: OutsideMeter,
        replaces: Option<&str>,
    ) -> Result<(), TunerError> {
        let (path, replaces) = (self.paths.meters(), replaces.map(str::to_owned));
        blocking(move || put(&path, &meter, replaces.as_deref())).await?
    }

    /// Takes a meter out.
    ///
    /// # Errors
    /// There is none of this name, or the file cannot be read or written.
    pub async fn remove_outside_meter(&self, name: &str) -> Result<(), TunerError> {
        let (path, name) = (self.paths.meters(), name.to_owned());
        blocking(move || remove(&path, &name)).await?
    }

    /// Reads a meter for about 3 s, whether it is in the file or not: its mean power, or why it gives
    /// none, and what its device has to choose from.
    ///
    /// # Errors
    /// The work was cancelled.
    pub async fn try_outside_meter(&self, meter: OutsideMeter) -> Result<MeterTrial, TunerError> {
        blocking(move || wattsmith_meter::try_meter(&meter)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::{MeterUnit, OutsideKind, Part, Scope};

    fn plug(name: &str) -> OutsideMeter {
        OutsideMeter {
            name: name.to_owned(),
            kind: OutsideKind::Shelly2 {
                url: "http://10.0.0.9".to_owned(),
                part: Part::Only,
            },
            unit: MeterUnit::Watts,
            scope: Scope::Wall,
            error: 0.03,
            role: MeterRole::Beside,
            period_s: None,
            averaging_s: None,
            flip: false,
            machine: None,
        }
    }

    fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("meters.toml");
        if !text.is_empty() {
            std::fs::write(&path, text).unwrap();
        }
        (dir, path)
    }

    #[test]
    fn meters_are_added_changed_and_taken_out_and_comments_stay() {
        let (_dir, path) = file(
            "# mine\nprefer = \"platform\"\n\n# under the desk\n[[meter]]\nname = \"desk\"\n\
             kind = \"tasmota\"\nurl = \"http://10.0.0.7\"\n",
        );
        put(&path, &plug("rack"), None).unwrap();
        put(&path, &plug("desk"), None).unwrap();
        let read_back = read(&path).unwrap();
        assert_eq!(read_back.meter, [plug("desk"), plug("rack")]);
        put(&path, &plug("cellar"), Some("rack")).unwrap();
        assert_eq!(read(&path).unwrap().meter, [plug("desk"), plug("cellar")]);
        put(&path, &plug("rack"), Some("cellar")).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("# mine") && text.contains("# under the desk"));
        assert!(settings(&path).platform_first);
        remove(&path, "desk").unwrap();
        assert_eq!(read(&path).unwrap().meter, [plug("rack")]);
        let error = remove(&path, "desk").unwrap_err();
        assert!(error.to_string().contains("no meter called"), "{error}");
    }

    #[test]
    fn without_a_file_there_are_no_meters_and_the_first_one_makes_it() {
        let (_dir, path) = file("");
        assert_eq!(settings(&path), OutsideSettings::default());
        put(&path, &plug("desk"), None).unwrap();
        assert_eq!(settings(&path).meters, [plug("desk")]);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("# "));
    }

    #[test]
    fn a_file_that_cannot_be_read_says_the_line_and_is_left_as_it_is() {
        for (text, words) in [
            ("[[meter]\n", "line 1"),
            (
                "[[meter]]\nname = \"a\"\nkind = \"shelly2\"\nurl = \"http://a\"\n\n\
                 [[meter]]\nname = \"b\"\nkind = \"shelly2\"\n",
                "line 6",
            ),
            (
                "[[meter]]\nname = \"a\"\nkind = \"shelly3\"\nurl = \"http://a\"\n",
                "line 3",
            ),
            ("prefer = \"battery\"\n", "line 1"),
            (
                "[[meter]]\nname = \"a\"\nkind = \"tasmota\"\nurl = \"http://a\"\n\
                 [[meter]]\nname = \"a\"\nkind = \"tasmota\"\nurl = \"http://b\"\n",
                "two meters called \"a\"",
            ),
        ] {
            let (_dir, path) = file(text);
            let problem = settings(&path).problem.unwrap();
            assert!(problem.contains(words), "{problem}");
            assert!(problem.contains("meters.toml"), "{problem}");
            assert!(put(&path, &plug("x"), None).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn two_main_meters_of_one_scope_are_refused() {
        let (_dir, path) = file("");
        let main = |name| OutsideMeter {
            role: MeterRole::Main,
            ..plug(name)
        };
        put(&path, &main("a"), None).unwrap();
        let error = put(&path, &main("b"), None).unwrap_err().to_string();
        assert!(error.contains("both the main meter"), "{error}");
        assert_eq!(read(&path).unwrap().meter, [main("a")]);
    }
}
