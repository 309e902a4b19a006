//! The app: thin async commands over the tuner, wire views, one window.
pub mod wire;
