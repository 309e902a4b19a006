//! `doctor --noise`: how much figures vary on this machine, over which times, and what follows.

use crate::Stop;
use crate::args::DoctorArgs;
use crate::progress::{Ended, Progress, last};
use crate::terminal::Terminal;
use std::fmt::Write as _;
use std::sync::Arc;
use wattsmith_tuner::{
    KeptNoise, NoiseWish, Tuner, noise_drift, noise_job, noise_line, noise_parts,
};

pub(crate) async fn run(tuner: &Arc<Tuner>, args: DoctorArgs) -> Result<(), Stop> {
    let terminal = Terminal::watch()?;
    let json = args.json;
    let wish = NoiseWish {
        engine: args.engine,
        model: args.model,
        seconds: args.seconds,
        slices: args.slices,
        ..NoiseWish::default()
    };
    let session = noise_job();
    let progress = Progress::show(tuner, &session, json);
    let work = tuner.record_noise(wish);
    let finished = terminal.interruptible(tuner, &session, work).await;
    drop(progress);
    let kept = finished?.map_err(Stop::of_words)?;
    match json {
        true => last(as_json(&kept), Ended::Complete),
        false => crate::terminal::out(&text(&kept)),
    }
    Ok(())
}

fn as_json(kept: &KeptNoise) -> serde_json::Value {
    let parts = noise_parts(kept).into_iter().map(
        |(name, share, says)| serde_json::json!({ "part": name, "share": share, "says": says }),
    );
    serde_json::json!({
        "event": "noise",
        "said": noise_line(kept),
        "drift": noise_drift(kept),
        "parts": parts.collect::<Vec<_>>(),
        "estimated": !kept.measured,
        "recording": kept,
    })
}

/// The curve as a table, the split, and the one line.
fn text(kept: &KeptNoise) -> String {
    let percent = |fraction: f64| format!("{:.2} %", 100.0 * fraction);
    let mut page = format!(
        "Noise of {} with {} ({}{})\n\n  slice    deviation   95 %\n",
        kept.place.engine,
        kept.model,
        kept.source,
        if kept.measured { "" } else { ", ESTIMATED" },
    );
    for point in &kept.noise.curve {
        let _ = writeln!(
            page,
            "  {:>5.1} s  {:>9}   {} to {}",
            point.seconds,
            percent(point.deviation),
            percent(point.low),
            percent(point.high),
        );
    }
    page.push('\n');
    for (name, share, says) in noise_parts(kept) {
        let _ = writeln!(page, "  {name:<10} {:>4.0} %   {says}", 100.0 * share);
    }
    let _ = writeln!(page, "\n{}\n{}", noise_drift(kept), noise_line(kept));
    page
}
