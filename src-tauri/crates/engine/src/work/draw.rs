//! Sends the requests of a workload of pictures, and puts together what came of them. Answers come
//! whole, so that there is nothing to be counted on the way.

use super::drawn::{Drawn, MadePicture};
use super::driven::{Driven, RequestRecord};
use crate::protocol::images::{Call, ImageForm, Reply, png_size};
use std::sync::Mutex;
use wattsmith_domain::{MonotonicNs, PicturePhase, PictureTask, Seconds, Value};

/// The pictures' part of what all clients of a drive share.
#[derive(Debug)]
pub(super) struct Sheets {
    form: ImageForm,
    /// For each prompt.
    calls: Vec<Vec<Call>>,
    /// Pixels.
    size: (u32, u32),
    answered: Mutex<Vec<Answered>>,
}

/// An answer to one call.
#[derive(Debug)]
struct Answered {
    /// Of the request that it belongs to.
    index: u32,
    /// Within the request.
    call: usize,
    sent: MonotonicNs,
    came: MonotonicNs,
    reply: Reply,
}

impl Sheets {
    pub(super) fn new(form: ImageForm, task: &PictureTask, fields: &[(String, Value)]) -> Self {
        let calls = task.prompts.iter();
        Self {
            form,
            calls: calls.map(|one| form.calls(one, task, fields)).collect(),
            size: (task.width, task.height),
            answered: Mutex::new(Vec::new()),
        }
    }

    /// The calls of the request at this place within a pass.
    pub(super) fn calls(&self, place: u32) -> &[Call] {
        &self.calls[place as usize % self.calls.len()]
    }

    /// Takes an answer in. Pictures are kept of the first pass only.
    ///
    /// # Errors
    /// How it is not what was asked for.
    pub(super) fn answered(
        &self,
        (index, pass, call): (u32, u32, usize),
        (sent, came): (MonotonicNs, MonotonicNs),
        body: &[u8],
    ) -> Result<u64, String> {
        let asked = &self.calls(index % pass)[call];
        let reply = self.form.read(body, asked, index < pass)?;
        if let Some(other) = reply
            .pngs
            .iter()
            .filter_map(|png| png_size(png))
            .find(|size| *size != self.size)
        {
            return Err(format!("a picture of {} × {}", other.0, other.1));
        }
        let images = reply.images as u64;
        let answered = Answered {
            index,
            call,
            sent,
            came,
            reply,
        };
        // A client that panicked has spoiled the drive already.
        if let Ok(mut all) = self.answered.lock() {
            all.push(answered);
        }
        Ok(images)
    }

    /// What came of the whole drive. `printed` are the phases that the server printed for each call, in
    /// the order in which they were answered, where it tells them so.
    pub(super) fn driven(
        &self,
        pass: u32,
        printed: &[Vec<(PicturePhase, Seconds)>],
        load: Option<Seconds>,
    ) -> Option<Driven> {
        let mut all = match self.answered.lock() {
            Ok(mut all) => std::mem::take(&mut *all),
            Err(_) => return None,
        };
        all.sort_by_key(|one| (one.came, one.index, one.call));
        // With another number of phases than of answers nobody knows which belongs to which.
        let printed = (printed.len() == all.len()).then_some(printed);
        let mut drawn = Drawn {
            load,
            network_calls: Some(0),
            ..Drawn::default()
        };
        let mut records: Vec<RequestRecord> = Vec::new();
        for (at, one) in all.iter().enumerate() {
            let call = &self.calls(one.index % pass)[one.call];
            let images = one.reply.images as u64;
            drawn.steps += one.reply.steps.unwrap_or(call.steps * images);
            let counted = drawn.network_calls.zip(one.reply.network_calls);
            drawn.network_calls = counted.map(|(sum, own)| sum + own);
            let spans = match printed {
                Some(printed) => backwards(one.came, &printed[at]),
                None => forwards(one.sent, one.came, &one.reply.spans),
            };
            let ms = |phases: &[PicturePhase]| -> f64 {
                let own = spans.iter().filter(|span| phases.contains(&span.0));
                own.map(|(_, from, to)| to.since(*from).0 * 1e3).sum()
            };
            let (prefill_ms, decode_ms) = (
                ms(&[PicturePhase::TextEncoding]),
                ms(&[PicturePhase::Denoising, PicturePhase::Decoding]),
            );
            drawn.spans.extend(&spans);
            match records.iter_mut().find(|own| own.index == one.index) {
                Some(own) => {
                    own.sent = own.sent.min(one.sent);
                    own.first_token = own.first_token.max(one.came);
                    own.last_token = own.last_token.max(one.came);
                    own.output_tokens += images;
                    own.prefill_ms = own.prefill_ms.map(|ms| ms + prefill_ms);
                    own.decode_ms = own.decode_ms.map(|ms| ms + decode_ms);
                }
                None => records.push(RequestRecord {
                    index: one.index,
                    sent: one.sent,
                    first_token: one.came,
                    last_token: one.came,
                    prompt_tokens: 0,
                    output_tokens: images,
                    draft_tokens: 0,
                    draft_accepted: 0,
                    prefill_ms: Some(prefill_ms),
                    decode_ms: Some(decode_ms),
                }),
            }
        }
        all.sort_by_key(|one| (one.index, one.call));
        for one in all {
            let seeds = &self.calls(one.index % pass)[one.call].seeds;
            let pairs = seeds.iter().zip(one.reply.pngs);
            drawn.pictures.extend(pairs.map(|(seed, png)| MadePicture {
                prompt: one.index % self.calls.len() as u32,
                seed: *seed,
                png,
            }));
        }
        let mut driven = Driven::of(records)?;
        driven.drawn = Some(drawn);
        Some(driven)
    }
}

