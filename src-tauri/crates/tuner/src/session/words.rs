//! Verdicts and figures in words, the same on the screen, in the terminal and in prompts.

pub use crate::session::outlook::{Outlook, Outlooks};
pub use crate::session::trial_words::trial;
use wattsmith_domain::{
    Availability, Comparison, Confirmation, Decision, DiscardedRepeat, Interval, Likeness,
    PicturePhase, PictureWork, Purpose, Repeat, SensorReport, SessionRecord, Source, Trial,
    Verdict, Warning, WarningKind,
};
use wattsmith_stats::said;
pub use wattsmith_stats::said::span;
use wattsmith_stats::{Analysis, Outcome, OutcomeKind, Rule, TrialAnalysis};

/// Three significant digits, never an exponent: `0.228`, `12.3`, `1410`.
#[must_use]
pub fn figure(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = |value: f64| (2 - value.abs().log10().floor() as i32).clamp(0, 9);
    // Rounding may carry into one more digit: 99.96 has the decimals of 100.
    let scale = 10_f64.powi(decimals(value));
    let decimals = decimals((value * scale).round() / scale) as usize;
    format!("{value:.decimals$}")
}

/// `0.228 ± 0.009`, or `0.228 (0.11 to 0.47)` where the interval is wide and so lopsided.
#[must_use]
pub fn interval(interval: &Interval) -> String {
    said::interval(interval)
}

/// A share from 0 to 1 in whole per cent: `87 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A verdict against the default, as a sentence without a full stop.
#[must_use]
pub fn verdict(comparison: &Comparison) -> String {
    let change = comparison.saving_percent();
    match comparison.verdict {
        Verdict::Reference => "the default: everything is compared with it".to_owned(),
        Verdict::Better => {
            format!("better: {change:.1} % less than the default, outside the noise")
        }
        Verdict::Worse => {
            format!(
                "worse: {:.1} % more than the default, outside the noise",
                -change
            )
        }
        Verdict::NotDecided { seconds_more } => {
            let outlook = match seconds_more {
                Some(seconds) => format!("about {} more would decide it", span(seconds)),
                None => "more would hardly decide it".to_owned(),
            };
            let word = if change >= 0.0 { "less" } else { "more" };
            format!(
                "not decided ({outlook}): {:.1} % {word} was seen, inside the noise",
                change.abs()
            )
        }
        Verdict::DependsOnEstimate => {
            "depends on the estimate: the order changes with how much this machine draws when idle"
                .to_owned()
        }
    }
}

/// A trial's verdict as a sentence without a full stop: that of fresh repeats where they decided, else
/// that of the search. None where there is neither.
#[must_use]
pub fn of_trial(own: &TrialAnalysis) -> Option<String> {
    if own.stale {
        return Some("measured before the machine changed: not compared".to_owned());
    }
    judged(own).or_else(|| own.comparison.as_ref().map(verdict))
}

/// What fresh repeats decided of a trial, as a sentence without a full stop.
#[must_use]
pub fn judged(own: &TrialAnalysis) -> Option<String> {
    let judged = own.judged?;
    let word = judged.kind.word();
    let pairs = judged.pairs;
    Some(match judged.ratio {
        Some(ratio) => format!("{word}: {pairs} fresh pairs showed {}", change(ratio.mean)),
        None => format!("{word} by {pairs} fresh pairs"),
    })
}

/// `11.6 % less than the default` for a ratio of 0.884.
fn change(ratio: f64) -> String {
    format!("{} than the default", said::less_or_more(ratio))
}

/// What a session came to in a few words, the same in terminal, window and report.
#[must_use]
pub fn outcome(record: &SessionRecord, analysis: &Analysis) -> String {
    Outcome::of(record, analysis).words()
}

/// Gross joules per denoising step of one image, mean over windows; none where it is no pictures.
#[must_use]
pub fn joules_per_step(repeats: &[Repeat]) -> Option<f64> {
    let all: Option<Vec<f64>> = repeats.iter().map(Repeat::joules_per_step).collect();
    let all = all.filter(|all| !all.is_empty())?;
    Some(all.iter().sum::<f64>() / all.len() as f64)
}

