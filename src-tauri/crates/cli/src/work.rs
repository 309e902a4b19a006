//! `work`: a look at a file of one's own prompts or chats, before anything is measured.

use crate::Stop;
use crate::args::WorkFileArgs;
use crate::progress::{Ended, last};
use serde_json::json;
use std::sync::Arc;
use wattsmith_tuner::{Tuner, WorkPreview};

pub(crate) async fn run(tuner: &Arc<Tuner>, args: &WorkFileArgs) -> Result<(), Stop> {
    let preview = tuner
        .preview_work(&args.file)
        .await
        .map_err(Stop::of_words)?;
    let sound = preview.fault_count == 0;
    if args.json {
        let ended = if sound {
            Ended::Complete
        } else {
            Ended::Failed
        };
        last(as_json(&preview), ended);
    } else {
        for line in lines(&preview) {
            say!("{line}");
        }
    }
    if sound {
        return Ok(());
    }
    let many = match preview.fault_count {
        1 => "a fault".to_owned(),
        many => format!("{many} faults"),
    };
    Err(Stop::Failed(format!(
        "there is {many} in {}, so that nothing can be measured with it",
        args.file.display()
    )))
}

fn as_json(preview: &WorkPreview) -> serde_json::Value {
    json!({
        "requests": preview.requests,
        "chats": preview.chats,
        "characters": preview.characters.map(|one| json!({
            "min": one.least,
            "median": one.median,
            "max": one.most,
        })),
        "with_output_tokens": preview.with_length,
        "with_arrival": preview.with_arrival,
        "arrivals_take_s": preview.arrivals_take_s,
        "first": preview.first,
        "sha256": preview.sha256,
        "bytes": preview.bytes,
        "faults": preview.faults,
        "fault_count": preview.fault_count,
        "not_read": preview.unread,
    })
}

fn lines(preview: &WorkPreview) -> Vec<String> {
    let s = if preview.requests == 1 { "" } else { "s" };
    let mut lines = vec![format!(
        "{} request{s}, {} of them chats",
        preview.requests, preview.chats
    )];
    if let Some(one) = preview.characters {
        lines.push(format!(
            "Characters: {} in the shortest, {} in the middle one, {} in the longest",
            one.least, one.median, one.most
        ));
    }
    lines.push(format!(
        "{} say how long their answer is; the others get {} tokens",
        preview.with_length,
        wattsmith_tuner::USUAL_ANSWER
    ));
    lines.push(match preview.arrivals_take_s {
        Some(span) => format!("All say when they arrive, {span:.1} s from first to last"),
        None => format!("{} say when they arrive", preview.with_arrival),
    });
    if !preview.unread.is_empty() {
        lines.push(format!("Not read: {}", preview.unread.join(", ")));
    }
    lines.push(format!("SHA-256 {}", preview.sha256));
    lines.extend(
        (1..)
            .zip(&preview.first)
            .map(|(at, one)| format!("  {at}. {one}")),
    );
    if preview.fault_count > 0 {
        lines.push("What is wrong:".to_owned());
        lines.extend(preview.faults.iter().map(|fault| format!("  {fault}")));
    }
    let more = preview.fault_count.saturating_sub(preview.faults.len());
    if more > 0 {
        lines.push(format!("  … and {more} more"));
    }
    lines
}
