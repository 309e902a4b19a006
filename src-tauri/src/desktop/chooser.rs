//! The system's own dialog for a file.

use crate::wire::{ErrorCode, WireError};
use std::path::PathBuf;
use tauri::AppHandle;

fn refuse(message: &str) -> WireError {
    WireError {
        code: ErrorCode::Other,
        message: message.to_owned(),
    }
}

/// Lets the person choose a file to read, or one to write, beginning at `path`; none where they took it back. A file
/// that is there already is asked about.
///
/// # Errors
/// The window is going, or no such dialog is known on this system: then the path is to be written.
pub(crate) async fn choose(
    app: &AppHandle,
    saves: bool,
    path: PathBuf,
) -> Result<Option<PathBuf>, WireError> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let shown = app.clone();
    // The toolkit lives on the main thread, and answers when the person does.
    app.run_on_main_thread(move || platform::show(&shown, saves, &path, tell))
        .map_err(|error| refuse(&format!("The dialog cannot be shown: {error}.")))?;
    told.await.map_err(|_| {
        refuse("The dialog cannot be shown here. Write the file's whole path instead.")
    })
}

#[cfg(target_os = "linux")]
mod platform {
    use gtk::prelude::*;
    use gtk::{FileChooserAction, FileChooserNative, FileFilter, ResponseType};
    use std::cell::RefCell;
    use std::path::{Path, PathBuf};
    use tauri::{AppHandle, Manager as _};
    use tokio::sync::oneshot::Sender;

    pub(super) fn show(app: &AppHandle, saves: bool, path: &Path, tell: Sender<Option<PathBuf>>) {
        let window = app
            .get_webview_window("main")
            .and_then(|one| one.gtk_window().ok());
        let (title, action) = match saves {
            true => ("Export the session", FileChooserAction::Save),
            false => ("Import a session", FileChooserAction::Open),
        };
        let dialog = FileChooserNative::new(Some(title), window.as_ref(), action, None, None);
        dialog.set_do_overwrite_confirmation(true);
        let filter = FileFilter::new();
        filter.set_name(Some("Wattsmith sessions (*.json)"));
        filter.add_pattern("*.json");
        dialog.add_filter(filter);
        if let Some(folder) = path.parent().filter(|one| one.is_dir()) {
            dialog.set_current_folder(folder);
        }
        if let Some(name) = path.file_name().filter(|_| saves) {
            dialog.set_current_name(&name.to_string_lossy());
        }
        // Nobody else holds the dialog: it has to stay until it is answered, and then to go.
        let kept = RefCell::new(Some((dialog.clone(), tell)));
        dialog.connect_response(move |dialog, response| {
            let chosen = match response {
                ResponseType::Accept => dialog.filename(),
                _ => None,
            };
            if let Some((_, tell)) = kept.borrow_mut().take() {
                // The window may have gone meanwhile.
                let _ = tell.send(chosen);
            }
        });
        dialog.show();
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::path::{Path, PathBuf};
    use tauri::AppHandle;
    use tokio::sync::oneshot::Sender;

    /// Dropping `tell` says that there is no dialog.
    pub(super) fn show(_: &AppHandle, _: bool, _: &Path, _tell: Sender<Option<PathBuf>>) {}
}
