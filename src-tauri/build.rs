//! Tells Tauri where its capabilities are, since the configuration lies at the root.

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    // The interface is embedded, so a new one makes a new binary.
    println!("cargo:rerun-if-changed=ui/dist");
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*");
    if let Err(error) = tauri_build::try_build(attributes) {
        eprintln!("tauri_build: {error:#}");
        std::process::exit(1);
    }
}
