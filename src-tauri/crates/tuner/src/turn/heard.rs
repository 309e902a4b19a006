//! A reply while it comes, told in pieces that can be read: often enough to follow, seldom enough to cost
//! nothing beside a window that is open.

use crate::event::EventKind;
use crate::job::Job;
use std::time::{Duration, Instant};
use wattsmith_domain::{Exchange, ExchangeId, ExchangeKind};

/// Between two pieces.
const USUALLY: Duration = Duration::from_millis(100);
/// The same while a window is open.
const MEASURING: Duration = Duration::from_secs(1);

/// What has come of a reply and was not told yet.
pub(crate) struct Heard<'a> {
    job: &'a Job,
    /// The question that it answers; none where a proposal was asked for.
    question: Option<ExchangeId>,
    text: String,
    since: Option<Instant>,
}

impl<'a> Heard<'a> {
    pub fn of(job: &'a Job, exchange: &Exchange) -> Self {
        Self {
            job,
            question: (exchange.kind == ExchangeKind::Talk).then(|| exchange.id.clone()),
            text: String::new(),
            since: None,
        }
    }

    /// The first piece is told at once.
    pub fn more(&mut self, text: &str) {
        self.text.push_str(text);
        let every = match self.job.is_measuring() {
            true => MEASURING,
            false => USUALLY,
        };
        if self.since.is_none_or(|since| since.elapsed() >= every) {
            self.told();
        }
    }

    /// Tells what is left.
    pub fn told(&mut self) {
        self.since = Some(Instant::now());
        let text = std::mem::take(&mut self.text);
        if text.is_empty() {
            return;
        }
        self.job.emit(match &self.question {
            Some(question) => EventKind::Answer {
                question: question.clone(),
                text,
            },
            None => EventKind::Reply(text),
        });
    }
}
