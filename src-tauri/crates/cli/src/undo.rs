//! `undo`: each change of a confirmed winner undone by itself.

use crate::Stop;
use crate::args::UndoArgs;
use crate::listing;
use crate::progress::{Ended, Progress, last};
use crate::terminal::Terminal;
use std::sync::Arc;
use wattsmith_tuner::report::undone_lines;
use wattsmith_tuner::{Step, Tuner};

pub(crate) async fn run(tuner: &Arc<Tuner>, args: UndoArgs) -> Result<(), Stop> {
    let terminal = Terminal::watch()?;
    let session = listing::find(tuner, &args.session).await?;
    let progress = Progress::show(tuner, &session, args.json);
    let undoing = tuner.perform(&session, Step::UndoEach(args.minutes));
    let done = terminal.interruptible(tuner, &session, undoing).await;
    drop(progress);
    done?.map_err(Stop::from)?;
    let record = tuner.record(&session).await?;
    let lines = undone_lines(&record);
    if args.json {
        let undoing = serde_json::json!({
            "event": "undone",
            "undoing": record.undoing,
            "said": lines,
        });
        last(undoing, Ended::Complete);
    } else {
        say!("{}", lines.join("\n"));
    }
    Ok(())
}
