//! `settings`: what the person chose for all sessions.

use crate::Stop;
use crate::args::{SettingsArgs, SettingsCommand};
use crate::progress::{Ended, last};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use wattsmith_tuner::Tuner;
use wattsmith_tuner::domain::{SettingKey, Settings, plain};

/// Width of the column of names.
const NAMES: usize = 17;

pub(crate) async fn run(tuner: &Arc<Tuner>, args: SettingsArgs) -> Result<(), Stop> {
    match args.what {
        None => list(tuner, args.listed.json).await,
        Some(SettingsCommand::Get { key: None, json }) => list(tuner, json).await,
        Some(SettingsCommand::Get {
            key: Some(key),
            json,
        }) => get(tuner, key, json).await,
        Some(SettingsCommand::Set { key, value, json }) => set(tuner, key, value, json).await,
    }
}

/// A setting as JSON: null where nothing is chosen.
fn value_of(settings: &Settings, key: SettingKey) -> Value {
    match key {
        SettingKey::PricePerKwh => json!(settings.price_per_kwh),
        SettingKey::Currency if settings.currency.is_empty() => Value::Null,
        SettingKey::Currency => json!(settings.currency),
        SettingKey::GridIntensity => json!(settings.grid_g_per_kwh),
        SettingKey::AnswersPerDay => json!(settings.answers_per_day),
        SettingKey::EnergyUnit => json!(settings.energy_unit),
        SettingKey::Theme => json!(settings.theme),
        SettingKey::ModelFolders => json!(settings.model_folders),
    }
}

async fn list(tuner: &Arc<Tuner>, json: bool) -> Result<(), Stop> {
    let kept = tuner.settings().await?;
    let (file, data) = (tuner.paths().settings(), &tuner.paths().data);
    if json {
        let settings: Map<String, Value> = SettingKey::ALL
            .iter()
            .map(|key| (key.to_string(), value_of(&kept.settings, *key)))
            .collect();
        last(
            json!({
                "settings": settings,
                "file": file,
                "data_folder": data,
                "problem": kept.problem,
            }),
            Ended::Complete,
        );
        return Ok(());
    }
    for key in SettingKey::ALL {
        let value = kept.settings.get(key).replace('\n', ", ");
        match value.as_str() {
            "" => say!("{:NAMES$}–  ({})", key.label(), key.allowed()),
            value => say!("{:NAMES$}{}", key.label(), plain(value)),
        }
    }
    say!("{:NAMES$}{}", "data folder", data.display());
    if let Some(problem) = kept.problem {
        say!("{}", plain(&problem));
    }
    Ok(())
}

async fn get(tuner: &Arc<Tuner>, key: SettingKey, json: bool) -> Result<(), Stop> {
    let kept = tuner.settings().await?;
    if let Some(problem) = kept.problem {
        return Err(Stop::Failed(problem));
    }
    if json {
        let value = value_of(&kept.settings, key);
        last(
            json!({ "key": key.label(), "value": value }),
            Ended::Complete,
        );
    } else {
        say!("{}", plain(&kept.settings.get(key)));
    }
    Ok(())
}

async fn set(
    tuner: &Arc<Tuner>,
    key: SettingKey,
    words: Vec<String>,
    json: bool,
) -> Result<(), Stop> {
    let words = match key {
        SettingKey::ModelFolders => words.into_iter().map(whole).collect(),
        _ => words,
    };
    let changed = tuner.change_setting(key, words).await;
    let (settings, aside) = changed.map_err(Stop::of_words)?;
    if json {
        let value = value_of(&settings, key);
        last(
            json!({ "key": key.label(), "value": value, "set_aside": aside }),
            Ended::Complete,
        );
        return Ok(());
    }
    match settings.get(key).replace('\n', ", ").as_str() {
        "" => say!("{key} is not set any more"),
        value => say!("{key} is {}", plain(value)),
    }
    if key == SettingKey::PricePerKwh && settings.currency.is_empty() {
        say!("Name its currency, too: wattsmith-cli settings set currency EUR");
    }
    if let Some(aside) = aside {
        say!(
            "The old file could not be read; it was set aside as {}",
            aside.display()
        );
    }
    Ok(())
}

/// A folder's whole path, from where the person is.
fn whole(folder: String) -> String {
    let path = PathBuf::from(&folder);
    let here = std::env::current_dir().unwrap_or_default();
    match folder.as_str() {
        "" | "none" => folder,
        _ => here.join(path).display().to_string(),
    }
}
