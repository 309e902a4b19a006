//! What came of one drive: times and counts per request, and what follows from them.

use super::drawn::Drawn;
use wattsmith_domain::{MonotonicNs, Performance, Quantiles, Tokens};

/// The steady part of a window is told only with this many requests for each one that runs at
/// once; with fewer, start and end are most of it.
const STEADY_REQUESTS_EACH: u64 = 10;

/// One request, from sending it to its last token; of pictures, which come together, to the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRecord {
    /// From 0, in the order of sending.
    pub index: u32,
    /// When it was sent.
    pub sent: MonotonicNs,
    /// When its first token came.
    pub first_token: MonotonicNs,
    /// When its last token came.
    pub last_token: MonotonicNs,
    /// Prompt tokens that the engine processed.
    pub prompt_tokens: u64,
    /// Units of work that the engine gave: tokens, or images.
    pub output_tokens: u64,
    /// Draft tokens that speculation proposed, accepted or not.
    pub draft_tokens: u64,
    /// Those of them that were accepted; they are part of `output_tokens`.
    pub draft_accepted: u64,
    /// Time for the prompt as the engine took it, milliseconds; of pictures for encoding the text.
    /// None where it does not tell.
    pub prefill_ms: Option<f64>,
    /// Time for generating as the engine took it, milliseconds; of pictures for denoising and decoding.
    /// None where it does not tell.
    pub decode_ms: Option<f64>,
}

impl RequestRecord {
    /// Tokens that had arrived at `at`, taking those after the first as evenly spaced.
    fn tokens_by(&self, at: MonotonicNs) -> f64 {
        if at < self.first_token {
            return 0.0;
        }
        let span = self.last_token.since(self.first_token).0;
        let later = (self.output_tokens.max(1) - 1) as f64;
        if span <= 0.0 || at >= self.last_token {
            return 1.0 + later;
        }
        1.0 + later * (at.since(self.first_token).0 / span)
    }
}

/// One measured window of work: never without a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Driven {
    /// The first request was sent.
    pub started: MonotonicNs,
    /// The last token came.
    pub ended: MonotonicNs,
    /// Every request, in the order of sending.
    pub requests: Vec<RequestRecord>,
    /// The pictures, where it is pictures.
    pub drawn: Option<Drawn>,
}

impl Driven {
    /// Sorts the requests and finds the window's edges; `None` without requests.
    pub(crate) fn of(mut requests: Vec<RequestRecord>) -> Option<Self> {
        requests.sort_by_key(|request| request.index);
        Some(Self {
            started: requests.iter().map(|request| request.sent).min()?,
            ended: requests.iter().map(|request| request.last_token).max()?,
            requests,
            drawn: None,
        })
    }

    /// Units of work done in the window, as the engine counted them.
    #[must_use]
    pub fn units(&self) -> Tokens {
        Tokens(self.requests.iter().map(|one| one.output_tokens).sum())
    }

    /// How fast the work was done.
    #[must_use]
    pub fn performance(&self) -> Performance {
        let first: Vec<f64> = self
            .requests
            .iter()
            .map(|one| one.first_token.since(one.sent).0)
            .collect();
        let requests = self.requests.iter();
        let between: Vec<f64> = match &self.drawn {
            // Pictures of a request come together: each took its share of the time.
            Some(_) => requests
                .map(|one| one.last_token.since(one.sent).0 / one.output_tokens.max(1) as f64)
                .collect(),
            None => requests
                .filter(|one| one.output_tokens > 1)
                .map(|one| one.last_token.since(one.first_token).0 / (one.output_tokens - 1) as f64)
                .collect(),
        };
        Performance {
            tokens_per_second: self.units().0 as f64 / self.ended.since(self.started).0,
            time_to_first_token_s: quantiles(first),
            time_per_output_token_s: quantiles(between),
            prefill_s: self.told(|one| one.prefill_ms),
            decode_s: self.told(|one| one.decode_ms),
            prompt_tokens: Tokens(self.requests.iter().map(|one| one.prompt_tokens).sum()),
            requests: u32::try_from(self.requests.len()).unwrap_or(u32::MAX),
        }
    }

    /// Seconds in all, where every request has them.
    fn told(&self, ms: fn(&RequestRecord) -> Option<f64>) -> Option<f64> {
        let all: Option<Vec<f64>> = self.requests.iter().map(ms).collect();
        Some(all?.iter().sum::<f64>() / 1e3)
    }

