//! What found settings are worth in use: for a thousand answers or images, and in a year at the person's
//! own count, price and grid.
//!
//! An amount is the default's energy times the saving in per cent, both with their 95 % intervals: its own
//! goes from the least to the greatest that the two allow. What every joule may be off by, all in the same
//! direction, stays apart, as everywhere.

use crate::{Lead, Outcome, OutcomeKind, said};
use wattsmith_domain::{Interval, Settings, WorkUnit, Workload};

/// Answers or images that amounts are told for.
pub const MANY: u32 = 1_000;
/// Days that a year is counted as.
const DAYS: f64 = 365.0;

/// How far a saving may be stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Fresh repeats decided it.
    Confirmed,
    /// Something was seen that nothing has confirmed.
    Seen,
    /// There is none to state.
    None,
}

/// What found settings are worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Worth {
    /// How far the saving may be stated.
    pub standing: Standing,
    /// Joules of [`MANY`] with the default, where it was measured.
    pub default: Option<f64>,
    /// Joules of [`MANY`] with the settings that the outcome is about.
    pub subject: Option<f64>,
    /// Joules saved on [`MANY`]; below zero where the settings cost more.
    pub saved: Option<Interval>,
    /// Joules saved in a year, where the person said how much work a day has.
    pub saved_in_a_year: Option<Interval>,
}

impl Worth {
    /// Works it out from what stands first.
    #[must_use]
    pub fn of(lead: &Lead, outcome: &Outcome, workload: &Workload, settings: &Settings) -> Self {
        let many = units_each(workload) * f64::from(MANY);
        let default = lead.default.as_ref();
        let standing = match (standing(outcome.kind), default, outcome.ratio) {
            (_, None, _) | (_, _, None) => Standing::None,
            (standing, ..) => standing,
        };
        let saved = default
            .zip(outcome.ratio)
            .filter(|_| standing != Standing::None)
            .map(|(side, ratio)| {
                let energy = side.joules_per_unit.unwrap_or(exactly(side.mean));
                times(difference(&energy, side.mean, &ratio), many)
            });
        let per_day = settings.answers_per_day.map(f64::from);
        Self {
            standing,
            default: default.map(|side| side.mean * many),
            subject: lead.subject.as_ref().map(|side| side.mean * many),
            saved_in_a_year: saved
                .zip(per_day)
                .map(|(saved, per_day)| times(saved, per_day * DAYS / f64::from(MANY))),
            saved,
        }
    }

    /// Money that joules cost, in words; none where nobody entered a price.
    #[must_use]
    pub fn money(joules: &Interval, settings: &Settings) -> Option<String> {
        let (price, currency) = settings.price()?;
        let cost = times(*joules, said::in_kilowatt_hours(1.0) * price);
        Some(said::saved(&cost, |amount| said::money(amount, currency)))
    }

    /// Greenhouse gases that joules are answerable for, in words; none where nobody entered the grid's.
    #[must_use]
    pub fn carbon(joules: &Interval, settings: &Settings) -> Option<String> {
        let grams = settings.grid_g_per_kwh?;
        let emitted = times(*joules, said::in_kilowatt_hours(1.0) * grams);
        Some(said::saved(&emitted, said::carbon))
    }
}

fn standing(kind: OutcomeKind) -> Standing {
    match kind {
        OutcomeKind::Confirmed | OutcomeKind::Less => Standing::Confirmed,
        OutcomeKind::NotConfirmed
        | OutcomeKind::Unfinished
        | OutcomeKind::NotDecided
        | OutcomeKind::GoalReached => Standing::Seen,
        OutcomeKind::Nothing
        | OutcomeKind::OneWindow
        | OutcomeKind::DefaultOnly
        | OutcomeKind::NoSaving
        | OutcomeKind::NothingComparable
        | OutcomeKind::Worse
        | OutcomeKind::DependsOnEstimate => Standing::None,
    }
}

/// Units of work in an answer, or in an image.
fn units_each(workload: &Workload) -> f64 {
    match workload.unit {
        WorkUnit::OutputToken => f64::from(workload.output_tokens.max(1)),
        WorkUnit::Image => 1.0,
    }
}

