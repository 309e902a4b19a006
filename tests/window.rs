//! Placeholder until the window test below is written.
