//! CSV: a header, and a row for each request.

use super::entry::{self, Content, Entry};
use super::fault::WorkFaultKind as Kind;
use super::file::Parsed;
use super::json_lines::words;
use csv::{ByteRecord, ReaderBuilder};

/// Which column is what.
struct Columns {
    content: (usize, &'static str),
    output_tokens: Option<usize>,
    arrival_s: Option<usize>,
    count: usize,
}

pub(super) fn parse(bytes: &[u8], parsed: &mut Parsed) {
    if bytes.trim_ascii().is_empty() {
        return;
    }
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
    // Reading from memory fails by nothing but memory; rows of any length are taken.
    let Ok(header) = reader.byte_headers().cloned() else {
        parsed.fault(Some(1), Kind::NotUtf8);
        return;
    };
    let columns = match columns(&header, parsed) {
        Ok(columns) => columns,
        Err(kind) => {
            parsed.fault(Some(1), kind);
            return;
        }
    };
    let mut row = ByteRecord::new();
    while let Ok(true) = reader.read_byte_record(&mut row) {
        let line = row.position().map_or(0, |at| {
            // A row is said to begin where the last one ended, with the rest of that one's line end.
            let rest = usize::try_from(at.byte())
                .ok()
                .and_then(|at| bytes.get(at..));
            let ends = rest.unwrap_or_default().iter();
            let ends = ends.take_while(|byte| matches!(byte, b'\r' | b'\n'));
            at.line() + ends.filter(|byte| **byte == b'\n').count() as u64
        });
        match read(line, &row, &columns) {
            Ok(entry) => parsed.entry(entry),
            Err(kind) => parsed.fault(Some(line), kind),
        }
        if parsed.is_full() {
            return;
        }
    }
}

fn columns(header: &ByteRecord, parsed: &mut Parsed) -> Result<Columns, Kind> {
    let mut names = Vec::new();
    for name in header {
        let name = std::str::from_utf8(name).map_err(|_| Kind::NotUtf8)?.trim();
        if names.contains(&name) {
            return Err(Kind::ColumnTwice(name.to_owned()));
        }
        names.push(name);
    }
    let at = |wanted: &str| names.iter().position(|name| *name == wanted);
    let contents = ["prompt", "text", "messages"];
    let mut found = contents.iter().filter_map(|name| Some((at(name)?, *name)));
    let content = match (found.next(), found.next()) {
        (Some(one), None) => one,
        (Some((_, one)), Some((_, other))) => return Err(Kind::TwoContents(one, other)),
        (None, _) => {
            let other = |name: &&str| name.contains([';', '\t', '|']);
            return Err(match names.as_slice() {
                [only] if other(only) => {
                    let separator = only.chars().find(|one| matches!(one, ';' | '\t' | '|'));
                    Kind::OtherSeparator(separator.unwrap_or(';'))
                }
                names => Kind::NoColumn(wattsmith_domain::one_line(&names.join(", "), 120)),
            });
        }
    };
    let columns = Columns {
        content,
        output_tokens: at("output_tokens"),
        arrival_s: at("arrival_s"),
        count: names.len(),
    };
    for (at, name) in names.iter().enumerate() {
        let read = [Some(content.0), columns.output_tokens, columns.arrival_s];
        if !read.contains(&Some(at)) {
            parsed.not_read(name);
        }
    }
    Ok(columns)
}

fn read(line: u64, row: &ByteRecord, columns: &Columns) -> Result<Entry, Kind> {
    if row.len() != columns.count {
        return Err(Kind::Cells {
            cells: row.len(),
            columns: columns.count,
        });
    }
    let cell = |at: usize| std::str::from_utf8(&row[at]).map_err(|_| Kind::NotUtf8);
    let number = |at: Option<usize>| match at {
        None => Ok(None),
        Some(at) => cell(at).map(|cell| Some(cell.trim()).filter(|cell| !cell.is_empty())),
    };
    let (at, name) = columns.content;
    let content = content(name, cell(at)?)?;
    let output_tokens = number(columns.output_tokens)?
        .map(|cell| entry::output_tokens(cell.parse().ok(), cell))
        .transpose()?;
    let arrival_s = number(columns.arrival_s)?
        .map(|cell| entry::arrival_s(cell.parse().ok(), cell))
        .transpose()?;
    Ok(Entry {
        line,
        content,
        output_tokens,
        arrival_s,
    })
}

fn content(name: &'static str, cell: &str) -> Result<Content, Kind> {
    match name {
        "messages" => {
            let messages = serde_json::from_str(cell);
            entry::chat(&messages.map_err(|error| Kind::NotJson(words(&error)))?)
        }
        name => entry::prompt(name, cell),
    }
}
