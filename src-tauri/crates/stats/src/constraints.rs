//! A trial's speed over its repeats, and what it does not keep to.

use wattsmith_domain::{Configuration, Performance, Quantiles, Repeat, Session, Tokens};

/// Constraints that are not kept, in words a person reads.
pub(crate) fn violations(
    session: &Session,
    performance: Option<&Performance>,
    configuration: &Configuration,
) -> Vec<String> {
    let (constraints, space) = (&session.objective.constraints, &session.space);
    let unit = session.workload.unit;
    let mut violations = Vec::new();
    if let (Some(least), Some(seen)) = (constraints.min_tokens_per_second, performance)
        && seen.tokens_per_second < least
    {
        violations.push(format!(
            "{} {}, at least {least} asked for",
            speed(seen.tokens_per_second),
            unit.rate()
        ));
    }
    if let (Some(most), Some(seen)) = (constraints.max_time_to_first_token_s, performance)
        && seen.time_to_first_token_s.p95 > most
    {
        violations.push(format!(
            "time to {} {:.2} s (95th percentile), at most {most} s asked for",
            unit.awaited(),
            seen.time_to_first_token_s.p95
        ));
    }
    if constraints.quality_lock {
        let changed = configuration
            .changes_from(&space.default_configuration(), space)
            .into_iter()
            .filter(|change| {
                space
                    .get(&change.name)
                    .is_some_and(|parameter| parameter.changes_output)
            });
        violations.extend(changed.map(|change| {
            format!(
                "{change} can change the {}, which are locked",
                unit.results()
            )
        }));
    }
    violations
}

/// One decimal, or two figures where that would be too few: pictures come less often than tokens.
fn speed(per_second: f64) -> String {
    match per_second {
        slow if slow < 1.0 => format!("{slow:.2}"),
        usual => format!("{usual:.1}"),
    }
}

/// Means over repeats; of quantiles too, which is a mean of quantiles and no quantile of all.
pub(crate) fn mean_performance(repeats: &[Repeat]) -> Option<Performance> {
    let n = repeats.len();
    if n == 0 {
        return None;
    }
    let mean = |of: &dyn Fn(&Performance) -> f64| {
        repeats
            .iter()
            .map(|repeat| of(&repeat.performance))
            .sum::<f64>()
            / n as f64
    };
    let told = |of: &dyn Fn(&Performance) -> Option<f64>| {
        let all: Option<Vec<f64>> = repeats.iter().map(|one| of(&one.performance)).collect();
        Some(all?.iter().sum::<f64>() / n as f64)
    };
    let quantiles = |of: &dyn Fn(&Performance) -> Quantiles| Quantiles {
        p50: mean(&|one| of(one).p50),
        p95: mean(&|one| of(one).p95),
    };
    Some(Performance {
        tokens_per_second: mean(&|one| one.tokens_per_second),
        time_to_first_token_s: quantiles(&|one| one.time_to_first_token_s),
        time_per_output_token_s: quantiles(&|one| one.time_per_output_token_s),
        prefill_s: told(&|one| one.prefill_s),
        decode_s: told(&|one| one.decode_s),
        prompt_tokens: Tokens(mean(&|one| one.prompt_tokens.0 as f64).round() as u64),
        requests: mean(&|one| f64::from(one.requests)).round() as u32,
    })
}
