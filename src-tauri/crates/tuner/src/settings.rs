//! `settings.toml`: what the person chose for all sessions, in a file that a person can write, too. A
//! file that cannot be read is told and never written over: the next save sets it aside.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::tuner::Tuner;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use toml_edit::DocumentMut;
use wattsmith_domain::{SettingKey, Settings};

/// The comment that a new file begins with.
const HEAD: &str = "# Settings of Wattsmith. `wattsmith-cli settings` lists what can stand here.\n";

/// Settings as they are in use.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptSettings {
    /// Those of the file; where it cannot be read, as if nobody had chosen any.
    pub settings: Settings,
    /// Why the file cannot be read, and what becomes of it.
    pub problem: Option<String>,
}

impl KeptSettings {
    fn broken(path: &Path, why: &dyn std::fmt::Display) -> Self {
        Self {
            settings: Settings::default(),
            problem: Some(format!(
                "The settings in {} are not used: {}. Put that right, or save settings here: the file \
                 is then set aside beside the new one, and nothing of it is lost.",
                path.display(),
                why.to_string().trim_end().trim_end_matches('.')
            )),
        }
    }
}

/// What the file says.
fn read(path: &Path) -> KeptSettings {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return KeptSettings::default(),
        Err(error) => return KeptSettings::broken(path, &error),
    };
    let settings = match toml_edit::de::from_str::<Settings>(&text) {
        Ok(settings) => settings,
        Err(error) => return KeptSettings::broken(path, &error),
    };
    match settings.checked() {
        Ok(settings) => KeptSettings {
            settings,
            problem: None,
        },
        Err(error) => KeptSettings::broken(path, &error),
    }
}

/// Writes the file, keeping its comments; gives where one that could not be read was put.
fn save(path: &Path, settings: Settings) -> Result<Option<PathBuf>, TunerError> {
    let settings = settings
        .checked()
        .map_err(|error| TunerError::Invalid(format!("{error}.")))?;
    let aside = match read(path).problem {
        Some(_) => Some(set_aside(path)?),
        None => None,
    };
    let chosen = toml_edit::ser::to_document(&settings)
        .map_err(|error| TunerError::Invalid(error.to_string()))?;
    let text = match std::fs::read_to_string(path) {
        Ok(old) => changed(&old, &chosen)?,
        Err(error) if error.kind() == ErrorKind::NotFound => format!("{HEAD}{chosen}"),
        Err(source) => {
            let what = format!("cannot read {}", path.display());
            return Err(TunerError::io(what, source));
        }
    };
    let fail = |source| TunerError::io(format!("cannot write {}", path.display()), source);
    wattsmith_files::keep(path, text.as_bytes()).map_err(fail)?;
    Ok(aside)
}

/// The old text with these settings in place of its own.
fn changed(old: &str, chosen: &DocumentMut) -> Result<String, TunerError> {
    let mut document: DocumentMut = old
        .parse()
        .map_err(|error: toml_edit::TomlError| TunerError::Invalid(error.to_string()))?;
    for key in SettingKey::ALL.map(SettingKey::label) {
        match chosen.get(key) {
            Some(item) => match document.get_mut(key) {
                // In its place, with the comments around it.
                Some(there) => *there = item.clone(),
                None => drop(document.insert(key, item.clone())),
            },
            None => drop(document.remove(key)),
        }
    }
    Ok(document.to_string())
}

/// Gives a file that cannot be read another name beside it, one that nothing has yet.
fn set_aside(path: &Path) -> Result<PathBuf, TunerError> {
    let free = (1_u32..)
        .map(|number| path.with_extension(format!("unreadable-{number}.toml")))
        .find(|name| name.symlink_metadata().is_err());
    let aside = free.unwrap_or_else(|| path.with_extension("unreadable.toml"));
    std::fs::rename(path, &aside).map_err(|source| {
        TunerError::io(
            format!(
                "cannot set the unreadable {} aside, so it was left as it is and nothing was saved",
                path.display()
            ),
            source,
        )
    })?;
    Ok(aside)
}

