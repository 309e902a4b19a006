//! Why an entry is on the list, in one sentence that a person without statistics understands.

use crate::knowledge::{reach, why};
use crate::model::{Models, Predict as _, Scored};
use crate::observation::History;
use crate::surrogate::mixture::Mixture;
use wattsmith_domain::{Change, Configuration, ParameterSpace};

/// A smaller risk of breaking a limit is not worth a word.
pub const LEAST_RISK: f64 = 0.1;

/// What speaks for an entry beside its figures.
pub(super) struct Reason {
    /// Such as: `parallel has not been turned yet: requests worked on at once share each pass over
    /// the model`; empty where nothing differs from the best so far.
    pub because: String,
    /// All of it, with what differs from the best so far and by how much.
    pub sentence: String,
}

/// The sentence is such as: `parallel 4 → 8: about 14 % less than the best so far (between 30 % less
/// and 5 % more); requests worked on at once share each pass over the model.`
pub(super) fn of(
    scored: &Scored,
    risk: f64,
    history: &History,
    models: &Models<Mixture>,
    space: &ParameterSpace,
) -> Reason {
    let base = history.best().map_or_else(
        || space.default_configuration(),
        |best| best.configuration.clone(),
    );
    let changes = scored.configuration.changes_from(&base, space);
    let from = models.energy.predict(&base).mean;
    let (mean, sd) = (scored.energy.mean, scored.energy.sd);
    let ratio = |log: f64| in_words((log - from).exp());
    let named: Vec<String> = changes.iter().map(Change::to_string).collect();
    let because = changes
        .iter()
        .max_by(|one, other| reach(&one.name).total_cmp(&reach(&other.name)))
        .map_or(String::new(), |change| because(change, history, &base));
    let mut sentence = format!(
        "{}: {} than the best so far (between {} and {})",
        named.join(", "),
        ratio(mean),
        ratio(mean - 1.96 * sd),
        ratio(mean + 1.96 * sd),
    );
    if !because.is_empty() {
        sentence.push_str("; ");
        sentence.push_str(&because);
    }
    if risk >= LEAST_RISK {
        sentence.push_str(&format!("; {:.0} % risk of breaking a limit", risk * 100.0));
    }
    sentence.push('.');
    Reason { because, sentence }
}

fn because(change: &Change, history: &History, base: &Configuration) -> String {
    let name = change.name.as_str();
    let tried = history
        .points
        .iter()
        .any(|point| point.configuration.get(name) == Some(&change.to));
    let turned = history
        .points
        .iter()
        .any(|point| point.configuration.get(name) != base.get(name));
    if tried {
        format!("{name} {} has been tried, but not with these", change.to)
    } else if turned {
        format!("{name} was turned before, but not to {}", change.to)
    } else {
        format!("{name} has not been turned yet: {}", why(name))
    }
}

fn in_words(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    if percent.abs() < 0.5 {
        "no more".to_owned()
    } else if percent < 0.0 {
        format!("{:.0} % less", -percent)
    } else {
        format!("{percent:.0} % more")
    }
}
