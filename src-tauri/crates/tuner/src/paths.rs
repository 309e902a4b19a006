//! Where things lie: the person's data, and the engine and models that setup fetched or the package
//! brought along.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use wattsmith_engine::shipped;

/// The model to tune that setup fetches.
const SHIPPED_MODEL: &str = "models/SmolLM2-135M-Instruct-Q4_1.gguf";
/// Folders inside `models` are searched this deep: publisher, model and quantisation.
const NESTED: u32 = 3;
/// More files are not looked at.
const MOST_MODEL_FILES: usize = 2000;

/// Folders in use.
#[derive(Debug, Clone)]
pub struct Paths {
    /// Database, templates, logs and reports.
    pub data: PathBuf,
    /// Folders searched for engines and models, first match wins.
    pub assets: Vec<PathBuf>,
    /// The file whose lock says that somebody measures: the same one for every person and data
    /// folder, since there is one machine.
    pub lock: PathBuf,
    /// Whether that is another file than everybody else's, so that somebody else may measure at the same
    /// time. Each figure says so.
    pub lock_overridden: bool,
}

impl Paths {
    /// `data`, or the person's data folder; assets from `WATTSMITH_ASSETS`, the person's data folder
    /// and the package, in this order; the lock in a place that is the same for every user and hangs on no
    /// variable of theirs.
    #[must_use]
    pub fn new(data: Option<PathBuf>) -> Self {
        let home = directories::BaseDirs::new().map_or_else(
            || PathBuf::from(".wattsmith"),
            |base| base.data_dir().join("wattsmith"),
        );
        let mut assets: Vec<PathBuf> = std::env::var_os("WATTSMITH_ASSETS")
            .map(PathBuf::from)
            .into_iter()
            .collect();
        assets.push(home.join("assets"));
        if let Ok(binary) = std::env::current_exe()
            && let Some(prefix) = binary.parent().and_then(Path::parent)
        {
            assets.push(prefix.join("lib/wattsmith/assets"));
        }
        Self {
            data: data.unwrap_or(home),
            assets,
            lock: machine_lock(),
            lock_overridden: false,
        }
    }

    /// The same with a lock of one's own, for tests and stand-ins.
    #[must_use]
    pub fn locked_by(mut self, lock: Option<PathBuf>) -> Self {
        if let Some(lock) = lock {
            self.lock_overridden = lock != self.lock;
            self.lock = lock;
        }
        self
    }

    /// The data folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.data
    }

    /// The window's size as it was left.
    #[must_use]
    pub fn window(&self) -> PathBuf {
        self.data.join("window.json")
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("wattsmith.db")
    }

    /// The person's edits of prompt templates.
    #[must_use]
    pub fn templates(&self) -> PathBuf {
        self.data.join("templates")
    }

    /// The meters that the person brings.
    #[must_use]
    pub fn meters(&self) -> PathBuf {
        self.data.join("meters.toml")
    }

    /// What the person chose for all sessions.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.data.join("settings.toml")
    }

    /// What probing and calibrating this machine's sensors found.
    #[must_use]
    pub fn sensors(&self) -> PathBuf {
        self.data.join("sensors")
    }

    /// Running engines, their logs, and what is needed to end orphans.
    #[must_use]
    pub fn engines_state(&self) -> PathBuf {
        self.data.join("engines-running")
    }

    /// Pictures that trials made, a folder for each session.
    #[must_use]
    pub fn pictures(&self) -> PathBuf {
        self.data.join("pictures")
    }

    /// The person's own landscapes.
    #[must_use]
    pub fn landscapes(&self) -> PathBuf {
        self.data.join("landscapes")
    }

    /// Finished studies, a folder each.
    #[must_use]
    pub fn studies(&self) -> PathBuf {
        self.data.join("studies")
    }

    /// Exported reports.
    #[must_use]
    pub fn reports(&self) -> PathBuf {
        self.data.join("reports")
    }

    /// Models that the person had fetched, or put there.
    #[must_use]
    pub fn own_models(&self) -> PathBuf {
        self.data.join("models")
    }

    /// Where engines are looked for: among the assets, and in the data folder.
    #[must_use]
    pub fn engine_folders(&self) -> Vec<PathBuf> {
        let own = std::iter::once(&self.data);
        self.assets.iter().chain(own).cloned().collect()
    }

    /// The engine that setup or the package put there.
    ///
    /// # Errors
    /// The sentence to show when there is none.
    pub fn shipped_engine(&self) -> Result<PathBuf, String> {
        shipped().find(&self.engine_folders())
    }

    /// The model to tune that setup or the package put there.
    #[must_use]
    pub fn shipped_model(&self) -> Option<PathBuf> {
        let files = self.assets.iter().map(|folder| folder.join(SHIPPED_MODEL));
        files.into_iter().find(|path| path.is_file())
    }

    /// Model files in the assets and in the data folder, also in folders inside: by their place under
    /// `models`, each place once.
    #[must_use]
    pub fn model_files(&self) -> Vec<PathBuf> {
        let mut found: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        for folder in self.assets.iter().chain(std::iter::once(&self.data)) {
            let folder = folder.join("models");
            let mut files = Vec::new();
            collect_models(&folder, NESTED, &mut files);
            for file in files {
                let place = file.strip_prefix(&folder).unwrap_or(&file).to_path_buf();
                found.entry(place).or_insert(file);
            }
        }
        found.into_values().collect()
    }
}

/// Adds the GGUF files of a folder and of those inside it.
fn collect_models(folder: &Path, deeper: u32, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if files.len() >= MOST_MODEL_FILES {
            return;
        }
        let is_model = path
            .extension()
            .is_some_and(|suffix| suffix.eq_ignore_ascii_case("gguf"));
        if is_model && path.is_file() {
            files.push(path);
        } else if deeper > 0 && path.is_dir() {
            collect_models(&path, deeper - 1, files);
        }
    }
}

/// The first of two folders in which every user of this machine may put a file: the same for all of them.
fn machine_lock() -> PathBuf {
    let for_all = |folder: &&&str| {
        std::fs::metadata(folder).is_ok_and(|meta| meta.is_dir() && meta.mode() & 0o002 != 0)
    };
    let folder = ["/run/lock", "/tmp"].iter().find(for_all);
    Path::new(folder.unwrap_or(&"/tmp")).join("wattsmith-measuring.lock")
}

/// From here on, whatever this process and what it starts make is for its owner alone, unless a mode says
/// otherwise: logs of engines, databases, files of libraries. Call it before anything is made.
pub fn keep_to_owner() {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
}

/// Libraries that log addresses and headers as they send them, with what is secret in them. Their logs are
/// never shown, whatever was asked for.
pub const TALKATIVE: [&str; 6] = ["h2", "hyper", "hyper_util", "reqwest", "ureq", "ureq_proto"];