fn exactly(value: f64) -> Interval {
    Interval {
        mean: value,
        low: value,
        high: value,
        n: 1,
    }
}

/// Energy saved per unit: `energy` × (1 − `ratio`), from the least to the greatest that both intervals
/// allow.
fn difference(energy: &Interval, mean: f64, ratio: &Interval) -> Interval {
    let ends = [energy.low, energy.high]
        .into_iter()
        .flat_map(|joules| [ratio.low, ratio.high].map(|ratio| joules * (1.0 - ratio)));
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| {
        (low.min(end), high.max(end))
    });
    Interval {
        mean: mean * (1.0 - ratio.mean),
        low,
        high,
        n: ratio.n,
    }
}

fn times(interval: Interval, factor: f64) -> Interval {
    Interval {
        mean: interval.mean * factor,
        low: interval.low * factor,
        high: interval.high * factor,
        n: interval.n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Analysis;
    use wattsmith_domain::SessionRecord;
    use wattsmith_testkit::fixtures;

    fn worth(record: &SessionRecord, settings: &Settings) -> Worth {
        let analysis = Analysis::of(record);
        let outcome = Outcome::of(record, &analysis);
        let lead = Lead::of(record, &analysis, &outcome);
        Worth::of(&lead, &outcome, &record.session.workload, settings)
    }

    fn entered() -> Settings {
        Settings {
            price_per_kwh: Some(0.5),
            currency: "EUR".to_owned(),
            grid_g_per_kwh: Some(400.0),
            answers_per_day: Some(1_000),
            ..Settings::default()
        }
    }

    #[test]
    fn a_confirmed_saving_is_told_for_a_thousand_answers_and_for_a_year() {
        let record = fixtures::confirmed();
        let worth = worth(&record, &entered());
        assert_eq!(worth.standing, Standing::Confirmed);
        let (default, saved) = (worth.default.unwrap(), worth.saved.unwrap());
        // 64 tokens an answer, 0.283 J each, 20.2 % less.
        assert!((default - 18_120.0).abs() < 60.0, "{default}");
        assert!((saved.mean - default * 0.202).abs() < 1.0, "{saved:?}");
        assert!(saved.low < default * 0.189 && saved.high > default * 0.214);
        assert!(saved.low > 0.0);
        let year = worth.saved_in_a_year.unwrap();
        assert!((year.mean - saved.mean * 365.0).abs() < 1e-6);
        let kwh = year.mean / 3.6e6;
        let money = Worth::money(&year, &entered()).unwrap();
        let wanted = said::money(kwh * 0.5, "EUR");
        assert!(money.starts_with(&format!("{wanted} (")), "{money}");
        let carbon = Worth::carbon(&year, &entered()).unwrap();
        let wanted = said::carbon(kwh * 400.0);
        assert!(carbon.starts_with(&wanted), "{carbon}");
    }

    #[test]
    fn what_nobody_entered_is_not_shown() {
        let record = fixtures::confirmed();
        let worth = worth(&record, &Settings::default());
        assert_eq!(worth.saved_in_a_year, None);
        let saved = worth.saved.unwrap();
        assert_eq!(Worth::money(&saved, &Settings::default()), None);
        assert_eq!(Worth::carbon(&saved, &Settings::default()), None);
    }

    #[test]
    fn only_fresh_repeats_confirm_and_nothing_is_worth_nothing() {
        for (label, record) in fixtures::every_outcome() {
            let worth = worth(&record, &entered());
            let wanted = match label {
                "confirmed" | "less" => Standing::Confirmed,
                "not-confirmed" | "not-decided" | "goal-reached" => Standing::Seen,
                "unfinished" => continue, // seen once a pair is there
                _ => Standing::None,
            };
            assert_eq!(worth.standing, wanted, "{label}");
            assert_eq!(worth.saved.is_some(), wanted != Standing::None, "{label}");
        }
    }

    #[test]
    fn an_image_counts_as_one() {
        let mut record = fixtures::confirmed();
        record.session.workload.unit = WorkUnit::Image;
        let images = worth(&record, &entered()).default.unwrap();
        assert!((images - 283.0).abs() < 1.0, "{images}");
    }
}