    /// The part in which the engine was full: from the moment when `at_once` requests have had
    /// their first token until fewer than `at_once` remain unfinished, with the tokens that came
    /// meanwhile. `at_once` is how many requests run together: the smaller of the engine's slots
    /// and the clients. `None` with fewer than ten requests for each, or when there is no such part.
    #[must_use]
    pub fn steady_window(&self, at_once: u32) -> Option<(MonotonicNs, MonotonicNs, u64)> {
        // Pictures come all at once: nothing tells how many had come at some instant.
        if self.drawn.is_some() {
            return None;
        }
        let at_once = usize::try_from(at_once.max(1)).ok()?;
        if (self.requests.len() as u64) < STEADY_REQUESTS_EACH * at_once as u64 {
            return None;
        }
        let mut firsts: Vec<MonotonicNs> =
            self.requests.iter().map(|one| one.first_token).collect();
        let mut lasts: Vec<MonotonicNs> = self.requests.iter().map(|one| one.last_token).collect();
        firsts.sort_unstable();
        lasts.sort_unstable();
        let from = firsts[at_once - 1];
        let to = lasts[lasts.len() - at_once];
        let tokens: f64 = self
            .requests
            .iter()
            .map(|one| one.tokens_by(to) - one.tokens_by(from))
            .sum();
        (to > from && tokens >= 1.0).then_some((from, to, tokens.round() as u64))
    }
}

/// Median and 95th percentile, interpolated between neighbours.
fn quantiles(mut values: Vec<f64>) -> Quantiles {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let Some(last) = values.len().checked_sub(1) else {
            return 0.0;
        };
        let place = share * last as f64;
        let below = place.floor() as usize;
        let above = (below + 1).min(last);
        values[below] + (values[above] - values[below]) * (place - below as f64)
    };
    Quantiles {
        p50: at(0.5),
        p95: at(0.95),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wattsmith_domain::Seconds;

    fn request(index: u32, sent: f64, first: f64, last: f64, tokens: u64) -> RequestRecord {
        let at = |seconds: f64| MonotonicNs(0).plus(Seconds(seconds));
        RequestRecord {
            index,
            sent: at(sent),
            first_token: at(first),
            last_token: at(last),
            prompt_tokens: 10,
            output_tokens: tokens,
            draft_tokens: 0,
            draft_accepted: 0,
            prefill_ms: Some(100.0),
            decode_ms: Some(900.0),
        }
    }

    #[test]
    fn speed_is_told_over_the_whole_window() {
        let driven = Driven::of(vec![
            request(1, 1.0, 3.0, 5.0, 11),
            request(0, 0.0, 1.0, 2.0, 11),
        ])
        .unwrap();
        let performance = driven.performance();
        assert_eq!(driven.requests[0].index, 0);
        assert_eq!(driven.units(), Tokens(22));
        assert!((performance.tokens_per_second - 22.0 / 5.0).abs() < 1e-9);
        assert!((performance.time_to_first_token_s.p50 - 1.5).abs() < 1e-9);
        assert!((performance.time_per_output_token_s.p50 - 0.15).abs() < 1e-9);
        assert!((performance.prefill_s.unwrap() - 0.2).abs() < 1e-9);
        assert_eq!(performance.prompt_tokens, Tokens(20));
        assert_eq!(performance.requests, 2);
    }

    #[test]
    fn pictures_of_a_request_share_its_time() {
        let mut driven = Driven::of(vec![request(0, 0.0, 6.0, 6.0, 4)]).unwrap();
        driven.drawn = Some(Drawn::default());
        let performance = driven.performance();
        assert!((performance.time_per_output_token_s.p50 - 1.5).abs() < 1e-9);
        assert!((performance.time_to_first_token_s.p50 - 6.0).abs() < 1e-9);
        assert_eq!(driven.steady_window(1), None);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let twenty_one = (0..=20).map(f64::from).collect();
        assert_eq!(
            quantiles(twenty_one),
            Quantiles {
                p50: 10.0,
                p95: 19.0
            }
        );
        assert_eq!(quantiles(vec![7.0]), Quantiles { p50: 7.0, p95: 7.0 });
    }

    #[test]
    fn the_steady_part_leaves_out_the_slow_start_and_the_thin_end() {
        // Two at a time, one second each, twenty in all: full from 1 s to the end of the last pair.
        let requests: Vec<RequestRecord> = (0..20)
            .map(|index| {
                let start = f64::from(index / 2);
                request(index, 0.0, start + 0.5, start + 1.0, 6)
            })
            .collect();
        let driven = Driven::of(requests).unwrap();
        let (from, to, tokens) = driven.steady_window(2).unwrap();
        assert_eq!(from, MonotonicNs(500_000_000));
        assert_eq!(to, MonotonicNs(10_000_000_000));
        assert_eq!(tokens, 20 * 6 - 2);
        assert_eq!(
            driven.steady_window(3),
            None,
            "too few requests for three at once"
        );
    }

    proptest! {
        #[test]
        fn the_steady_part_never_holds_more_than_the_whole(
            spans in proptest::collection::vec((0.0_f64..5.0, 0.01_f64..3.0, 0.01_f64..3.0, 1_u64..80), 10..60),
            at_once in 1_u32..6,
        ) {
            let requests = spans
                .iter()
                .enumerate()
                .map(|(index, (sent, first, rest, tokens))| {
                    request(index as u32, *sent, sent + first, sent + first + rest, *tokens)
                })
                .collect();
            let driven = Driven::of(requests).unwrap();
            if let Some((from, to, tokens)) = driven.steady_window(at_once) {
                prop_assert!(driven.started <= from && from < to && to <= driven.ended);
                prop_assert!(tokens <= driven.units().0);
            }
        }
    }
}
