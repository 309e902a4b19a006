//! What is wrong with a file of work: where, what, and what to do.

/// What is wrong with a file of work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {kind}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct WorkFault {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1; none where it is the file as a whole.
    pub line: Option<u64>,
    /// What.
    pub kind: WorkFaultKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // each says itself in its sentence
pub enum WorkFaultKind {
    #[error("It cannot be read ({0}). Name a JSONL or CSV file that exists and may be read.")]
    Unreadable(String),
    #[error("It is no file but a folder, a pipe or the like. Name a JSONL or CSV file.")]
    NoFile,
    #[error(
        "It has {bytes} bytes; at most {most} are read. Take a part of it, such as its first lines."
    )]
    TooLarge { bytes: u64, most: u64 },
    #[error(
        "It is neither JSONL nor CSV by its name, and does not begin like JSONL. Name it .jsonl (an \
         object such as {{\"prompt\": \"…\"}} on each line) or .csv (a header with a column called prompt)."
    )]
    UnknownFormat,
    #[error(
        "It is one JSON list. Write one object per line, such as by `jq -c '.[]' FILE > FILE.jsonl`."
    )]
    OneList,
    #[error("There is no prompt in it. Give each request a line.")]
    NoEntries,
    #[error("It holds more than {most} requests. Take a part of it, such as its first lines.")]
    TooMany { most: usize },
    #[error("This is no UTF-8. Save the file as UTF-8.")]
    NotUtf8,
    #[error("This is no JSON ({0}). Each line is one object, such as {{\"prompt\": \"…\"}}.")]
    NotJson(String),
    #[error(
        "This is no object. Each line is one, such as {{\"prompt\": \"…\"}} or {{\"messages\": […]}}."
    )]
    NoObject,
    #[error("There is no prompt, text or messages. Give exactly one of them.")]
    NoContent,
    #[error("There are both {0} and {1}. Keep one of them.")]
    TwoContents(&'static str, &'static str),
    #[error("{0} is no text. Put it into quotes.")]
    NoText(&'static str),
    #[error("{0} is empty. Say something, or take it out.")]
    Empty(&'static str),
    #[error("The prompt has {bytes} bytes; at most {most} are sent. Shorten it.")]
    TooLong { bytes: usize, most: usize },
    #[error("messages is no list. Write [{{\"role\": \"user\", \"content\": \"…\"}}].")]
    NoList,
    #[error(
        "Message {number} has {}. Write system, user or assistant.",
        match .role { Some(role) => format!("the role {role:?}"), None => "no role".to_owned() }
    )]
    Role { number: usize, role: Option<String> },
    #[error("Message {number} has no text as its content. Only text can be sent.")]
    NoContentText { number: usize },
    #[error(
        "The last message is not the user's, so there is nothing to answer. Take the last answer out."
    )]
    LastNotUser,
    #[error("output_tokens is {0}. Write a whole number from 2 to 131072, or leave it out.")]
    OutputTokens(String),
    #[error("arrival_s is {0}. Write seconds, such as 0.5, or leave it out.")]
    Arrival(String),
    #[error(
        "There is no column called prompt, text or messages (there are: {0}). Give one that name."
    )]
    NoColumn(String),
    #[error("The header has two columns called {0}. Rename one.")]
    ColumnTwice(String),
    #[error(
        "The header is separated by {0:?}. Separate columns by commas, and put a cell with a comma, a \
         quote or a line break into double quotes."
    )]
    OtherSeparator(char),
    #[error(
        "There are {cells} cells where the header has {columns}. Put a cell with a comma, a quote or a \
         line break into double quotes."
    )]
    Cells { cells: usize, columns: usize },
    #[error("{first} There is more: {more} in all. `wattsmith-cli work FILE` lists them.")]
    Several { first: String, more: usize },
    #[error(
        "It holds {entries} requests, fewer than the {asked} that were asked for. Ask for fewer."
    )]
    FewerThanAsked { entries: usize, asked: u32 },
    #[error(
        "It says nowhere when requests arrive. Give each line arrival_s (seconds), or choose other \
         arrivals: all, clients or poisson:RATE."
    )]
    NoArrivals,
    #[error(
        "This request has no arrival_s, and others have. Give each one, or choose other arrivals."
    )]
    ArrivalMissing,
    #[error(
        "The arrivals of one pass take {seconds} s; at most {most} s are measured in one window. Take \
         a part of it, or let requests come faster."
    )]
    TooSlow { seconds: u64, most: u64 },
    #[error(
        "{requests} requests at once need as many connections; at most {most} are opened. Ask for fewer, or \
         let clients send them."
    )]
    TooManyAtOnce { requests: usize, most: usize },
    #[error(
        "It changed since this session began: its SHA-256 was {was} and is {is}. Bring that file back, or \
         start a new session."
    )]
    Changed { was: String, is: String },
}
