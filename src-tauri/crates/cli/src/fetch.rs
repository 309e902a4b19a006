//! `models fetch`: a model from the network, with a line that says how far it is.

use crate::Stop;
use crate::args::FetchArgs;
use crate::progress::{Ended, clear_line, json_line, last};
use crate::terminal::{Terminal, write};
use serde_json::{Value, json};
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wattsmith_tuner::domain::plain;
use wattsmith_tuner::{
    Fetched, FetchedModel, ModelWish, Offered, Progress, Stage, Tuner, download_job,
    progress_in_words,
};

/// Between two lines where each stays.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Between two JSON objects.
const JSON_EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn run(tuner: &Arc<Tuner>, args: FetchArgs) -> Result<(), Stop> {
    let terminal = Terminal::watch()?;
    let line = Line::new(args.json);
    let wish = ModelWish {
        what: args.what,
        sha256: args.sha256,
    };
    let tell = |progress: &Progress| line.show(progress);
    let fetching = tuner.fetch_model(wish, &tell);
    let done = terminal
        .interruptible(tuner, &download_job(), fetching)
        .await;
    line.close();
    if matches!(done, Err(Stop::Interrupted)) {
        let kept = "What has come is kept; the same command goes on there.\n";
        write(&mut std::io::stderr(), kept);
    }
    let model = done?.map_err(Stop::of_words)?;
    match args.json {
        true => last(model_json(&model), Ended::Complete),
        false => say!("{}", model.in_words()),
    }
    Ok(())
}

fn model_json(model: &FetchedModel) -> Value {
    let file = |file: &Fetched| {
        json!({
            "path": file.path,
            "bytes": file.bytes,
            "sha256": file.sha256,
            "verified": file.verified,
            "was_there": file.was_there,
        })
    };
    json!({
        "event": "model",
        "path": model.path(),
        "bytes": model.bytes(),
        "verified": model.verified(),
        "files": model.files.iter().map(file).collect::<Vec<_>>(),
        "note": model.note,
    })
}

/// Models of the shipped list, at the end of the list of those that are here.
pub(crate) fn say_offered(offered: &[Offered]) {
    let missing: Vec<_> = offered.iter().filter(|one| one.here.is_none()).collect();
    say!("\nTo fetch, when you say so:");
    for one in &missing {
        let begun = one.begun.map_or_else(String::new, |bytes| {
            format!("; {:.0} MB of it are here", bytes as f64 / 1e6)
        });
        let room = match one.no_room.as_str() {
            "" => "fits into memory and on the disk",
            why => why,
        };
        say!(
            "{}  {:.0} MB  {}  {}  ({room}{begun})",
            one.model.name,
            one.model.bytes as f64 / 1e6,
            one.model.licence,
            one.model.title
        );
    }
    let name = missing.first().map_or("", |one| one.model.name.as_str());
    if !name.is_empty() {
        say!("  wattsmith-cli models fetch {name}");
    }
    say!("  wattsmith-cli models fetch OWNER/REPOSITORY/FILE.gguf, or an address");
}

pub(crate) fn offered_json(one: &Offered) -> Value {
    json!({
        "name": one.model.name,
        "title": one.model.title,
        "licence": one.model.licence,
        "bytes": one.model.bytes,
        "sha256": one.model.sha256,
        "path": one.here,
        "begun_bytes": one.begun,
        "fits": one.no_room.is_empty(),
        "no_room": one.no_room,
    })
}

/// What is shown while it comes.
struct Line {
    json: bool,
    terminal: bool,
    said: Mutex<Option<(Instant, Stage, String)>>,
}

impl Line {
    fn new(json: bool) -> Self {
        Self {
            json,
            terminal: std::io::stderr().is_terminal() && !json,
            said: Mutex::new(None),
        }
    }

    fn show(&self, progress: &Progress) {
        let words = format!("  {}: {}", progress.name, progress_in_words(progress));
        if self.terminal {
            write(
                &mut std::io::stderr(),
                &format!("\r\x1b[2K{}", plain(&words)),
            );
            return;
        }
        let every = if self.json { JSON_EVERY } else { LINE_EVERY };
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = said.as_ref().is_none_or(|(at, stage, name)| {
            at.elapsed() >= every || *stage != progress.stage || *name != progress.name
        });
        if !is_new {
            return;
        }
        *said = Some((Instant::now(), progress.stage, progress.name.clone()));
        match self.json {
            true => json_line(&progress_json(progress)),
            false => write(&mut std::io::stderr(), &format!("{}\n", plain(&words))),
        }
    }

    fn close(&self) {
        clear_line(self.terminal);
    }
}

fn progress_json(progress: &Progress) -> Value {
    json!({
        "event": "progress",
        "name": progress.name,
        "stage": match progress.stage {
            Stage::Fetching => "fetching",
            Stage::Waiting => "waiting",
            Stage::Checking => "checking",
        },
        "bytes": progress.bytes,
        "total": progress.total,
        "bytes_per_second": progress.rate,
        "seconds_left": progress.seconds_left,
        "note": progress.note,
    })
}
