//! Why an entry is on the list, in one sentence that a person without statistics understands.

use crate::knowledge::{reach, why};
use crate::model::{Models, Predict as _, Scored};
use crate::observation::History;
use crate::surrogate::mixture::Mixture;
use wattsmith_domain::{Change, Configuration, ParameterSpace};

/// Such as: `parallel 4 → 8: about 14 % less than the best so far (between 30 % less and 5 % more);
/// requests worked on at once share each pass over the model.`
pub(super) fn of(
    scored: &Scored,
    history: &History,
    models: &Models<Mixture>,
    space: &ParameterSpace,
) -> String {
    let base = history.best().map_or_else(
        || space.default_configuration(),
        |best| best.configuration.clone(),
    );
    let changes = scored.configuration.changes_from(&base, space);
    let from = models.energy.predict(&base).mean;
    let (mean, sd) = (scored.energy.mean, scored.energy.sd);
    let ratio = |log: f64| in_words((log - from).exp());
    let named: Vec<String> = changes.iter().map(Change::to_string).collect();
    let leading = changes
        .iter()
        .max_by(|one, other| reach(&one.name).total_cmp(&reach(&other.name)));
    let because = leading.map_or(String::new(), |change| {
        format!("; {}", because(change, history, &base))
    });
    let risk = 1.0 - models.keeps(&scored.configuration);
    let risk = if risk >= 0.1 {
        format!("; {:.0} % risk of breaking a limit", risk * 100.0)
    } else {
        String::new()
    };
    format!(
        "{}: {} than the best so far (between {} and {}){because}{risk}.",
        named.join(", "),
        ratio(mean),
        ratio(mean - 1.96 * sd),
        ratio(mean + 1.96 * sd),
    )
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
