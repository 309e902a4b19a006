//! Devices that are read in two ways: which of the two stands is the person's to say, and while
//! two contradict each other nothing is compared with their figures.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::machine::outside::put_reader;
use crate::tuner::Tuner;
use wattsmith_domain::{Energy, Reader, SessionRecord};
use wattsmith_meter::{Meter, ReaderChoice};

impl Tuner {
    /// Every device that is read in two ways, and what the person said about it.
    #[must_use]
    pub fn readers(&self) -> Vec<ReaderChoice> {
        self.meter().readers()
    }

    /// Says which reader of a device stands; none leaves it open again. `device` is its name, or a
    /// part of it that no other has. Used after [`Tuner::reprobe`]. Gives the whole name.
    ///
    /// # Errors
    /// There is no such device, it has no such reader, or the settings cannot be read or written.
    pub async fn choose_reader(
        &self,
        device: &str,
        reader: Option<Reader>,
    ) -> Result<String, TunerError> {
        let choice = find(&self.readers(), device, reader)?;
        let (path, name) = (self.paths.meters(), choice.device.clone());
        blocking(move || put_reader(&path, &name, reader)).await??;
        Ok(choice.device)
    }

    /// Refuses to compare figures that are not certain: two readers contradict each other, and the
    /// person has not said which one stands, or has decided for another than they rest on.
    pub(crate) fn check_readers(&self, record: &SessionRecord) -> Result<(), TunerError> {
        let confirmations = record.confirmations.iter();
        let repeats = record
            .trials
            .iter()
            .flat_map(|trial| &trial.repeats)
            .chain(confirmations.flat_map(|one| one.best.iter().chain(&one.default)));
        let meter = self.meter();
        repeats
            .map(|repeat| &repeat.energy)
            .flat_map(|energy| energy.undecided.iter().map(move |device| (energy, device)))
            .try_for_each(|(energy, device)| check(&meter, energy, device))
    }
}

impl Tuner {
    /// Keeps with the session what the person decided for its figures, so that they are certain from
    /// then on. After [`Tuner::check_readers`].
    pub(crate) async fn keep_readers(&self, record: &SessionRecord) -> Result<(), TunerError> {
        let all = record.trials.iter().flat_map(|trial| &trial.repeats);
        let open: Vec<&String> = all.flat_map(|repeat| &repeat.energy.undecided).collect();
        let decided: Vec<(String, Reader)> = self
            .readers()
            .into_iter()
            .filter(|choice| open.contains(&&choice.device))
            .filter_map(|choice| Some((choice.device, choice.decided?)))
            .collect();
        if decided.is_empty() {
            return Ok(());
        }
        self.change(&record.session.id, |session| {
            session.readers.extend(decided)
        })
        .await
    }
}

fn find(
    choices: &[ReaderChoice],
    device: &str,
    reader: Option<Reader>,
) -> Result<ReaderChoice, TunerError> {
    let named = |choice: &&ReaderChoice| choice.device == device;
    let like = |choice: &&ReaderChoice| {
        let (name, part) = (choice.device.to_lowercase(), device.to_lowercase());
        name.contains(&part)
    };
    let mut found: Vec<&ReaderChoice> = choices.iter().filter(named).collect();
    if found.is_empty() {
        found = choices.iter().filter(like).collect();
    }
    let fits = |choice: &&&ReaderChoice| reader.is_none_or(|said| choice.ways.contains(&said));
    let one_device = found
        .windows(2)
        .all(|pair| pair[0].device == pair[1].device);
    match found.iter().find(fits) {
        Some(choice) if one_device => Ok((*choice).clone()),
        _ => Err(TunerError::Invalid(refusal(choices, device))),
    }
}

fn refusal(choices: &[ReaderChoice], device: &str) -> String {
    if choices.is_empty() {
        return "No device here is read in two ways, so there is nothing to choose.".to_owned();
    }
    let known: Vec<String> = choices
        .iter()
        .map(|one| format!("\"{}\" ({} or {})", one.device, one.ways[0], one.ways[1]))
        .collect();
    format!(
        "{device:?} names no such reader. Read in two ways are: {}.",
        known.join(", ")
    )
}

fn check(meter: &Meter, energy: &Energy, device: &str) -> Result<(), TunerError> {
    let used = used(energy, device);
    let choices = meter.readers();
    let of_device = |choice: &&ReaderChoice| choice.device == device;
    let decided = choices.iter().filter(of_device).find_map(|one| one.decided);
    match decided {
        Some(reader) if reader == used => Ok(()),
        Some(reader) => Err(TunerError::Invalid(format!(
            "This session's figures of {device} rest on {}, and you decided for {}. The two cannot \
             be compared: start a new session.",
            used.words(),
            reader.words()
        ))),
        None => {
            let (one, other) = match used {
                Reader::Counter | Reader::Power => (Reader::Counter, Reader::Power),
                Reader::Own | Reader::BuiltIn => (Reader::Own, Reader::BuiltIn),
            };
            Err(TunerError::Invalid(format!(
                "The two readers of {device} contradict each other, so this session's figures are \
                 not certain and nothing is compared with them. Say which one stands, here on the \
                 page of the machine or with: wattsmith-cli meters reader \"{device}\" {one} (or \
                 {other}). The figures so far rest on {}.",
                used.words()
            )))
        }
    }
}

/// Which reader a device's joules came from.
fn used(energy: &Energy, device: &str) -> Reader {
    match energy.devices.iter().find(|one| one.device == device) {
        Some(one) if one.integral.is_some() => Reader::Counter,
        Some(one) if one.counted.is_some() => Reader::Power,
        Some(_) => Reader::Own,
        None => Reader::BuiltIn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(device: &str, ways: [Reader; 2]) -> ReaderChoice {
        ReaderChoice {
            device: device.to_owned(),
            ways,
            decided: None,
        }
    }

    #[test]
    fn a_device_is_found_by_its_name_or_by_a_part_that_no_other_has() {
        let choices = [
            choice("NVIDIA H100 (GPU-1f2e)", [Reader::Counter, Reader::Power]),
            choice("NVIDIA H100 (GPU-77aa)", [Reader::Counter, Reader::Power]),
            choice("plug", [Reader::Counter, Reader::Power]),
            choice("plug", [Reader::Own, Reader::BuiltIn]),
        ];
        let found = |device: &str, reader| find(&choices, device, Some(reader)).map(|one| one.ways);
        assert_eq!(found("plug", Reader::Own).unwrap()[0], Reader::Own);
        assert_eq!(found("plug", Reader::Power).unwrap()[0], Reader::Counter);
        assert!(found("gpu-77", Reader::Counter).is_ok());
        for (device, reader) in [
            ("NVIDIA", Reader::Counter),
            ("gpu-77", Reader::Own),
            ("nobody", Reader::Power),
        ] {
            let words = find(&choices, device, Some(reader))
                .unwrap_err()
                .to_string();
            assert!(words.contains("\"plug\" (counter or power)"), "{words}");
        }
        let words = find(&[], "plug", None).unwrap_err().to_string();
        assert!(words.contains("nothing to choose"), "{words}");
    }
}
