//! How long answers were, where a server cannot make them of one length: joules are per token that came, and the
//! spread is told with the figure.

use wattsmith_domain::{Warning, WarningKind, Workload};
use wattsmith_engine::Driven;

/// What is said of answers that are shorter than was asked; none where all are as asked.
pub(crate) fn warning(workload: &Workload, driven: &Driven) -> Option<Warning> {
    let asked = workload.window_units();
    let came = driven.units().0;
    if !workload.unit.is_token() || came >= asked {
        return None;
    }
    let mut lengths: Vec<u64> = driven
        .requests
        .iter()
        .map(|request| request.output_tokens)
        .collect();
    lengths.sort_unstable();
    let (shortest, longest) = (lengths.first()?, lengths.last()?);
    let middle = lengths.get(lengths.len() / 2)?;
    Some(Warning {
        kind: WarningKind::ShortAnswers,
        fault: None,
        text: format!(
            "Answers had {shortest} to {longest} tokens, {middle} in the middle: {came} of the {asked} that were \
             asked for, since this server cannot fix their length. Joules are per token that came; compare with \
             work of the same lengths only."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::MonotonicNs;
    use wattsmith_engine::{RequestRecord, workload};

    fn driven(lengths: &[u64]) -> Driven {
        let at = |index: u64| MonotonicNs(index * 1_000_000_000);
        let request = |(index, tokens): (usize, &u64)| RequestRecord {
            index: index as u32,
            sent: at(index as u64),
            first_token: at(index as u64),
            last_token: at(index as u64 + 1),
            prompt_tokens: 9,
            output_tokens: *tokens,
            draft_tokens: 0,
            draft_accepted: 0,
            prefill_ms: None,
            decode_ms: None,
        };
        Driven {
            started: at(0),
            ended: at(lengths.len() as u64),
            requests: lengths.iter().enumerate().map(request).collect(),
            drawn: None,
        }
    }

    #[test]
    fn answers_that_end_early_are_told_with_their_spread() {
        let work = workload("any", 4, 1, 16, 1);
        assert_eq!(warning(&work, &driven(&[16, 16, 16, 16])), None);
        let told = warning(&work, &driven(&[16, 9, 16, 16])).unwrap();
        assert_eq!(told.kind, WarningKind::ShortAnswers);
        assert!(
            told.text
                .starts_with("Answers had 9 to 16 tokens, 16 in the middle: 57 of the 64"),
            "{}",
            told.text
        );
    }
}
