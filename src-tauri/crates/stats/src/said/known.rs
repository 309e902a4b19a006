//! What was known of the noise before a session, in words.

use crate::noise::{MOST_PRIOR_WINDOWS, Repeatability};
use wattsmith_domain::{NoiseOrigin, SessionNoise};

/// What a session took for known of its noise, and whether its own windows bore that out.
#[must_use]
pub fn known_noise(known: &SessionNoise, seen: &Repeatability) -> String {
    let prior = &known.prior;
    let from = match prior.origin {
        NoiseOrigin::Sessions => "as earlier sessions on this machine did",
        NoiseOrigin::Recording => "as the recorded noise of this machine says",
        NoiseOrigin::Shipped => {
            "as the landscapes that come along do, since nothing is known of this machine yet"
        }
    };
    let mut text = format!(
        "Repeats are taken to vary by {}, {from}",
        percent(prior.log_sd)
    );
    text.push_str(&match seen.dropped {
        true => "; this session's own windows contradict that, and stand alone.".to_owned(),
        false => format!(
            "; that counts for {:.0} windows.",
            prior.windows.min(MOST_PRIOR_WINDOWS)
        ),
    });
    if let Some(window) = &known.window {
        let day = window.recorded_at.get(..10).unwrap_or_default();
        text.push_str(&format!(
            " Windows last {} or more in place of 10 s, which pays by the noise recorded on {day}.",
            crate::said::with_unit(window.length.0, "s")
        ));
    }
    text
}

fn percent(fraction: f64) -> String {
    format!("{:.1} %", 100.0 * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::{NoiseWindow, Seconds, SpreadPrior};

    #[test]
    fn a_session_names_what_it_took_for_known() {
        let mut known = SessionNoise {
            prior: SpreadPrior {
                log_sd: 0.07,
                windows: 3.0,
                origin: NoiseOrigin::Shipped,
            },
            pairs: None,
            window: None,
        };
        let seen = Repeatability::default();
        insta::assert_snapshot!(known_noise(&known, &seen), @"Repeats are taken to vary by 7.0 %, as the landscapes that come along do, since nothing is known of this machine yet; that counts for 3 windows.");
        known.prior.origin = NoiseOrigin::Sessions;
        known.window = Some(NoiseWindow {
            length: Seconds(6.5),
            recorded_at: "2026-11-30T22:40:00Z".to_owned(),
        });
        let dropped = Repeatability {
            dropped: true,
            ..seen
        };
        insta::assert_snapshot!(known_noise(&known, &dropped), @"Repeats are taken to vary by 7.0 %, as earlier sessions on this machine did; this session's own windows contradict that, and stand alone. Windows last 6.50 s or more in place of 10 s, which pays by the noise recorded on 2026-11-30.");
    }
}