/// How far a trial's answers agree with the default's, as a sentence; none where that was not compared.
#[must_use]
pub fn answers(trial: &Trial) -> Option<String> {
    let answers = trial.answers.as_ref()?;
    let share = answers.agreement.share()?;
    let what = match trial.purpose {
        Purpose::Default => "Its answers with several requests at once, beside those one at a time",
        Purpose::Proposal => "Its answers beside the default's",
    };
    let apart = answers.apart.map(|apart| {
        format!(
            " Up to the first other one, log-probabilities are {} apart on average.",
            figure(apart.mean)
        )
    });
    Some(format!(
        "{what}: {} of the first tokens are the same ({} of {}).{}",
        percent(share),
        answers.agreement.same,
        answers.agreement.of,
        apart.unwrap_or_default()
    ))
}

/// What is to be said of a trial's pictures: each step's joules, the phases' shares of the time, how
/// like the default's they are. Whole sentences; none where it is no pictures.
#[must_use]
pub fn pictures(repeats: &[Repeat]) -> Vec<String> {
    let works: Vec<&PictureWork> = repeats
        .iter()
        .filter_map(|one| one.pictures.as_ref())
        .collect();
    let step = joules_per_step(repeats)
        .map(|joules| format!("Each step of an image took {} J.", figure(joules)));
    let seconds = |phase| -> f64 {
        let shares = works.iter().filter_map(|one| one.phase(phase));
        shares.map(|share| share.seconds.0).sum()
    };
    let phases = [
        PicturePhase::TextEncoding,
        PicturePhase::Denoising,
        PicturePhase::Decoding,
    ];
    let all: f64 = phases.into_iter().map(seconds).sum();
    let shares = (all > 0.0).then(|| {
        let shares =
            phases.map(|phase| format!("{} {}", phase.label(), percent(seconds(phase) / all)));
        format!("Of its time {}.", shares.join(", "))
    });
    let worst = works
        .iter()
        .filter_map(|one| one.likeness.as_ref()?.worst())
        .min_by(|one, other| one.psnr_db.total_cmp(&other.psnr_db));
    let like = worst.map(|worst| match worst.psnr_db >= Likeness::EQUAL_DB {
        true => "Its pictures equal the default's.".to_owned(),
        false => format!("The picture least like the default's of the same seed: {worst}."),
    });
    [step, shares, like].into_iter().flatten().collect()
}

/// What changed of the machine while the session ran, each in whole sentences.
#[must_use]
pub fn changes(record: &SessionRecord, analysis: &Analysis) -> Vec<String> {
    let unit = record.session.workload.unit.noun();
    let changes = analysis.changes.iter();
    changes.map(|one| one.words(unit)).collect()
}

/// The smallest step of a sensor's value with its unit, where it is known.
#[must_use]
pub fn sensor_step(sensor: &SensorReport) -> Option<String> {
    let Availability::Available { resolution, .. } = &sensor.availability else {
        return None;
    };
    // A chip or a meter of the person's may tell either; then the step is left out.
    let unit = match sensor.source {
        Source::NvmlCounter | Source::Rapl => "J",
        Source::NvmlInstant | Source::NvmlAverage | Source::Battery | Source::WallPlug => "W",
        _ => return None,
    };
    resolution.map(|step| format!("{} {unit}", figure(step)))
}