impl Tuner {
    /// What the person chose for all sessions.
    ///
    /// # Errors
    /// The work was cancelled. A file that cannot be read is told in the answer.
    pub async fn settings(&self) -> Result<KeptSettings, TunerError> {
        let path = self.paths.settings();
        blocking(move || read(&path)).await
    }

    /// Keeps the person's settings; gives where a file that could not be read was set aside.
    ///
    /// # Errors
    /// One of them cannot be, or the file cannot be written.
    pub async fn save_settings(&self, settings: Settings) -> Result<Option<PathBuf>, TunerError> {
        let path = self.paths.settings();
        blocking(move || save(&path, settings)).await?
    }

    /// Changes one setting. The words are those of [`Settings::set`].
    ///
    /// # Errors
    /// The value cannot be, or the file cannot be written.
    pub async fn change_setting(
        &self,
        key: SettingKey,
        words: Vec<String>,
    ) -> Result<(Settings, Option<PathBuf>), TunerError> {
        let path = self.paths.settings();
        blocking(move || {
            let mut settings = read(&path).settings;
            settings
                .set(key, &words)
                .map_err(|error| TunerError::Invalid(format!("{error}.")))?;
            let aside = save(&path, settings.clone())?;
            Ok((settings, aside))
        })
        .await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;
    use wattsmith_domain::Theme;

    fn chosen() -> Settings {
        Settings {
            price_per_kwh: Some(0.32),
            currency: "€".to_owned(),
            theme: Some(Theme::Dark),
            model_folders: vec!["/srv/models".to_owned()],
            ..Settings::default()
        }
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data/settings.toml");
        (dir, path)
    }

    #[test]
    fn settings_are_kept_for_their_owner_alone_and_read_back() {
        let (_dir, path) = folder();
        assert_eq!(read(&path), KeptSettings::default());
        assert_eq!(save(&path, chosen()).unwrap(), None);
        assert_eq!(read(&path).settings, chosen());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        insta::assert_snapshot!("file", std::fs::read_to_string(&path).unwrap());
    }

    #[test]
    fn comments_of_the_person_stay() {
        let (_dir, path) = folder();
        wattsmith_files::keep(&path, b"# the tariff since May\nprice-per-kwh = 0.3\n").unwrap();
        save(&path, chosen()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("# the tariff since May\nprice-per-kwh = 0.32\n"),
            "{text}"
        );
        save(&path, Settings::default()).unwrap();
        assert_eq!(read(&path).settings, Settings::default());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_and_set_aside_by_the_next_save() {
        for (text, words) in [
            ("price-per-kwh = cheap\n", "line 1"),
            ("theme = \"pink\"\n", "unknown variant"),
            ("price = 3\n", "unknown field"),
            ("grid-intensity = -5.0\n", "grid-intensity cannot be -5"),
            ("answers-per-day = 0\n", "answers-per-day cannot be 0"),
            ("model-folders = [\"models\"]\n", "whole paths"),
        ] {
            let (_dir, path) = folder();
            wattsmith_files::keep(&path, text.as_bytes()).unwrap();
            let kept = read(&path);
            assert_eq!(kept.settings, Settings::default());
            let problem = kept.problem.unwrap();
            assert!(
                problem.contains(words) && problem.contains("settings.toml"),
                "{problem}"
            );
            // Reading it changes nothing.
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            for number in 1..=2 {
                wattsmith_files::write(&path, text.as_bytes()).unwrap();
                let aside = save(&path, chosen()).unwrap().unwrap();
                assert!(aside.ends_with(format!("settings.unreadable-{number}.toml")));
                assert_eq!(std::fs::read_to_string(&aside).unwrap(), text);
                assert_eq!(read(&path).settings, chosen());
            }
        }
    }

    #[test]
    fn settings_that_cannot_be_are_not_written() {
        let (_dir, path) = folder();
        let bad = Settings {
            answers_per_day: Some(0),
            ..chosen()
        };
        let said = save(&path, bad).unwrap_err().to_string();
        assert!(said.contains("answers-per-day"), "{said}");
        assert!(!path.exists());
    }
}
