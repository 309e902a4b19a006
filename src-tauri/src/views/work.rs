//! A first look at a file of the person's own work.

use crate::wire::WorkPreviewView;
use wattsmith_tuner::{USUAL_ANSWER, WorkPreview};

/// What the window shows of it.
pub fn work_preview(preview: &WorkPreview) -> WorkPreviewView {
    WorkPreviewView {
        summary: summary(preview),
        first: preview.first.clone(),
        notes: notes(preview),
        sha256: preview.sha256.clone(),
        faults: preview.faults.clone(),
        fault_count: u32::try_from(preview.fault_count).unwrap_or(u32::MAX),
    }
}

fn summary(preview: &WorkPreview) -> String {
    let requests = match preview.requests {
        1 => "1 request".to_owned(),
        many => format!("{many} requests"),
    };
    let requests = match preview.chats {
        0 => requests,
        chats => format!("{requests}, {chats} of them chats"),
    };
    match preview.characters {
        None => requests,
        Some(one) => format!(
            "{requests} · {} to {} characters, {} in the middle one",
            one.least, one.most, one.median
        ),
    }
}

fn notes(preview: &WorkPreview) -> Vec<String> {
    let mut notes = Vec::new();
    let without = preview.requests - preview.with_length;
    if without > 0 {
        notes.push(match preview.with_length {
            0 => format!("No line says how long its answer is: each gets {USUAL_ANSWER} tokens."),
            _ => format!(
                "{without} do not say how long their answer is: they get {USUAL_ANSWER} tokens."
            ),
        });
    }
    if let Some(span) = preview.arrivals_take_s {
        notes.push(format!(
            "All say when they arrive: {span:.1} s from first to last."
        ));
    }
    if !preview.unread.is_empty() {
        notes.push(format!("Not read: {}.", preview.unread.join(", ")));
    }
    notes
}
