//! Stand-ins for tests: scripted chat server, scripted engine.
