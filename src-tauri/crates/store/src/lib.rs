//! Sessions in SQLite: migrations, one writer, queries.
