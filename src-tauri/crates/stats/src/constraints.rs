//! A trial's speed over its repeats, and what it does not keep to.

use wattsmith_domain::{
    Configuration, Constraints, ParameterSpace, Performance, Quantiles, Repeat, Tokens,
};

/// Constraints that are not kept, in words a person reads.
pub(crate) fn violations(
    constraints: &Constraints,
    performance: Option<&Performance>,
    configuration: &Configuration,
    space: &ParameterSpace,
) -> Vec<String> {
    let mut violations = Vec::new();
    if let (Some(least), Some(seen)) = (constraints.min_tokens_per_second, performance)
        && seen.tokens_per_second < least
    {
        violations.push(format!(
            "{:.1} tokens/s, at least {least} asked for",
            seen.tokens_per_second
        ));
    }
    if let (Some(most), Some(seen)) = (constraints.max_time_to_first_token_s, performance)
        && seen.time_to_first_token_s.p95 > most
    {
        violations.push(format!(
            "time to first token {:.2} s (95th percentile), at most {most} s asked for",
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
        violations.extend(
            changed.map(|change| format!("{change} can change the answers, which are locked")),
        );
    }
    violations
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
    let quantiles = |of: &dyn Fn(&Performance) -> Quantiles| Quantiles {
        p50: mean(&|one| of(one).p50),
        p95: mean(&|one| of(one).p95),
    };
    Some(Performance {
        tokens_per_second: mean(&|one| one.tokens_per_second),
        time_to_first_token_s: quantiles(&|one| one.time_to_first_token_s),
        time_per_output_token_s: quantiles(&|one| one.time_per_output_token_s),
        prefill_s: mean(&|one| one.prefill_s),
        decode_s: mean(&|one| one.decode_s),
        prompt_tokens: Tokens(mean(&|one| one.prompt_tokens.0 as f64).round() as u64),
        requests: mean(&|one| f64::from(one.requests)).round() as u32,
    })
}
