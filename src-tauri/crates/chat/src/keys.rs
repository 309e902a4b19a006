//! API keys in the keyring of the system; where there is none, in memory for this run only.

use crate::address::normal_base_url;
use crate::secret::Secret;
use keyring::credential::CredentialPersistence;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use wattsmith_domain::Provider;

const SERVICE: &str = "wattsmith";
/// How long the keyring may take; it may ask the person to unlock it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// In the keyring of the system: there after a restart, too.
    Keyring,
    /// In memory until this program ends.
    Memory {
        /// Why not in the keyring.
        reason: String,
    },
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => f.write_str("kept in the keyring of this system"),
            Self::Memory { reason } => {
                write!(f, "kept for this run only, because {reason}")
            }
        }
    }
}

/// Why a key could not be taken away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key for {server} could not be removed from the keyring: {reason}; remove the entry \"wattsmith\" there by hand"
)]
pub struct KeyError {
    /// The base URL.
    pub server: String,
    /// What the keyring said.
    pub reason: String,
}

/// What a keyring can do; blocking.
trait Vault: Send + Sync {
    fn get(&self, account: &str) -> Result<Option<Secret>, String>;
    fn set(&self, account: &str, key: &Secret) -> Result<(), String>;
    fn remove(&self, account: &str) -> Result<(), String>;
}

/// API keys by provider and base URL. Clones share what is in memory.
#[derive(Clone)]
pub struct Keys {
    vault: Arc<dyn Vault>,
    memory: Arc<Mutex<HashMap<String, (Secret, String)>>>,
    patience: Duration,
    /// Set once the keyring did not answer, so that it is waited for only when a key is to be kept.
    silent: Arc<AtomicBool>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(masked)")
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

impl Keys {
    /// The keys of the person who runs this program. Nothing is read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Arc::new(SystemKeyring), PATIENCE)
    }

    fn with(vault: Arc<dyn Vault>, patience: Duration) -> Self {
        Self {
            vault,
            memory: Arc::default(),
            patience,
            silent: Arc::default(),
        }
    }

    /// Keeps a key until this program ends, and leaves the keyring alone: for a key that came from
    /// the environment.
    pub fn keep_for_now(&self, provider: Provider, base_url: &str, key: Secret) {
        let reason = "it came from the environment".to_owned();
        self.memory()
            .insert(account(provider, base_url), (key, reason));
    }

    /// Keeps a key, and says where.
    pub async fn set(&self, provider: Provider, base_url: &str, key: Secret) -> Kept {
        let account = account(provider, base_url);
        let (for_vault, name) = (key.clone(), account.clone());
        match self.ask(move |vault| vault.set(&name, &for_vault)).await {
            Ok(()) => {
                self.memory().remove(&account);
                Kept::Keyring
            }
            Err(reason) => {
                self.memory().insert(account, (key, reason.clone()));
                Kept::Memory { reason }
            }
        }
    }

    /// The key for a server and where it is kept. A keyring that does not answer counts as one
    /// without the key.
    pub async fn get(&self, provider: Provider, base_url: &str) -> Option<(Secret, Kept)> {
        let account = account(provider, base_url);
        if let Some((key, reason)) = self.memory().get(&account).cloned() {
            return Some((key, Kept::Memory { reason }));
        }
        if self.silent.load(Ordering::Relaxed) {
            return None;
        }
        match self.ask(move |vault| vault.get(&account)).await {
            Ok(key) => key.map(|key| (key, Kept::Keyring)),
            Err(reason) => {
                tracing::debug!(reason, "no key from the keyring");
                None
            }
        }
    }

    /// Whether the keyring would keep a key; nothing is stored. Waits `patience` at most.
    ///
    /// # Errors
    /// Why it would not, in words.
    pub async fn answers(&self, patience: Duration) -> Result<(), String> {
        let asked = Self::with(Arc::clone(&self.vault), patience);
        // An entry that is never made: where there is a keyring it says that there is none.
        asked.ask(|vault| vault.get("doctor")).await.map(|_| ())
    }

    /// Removes the key for a server.
    ///
    /// # Errors
    /// [`KeyError`] when it was not in memory and the keyring does not answer or give it up.
    pub async fn forget(&self, provider: Provider, base_url: &str) -> Result<(), KeyError> {
        let account = account(provider, base_url);
        let in_memory = self.memory().remove(&account).is_some();
        let name = account.clone();
        match self.ask(move |vault| vault.remove(&name)).await {
            Ok(()) => Ok(()),
            Err(_) if in_memory => Ok(()),
            Err(reason) => Err(KeyError {
                server: account,
                reason,
            }),
        }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Secret, String)>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the keyring on a thread of its own: a bus that never answers would hold up the end of a
    /// runtime whose blocking pool waits for it.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Vault) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let (send, answer) = oneshot::channel();
        let vault = Arc::clone(&self.vault);
        let thread = std::thread::Builder::new().name("keyring".to_owned());
        thread
            .spawn(move || {
                let _ = send.send(question(vault.as_ref()));
            })
            .map_err(|error| format!("no thread could be started for it ({error})"))?;
        let answer = tokio::time::timeout(self.patience, answer).await;
        self.silent.store(answer.is_err(), Ordering::Relaxed);
        match answer {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err("the keyring failed".to_owned()),
            Err(_) => Err(format!(
                "the keyring did not answer within {} s",
                self.patience.as_secs_f32()
            )),
        }
    }
}

/// One account per provider and server, however its address was written. OpenAI's are the bare
/// addresses, as they were before there were others.
fn account(provider: Provider, base_url: &str) -> String {
    let server = normal_base_url(provider, base_url).unwrap_or_else(|_| base_url.trim().to_owned());
    match provider {
        Provider::OpenAi => server,
        other => format!("{other} {server}"),
    }
}

