//! CSV files as loggers write them.

use super::*;
use SensorFault::{ImpossibleLevel, SeveralValues, Stale, Unreadable};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn csv(path: &Path, column: &str, separator: char) -> OutsideKind {
    OutsideKind::Csv {
        path: path.to_owned(),
        column: column.to_owned(),
        separator,
        decimal: None,
    }
}

fn file(text: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.csv");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

fn value(text: &str, column: &str, separator: char) -> Result<f64, String> {
    let (_dir, path) = file(text.as_bytes());
    watts(csv(&path, column, separator))
}

#[test]
fn the_last_whole_line_of_a_csv_file_counts() {
    let text = "time,\"power, total\",x\n1,50.5,a\n2,60.25,b\n3,7";
    assert_eq!(value(text, "power, total", ','), Ok(60.25));
    assert_eq!(value("1;50.5\r\n2; 61 \r\n", "2", ';'), Ok(61.0));
    let long = format!("time,watts\n{}", "1,33\n".repeat(20_000));
    assert_eq!(value(&long, "watts", ','), Ok(33.0));
}

#[test]
fn an_invisible_mark_and_a_decimal_comma_change_nothing() {
    for line in ["61,5;2026-02-03 10:11:12", "61.5;2026-02-03 10:11:12"] {
        for mark in ["\u{feff}", ""] {
            let text = format!("{mark}watts;time\r\n{line}\r\n{line}\r\n");
            assert_eq!(value(&text, "watts", ';'), Ok(61.5), "{text:?}");
        }
    }
    // Quotes keep the comma of a number apart from those between columns.
    assert_eq!(value("time,watts\n1,\"61,5\"\n", "watts", ','), Ok(61.5));
}

#[test]
fn a_comma_that_may_mean_two_things_is_named() {
    for (text, separator) in [
        ("watts,time\n61,5,10:11:12\n", ','),
        ("61,5\n62\n61,5\n", ','),
        ("watts;time\n1,234;a\n", ';'),
    ] {
        refused(value(text, "1", separator), Unreadable, "comma");
    }
    // Other lines of the column, or the person, tell.
    assert_eq!(
        value("watts;time\n99,5;a\n1,234;b\n", "watts", ';'),
        Ok(1.234)
    );
    let (_dir, path) = file(b"watts;time\n1,234;a\n");
    for (decimal, expected) in [(Decimal::Comma, 1.234), (Decimal::Point, 1234.0)] {
        let kind = OutsideKind::Csv {
            path: path.clone(),
            column: "watts".to_owned(),
            separator: ';',
            decimal: Some(decimal),
        };
        assert_eq!(watts(kind), Ok(expected));
    }
}

#[test]
fn the_unit_in_a_heading_or_behind_a_number_counts() {
    for (text, column) in [
        ("time,power.draw [W]\na,61.5 W\n", "power.draw [W]"),
        ("time,power [W]\na,61.5\n", "power"),
        ("time,Leistung (kW)\na,0.0615\n", "Leistung (kW)"),
        ("time,power_mW\na,61500\n", "power_mW"),
        ("time,power (mW)\na,61500\n", "2"),
    ] {
        assert_eq!(value(text, column, ','), Ok(61.5), "{text}");
    }
    for text in ["t,power [VA]\n1,61\n", "t,energy [J]\n1,61\n"] {
        refused(value(text, "2", ','), Unreadable, "energy");
    }
    let (_dir, path) = file(b"t,power [W]\n1,61\n");
    let milliwatts = meter(csv(&path, "power [W]", ','), MeterUnit::Milliwatts);
    refused(read(&milliwatts), Unreadable, "correct the unit");
}

#[test]
fn a_csv_file_that_cannot_be_used_has_a_reason_and_no_number() {
    let dir = tempfile::tempdir().unwrap();
    let missing = watts(csv(&dir.path().join("log.csv"), "1", ','));
    refused(missing, Unreadable, "log.csv");
    for (text, column, fault, words) in [
        ("", "1", Unreadable, "no whole line"),
        ("12", "1", Unreadable, "no whole line"),
        ("time,watts\n", "watts", Unreadable, "no whole line"),
        ("time,watts\n1,2\n", "power", Unreadable, "names no column"),
        ("watts;time\n1;2\n", "watts", Unreadable, "separator ';'"),
        ("W,W\n1,2\n", "W", SeveralValues, "2 columns"),
        ("1,2\n", "3", Unreadable, "none with number 3"),
        ("1,2\n1,high\n", "2", Unreadable, "no number"),
        ("1,2\n1,\n", "2", Unreadable, "no number"),
        ("1,2\n1,[N/A]\n", "2", Unreadable, "[N/A]"),
        ("1,2\n1,0\n", "2", ImpossibleLevel, "0 W"),
        ("1,2\n1,nan\n", "2", Unreadable, "no finite number"),
        (
            "gpu,watts\n0,25\n1,210\n0,25\n1,211\n",
            "watts",
            SeveralValues,
            "take turns",
        ),
    ] {
        refused(value(text, column, ','), fault, words);
    }
    let wide: Vec<u8> = "watts\n61\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let (_dir, path) = file(&wide);
    refused(watts(csv(&path, "watts", ',')), Unreadable, "UTF-16");
}

#[test]
fn a_csv_file_to_which_nobody_writes_any_more_is_too_old() {
    let (_dir, path) = file(b"50\n");
    let hour = std::time::SystemTime::now() - Duration::from_secs(3600);
    let opened = std::fs::File::options().append(true).open(&path).unwrap();
    opened.set_modified(hour).unwrap();
    refused(watts(csv(&path, "1", ',')), Stale, "no new line for");
}

#[test]
fn lines_that_come_all_at_once_were_held_back() {
    let (_dir, path) = file(b"watts\n50\n");
    let opened = Opened::of(&meter(csv(&path, "watts", ','), MeterUnit::Watts));
    let add = |text: &str| {
        let mut file = std::fs::File::options().append(true).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    // One by one is fine, however many readings lie between.
    for _ in 0..3 {
        assert_eq!(again(&opened), Ok(50.0));
    }
    add("51\n");
    for _ in 0..4 {
        assert_eq!(again(&opened), Ok(51.0));
    }
    add(&"99\n".repeat(300));
    refused(again(&opened), Stale, "300 lines came at once");
    refused(again(&opened), Stale, "held back");
    add("52\n");
    assert_eq!(again(&opened), Ok(52.0));
}
