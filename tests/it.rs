//! What holds for the whole house: the arrows between the rooms, their names, the wire, the views.

// In a test a panic is the report.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod it {
    mod arrows;
    mod bindings;
    mod said;
    mod verdicts;
    mod views;
}
