//! Numbers as people and programs write them: with a point or a comma before the decimals, with
//! thousands set apart, with a unit behind. What could be read in two ways is no number.

use super::unit::{self, Printed};
use wattsmith_domain::Decimal;

/// Why a text is no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoNumber {
    /// It is something else.
    Other,
    /// Its comma or point may stand before decimals or between thousands.
    Open(char),
}

/// The number that `text` is; `decimal` says what stands before decimals, where that is known.
pub(super) fn number(text: &str, decimal: Option<Decimal>) -> Result<f64, NoNumber> {
    let text = joined(text.trim());
    let commas = text.matches(',').count();
    let points = text.matches('.').count();
    let mark = match (commas, points) {
        (0, 0) => return plain(&text),
        // The mark that comes last, and once, stands before the decimals.
        (1.., 1..) => match text.rfind([',', '.']).map(|at| &text[at..=at]) {
            Some(",") => Decimal::Comma,
            _ => Decimal::Point,
        },
        (0, 1) => match decimal {
            Some(Decimal::Comma) if looks_grouped(&text, '.') => Decimal::Comma,
            Some(Decimal::Comma) => return Err(NoNumber::Other),
            _ => Decimal::Point,
        },
        (1, 0) => match decimal {
            Some(Decimal::Comma) => Decimal::Comma,
            Some(Decimal::Point) => Decimal::Point,
            None if looks_grouped(&text, ',') => return Err(NoNumber::Open(',')),
            None => Decimal::Comma,
        },
        // More than one of one kind sets thousands apart.
        (0, _) => Decimal::Comma,
        (_, 0) => Decimal::Point,
    };
    if decimal.is_some_and(|decimal| decimal != mark) {
        return Err(NoNumber::Other);
    }
    let (before, group) = match mark {
        Decimal::Comma => (',', '.'),
        Decimal::Point => ('.', ','),
    };
    let (whole, rest) = text.split_once(before).unwrap_or((&text, ""));
    if rest.contains(group) || (whole.contains(group) && !grouped(whole, group)) {
        return Err(NoNumber::Other);
    }
    let whole: String = whole.chars().filter(|letter| *letter != group).collect();
    plain(&format!("{whole}.{rest}"))
}

/// A number that has at most one point and no comma.
fn plain(text: &str) -> Result<f64, NoNumber> {
    text.parse().map_err(|_| NoNumber::Other)
}

/// Without spaces and apostrophes that set thousands apart.
fn joined(text: &str) -> String {
    let gaps = [' ', '\u{a0}', '\u{202f}', '\'', '\u{2019}'];
    let Some(gap) = text.chars().find(|letter| gaps.contains(letter)) else {
        return text.to_owned();
    };
    let whole = text.split([',', '.']).next().unwrap_or(text);
    match grouped(whole, gap) {
        true => text.replace(gap, ""),
        false => text.to_owned(),
    }
}

/// Whether `gap` sets groups of three digits apart.
fn grouped(whole: &str, gap: char) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = whole.trim_start_matches(['-', '+']).split(gap);
    parts
        .next()
        .is_some_and(|first| digits(first) && first.len() <= 3)
        && parts.all(|part| digits(part) && part.len() == 3)
}

/// Whether one mark could set thousands apart: one to three digits before it, not a lone zero, and
/// three behind.
fn looks_grouped(text: &str, gap: char) -> bool {
    grouped(text, gap) && !text.trim_start_matches(['-', '+']).starts_with(['0', gap])
}

/// What the numbers of a column show to stand before their decimals.
pub(super) fn shown<'a>(cells: impl Iterator<Item = &'a str>) -> Option<Decimal> {
    let (mut comma, mut point) = (false, false);
    for cell in cells {
        let cell = split_unit(cell).0;
        let last = cell.rfind([',', '.']).map(|at| &cell[at..=at]);
        if number(cell, None).is_err() || cell.matches([',', '.']).count() != 1 {
            continue;
        }
        match last {
            Some(",") => comma = true,
            Some(".") if !looks_grouped(cell, '.') => point = true,
            _ => {}
        }
    }
    match (comma, point) {
        (true, false) => Some(Decimal::Comma),
        (false, true) => Some(Decimal::Point),
        _ => None,
    }
}

/// A number and the unit behind it, apart.
pub(super) fn split_unit(text: &str) -> (&str, Option<Printed>) {
    let text = text.trim();
    let digits = text.rfind(|letter: char| letter.is_ascii_digit() || letter == '.');
    let Some(end) = digits.map(|at| at + 1) else {
        return (text, None);
    };
    match unit::unit(&text[end..]) {
        Some(unit) => (text[..end].trim_end(), Some(unit)),
        None => (text, None),
    }
}

/// The numbers on a line of a program's output, each with the unit behind it. Numbers stand apart by
/// spaces, semicolons, or a comma and a space; a point stands before decimals.
pub(super) fn on_line(line: &str) -> Result<Vec<(f64, Option<Printed>)>, NoNumber> {
    let mut found: Vec<(f64, Option<Printed>)> = Vec::new();
    let words = line
        .split([';', '\t', ' ', '\u{a0}'])
        .map(|word| word.trim().trim_end_matches(','))
        .filter(|word| !word.is_empty());
    for word in words {
        // A unit belongs to the number before it.
        if let (Some(unit), Some(last)) = (unit::unit(word), found.last_mut())
            && last.1.is_none()
        {
            last.1 = Some(unit);
            continue;
        }
        let (digits, unit) = split_unit(word);
        if digits.contains(',') {
            return Err(NoNumber::Open(','));
        }
        found.push((plain(digits)?, unit));
    }
    match found.is_empty() {
        true => Err(NoNumber::Other),
        false => Ok(found),
    }
}

#[cfg(test)]
#[path = "number_tests.rs"]
mod tests;
