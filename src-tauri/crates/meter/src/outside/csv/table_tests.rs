//! Heads and tails of CSV files as they come from loggers.

use super::*;
use proptest::prelude::*;

fn table(text: &str, separator: char) -> Table {
    Table::parse(text.as_bytes(), text.as_bytes(), true, separator).unwrap()
}

#[test]
fn a_line_is_split_outside_quotes() {
    assert_eq!(fields("a,\"b, c\" , d", ','), ["a", "b, c", "d"]);
    assert_eq!(fields("\"say \"\"W\"\"\";1", ';'), ["say \"W\"", "1"]);
    assert_eq!(fields("", ','), [""]);
}

#[test]
fn a_column_is_found_by_its_name_with_or_without_its_unit() {
    let table = table("time,power.draw [W],Leistung (kW)\n1,2,3\n", ',');
    for (column, place) in [
        ("power.draw [W]", 1),
        ("power.draw", 1),
        ("leistung", 2),
        ("2", 1),
    ] {
        assert_eq!(table.place(column), Ok(place), "{column}");
    }
    let error = table.place("watts").unwrap_err().what;
    assert!(error.contains("power.draw [W]"), "{error}");
}

#[test]
fn two_columns_of_one_name_and_a_wrong_separator_are_named() {
    let twice = table("W;W\n1;2\n", ';').place("W").unwrap_err();
    assert!(twice.what.contains("2 columns"), "{twice}");
    let other = table("watts;time\n1;2\n", ',').place("watts").unwrap_err();
    assert!(other.what.contains("separator ';'"), "{other}");
}

#[test]
fn marks_that_programs_put_first_are_passed_over() {
    for text in [
        "\u{feff}watts;time\r\n61.5;x\r\n",
        "sep=;\r\nwatts;time\r\n61.5;x\r\n",
        "# watts;time\n61.5;x\n",
    ] {
        let table = table(text, ';');
        assert_eq!(table.place("watts"), Ok(0), "{text:?}");
        assert_eq!(table.last().unwrap(), &["61.5", "x"], "{text:?}");
    }
}

#[test]
fn utf_16_is_named() {
    let wide: Vec<u8> = "\u{feff}watts\n61\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [&wide[..], &wide[2..]] {
        let error = Table::parse(bytes, bytes, true, ',').unwrap_err();
        assert!(error.what.contains("UTF-16"), "{error}");
    }
}

#[test]
fn a_comma_with_two_meanings_is_refused() {
    for text in [
        "watts,time\n61,5,10:11\n",
        "61,5\n62\n",
        "62,10:11\n61,5,10:12\n",
    ] {
        let table = table(text, ',');
        let line = table.last().unwrap();
        let error = table.check_commas(line).unwrap_err();
        assert!(error.what.contains("comma"), "{text:?}: {error}");
    }
    for text in ["watts,time\n61,10:11\n", "1,61\n2,62\n", "a,b\n1,2,\n"] {
        let table = table(text, ',');
        assert_eq!(
            table.check_commas(table.last().unwrap()),
            Ok(()),
            "{text:?}"
        );
    }
}

#[test]
fn lines_that_take_turns_between_boards_are_several_values() {
    // nvidia-smi --query-gpu=timestamp,index,power.draw --format=csv -l 1, two boards
    let two =
        "timestamp, index, power.draw [W]\na, 0, 25 W\na, 1, 210 W\nb, 0, 25 W\nb, 1, 211 W\n";
    let error = table(two, ',').check_rows(2).unwrap_err();
    assert!(error.what.contains("0, 1"), "{error}");
    let one = "timestamp, index, power.draw [W]\na, 0, 25 W\nb, 0, 26 W\n";
    assert_eq!(table(one, ',').check_rows(2), Ok(()));
    // A data frame's own count of lines.
    let counted = "index,watts\n0,25\n1,26\n2,26\n";
    assert_eq!(table(counted, ',').check_rows(1), Ok(()));
}

#[test]
fn new_lines_are_counted_from_the_end() {
    let table = table("w\n10\n200\n3\n", ',');
    assert_eq!(table.lines_in(2), 1);
    assert_eq!(table.lines_in(6), 2);
    assert_eq!(table.lines_in(0), 0);
    assert_eq!(table.lines_in(1000), 3);
}

proptest! {
    #[test]
    fn any_bytes_are_a_table_or_a_refusal(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(table) = Table::parse(&bytes, &bytes, true, ';') {
            let _ = (table.place("watts"), table.check_rows(0), table.lines_in(50));
            if let Ok(line) = table.last() {
                let _ = table.check_commas(line);
            }
        }
    }
}
