//! The use cases: run a trial, one turn of the loop, autopilot.
