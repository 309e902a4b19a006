//! Names of settings, what may stand in each, and why something may not.

use std::fmt;
use std::str::FromStr;

/// Why a setting is refused: what, and what may stand there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No setting has this name.
    #[error("there is no setting {0:?}; there are {names}", names = SettingKey::names())]
    UnknownKey(String),
    /// The value cannot be.
    #[error("{key} cannot be {value}: {allowed}")]
    Value {
        /// Which setting.
        key: SettingKey,
        /// What was given.
        value: String,
        /// What may stand there.
        allowed: &'static str,
    },
}

/// Names of settings, on the command line and in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKey {
    /// Price of a kilowatt hour.
    PricePerKwh,
    /// Its currency.
    Currency,
    /// Grid intensity.
    GridIntensity,
    /// Work done in a day.
    AnswersPerDay,
    /// Unit of amounts of energy.
    EnergyUnit,
    /// Colours of the window.
    Theme,
    /// Where models lie beside Wattsmith's own folders.
    ModelFolders,
}

impl SettingKey {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 7] = [
        Self::PricePerKwh,
        Self::Currency,
        Self::GridIntensity,
        Self::AnswersPerDay,
        Self::EnergyUnit,
        Self::Theme,
        Self::ModelFolders,
    ];

    /// The name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::PricePerKwh => "price-per-kwh",
            Self::Currency => "currency",
            Self::GridIntensity => "grid-intensity",
            Self::AnswersPerDay => "answers-per-day",
            Self::EnergyUnit => "energy-unit",
            Self::Theme => "theme",
            Self::ModelFolders => "model-folders",
        }
    }

    /// What may stand there.
    #[must_use]
    pub fn allowed(self) -> &'static str {
        match self {
            Self::PricePerKwh => "write a price from 0 to 1000000, such as 0.32",
            Self::Currency => "write at most 8 letters or a sign, such as EUR or €",
            Self::GridIntensity => "write g CO₂e/kWh from 0 to 3000, such as 380",
            Self::AnswersPerDay => "write a whole number from 1 to 1000000000, such as 500",
            Self::EnergyUnit => "write watt-hours or joules",
            Self::Theme => "write system, light or dark",
            Self::ModelFolders => {
                "name folders by their whole paths, each beginning with /, 32 at most"
            }
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::label).join(", ")
    }
}

impl fmt::Display for SettingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for SettingKey {
    type Err = SettingsError;

    fn from_str(word: &str) -> Result<Self, SettingsError> {
        Self::ALL
            .into_iter()
            .find(|key| key.label() == word)
            .ok_or_else(|| SettingsError::UnknownKey(word.to_owned()))
    }
}
