//! The last look before anything leaves. Secrets have no field in a record, but many of its fields are
//! text that somebody wrote: a prompt from a template of one's own, a reply, a warning, a name. An address
//! in any of them may hold a password, and a command line a key.

mod home;

use serde_json::Value;
use wattsmith_domain::{SessionRecord, TrialState, masked, masked_words};

/// What every address has.
const ADDRESS: &str = "://";

/// The record with keys in command lines, passwords in addresses and the person's home masked, wherever
/// they stand. Without `homes` paths are left as they are.
#[must_use]
pub fn record(record: &SessionRecord, homes: &[String]) -> SessionRecord {
    let mut record = with_texts_masked(record, homes);
    for launch in record
        .trials
        .iter_mut()
        .filter_map(|trial| trial.launch.as_mut())
    {
        launch.argv = masked_words(&launch.argv);
    }
    record
}

/// One text as it stands in such a record.
pub(crate) fn text(text: &str, homes: &[String]) -> String {
    let mut text = text.to_owned();
    mask(&mut text, homes);
    text
}

/// Goes through every text that the record holds, whatever field it stands in, so that a field which is
/// added later is looked at like the others.
fn with_texts_masked(record: &SessionRecord, homes: &[String]) -> SessionRecord {
    let Ok(mut tree) = serde_json::to_value(record) else {
        return without_texts(record, homes);
    };
    if !mask_texts(&mut tree, homes) {
        return record.clone();
    }
    serde_json::from_value(tree).unwrap_or_else(|_| without_texts(record, homes))
}

/// Whether anything was masked.
fn mask_texts(tree: &mut Value, homes: &[String]) -> bool {
    match tree {
        Value::String(text) => mask(text, homes),
        Value::Array(all) => each(all.iter_mut(), homes),
        Value::Object(all) => each(all.values_mut(), homes),
        _ => false,
    }
}

/// Every one of them, also once one was masked.
fn each<'a>(all: impl Iterator<Item = &'a mut Value>, homes: &[String]) -> bool {
    let mut any = false;
    for one in all {
        any |= mask_texts(one, homes);
    }
    any
}

fn mask(text: &mut String, homes: &[String]) -> bool {
    let mut changed = false;
    if text.contains(ADDRESS) {
        let cleared = masked(text);
        changed = cleared != *text;
        *text = cleared;
    }
    if let Some(hidden) = home::hidden(text, homes) {
        *text = hidden;
        changed = true;
    }
    changed
}

/// For a record that cannot be gone through (a figure in it is no number, and no such record is stored):
/// what was written by anybody is left out, and the fields that hold paths are masked one by one.
fn without_texts(record: &SessionRecord, homes: &[String]) -> SessionRecord {
    let mut record = SessionRecord {
        proposals: Vec::new(),
        exchanges: Vec::new(),
        feedback: Vec::new(),
        ..record.clone()
    };
    let session = &mut record.session;
    session.connection = None;
    let mut texts = vec![
        &mut session.name,
        &mut session.engine.path,
        &mut session.engine.version,
        &mut session.model.path,
    ];
    texts.extend(session.warnings.iter_mut().map(|one| &mut one.text));
    for trial in &mut record.trials {
        texts.extend(trial.note.as_mut());
        texts.extend(trial.launch.iter_mut().flat_map(|one| &mut one.argv));
        match &mut trial.state {
            TrialState::Failed { message, .. } => texts.push(message),
            TrialState::Discarded { cause } => texts.push(cause),
            _ => {}
        }
        let repeats = trial.repeats.iter_mut();
        let discarded = trial.discarded.iter_mut().map(|one| &mut one.repeat);
        for repeat in repeats.chain(discarded) {
            texts.extend(repeat.warnings.iter_mut().map(|one| &mut one.text));
        }
    }
    for change in record.undoing.iter_mut().flat_map(|one| &mut one.changes) {
        texts.extend(change.why.as_mut());
        for repeat in change.undone.iter_mut().chain(&mut change.winner) {
            texts.extend(repeat.warnings.iter_mut().map(|one| &mut one.text));
        }
    }
    for text in texts {
        mask(text, homes);
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_testkit::fixtures;

    #[test]
    fn a_key_on_a_command_line_does_not_leave() {
        let mut secret = fixtures::everything();
        let words = "server --api-key s3cret --api-key=s3cret --port 1";
        let launch = wattsmith_domain::Launch {
            argv: words.split(' ').map(str::to_owned).collect(),
            ..Default::default()
        };
        secret.trials[0].launch = Some(launch);
        let left = record(&secret, &[]).trials[0].launch.clone().unwrap();
        assert_eq!(
            left.argv.join(" "),
            "server --api-key **** --api-key=**** --port 1"
        );
    }

    #[test]
    fn a_password_in_an_address_does_not_leave_whatever_text_it_stands_in() {
        let address = "see http://sam:hunter2@plug/x?token=hunter2&y=1";
        let mut secret = fixtures::everything();
        secret.session.name = address.to_owned();
        secret.exchanges[0].prompt = format!("from a template of one's own: {address}");
        secret.exchanges[0].reply = address.to_owned();
        secret.feedback[0].edit = Some(address.to_owned());
        secret.proposals[0].reason = address.to_owned();
        secret.trials[0].note = Some(address.to_owned());
        let left = record(&secret, &[]);
        assert!(
            !serde_json::to_string(&left).unwrap().contains("hunter2"),
            "{left:?}"
        );
        assert_eq!(left.session.name, "see http://****@plug/x?token=****&y=1");
        // And nothing else changed, but for the mark of a key that was masked before.
        let mut plain = fixtures::everything();
        for launch in plain
            .trials
            .iter_mut()
            .filter_map(|one| one.launch.as_mut())
        {
            for word in launch.argv.iter_mut().filter(|word| *word == "***") {
                *word = "****".to_owned();
            }
        }
        assert_eq!(record(&plain, &[]), plain);
    }

    #[test]
    fn the_home_leaves_in_no_field_also_of_a_record_whose_figures_are_none() {
        let homes = ["/home/sam".to_owned()];
        let mut planted = fixtures::everything();
        let path = "/home/sam/models/a.gguf";
        planted.session.name = format!("of {path}");
        planted.session.engine.path = path.to_owned();
        planted.exchanges[0].prompt = format!("The model lies in {path}.");
        planted.trials[0].note = Some(format!("see {path}"));
        let text = |one: &SessionRecord| serde_json::to_string(&record(one, &homes)).unwrap();
        assert!(!text(&planted).contains("/home/sam"), "{}", text(&planted));
        assert!(text(&planted).contains("see ~/models/a.gguf"));
        planted.trials[0].repeats[0].energy.gross.0 = f64::NAN;
        assert!(!text(&planted).contains("/home/sam"), "{}", text(&planted));
        assert_eq!(record(&planted, &[]).session.engine.path, path);
    }
}
