//! The words of `settings`.

use super::JsonArgs;
use clap::{Args, Subcommand};
use wattsmith_tuner::domain::SettingKey;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SettingsArgs {
    #[command(flatten)]
    pub listed: JsonArgs,
    #[command(subcommand)]
    pub what: Option<SettingsCommand>,
}

#[derive(Subcommand)]
pub(crate) enum SettingsCommand {
    /// One setting, or all of them
    Get {
        /// price-per-kwh, currency, grid-intensity, answers-per-day, energy-unit, theme or
        /// model-folders
        key: Option<SettingKey>,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// Change a setting
    Set {
        /// price-per-kwh, currency, grid-intensity (g CO₂e/kWh), answers-per-day, energy-unit
        /// (watt-hours or joules), theme (system, light or dark) or model-folders
        key: SettingKey,
        /// Its value; `none` takes it back. Folders may be several
        #[arg(required = true, num_args = 1.., allow_negative_numbers = true)]
        value: Vec<String>,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
}
