//! What is said of the noise, for window, terminal and report alike.

use super::noise::KeptNoise;

/// Below this share of a run's spread, slow drift is not worth taking turns for.
const MUCH_DRIFT: f64 = 0.5;

/// The one line: the shortest window and the pause that pay, and what a question costs at the least.
#[must_use]
pub fn noise_line(kept: &KeptNoise) -> String {
    let plan = &kept.plan;
    let pause = match plan.pause_s > 0.0 {
        true => format!("after a pause of {:.0} s from the start", plan.pause_s),
        false => "with no pause".to_owned(),
    };
    format!(
        "Windows of {} pay here, {pause}: telling {:.0} % less from none takes {} at the least{}.",
        seconds(plan.window_s),
        100.0 * (1.0 - plan.ratio),
        span(plan.question_s),
        if kept.measured { "" } else { " (estimated)" },
    )
}

/// The parts of what repeats vary by, each with its share and what it means.
#[must_use]
pub fn noise_parts(kept: &KeptNoise) -> Vec<(&'static str, f64, String)> {
    let noise = &kept.noise;
    let [white, drift, launch] = noise.shares();
    let sd = |variance: f64| percent(variance.sqrt());
    let launches = noise.launch.as_ref().map_or_else(
        || "not looked at".to_owned(),
        |one| {
            format!(
                "{} between launches ({} to {} from {} launches)",
                sd(one.variance),
                sd(one.low),
                sd(one.high),
                one.launches
            )
        },
    );
    vec![
        (
            "white",
            white,
            format!(
                "{} between slices of {}; longer windows average it out",
                sd(noise.split.white),
                seconds(noise.split.slice_s)
            ),
        ),
        (
            "slow drift",
            drift,
            format!(
                "{} over the run; taking turns cancels most of it",
                sd(noise.split.drift)
            ),
        ),
        ("launch", launch, launches),
    ]
}

/// What the slow drift of the run means.
#[must_use]
pub fn noise_drift(kept: &KeptNoise) -> String {
    let split = &kept.noise.split;
    let share = split.drift / split.total.max(f64::MIN_POSITIVE);
    let over = format!(
        "Slices of {} vary by {} over {}",
        seconds(split.slice_s),
        percent(split.total.sqrt()),
        span(kept.noise.seconds)
    );
    match share > MUCH_DRIFT {
        true => format!("{over}, {:.0} % of it slower than a slice.", 100.0 * share),
        false => format!("{over}, most of it from slice to slice."),
    }
}

fn percent(fraction: f64) -> String {
    format!("{:.1} %", 100.0 * fraction)
}

fn seconds(value: f64) -> String {
    match value.fract() == 0.0 {
        true => format!("{value:.0} s"),
        false => format!("{value:.1} s"),
    }
}

fn span(value: f64) -> String {
    match value {
        short if short < 120.0 => format!("{short:.0} s"),
        long => format!("{:.0} min", long / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::noise::NoisePlace;
    use wattsmith_domain::Scope;
    use wattsmith_stats::noise::{Components, LaunchEffect, Noise, NoisePlan, Split};

    fn kept() -> KeptNoise {
        KeptNoise {
            recorded_at: "2026-11-30T22:40:00Z".to_owned(),
            place: NoisePlace {
                cpu: "a processor".to_owned(),
                cores: 2,
                gpus: Vec::new(),
                scope: Scope::Estimated,
                engine: "llama-server".to_owned(),
                model_bytes: 1,
            },
            model: "a model".to_owned(),
            source: "estimate".to_owned(),
            measured: false,
            noise: Noise {
                curve: Vec::new(),
                components: Components::default(),
                split: Split {
                    slice_s: 10.0,
                    total: 0.0040,
                    white: 0.0004,
                    drift: 0.0036,
                },
                launch: Some(LaunchEffect {
                    variance: 0.0001,
                    low: 0.0,
                    high: 0.0041,
                    launches: 3,
                    windows: 9,
                }),
                settling_s: 2.0,
                seconds: 235.0,
            },
            plan: NoisePlan {
                window_s: 6.5,
                pause_s: 2.0,
                question_s: 61.0,
                pairs: 2.9,
                ratio: 0.9,
            },
            beside_s: 1.5,
            pass_s: 5.0,
        }
    }

    #[test]
    fn the_line_says_window_pause_and_price() {
        let mut one = kept();
        insta::assert_snapshot!(noise_line(&one), @"Windows of 6.5 s pay here, after a pause of 2 s from the start: telling 10 % less from none takes 61 s at the least (estimated).");
        (one.plan.pause_s, one.plan.question_s, one.measured) = (0.0, 400.0, true);
        insta::assert_snapshot!(noise_line(&one), @"Windows of 6.5 s pay here, with no pause: telling 10 % less from none takes 7 min at the least.");
    }

    #[test]
    fn the_parts_have_shares_and_say_what_to_do_about_them() {
        let parts = noise_parts(&kept());
        let text: Vec<String> = parts
            .iter()
            .map(|(name, share, says)| format!("{name} {:.0} %: {says}", share * 100.0))
            .collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        white 10 %: 2.0 % between slices of 10 s; longer windows average it out
        slow drift 88 %: 6.0 % over the run; taking turns cancels most of it
        launch 2 %: 1.0 % between launches (0.0 % to 6.4 % from 3 launches)
        ");
        insta::assert_snapshot!(noise_drift(&kept()), @"Slices of 10 s vary by 6.3 % over 4 min, 90 % of it slower than a slice.");
    }
}
