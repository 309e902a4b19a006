//! What the engine prints. It writes straight into a file, so that the app spends no time on it
//! while a window is open; the file is read only when somebody asks, and never whole.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Most that is read from either end.
const READ_LIMIT: u64 = 256 * 1024;
/// An engine that prints more than this has lost its mind; the file starts anew.
const SIZE_LIMIT: u64 = 32 * 1024 * 1024;
/// Log files kept in a state directory.
const KEPT: usize = 20;

/// The file that one engine's stdout and stderr go to.
#[derive(Debug, Clone)]
pub(crate) struct EngineLog {
    path: PathBuf,
}

impl EngineLog {
    /// Creates `engine-NAME.log` in `directory` and removes the oldest ones beyond a few.
    pub(crate) fn create(directory: &Path, name: &str) -> io::Result<(Self, Stdio)> {
        std::fs::create_dir_all(directory)?;
        remove_oldest(directory);
        let path = directory.join(format!("engine-{name}.log"));
        // Appending keeps writing right when the file is cut; both streams share it.
        let file: File = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok((Self { path }, Stdio::from(file)))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The beginning, where the settings in use are told.
    pub(crate) async fn head(&self) -> String {
        self.read(|_| 0).await.unwrap_or_default()
    }

    /// The end, where the reason for an exit is told.
    pub(crate) async fn tail(&self) -> String {
        self.read(|size| size.saturating_sub(READ_LIMIT))
            .await
            .unwrap_or_default()
    }

    async fn read(&self, start: impl Fn(u64) -> u64) -> io::Result<String> {
        let mut file = tokio::fs::File::open(&self.path).await?;
        let size = file.metadata().await?.len();
        file.seek(io::SeekFrom::Start(start(size))).await?;
        let mut bytes = Vec::new();
        file.take(READ_LIMIT).read_to_end(&mut bytes).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Starts the file anew when it has grown beyond all reason.
    pub(crate) async fn keep_bounded(&self) {
        if let Ok(meta) = tokio::fs::metadata(&self.path).await
            && meta.len() > SIZE_LIMIT
            && let Ok(file) = tokio::fs::OpenOptions::new()
                .write(true)
                .open(&self.path)
                .await
        {
            let _ = file.set_len(0).await;
        }
    }
}

fn remove_oldest(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    let mut logs: Vec<_> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("engine-") && name.ends_with(".log")
        })
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    logs.sort();
    let surplus = logs.len().saturating_sub(KEPT - 1);
    for (_, path) in logs.into_iter().take(surplus) {
        let _ = std::fs::remove_file(path);
    }
}
