//! What the person chose for all sessions: what a kilowatt hour costs them, what their grid emits, how
//! much work they do, and how the window looks. Nothing of it changes what is measured.
//!
//! Price and grid intensity have no default: what is not known is not shown.

mod key;

pub use key::{SettingKey, SettingsError};

use serde::{Deserialize, Serialize};

/// Highest price of a kilowatt hour; some currencies count in thousands.
const MOST_PRICE: f64 = 1e6;
/// Highest grid intensity, g CO₂e/kWh: twice what lignite and oil shale emit.
const MOST_INTENSITY: f64 = 3000.0;
/// Most answers or images a day.
const MOST_PER_DAY: u32 = 1_000_000_000;
/// Letters of a currency's sign.
const MOST_CURRENCY: usize = 8;
/// Folders that are searched for models.
const MOST_FOLDERS: usize = 32;
/// Bytes of a folder's path; the system's own limit.
const MOST_PATH: usize = 4096;

/// In which unit amounts of energy are shown: of a thousand answers, of the search. Energy per unit of
/// work stays in joules, as the field has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnergyUnit {
    /// mWh, Wh, kWh.
    #[default]
    WattHours,
    /// J, kJ, MJ.
    Joules,
}

impl EnergyUnit {
    /// The name in the file and on the command line.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::WattHours => "watt-hours",
            Self::Joules => "joules",
        }
    }
}

/// Colours of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// As the system says.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The name in the file and on the command line.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What the person chose for all sessions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// What a kilowatt hour costs, in `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_per_kwh: Option<f64>,
    /// Sign or letters of the currency; empty where nobody said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub currency: String,
    /// What the grid emits for a kilowatt hour, g CO₂e.
    #[serde(rename = "grid-intensity", skip_serializing_if = "Option::is_none")]
    pub grid_g_per_kwh: Option<f64>,
    /// Answers, or images, that the person's model makes in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_per_day: Option<u32>,
    /// Unit of amounts of energy.
    pub energy_unit: EnergyUnit,
    /// Colours of the window; none where nobody chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<Theme>,
    /// Folders that are searched for models, beside Wattsmith's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_folders: Vec<String>,
}

impl Settings {
    /// Price of a kilowatt hour with its currency, where both are known: a bare number is no money.
    #[must_use]
    pub fn price(&self) -> Option<(f64, &str)> {
        let price = self.price_per_kwh?;
        (!self.currency.is_empty()).then_some((price, self.currency.as_str()))
    }

    /// A setting as text; a line for each folder. Empty where nothing is chosen.
    #[must_use]
    pub fn get(&self, key: SettingKey) -> String {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        match key {
            SettingKey::PricePerKwh => number(self.price_per_kwh),
            SettingKey::Currency => self.currency.clone(),
            SettingKey::GridIntensity => number(self.grid_g_per_kwh),
            SettingKey::AnswersPerDay => self
                .answers_per_day
                .map_or(String::new(), |count| count.to_string()),
            SettingKey::EnergyUnit => self.energy_unit.label().to_owned(),
            SettingKey::Theme => self
                .theme
                .map_or(String::new(), |theme| theme.label().to_owned()),
            SettingKey::ModelFolders => self.model_folders.join("\n"),
        }
    }

    /// Changes a setting. One word that is `none` or empty takes it back; only folders may be several.
    ///
    /// # Errors
    /// The value cannot be; then nothing is changed.
    pub fn set(&mut self, key: SettingKey, words: &[String]) -> Result<(), SettingsError> {
        let refused = || SettingsError::Value {
            key,
            value: words.join(" "),
            allowed: key.allowed(),
        };
        let word = match words {
            [] => "",
            [one] => one.trim(),
            _ if key == SettingKey::ModelFolders => "several",
            _ => return Err(refused()),
        };
        let cleared = matches!(word, "" | "none");
        let number = || word.replace(',', ".").parse::<f64>().map_err(|_| refused());
        let mut next = self.clone();
        match key {
            SettingKey::PricePerKwh if cleared => next.price_per_kwh = None,
            SettingKey::PricePerKwh => next.price_per_kwh = Some(number()?),
            SettingKey::Currency if cleared => next.currency = String::new(),
            SettingKey::Currency => next.currency = word.to_owned(),
            SettingKey::GridIntensity if cleared => next.grid_g_per_kwh = None,
            SettingKey::GridIntensity => next.grid_g_per_kwh = Some(number()?),
            SettingKey::AnswersPerDay if cleared => next.answers_per_day = None,
            SettingKey::AnswersPerDay => {
                next.answers_per_day = Some(word.parse().map_err(|_| refused())?);
            }
            SettingKey::EnergyUnit => {
                next.energy_unit = match word {
                    "watt-hours" | "" | "none" => EnergyUnit::WattHours,
                    "joules" => EnergyUnit::Joules,
                    _ => return Err(refused()),
                };
            }
            SettingKey::Theme => {
                next.theme = match word {
                    "" | "none" => None,
                    "system" => Some(Theme::System),
                    "light" => Some(Theme::Light),
                    "dark" => Some(Theme::Dark),
                    _ => return Err(refused()),
                };
            }
            SettingKey::ModelFolders if cleared => next.model_folders = Vec::new(),
            SettingKey::ModelFolders => next.model_folders = words.to_vec(),
        }
        *self = next.checked()?;
        Ok(())
    }

    /// The same with spaces around texts taken off, and each folder once, where all of it can be.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn checked(mut self) -> Result<Self, SettingsError> {
        self.currency = self.currency.trim().to_owned();
        let mut folders: Vec<String> = Vec::new();
        for folder in self.model_folders {
            let folder = match folder.trim() {
                "/" => "/",
                other => other.trim_end_matches(|one: char| one == '/' || one.is_whitespace()),
            };
            if !folder.is_empty() && !folders.iter().any(|one| one == folder) {
                folders.push(folder.to_owned());
            }
        }
        self.model_folders = folders;
        let key = self.wrong();
        match key {
            None => Ok(self),
            Some(key) => Err(SettingsError::Value {
                key,
                value: self.get(key).replace('\n', " "),
                allowed: key.allowed(),
            }),
        }
    }

    /// The first setting that cannot be.
    fn wrong(&self) -> Option<SettingKey> {
        let within = |value: Option<f64>, most: f64| {
            value.is_none_or(|value| value.is_finite() && (0.0..=most).contains(&value))
        };
        let plain = |text: &str| !text.chars().any(char::is_control);
        let currency = &self.currency;
        // Digits would run into the amount beside them.
        let is_sign = plain(currency)
            && currency.chars().count() <= MOST_CURRENCY
            && !currency.chars().any(|one| one.is_ascii_digit());
        let folders = &self.model_folders;
        let are_folders = folders.len() <= MOST_FOLDERS
            && folders
                .iter()
                .all(|one| one.starts_with('/') && one.len() <= MOST_PATH && plain(one));
        let holds = [
            (
                SettingKey::PricePerKwh,
                within(self.price_per_kwh, MOST_PRICE),
            ),
            (SettingKey::Currency, is_sign),
            (
                SettingKey::GridIntensity,
                within(self.grid_g_per_kwh, MOST_INTENSITY),
            ),
            (
                SettingKey::AnswersPerDay,
                self.answers_per_day
                    .is_none_or(|count| (1..=MOST_PER_DAY).contains(&count)),
            ),
            (SettingKey::ModelFolders, are_folders),
        ];
        let wrong = holds.into_iter().find(|(_, holds)| !holds);
        wrong.map(|(key, _)| key)
    }
}

#[cfg(test)]
mod tests;
