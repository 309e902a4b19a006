//! What was changed and how it was before, one small file per board, written before the first
//! change. The folder is the system's and root's alone: what is put back is never taken from a file
//! that somebody else could write, and the settings themselves do not outlive a boot either.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use wattsmith_domain::Watts;

/// Where the files are.
pub const STATE_FOLDER: &str = "/run/wattsmith-gpu-control";

/// How a board was before, as far as it was changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Before {
    /// Power limit, mW, where that was changed.
    pub power_limit_mw: Option<u32>,
    /// Whether clocks were locked. NVML does not tell whether they were before.
    pub clocks_locked: bool,
}

/// A process, so described that no later one with its pid is mistaken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    pid: u32,
    /// Clock ticks between boot and its start.
    started: u64,
}

impl Holder {
    pub(crate) fn this() -> io::Result<Self> {
        let pid = std::process::id();
        let started = started(pid).ok_or_else(|| io::Error::other("/proc cannot be read"))?;
        Ok(Self { pid, started })
    }

    fn runs(&self) -> bool {
        started(self.pid) == Some(self.started)
    }
}

/// Field 22 of `/proc/PID/stat`; the name in parentheses may hold anything.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    // A zombie holds nothing any more.
    let state = fields.next()?;
    (state != "Z" && state != "X").then_some(())?;
    fields.nth(18)?.parse().ok()
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saved {
    pub before: Before,
    pub holder: Option<Holder>,
}

impl Saved {
    /// Whether another process than this one holds the board.
    pub(crate) fn is_held_elsewhere(&self) -> bool {
        self.holder
            .is_some_and(|holder| holder.pid != std::process::id() && holder.runs())
    }
}

/// A board that was changed by a program which is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// The board.
    pub uuid: String,
    /// Its power limit before, where that was changed.
    pub power_limit: Option<Watts>,
    /// Whether its clocks were locked.
    pub clocks_locked: bool,
}

/// Boards that were changed and not put back, and that nobody holds any more.
#[must_use]
pub fn left(folder: &Path) -> Vec<Left> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new(); // nothing was ever changed since the boot
    };
    let mut left: Vec<Left> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with("GPU-") && !name.ends_with(PART))
        .filter_map(|uuid| Some((read(folder, &uuid)?, uuid)))
        .filter(|(saved, _)| !saved.is_held_elsewhere())
        .map(|(saved, uuid)| Left {
            uuid,
            power_limit: saved
                .before
                .power_limit_mw
                .map(|milliwatts| Watts(f64::from(milliwatts) / 1e3)),
            clocks_locked: saved.before.clocks_locked,
        })
        .collect();
    left.sort_by(|one, other| one.uuid.cmp(&other.uuid));
    left
}

const PART: &str = ".part";

/// What was written about a board; none where nothing was.
pub(crate) fn read(folder: &Path, uuid: &str) -> Option<Saved> {
    let text = fs::read_to_string(folder.join(uuid)).ok()?;
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    };
    let holder = || {
        Some(Holder {
            pid: value("pid")?.parse().ok()?,
            started: value("started")?.parse().ok()?,
        })
    };
    Some(Saved {
        before: Before {
            power_limit_mw: value("power-limit-mw").and_then(|text| text.parse().ok()),
            clocks_locked: value("clocks") == Some("locked"),
        },
        holder: holder(),
    })
}

/// Writes down how a board was, with this process as its holder.
pub(crate) fn write(folder: &Path, uuid: &str, before: Before) -> io::Result<()> {
    prepare(folder)?;
    let holder = Holder::this()?;
    let mut text = format!(
        "uuid {uuid}\npid {}\nstarted {}\n",
        holder.pid, holder.started
    );
    if let Some(milliwatts) = before.power_limit_mw {
        text.push_str(&format!("power-limit-mw {milliwatts}\n"));
    }
    if before.clocks_locked {
        text.push_str("clocks locked\n");
    }
    let part = folder.join(format!("{uuid}{PART}"));
    let mut file = File::create(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, folder.join(uuid))
}

/// Forgets a board that is as it was.
pub(crate) fn forget(folder: &Path, uuid: &str) {
    // A file that stays is found at the next start and put back once more, which changes nothing.
    let _ = fs::remove_file(folder.join(uuid));
}

/// Makes the folder, and makes sure that nobody else may write in it.
fn prepare(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o755).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let about = fs::symlink_metadata(folder)?;
    let own = fs::metadata(PathBuf::from("/proc/self"))?.uid();
    if about.is_dir() && about.uid() == own && about.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "it is not a folder of this user's alone",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    const BEFORE: Before = Before {
        power_limit_mw: Some(350_000),
        clocks_locked: true,
    };

    #[test]
    fn what_is_written_is_read_and_forgotten() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state");
        assert_eq!(read(&folder, "GPU-aa"), None);
        write(&folder, "GPU-aa", BEFORE).unwrap();
        let saved = read(&folder, "GPU-aa").unwrap();
        assert_eq!(saved.before, BEFORE);
        assert_eq!(saved.holder, Some(Holder::this().unwrap()));
        assert!(!saved.is_held_elsewhere());
        forget(&folder, "GPU-aa");
        assert_eq!(read(&folder, "GPU-aa"), None);
    }

    #[test]
    fn a_board_is_left_only_once_its_holder_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state");
        assert_eq!(left(&folder), []);
        write(&folder, "GPU-aa", BEFORE).unwrap();
        let mut other = std::process::Command::new("sleep")
            .arg("100")
            .spawn()
            .unwrap();
        let ticks = started(other.id()).unwrap();
        let text = format!(
            "pid {}\nstarted {ticks}\npower-limit-mw 200000\n",
            other.id()
        );
        fs::write(folder.join("GPU-bb"), text).unwrap();
        let uuids = || {
            left(&folder)
                .into_iter()
                .map(|one| one.uuid)
                .collect::<Vec<_>>()
        };
        assert_eq!(uuids(), ["GPU-aa"]);
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(uuids(), ["GPU-aa", "GPU-bb"]);
        assert_eq!(left(&folder)[1].power_limit, Some(Watts(200.0)));
    }

    #[test]
    fn a_folder_that_others_can_write_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        let open = root.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(write(&open, "GPU-aa", BEFORE).is_err());
        let link = root.path().join("link");
        symlink(root.path(), &link).unwrap();
        assert!(write(&link, "GPU-aa", BEFORE).is_err());
    }
}
