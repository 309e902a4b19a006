//! A folder, a server and short patience.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use wattsmith_download::{
    Download, DownloadError, Fetch, Fetched, Hub, Order, Patience, Progress, Source, part_of,
};
use wattsmith_testkit::file_server::FileServer;

pub struct Stand {
    pub server: FileServer,
    pub cancel: CancellationToken,
    pub told: Arc<Mutex<Vec<Progress>>>,
    folder: TempDir,
}

/// As many bytes, no two parts of which are alike.
pub fn content(bytes: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

/// In hex.
pub fn sha256(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("content");
    std::fs::write(&path, content).unwrap();
    wattsmith_download::sha256_of(&path, |_| true)
        .unwrap()
        .unwrap()
}

impl Stand {
    pub async fn with(content: &[u8]) -> Self {
        Self {
            server: FileServer::with(content).await.unwrap(),
            cancel: CancellationToken::new(),
            told: Arc::default(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("models/tiny.gguf")
    }

    pub fn part(&self) -> PathBuf {
        part_of(&self.file())
    }

    /// Names in the folder.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.file().parent().unwrap()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub fn download(&self) -> Download {
        Download {
            hub: Hub::at(&self.server.address).unwrap(),
            patience: Patience {
                connect: Duration::from_secs(5),
                stall: Duration::from_millis(300),
                tries: 2,
                pause: Duration::from_millis(5),
            },
        }
    }

    pub fn order(&self, what: &str, sha256: Option<&str>) -> Order {
        let text = what.replace("SERVER", &self.server.address);
        Order {
            source: Source::named(&text, &self.download().hub).unwrap(),
            folder: self.file().parent().unwrap().to_owned(),
            sha256: sha256.map(str::to_owned),
            bytes: None,
        }
    }

    pub async fn whole(&self, order: &Order) -> Result<Fetch, DownloadError> {
        let told = Arc::clone(&self.told);
        let tell = move |progress| told.lock().unwrap().push(progress);
        self.download().fetch(order, &tell, &self.cancel).await
    }

    /// Fetches and gives the file its name.
    pub async fn fetch(&self, what: &str, sha256: Option<&str>) -> Result<Fetched, DownloadError> {
        match self.whole(&self.order(what, sha256)).await? {
            Fetch::There(fetched) => Ok(fetched),
            Fetch::Whole(whole) => whole.keep(),
        }
    }
}

/// By address, as most tests ask for it. It is not on the hub.
pub const ADDRESS: &str = "SERVER/files/tiny.gguf";
/// On the hub.
pub const ON_HUB: &str = "some-one/tiny-GGUF/tiny.gguf";
