//! One app under WebDriver. WebKitWebDriver starts the app and stops it with the session.

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use wattsmith_domain::SessionRecord;

/// Longest wait for the window to show something that needs no measurement.
pub const SOON: Duration = Duration::from_secs(60);
/// Longest wait for measured windows, on a machine that may be busy with other things.
pub const MEASURED: Duration = Duration::from_secs(600);

/// A running app and its driver.
pub struct App {
    pub client: Client,
    driver: Child,
}

impl App {
    /// Starts the app on `data`.
    pub async fn start(data: &Path) -> Self {
        let [port, inspector] = free_ports();
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .arg("--host=127.0.0.1")
            // wry lets itself be driven only when it is told so.
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("WEBKIT_INSPECTOR_SERVER", format!("127.0.0.1:{inspector}"))
            .env("WATTSMITH_DATA_DIR", data)
            .env("WATTSMITH_LOCK", data.join("lock"))
            // What the web view remembers, such as the theme, is the person's: it has folders of its own here.
            .env("XDG_DATA_HOME", data)
            .env("XDG_CACHE_HOME", data)
            .env("XDG_CONFIG_HOME", data)
            // Nobody sits here to be asked.
            .env("WATTSMITH_BUSY", "measure")
            // Other tests run beside this one.
            .env("WATTSMITH_BUSY_LIMIT", "never")
            .stdout(Stdio::null())
            .spawn()
            .expect("WebKitWebDriver starts; `make test` installs webkit2gtk-driver");
        let options = json!({"binary": binary(), "args": []});
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("webkitgtk:browserOptions".to_owned(), options);
        let address = format!("http://127.0.0.1:{port}");
        let mut tries = 0;
        let client = loop {
            let made = ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities.clone())
                .connect(&address)
                .await;
            match made {
                Ok(client) => break client,
                Err(error) if tries >= 40 => panic!("no WebDriver session: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(250)).await,
            }
            tries += 1;
        };
        Self { client, driver }
    }

    /// Waits for an element by its `data-testid`.
    pub async fn find(&self, id: &str) -> Element {
        self.find_within(id, SOON).await
    }

    /// The same with another patience.
    pub async fn find_within(&self, id: &str, patience: Duration) -> Element {
        let there = format!("return !!document.querySelector(\"[data-testid='{id}']\")");
        self.until(id, &there, patience).await;
        let selector = format!("[data-testid='{id}']");
        self.client.find(Locator::Css(&selector)).await.unwrap()
    }

    /// Clicks an element, scrolled into view first.
    pub async fn click(&self, id: &str) {
        let element = self.find(id).await;
        let element = serde_json::to_value(&element).unwrap();
        self.client
            .execute(
                "arguments[0].scrollIntoView({block: 'center'}); arguments[0].click();",
                vec![element],
            )
            .await
            .unwrap();
    }

    /// Replaces what a field holds, as typing would.
    pub async fn fill(&self, id: &str, text: &str) {
        let element = self.find(id).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Chooses from a list.
    pub async fn choose(&self, id: &str, value: &str) {
        self.find(id).await.select_by_value(value).await.unwrap();
    }

    /// Takes a session in from a file, by its path.
    pub async fn import(&self, file: &Path) {
        self.click("import-session").await;
        self.fill("import-path", file.to_str().unwrap()).await;
        self.click("import-now").await;
    }

    /// An element's text.
    pub async fn text(&self, id: &str) -> String {
        self.find(id).await.text().await.unwrap()
    }

    /// Elements with this test id now.
    pub async fn count(&self, id: &str) -> usize {
        let selector = format!("[data-testid='{id}']");
        let found = self.client.find_all(Locator::Css(&selector)).await;
        found.unwrap().len()
    }

    /// Waits until something holds in the page.
    pub async fn until(&self, what: &str, script: &str, patience: Duration) {
        let deadline = std::time::Instant::now() + patience;
        // Every look costs the page CPU time, which a measurement would see: ever rarer.
        let mut pause = Duration::from_millis(250);
        loop {
            let holds = self.client.execute(script, vec![]).await.unwrap();
            if holds == Value::Bool(true) {
                return;
            }
            if std::time::Instant::now() > deadline {
                self.shot("not-in-time").await;
                panic!("in vain waited for: {what}");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(4));
        }
    }

    /// Takes a screenshot; writes it where `WATTSMITH_SHOTS` says.
    pub async fn shot(&self, name: &str) -> Vec<u8> {
        let png = self.client.screenshot().await.unwrap();
        if let Some(folder) = std::env::var_os("WATTSMITH_SHOTS") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), &png).unwrap();
        }
        png
    }

    /// Closes the window as a person would and waits for the app to be gone.
    pub async fn close(mut self) {
        self.client.clone().close().await.unwrap();
        // TERM, not KILL: the driver then takes its app along.
        let pid = self.driver.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        self.driver.wait().unwrap();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let pid = self.driver.id().to_string();
        if self.driver.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
            let _ = self.driver.wait();
        }
    }
}

/// Writes this record as the file of a session.
pub fn write_session(record: &SessionRecord, file: &Path) {
    let text = json!({
        "wattsmith_session": 1,
        "written_by": "0.1.0",
        "record": record,
        "power": [],
    });
    std::fs::write(file, text.to_string()).unwrap();
}

fn binary() -> PathBuf {
    std::env::var_os("WATTSMITH_APP").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/debug/wattsmith"),
        PathBuf::from,
    )
}

/// Two ports that were free a moment ago.
fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
