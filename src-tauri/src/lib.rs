//! The app: one window over the tuner. Thin async commands, views for the wire, nothing else.

pub mod commands;
mod desktop;
pub mod views;
pub mod wire;

use desktop::instance::{Instance, claim};
use desktop::{notice, window};
use std::path::PathBuf;
use std::sync::Arc;
use tauri::Manager as _;
use tauri_specta::{Builder, collect_commands};
use wattsmith_tuner::{Tuner, TunerOptions};

/// Commands and types as the window sees them; a test writes them to
/// `ui/src/lib/backend/bindings.ts`.
#[must_use]
pub fn wire() -> Builder<tauri::Wry> {
    Builder::<tauri::Wry>::new()
        .disable_serde_phases()
        .commands(collect_commands![
            commands::machine,
            commands::first_look,
            commands::interface_ready,
            commands::diagnose,
            commands::look_again,
            commands::noise,
            commands::record_noise,
            commands::cancel_noise,
            commands::recording_noise,
            commands::outside_meters,
            commands::put_outside_meter,
            commands::remove_outside_meter,
            commands::try_outside_meter,
            commands::readers,
            commands::choose_reader,
            commands::downloads,
            commands::start_download,
            commands::cancel_download,
            commands::new_session_options,
            commands::preview_work,
            commands::create_session,
            commands::likely_cost,
            commands::example_session,
            commands::export_session,
            commands::import_session,
            commands::choose_file,
            commands::sessions,
            commands::session,
            commands::rename_session,
            commands::set_note,
            commands::delete_session,
            commands::forget_memory,
            commands::clear_memory,
            commands::overview,
            commands::settings,
            commands::save_settings,
            commands::power_series,
            commands::picture_pairs,
            commands::follow,
            commands::measure_default,
            commands::check_default,
            commands::answer_busy,
            commands::ask,
            commands::say,
            commands::take_back,
            commands::run_proposal,
            commands::more_repeats,
            commands::confirm,
            commands::undo_each,
            commands::numeric_proposal,
            commands::autopilot,
            commands::cancel,
            commands::set_by_hand,
            commands::stop,
            commands::resume,
            commands::give_reply,
            commands::edit_proposal,
            commands::dismiss_proposal,
            commands::propose_by_hand,
            commands::save_feedback,
            commands::agree,
            commands::prompt_preview,
            commands::preview_template,
            commands::templates,
            commands::save_template,
            commands::restore_template,
            commands::set_api_key,
            commands::test_connection,
            commands::provider_models,
            commands::change_connection,
            commands::report_page,
            commands::export_report,
            commands::open_path,
            commands::show_in_folder,
            commands::keep_file,
            commands::study_options,
            commands::start_study,
            commands::resume_study,
            commands::remove_study,
            commands::cancel_study,
            commands::studying,
            commands::studies,
            commands::begun_studies,
            commands::study,
        ])
        .typ::<wire::WireError>()
        .typ::<wire::LiveEvent>()
}

/// Opens the core, then the window; returns when the window is closed and every engine has ended.
///
/// # Errors
/// Why the core or the window cannot be opened, for the terminal.
pub fn run() -> Result<(), anyhow::Error> {
    let tuner = tauri::async_runtime::block_on(Tuner::open(TunerOptions {
        data_dir: std::env::var_os("WATTSMITH_DATA_DIR").map(PathBuf::from),
        lock_file: std::env::var_os("WATTSMITH_LOCK").map(PathBuf::from),
        ..TunerOptions::default()
    }))?;
    let door = match claim(tuner.paths().folder()) {
        Ok(Instance::First(door)) => Some(door),
        Ok(Instance::Another) => return Ok(()),
        Err(error) => {
            tracing::warn!("a second start will not find this window: {error}");
            None
        }
    };
    let wire = wire();
    let (kept, core) = (tuner.paths().window(), Arc::clone(&tuner));
    let left = kept.clone();
    let app = tauri::Builder::default()
        .invoke_handler(wire.invoke_handler())
        .manage(tuner)
        .setup(move |app| {
            if let Some(window) = app.get_webview_window("main") {
                window::restore(&window, &kept);
            }
            let handle = app.handle().clone();
            if let Some(door) = door {
                door.answer(move || show(&handle));
            }
            notice::watch(app.handle().clone(), core);
            Ok(())
        })
        .on_window_event(move |shown, event| {
            if matches!(event, tauri::WindowEvent::CloseRequested { .. }) {
                window::remember(shown, &left);
            }
        })
        .build(tauri::generate_context!())?;
    let mut ending = false;
    app.run(move |app, event| {
        if let tauri::RunEvent::ExitRequested { api, .. } = event
            && !ending
        {
            // The window is gone, but engines may still run: they end first, then the process.
            ending = true;
            api.prevent_exit();
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                let tuner = app.state::<Arc<Tuner>>();
                let code = match tuner.shut_down().await {
                    Ok(()) => 0,
                    Err(error) => {
                        tracing::error!("{error}");
                        1
                    }
                };
                app.exit(code);
            });
        }
    });
    Ok(())
}

/// Brings the window to the front.
fn show(app: &tauri::AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

/// WebKitGTK with NVIDIA's driver can show a blank window, and where nothing but software draws it keeps
/// buffers for a GPU that is not there, which costs memory and work while something is measured: plain
/// buffers avoid both. They hang a window that WebDriver drives. Call before any thread is started.
#[allow(unsafe_code)]
pub fn prefer_plain_buffers() {
    const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
    let nvidia = std::path::Path::new("/proc/driver/nvidia/version").exists();
    let driven = std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some();
    let plain = nvidia || (draws_in_software() && !driven);
    if cfg!(target_os = "linux") && plain && std::env::var_os(SWITCH).is_none() {
        // SAFETY: called at the top of main, before any other thread exists.
        unsafe { std::env::set_var(SWITCH, "1") };
    }
}

/// Whether no device that could draw is there: then a program does.
fn draws_in_software() -> bool {
    let nodes = std::fs::read_dir("/dev/dri")
        .into_iter()
        .flatten()
        .flatten();
    !nodes
        .map(|node| node.file_name().to_string_lossy().into_owned())
        .any(|name| name.starts_with("renderD"))
}
