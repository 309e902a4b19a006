//! How far a download is, in words: the same in window and terminal.

use wattsmith_download::{Progress, Stage};
use wattsmith_stats::said;

/// Such as `312 of 1117 MB, 11.3 MB/s, about 71 s left`.
#[must_use]
pub fn progress_in_words(progress: &Progress) -> String {
    let megabytes = |bytes: u64| format!("{:.0}", bytes as f64 / 1e6);
    let so_far = match progress.total {
        Some(total) => format!("{} of {} MB", megabytes(progress.bytes), megabytes(total)),
        None => format!("{} MB", megabytes(progress.bytes)),
    };
    match progress.stage {
        Stage::Fetching => {
            let rate = progress.rate.filter(|rate| *rate > 0.0);
            let rate = rate.map_or_else(String::new, |rate| {
                format!(", {}", said::with_unit(rate / 1e6, "MB/s"))
            });
            let left = progress.seconds_left.map_or_else(String::new, |left| {
                format!(", about {} left", said::span(left))
            });
            format!("{so_far}{rate}{left}")
        }
        Stage::Waiting => format!("{so_far}, trying again in a moment ({})", progress.note),
        Stage::Checking => format!("checking the SHA-256, {so_far}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: Stage, rate: Option<f64>) -> Progress {
        Progress {
            stage,
            name: "tiny.gguf".to_owned(),
            bytes: 312_400_000,
            total: Some(1_117_320_768),
            rate,
            seconds_left: rate.map(|rate| 804.9e6 / rate),
            note: "the connection was cut".to_owned(),
        }
    }

    #[test]
    fn a_line_tells_bytes_rate_and_time_left_and_promises_nothing_it_does_not_know() {
        let words = |stage, rate| progress_in_words(&at(stage, rate));
        insta::assert_snapshot!(words(Stage::Fetching, Some(11.3e6)), @"312 of 1117 MB, 11.3 MB/s, about 71 s left");
        insta::assert_snapshot!(words(Stage::Fetching, None), @"312 of 1117 MB");
        insta::assert_snapshot!(words(Stage::Waiting, None), @"312 of 1117 MB, trying again in a moment (the connection was cut)");
        insta::assert_snapshot!(words(Stage::Checking, None), @"checking the SHA-256, 312 of 1117 MB");
        let unknown = Progress {
            total: None,
            ..at(Stage::Fetching, None)
        };
        assert_eq!(progress_in_words(&unknown), "312 MB");
    }
}
