//! What the person chose for all sessions.

use serde::{Deserialize, Serialize};
use specta::Type;

words! {
    /// Unit of amounts of energy.
    EnergyUnit {
        /// mWh, Wh, kWh.
        WattHours,
        /// J, kJ, MJ.
        Joules,
    }
    /// Colours of the window.
    ThemeChoice {
        /// As the system says.
        System,
        /// Dark on light.
        Light,
        /// Light on dark.
        Dark,
    }
}

views! {
    /// The settings as a form.
    SettingsDraft {
        /// Price of a kilowatt hour; none where nobody said.
        price_per_kwh: Option<f64>,
        /// Its currency.
        currency: String,
        /// What the grid emits, g CO₂e/kWh.
        grid_intensity: Option<f64>,
        /// Answers, or images, a day.
        answers_per_day: Option<u32>,
        /// Unit of amounts of energy.
        energy_unit: EnergyUnit,
        /// Colours; none where nobody chose.
        theme: Option<ThemeChoice>,
        /// Folders that are searched for models, beside Wattsmith's own.
        model_folders: Vec<String>,
    }
    /// The settings, and where they lie.
    SettingsView {
        /// As they are.
        chosen: SettingsDraft,
        /// Their file.
        file: String,
        /// Where everything lies that Wattsmith keeps.
        data_folder: String,
        /// Why the file is not used; empty where it is.
        problem: String,
    }
}