/// The keyring crate: Secret Service over D-Bus on Linux.
struct SystemKeyring;

impl SystemKeyring {
    fn entry(account: &str) -> Result<keyring::Entry, String> {
        // Built without a store for this system, the crate falls back to one that forgets.
        let lasting = keyring::default::default_credential_builder().persistence();
        if !matches!(
            lasting,
            CredentialPersistence::UntilDelete | CredentialPersistence::UntilReboot
        ) {
            return Err("this system has no keyring that Wattsmith can use".to_owned());
        }
        keyring::Entry::new(SERVICE, account).map_err(|error| in_words(&error))
    }
}

impl Vault for SystemKeyring {
    fn get(&self, account: &str) -> Result<Option<Secret>, String> {
        match Self::entry(account)?.get_password() {
            Ok(key) => Ok(Some(Secret::new(&key))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(in_words(&error)),
        }
    }

    fn set(&self, account: &str, key: &Secret) -> Result<(), String> {
        Self::entry(account)?
            .set_password(key.expose())
            .map_err(|error| in_words(&error))
    }

    fn remove(&self, account: &str) -> Result<(), String> {
        match Self::entry(account)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(in_words(&error)),
        }
    }
}

fn in_words(error: &keyring::Error) -> String {
    match error {
        keyring::Error::PlatformFailure(cause) => {
            format!("the keyring cannot be reached ({cause})")
        }
        keyring::Error::NoStorageAccess(cause) => format!("the keyring is locked ({cause})"),
        // Carries the stored bytes, which may be a key.
        keyring::Error::BadEncoding(_) => "the stored key is no text".to_owned(),
        other => format!("the keyring refused ({other})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENAI: Provider = Provider::OpenAi;

    const SERVER: &str = "https://host.example/v1";

    /// A keyring that works, that is absent, or that never answers.
    #[derive(Default)]
    struct Fake {
        keys: Mutex<HashMap<String, Secret>>,
        absent: bool,
        hangs: bool,
    }

    impl Fake {
        fn answer<T>(&self, answer: T) -> Result<T, String> {
            if self.hangs {
                std::thread::park();
            }
            if self.absent {
                return Err("there is no keyring".to_owned());
            }
            Ok(answer)
        }
    }

    impl Vault for Fake {
        fn get(&self, account: &str) -> Result<Option<Secret>, String> {
            self.answer(self.keys.lock().unwrap().get(account).cloned())
        }
        fn set(&self, account: &str, key: &Secret) -> Result<(), String> {
            self.answer(())?;
            self.keys
                .lock()
                .unwrap()
                .insert(account.to_owned(), key.clone());
            Ok(())
        }
        fn remove(&self, account: &str) -> Result<(), String> {
            self.answer(())?;
            self.keys.lock().unwrap().remove(account);
            Ok(())
        }
    }

    fn keys(fake: Fake) -> Keys {
        Keys::with(Arc::new(fake), Duration::from_secs(60))
    }

    #[tokio::test]
    async fn a_key_in_the_keyring_is_found_however_the_address_is_written() {
        let keys = keys(Fake::default());
        let key = Secret::new("sk-1");
        assert_eq!(keys.set(OPENAI, SERVER, key.clone()).await, Kept::Keyring);
        let found = keys.get(OPENAI, "https://HOST.example/").await;
        assert_eq!(found, Some((key, Kept::Keyring)));
        assert_eq!(keys.get(Provider::Anthropic, SERVER).await, None);
        keys.forget(OPENAI, SERVER).await.unwrap();
        assert_eq!(keys.get(OPENAI, SERVER).await, None);
    }

    #[tokio::test]
    async fn without_a_keyring_a_key_lives_for_this_run_and_that_is_said() {
        let keys = keys(Fake {
            absent: true,
            ..Fake::default()
        });
        assert_eq!(keys.get(OPENAI, SERVER).await, None);
        let kept = keys.set(OPENAI, SERVER, Secret::new("sk-1")).await;
        assert_eq!(
            kept.to_string(),
            "kept for this run only, because there is no keyring"
        );
        assert_eq!(
            keys.clone().get(OPENAI, SERVER).await,
            Some((Secret::new("sk-1"), kept))
        );
        keys.forget(OPENAI, SERVER).await.unwrap();
        assert_eq!(keys.get(OPENAI, SERVER).await, None);
        let error = keys.forget(OPENAI, SERVER).await.unwrap_err();
        assert!(error.to_string().contains("by hand"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_keyring_that_hangs_is_given_up_and_not_asked_again_for_reading() {
        let keys = keys(Fake {
            hangs: true,
            ..Fake::default()
        });
        let begun = tokio::time::Instant::now();
        assert_eq!(keys.get(OPENAI, SERVER).await, None);
        assert_eq!(begun.elapsed().as_secs(), 60);
        assert_eq!(keys.get(OPENAI, SERVER).await, None);
        assert_eq!(begun.elapsed().as_secs(), 60, "asked again");
        let kept = keys.set(OPENAI, SERVER, Secret::new("sk-1")).await;
        assert!(
            kept.to_string().contains("did not answer within 60 s"),
            "{kept}"
        );
    }

    #[test]
    fn keys_do_not_show_what_they_hold() {
        let keys = Keys::new();
        keys.memory()
            .insert(SERVER.to_owned(), (Secret::new("sk-1"), String::new()));
        assert_eq!(format!("{keys:?}"), "Keys(masked)");
    }
}