type Spans = Vec<(PicturePhase, MonotonicNs, MonotonicNs)>;

/// Seconds from a request's arrival, which is taken as its sending: on one machine they lie together.
/// Nothing lies beyond the answer.
fn forwards(sent: MonotonicNs, came: MonotonicNs, told: &[(PicturePhase, f64, f64)]) -> Spans {
    let at = |seconds: f64| sent.plus(Seconds(seconds.max(0.0))).min(came);
    told.iter()
        .map(|(phase, from, to)| (*phase, at(*from), at(*to)))
        .collect()
}

/// Lengths only, which end with the answer: each phase follows the one before it.
fn backwards(came: MonotonicNs, printed: &[(PicturePhase, Seconds)]) -> Spans {
    let mut to = came;
    let mut spans: Spans = printed
        .iter()
        .rev()
        .map(|(phase, length)| {
            let from = MonotonicNs(to.0.saturating_sub((length.0.max(0.0) * 1e9) as u64));
            let span = (*phase, from, to);
            to = from;
            span
        })
        .collect();
    spans.reverse();
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ns(seconds: f64) -> MonotonicNs {
        MonotonicNs(0).plus(Seconds(seconds))
    }

    fn task() -> PictureTask {
        PictureTask {
            prompts: vec!["a".to_owned(), "b".to_owned()],
            seeds: vec![7, 8],
            width: 64,
            height: 32,
            steps: 8,
            sampler: "model".to_owned(),
            guidance: 7.5,
        }
    }

    /// The head of a PNG file of this size, in base64.
    fn head(width: u32, height: u32) -> String {
        use base64::Engine as _;
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        base64::engine::general_purpose::STANDARD.encode(png)
    }

    fn own(width: u32) -> String {
        let png = head(width, 32);
        format!(
            r#"{{"data":[{{"seed":7,"b64_json":"{png}"}},{{"seed":8,"b64_json":"{png}"}}],
            "timings":{{"batches":[{{"pictures":2,"steps":8,"network_calls":5,
            "text_encoding_s":[0.0,0.1],"denoising_s":[0.1,0.9],"decoding_s":[0.9,9.0]}}]}}}}"#
        )
    }

    #[test]
    fn two_passes_are_counted_and_the_first_is_kept() {
        let sheets = Sheets::new(ImageForm::Diffusers, &task(), &[]);
        for index in 0..4 {
            let sent = f64::from(index);
            let times = (ns(sent), ns(sent + 1.0));
            let images = sheets.answered((index, 2, 0), times, own(64).as_bytes());
            assert_eq!(images, Ok(2));
        }
        let driven = sheets.driven(2, &[], Some(Seconds(3.0))).unwrap();
        assert_eq!(driven.units().0, 8);
        assert_eq!((driven.started, driven.ended), (ns(0.0), ns(4.0)));
        let drawn = driven.drawn.clone().unwrap();
        assert_eq!((drawn.steps, drawn.network_calls), (64, Some(40)));
        let of: Vec<(u32, u32)> = drawn
            .pictures
            .iter()
            .map(|one| (one.prompt, one.seed))
            .collect();
        assert_eq!(of, [(0, 7), (0, 8), (1, 7), (1, 8)]);
        // A server whose phases end after its answer is not believed.
        let decoding = (PicturePhase::Decoding, ns(0.9), ns(1.0));
        assert_eq!(drawn.spans[2], decoding);
        let performance = driven.performance();
        assert!((performance.tokens_per_second - 2.0).abs() < 1e-9);
        assert!((performance.prefill_s.unwrap() - 0.4).abs() < 1e-6);
    }

    #[test]
    fn a_picture_of_another_size_is_other_work() {
        let sheets = Sheets::new(ImageForm::Diffusers, &task(), &[]);
        let times = (ns(0.0), ns(1.0));
        let told = sheets.answered((0, 2, 0), times, own(128).as_bytes());
        assert_eq!(told, Err("a picture of 128 × 32".to_owned()));
    }

    #[test]
    fn printed_phases_end_with_the_answer_and_steps_are_as_asked() {
        let sheets = Sheets::new(ImageForm::WebUi, &task(), &[]);
        let body = format!(r#"{{"images":["{}"]}}"#, head(64, 32));
        for call in 0..2 {
            let sent = 10.0 * call as f64;
            let times = (ns(sent), ns(sent + 10.0));
            sheets
                .answered((0, 2, call), times, body.as_bytes())
                .unwrap();
        }
        let printed = vec![
            vec![
                (PicturePhase::TextEncoding, Seconds(1.0)),
                (PicturePhase::Denoising, Seconds(6.0)),
                (PicturePhase::Decoding, Seconds(2.0)),
            ];
            2
        ];
        let driven = sheets.driven(2, &printed, None).unwrap();
        assert_eq!(driven.requests.len(), 1, "both calls are one request");
        assert_eq!(driven.units().0, 2);
        let drawn = driven.drawn.unwrap();
        assert_eq!((drawn.steps, drawn.network_calls), (16, None));
        assert_eq!(drawn.spans[1], (PicturePhase::Denoising, ns(2.0), ns(8.0)));
        let unequal = Sheets::new(ImageForm::WebUi, &task(), &[]);
        let times = (ns(0.0), ns(10.0));
        unequal.answered((0, 2, 0), times, body.as_bytes()).unwrap();
        let spans = unequal
            .driven(2, &printed, None)
            .unwrap()
            .drawn
            .unwrap()
            .spans;
        assert_eq!(spans, [], "nobody knows which belongs to which");
    }
}