/// What is known of a sensor's timing and step, each in a few words; nothing of one that does not
/// answer.
#[must_use]
pub fn sensor_facts(sensor: &SensorReport) -> Vec<String> {
    let Availability::Available {
        period_ms,
        averaging_ms,
        ..
    } = &sensor.availability
    else {
        return Vec::new();
    };
    let milliseconds = |ms: f64| match ms {
        ms if ms >= 1000.0 => format!("{} s", figure(ms / 1e3)),
        ms => format!("{} ms", figure(ms)),
    };
    [
        period_ms.map(|ms| format!("a new value every {}", milliseconds(ms))),
        sensor_step(sensor).map(|step| format!("steps of {step}")),
        averaging_ms.map(|ms| match ms {
            0.0 => "not averaged".to_owned(),
            ms => format!("averaged over {}", milliseconds(ms)),
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How a confirmation stands or ended, in whole sentences.
#[must_use]
pub fn confirmation(confirmation: &Confirmation) -> String {
    let pairs = confirmation.best.len().min(confirmation.default.len()) as u32;
    let spending = &Rule::of(confirmation).spending;
    let budget = spending.budget(pairs);
    let ratio = confirmation.ratio;
    let seen = ratio.map_or("nothing".to_owned(), |ratio| change(ratio.mean));
    let word = OutcomeKind::of_confirmation(confirmation).map_or("", OutcomeKind::word);
    let word = capital(word);
    match confirmation.decision {
        Some(Decision::Below) => {
            format!("{word} by {pairs} fresh pairs: {seen}, below the goal.")
        }
        Some(Decision::NotDecided) => {
            let outlook = match confirmation.chance {
                Some(chance) if pairs >= spending.usual && pairs < budget => format!(
                    "more than {} pairs are spent only where the chance is good (here {})",
                    spending.usual,
                    chance_in_percent(chance)
                ),
                Some(chance) if pairs < budget => format!(
                    "{} more would hardly change that (chance {})",
                    budget - pairs,
                    chance_in_percent(chance)
                ),
                _ if pairs >= budget => "no more pairs are spent on it".to_owned(),
                _ => "this may be noise".to_owned(),
            };
            format!("{word}: {pairs} fresh pairs showed {seen}; {outlook}.")
        }
        Some(Decision::DependsOnEstimate) => format!(
            "{word}: {pairs} fresh pairs showed {seen}, but whether that is below the goal hangs on how \
             much this machine draws when idle, which no sensor tells.",
        ),
        None if pairs < spending.first => {
            "One crossing may be luck: fresh repeats of this trial and of \
                                        the default, taken in turns, decide."
                .to_owned()
        }
        None => format!(
            "Not decided yet: {pairs} fresh pairs showed {seen}; up to {} more may follow{}.",
            budget - pairs.min(budget),
            confirmation.chance.map_or(String::new(), |chance| format!(
                " (chance to confirm {})",
                chance_in_percent(chance)
            ))
        ),
    }
}

/// With a capital letter, as a sentence begins.
pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn chance_in_percent(chance: f64) -> String {
    if chance < 0.01 {
        "below 1 %".to_owned()
    } else {
        percent(chance)
    }
}

/// Windows that were discarded, one line each.
#[must_use]
pub fn discarded(discarded: &[DiscardedRepeat]) -> Vec<String> {
    discarded
        .iter()
        .map(|one| {
            format!(
                "Repeat {} was discarded and measured again: {}.",
                one.repeat.index, one.cause.text
            )
        })
        .collect()
}

/// Distinct warnings of some repeats, in order, with the code of a sensor's fault in brackets.
#[must_use]
pub fn warnings(repeats: &[Repeat]) -> Vec<String> {
    distinct(repeats)
        .iter()
        .map(|one| one.with_code())
        .collect()
}

/// The same in words alone.
#[must_use]
pub fn warning_texts(repeats: &[Repeat]) -> Vec<String> {
    distinct(repeats)
        .iter()
        .map(|one| one.text.clone())
        .collect()
}

/// One warning per kind: the same advice with slightly other figures helps nobody. Of a sensor's
/// faults one per sensor, whose name such a text begins with.
#[must_use]
pub fn distinct(repeats: &[Repeat]) -> Vec<&Warning> {
    let about = |warning: &Warning| match warning.kind {
        WarningKind::SensorDoubtful | WarningKind::SensorDisagreement => {
            warning.text.split(": ").next().map(str::to_owned)
        }
        _ => None,
    };
    let mut seen = Vec::new();
    let mut distinct = Vec::new();
    for warning in repeats.iter().flat_map(|repeat| &repeat.warnings) {
        let subject = (warning.kind, warning.fault, about(warning));
        if !seen.contains(&subject) {
            seen.push(subject);
            distinct.push(warning);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_significant_digits() {
        for (value, text) in [
            (0.22784, "0.228"),
            (12.345, "12.3"),
            (1410.4, "1410"),
            (0.0, "0"),
            (0.001234, "0.00123"),
            (99.96, "100"),
            (-99.96, "-100"),
            (0.09996, "0.100"),
            (9.994, "9.99"),
        ] {
            assert_eq!(figure(value), text);
        }
    }
}
