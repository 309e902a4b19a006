//! What a desktop expects of a program beside its window: that it is there once, that its window is as it
//! was left, and a word when long work has ended. None of it waits for the session bus, and where any of it
//! cannot be had the app works without.
//!
//! [`instance`] holds the data folder for one window, [`window`] remembers its size, [`notice`] tells.
//! [`chooser`] is the system's own dialog for a file,
//! [`observed`] speaks to whoever measures the app itself.

pub(crate) mod chooser;
pub(crate) mod instance;
pub(crate) mod notice;
pub(crate) mod observed;
pub(crate) mod window;
