//! Settings between the screen's form and the core.

use crate::wire::{EnergyUnit, SettingsDraft, SettingsView, ThemeChoice};
use wattsmith_tuner::domain::{self, Settings, Theme};
use wattsmith_tuner::{KeptSettings, Paths};

/// The settings, and where they lie.
pub fn settings(kept: &KeptSettings, paths: &Paths) -> SettingsView {
    let settings = &kept.settings;
    SettingsView {
        chosen: SettingsDraft {
            price_per_kwh: settings.price_per_kwh,
            currency: settings.currency.clone(),
            grid_intensity: settings.grid_g_per_kwh,
            answers_per_day: settings.answers_per_day,
            energy_unit: match settings.energy_unit {
                domain::EnergyUnit::WattHours => EnergyUnit::WattHours,
                domain::EnergyUnit::Joules => EnergyUnit::Joules,
            },
            theme: settings.theme.map(|theme| match theme {
                Theme::System => ThemeChoice::System,
                Theme::Light => ThemeChoice::Light,
                Theme::Dark => ThemeChoice::Dark,
            }),
            model_folders: settings.model_folders.clone(),
        },
        file: paths.settings().display().to_string(),
        data_folder: paths.data.display().to_string(),
        problem: kept.problem.clone().unwrap_or_default(),
    }
}

/// The form as settings; what cannot be is refused when they are kept.
pub fn settings_of(draft: SettingsDraft) -> Settings {
    Settings {
        price_per_kwh: draft.price_per_kwh,
        currency: draft.currency,
        grid_g_per_kwh: draft.grid_intensity,
        answers_per_day: draft.answers_per_day,
        energy_unit: match draft.energy_unit {
            EnergyUnit::WattHours => domain::EnergyUnit::WattHours,
            EnergyUnit::Joules => domain::EnergyUnit::Joules,
        },
        theme: draft.theme.map(|theme| match theme {
            ThemeChoice::System => Theme::System,
            ThemeChoice::Light => Theme::Light,
            ThemeChoice::Dark => Theme::Dark,
        }),
        model_folders: draft.model_folders,
    }
}
