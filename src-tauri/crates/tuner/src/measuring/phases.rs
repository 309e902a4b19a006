//! When each request was in prefill and when in decode, laid beside the power of those moments. What
//! follows from it is worked out in `stats`, which also says when nothing does.

use wattsmith_domain::{Energy, MonotonicNs, PhaseEnergy, Seconds};
use wattsmith_engine::{Driven, RequestRecord};
use wattsmith_meter::Recorded;
use wattsmith_stats::{Slice, prefill_share};

/// Shortest slice of the window that is looked at by itself.
const SLICE: Seconds = Seconds(0.2);

/// Joules per prompt token and per output token, where power was measured finely enough and the phases
/// take turns enough to be told apart.
pub(crate) fn phases(driven: &Driven, recorded: &Recorded, energy: &Energy) -> Option<PhaseEnergy> {
    // Where a server does not tell how long it read a prompt, waiting and reading are the same to us.
    if driven.requests.iter().any(|one| one.prefill_ms.is_none()) {
        return None;
    }
    let prompt_tokens: u64 = driven.requests.iter().map(|one| one.prompt_tokens).sum();
    let output_tokens = driven.units().0;
    // Pictures have phases of their own.
    if driven.drawn.is_some() || !energy.is_measured() || prompt_tokens == 0 || output_tokens == 0 {
        return None;
    }
    let (length, powers) = recorded.slices(driven.started, driven.ended, SLICE)?;
    let slices: Vec<Slice> = powers
        .iter()
        .enumerate()
        .map(|(index, power)| {
            let from = driven.started.plus(Seconds(index as f64 * length.0));
            let to = from.plus(length);
            let together = |part: &dyn Fn(&RequestRecord) -> (MonotonicNs, MonotonicNs)| -> f64 {
                let overlaps = driven
                    .requests
                    .iter()
                    .map(|one| overlap(part(one), (from, to)));
                overlaps.sum::<f64>() / length.0
            };
            Slice {
                watts: power.0,
                seconds: length.0,
                prefilling: together(&prefill),
                decoding: together(&|one| (one.first_token, one.last_token)),
            }
        })
        .collect();
    let share = prefill_share(&slices)?;
    Some(PhaseEnergy {
        prefill_joules_per_token: energy.gross.0 * share / prompt_tokens as f64,
        decode_joules_per_token: energy.gross.0 * (1.0 - share) / output_tokens as f64,
    })
}

/// The prompt was worked on until the first token came, for as long as the engine says; before that
/// the request waited for its turn.
fn prefill(request: &RequestRecord) -> (MonotonicNs, MonotonicNs) {
    let taken = (request.prefill_ms.unwrap_or_default().max(0.0) * 1e6) as u64;
    let began = MonotonicNs(request.first_token.0.saturating_sub(taken));
    (began.max(request.sent), request.first_token)
}

/// Seconds that two spans share.
fn overlap(
    (from, to): (MonotonicNs, MonotonicNs),
    (begin, end): (MonotonicNs, MonotonicNs),
) -> f64 {
    to.min(end).since(from.max(begin)).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> MonotonicNs {
        MonotonicNs(ms * 1_000_000)
    }

    #[test]
    fn a_request_that_waited_was_not_in_prefill_meanwhile() {
        let request = RequestRecord {
            index: 0,
            sent: ms(100),
            first_token: ms(900),
            last_token: ms(2000),
            prompt_tokens: 100,
            output_tokens: 50,
            draft_tokens: 0,
            draft_accepted: 0,
            prefill_ms: Some(300.0),
            decode_ms: Some(1100.0),
        };
        assert_eq!(prefill(&request), (ms(600), ms(900)));
        // An engine that counts more than there was is not believed.
        let slow = RequestRecord {
            prefill_ms: Some(5000.0),
            ..request
        };
        assert_eq!(prefill(&slow), (ms(100), ms(900)));
    }

    #[test]
    fn spans_that_do_not_meet_share_nothing() {
        assert_eq!(overlap((ms(0), ms(300)), (ms(200), ms(400))), 0.1);
        assert_eq!(overlap((ms(0), ms(100)), (ms(200), ms(400))), 0.0);
    }
}
