//! What is read as a number, what is not, and what is open.

use super::*;
use proptest::prelude::*;

#[test]
fn numbers_are_read_as_they_are_written() {
    for (text, wanted) in [
        ("61.5", 61.5),
        ("61,5", 61.5),
        (" +61,50 ", 61.5),
        ("-402.11", -402.11),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1 234,5", 1234.5),
        ("1'234.5", 1234.5),
        ("1\u{202f}234", 1234.0),
        ("1,234,567", 1_234_567.0),
        ("0,125", 0.125),
        ("1234,567", 1234.567),
        ("2.5E+01", 25.0),
        ("61.125", 61.125),
    ] {
        assert_eq!(number(text, None), Ok(wanted), "{text}");
    }
    assert!(number("nan", None).unwrap().is_nan());
}

#[test]
fn a_comma_before_three_digits_is_open_until_somebody_says() {
    assert_eq!(number("1,234", None), Err(NoNumber::Open(',')));
    assert_eq!(number("1,234", Some(Decimal::Comma)), Ok(1.234));
    assert_eq!(number("1,234", Some(Decimal::Point)), Ok(1234.0));
    assert_eq!(number("1.234", Some(Decimal::Comma)), Ok(1234.0));
    assert_eq!(number("61.5", Some(Decimal::Comma)), Err(NoNumber::Other));
    assert_eq!(shown(["1,234", "61,5"].into_iter()), Some(Decimal::Comma));
    assert_eq!(shown(["1,234", "61.5"].into_iter()), Some(Decimal::Point));
    assert_eq!(shown(["61,5", "61.5"].into_iter()), None);
    assert_eq!(shown(["1,234", "N/A"].into_iter()), None);
}

#[test]
fn what_is_no_number_is_none() {
    for text in [
        "",
        "N/A",
        "[N/A]",
        "[Not Supported]",
        "high",
        "12:30",
        "1,2,3",
        "1.2.3,4",
        "1 2",
        "5-3",
        "1,23,456.0",
    ] {
        assert_eq!(number(text, None), Err(NoNumber::Other), "{text}");
    }
}

#[test]
fn a_line_holds_numbers_with_their_units() {
    let read = |line: &str| {
        on_line(line).map(|all| {
            all.into_iter()
                .map(|(value, unit)| (value, unit.map_or("", |unit| unit.symbol)))
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(read("25.40 W\n"), Ok(vec![(25.4, "W")]));
    assert_eq!(read("25.40W"), Ok(vec![(25.4, "W")]));
    assert_eq!(
        read("25.40 W, 210.90 W"),
        Ok(vec![(25.4, "W"), (210.9, "W")])
    );
    assert_eq!(
        read("1 2\t3;4"),
        Ok(vec![(1.0, ""), (2.0, ""), (3.0, ""), (4.0, "")])
    );
    assert_eq!(read("61,5"), Err(NoNumber::Open(',')));
    for line in ["", "power.draw [W]", "W", "25.40 V", "GPU 0: 25 W", "[N/A]"] {
        assert_eq!(read(line), Err(NoNumber::Other), "{line}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_number_or_none_and_never_a_fault(text in "\\PC{0,24}") {
        let _ = (number(&text, None), on_line(&text), split_unit(&text));
    }

    #[test]
    fn a_number_comes_back_in_either_writing(value in -99_999.0f64..99_999.0, places in 0usize..6) {
        let point = format!("{value:.places$}");
        let read: f64 = point.parse().unwrap();
        prop_assert_eq!(number(&point, None), Ok(read));
        let comma = point.replace('.', ",");
        prop_assert_eq!(number(&comma, Some(Decimal::Comma)), Ok(read));
        if let Ok(open) = number(&comma, None) {
            prop_assert_eq!(open, read);
        }
    }
}
