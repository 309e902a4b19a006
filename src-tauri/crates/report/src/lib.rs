//! Session reports as HTML, CSV, JSON and Markdown from one view model.
