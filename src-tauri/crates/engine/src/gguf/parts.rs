//! A model in several files: `NAME-00001-of-00003.gguf` and so on. Each head says its place; the
//! engine is given the first and finds the others by their names, in the same folder.

use super::fault::Fault;
use super::head::{Head, Place, read_file};
use std::path::{Path, PathBuf};

/// More parts than this are no model's.
pub(super) const MOST_PARTS: u64 = 4096;
/// Folders beside a set that are searched for a part that is missing.
const MOST_FOLDERS: usize = 200;
/// Missing parts that are named one by one.
const MOST_NAMED: usize = 3;

/// What a file's name says of its place: the name in common, the number from 1, the count.
pub(super) fn in_name(path: &Path) -> Option<(String, u64, u64)> {
    let name = path.file_name()?.to_str()?.strip_suffix(".gguf")?;
    let (front, count) = name.rsplit_once("-of-")?;
    let (front, number) = front.rsplit_once('-')?;
    let digits = |text: &str| {
        let plain = text.len() >= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten()
    };
    Some((front.to_owned(), digits(number)?, digits(count)?))
}

/// The name of a part.
pub(super) fn name_of(front: &str, number: u64, count: u64) -> String {
    format!("{front}-{number:05}-of-{count:05}.gguf")
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub path: PathBuf,
    pub bytes: u64,
}

/// All files of a model by its first one, whose head was read; `head` then has the tensors of all.
pub(super) fn gather(path: &Path, bytes: u64, head: &mut Head) -> Result<Vec<File>, Fault> {
    let first = File {
        path: path.to_owned(),
        bytes,
    };
    let Some(place) = head.place() else {
        return Ok(vec![first]);
    };
    if place.count > MOST_PARTS {
        return Err(Fault::Nonsense("more parts than any model has"));
    }
    let front = front_of(path, place)?;
    if place.number != 1 {
        return Err(later_part(path, &front, place));
    }
    let named = |number| path.with_file_name(name_of(&front, number, place.count));
    let missing: Vec<u64> = (2..=place.count)
        .filter(|number| !named(*number).is_file())
        .collect();
    if !missing.is_empty() {
        return Err(missing_parts(path, &front, place, &missing));
    }
    let mut files = vec![first];
    for number in 2..=place.count {
        let path = named(number);
        let name = name_of(&front, number, place.count);
        let (other, bytes) = read_file(&path).map_err(|fault| in_part(number, &name, fault))?;
        let says = other.place();
        if says.is_none_or(|says| (says.number, says.count) != (number, place.count)) {
            let says = says.map_or_else(
                || "no part at all".to_owned(),
                |says| format!("part {} of {}", says.number, says.count),
            );
            return Err(Fault::Unfit(format!(
                "{name} is no part {number} of this set: its head says {says}. Fetch that part \
                 again, from where the others come from."
            )));
        }
        head.tensors.add(&other.tensors);
        files.push(File { path, bytes });
    }
    if let Some(tensors) = place.tensors
        && tensors != head.tensors.count
    {
        return Err(Fault::Unfit(format!(
            "The {} parts hold {} tensors together and should hold {tensors}: one of them belongs \
             to another set. Fetch all parts again, from one place.",
            place.count, head.tensors.count
        )));
    }
    Ok(files)
}

/// The name in common, where the file's name fits its head.
fn front_of(path: &Path, place: Place) -> Result<String, Fault> {
    match in_name(path) {
        Some((front, number, count)) if (number, count) == (place.number, place.count) => Ok(front),
        _ => Err(Fault::Unfit(format!(
            "This is part {} of {} by its head, but its name does not say so, and the engine finds \
             the other parts by name. Rename all of them, this one to {}.",
            place.number,
            place.count,
            name_of("NAME", place.number, place.count)
        ))),
    }
}

fn later_part(path: &Path, front: &str, place: Place) -> Fault {
    let first = name_of(front, 1, place.count);
    if path.with_file_name(&first).is_file() {
        return Fault::LaterPart {
            number: place.number,
            count: place.count,
            first,
        };
    }
    let seen = seen_elsewhere(path, &first);
    Fault::MissingPart(format!(
        "This is part {} of {}, and part 1 is missing ({first}){seen}. Put all parts into one \
         folder and choose part 1.",
        place.number, place.count
    ))
}

fn missing_parts(path: &Path, front: &str, place: Place, missing: &[u64]) -> Fault {
    let name = |number: &u64| name_of(front, *number, place.count);
    let named: Vec<String> = missing.iter().take(MOST_NAMED).map(name).collect();
    let more = match missing.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let numbers: Vec<String> = missing
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    let subject = match missing {
        [one] => format!("Part {one} of {} is", place.count),
        _ => format!("Parts {}{more} of {} are", numbers.join(", "), place.count),
    };
    let seen = missing
        .first()
        .map_or_else(String::new, |first| seen_elsewhere(path, &name(first)));
    let link = match path.is_symlink() {
        true => " The file is a link: link its other parts, too.",
        false => "",
    };
    Fault::MissingPart(format!(
        "{subject} missing ({}{more}){seen}. All parts must lie in one folder; fetch what is \
         missing.{link}",
        named.join(", ")
    ))
}

/// Where a file of that name lies: in a folder beside, above or below.
fn seen_elsewhere(path: &Path, name: &str) -> String {
    let Some(folder) = path.parent() else {
        return String::new();
    };
    let above = folder.parent();
    let found = [Some(folder), above]
        .into_iter()
        .flatten()
        .flat_map(folders_in)
        .chain(above.map(Path::to_path_buf))
        .map(|one| one.join(name))
        .find(|one| one.is_file());
    match found.as_deref().and_then(Path::parent) {
        Some(folder) => format!("; one of that name lies in {}", folder.display()),
        None => String::new(),
    }
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .take(MOST_FOLDERS)
        .collect()
}

fn in_part(number: u64, name: &str, fault: Fault) -> Fault {
    match fault {
        Fault::Unfit(what) => Fault::Unfit(format!("Part {number} ({name}): {what}")),
        fault => Fault::Damaged(format!(
            "its part {number} ({name}) is not sound: {}",
            fault
                .to_string()
                .trim_start_matches("The file is damaged: ")
                .trim_end_matches(" Fetch it again.")
                .trim_end_matches('.')
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_set_is_read_off_the_name() {
        let of = |name: &str| in_name(Path::new(name));
        assert_eq!(
            of("m/Smol-00002-of-00007.gguf"),
            Some(("Smol".into(), 2, 7))
        );
        assert_eq!(
            of("a-b-of-c-Q4_K_M-00001-of-00002.gguf"),
            Some(("a-b-of-c-Q4_K_M".into(), 1, 2))
        );
        for other in [
            "Smol.gguf",
            "Smol-1-of-2.gguf",
            "Smol-00001-of-00002",
            "Smol-0000x-of-00002.gguf",
            "one-of-them.gguf",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(name_of("Smol", 2, 7), "Smol-00002-of-00007.gguf");
    }
}
