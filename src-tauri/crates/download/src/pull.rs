//! One answer of a server, written to the end of what is there.

use crate::client::{Client, broken, cut, refused};
use crate::error::DownloadError;
use crate::part::{Note, Part, SPARE, free_space};
use crate::source::Source;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_RANGE, RANGE,
};
use reqwest::{Response, StatusCode};
use tokio_util::sync::CancellationToken;

/// What is known of the whole file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub sha256: Option<String>,
    pub bytes: Option<u64>,
}

/// How much of it there is, as it comes: bytes, and bytes of all of it.
pub(crate) type Told<'a> = dyn FnMut(u64, Option<u64>) + Send + 'a;

/// Asks for what is missing and writes it until the answer ends. Afterwards the part is whole as far as the
/// server says; its size is given where anybody knew it.
pub(crate) async fn pull(
    client: &Client,
    source: &Source,
    part: &mut Part,
    known: &Known,
    tell: &mut Told<'_>,
    cancel: &CancellationToken,
) -> Result<Option<u64>, DownloadError> {
    let url = source.url();
    let mut request = client
        .moving()
        .get(url.clone())
        .header(ACCEPT_ENCODING, "identity");
    let note = part.note();
    let at = part.bytes();
    let goes_on = at > 0 && same_file(&note, known);
    if goes_on {
        request = request.header(RANGE, format!("bytes={at}-"));
        let tag = note.etag.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(tag)) = tag {
            request = request.header(IF_RANGE, tag);
        }
    }
    let answer = until(cancel, request.send()).await?;
    let mut answer = answer.map_err(|error| broken(url, error))?;
    let tag = strong_tag(answer.headers());
    let total = match answer.status() {
        StatusCode::PARTIAL_CONTENT if goes_on => {
            let range = content_range(answer.headers());
            // Some servers never look at If-Range.
            let changed = note.etag.is_some() && tag.is_some() && note.etag != tag;
            match range {
                Some((from, total)) if from == at && !changed => total,
                _ => {
                    part.clear()?;
                    return Err(cut(url, "the file changed on the server in between"));
                }
            }
        }
        StatusCode::RANGE_NOT_SATISFIABLE if goes_on => {
            let all = unsatisfied_range(answer.headers());
            if all == Some(at) && known.bytes.is_none_or(|bytes| bytes == at) {
                return Ok(all);
            }
            part.clear()?;
            return Err(cut(url, "the file changed on the server in between"));
        }
        StatusCode::OK => {
            // What is there is not given up for a page to sign in, or for another file.
            if is_page(answer.headers()) {
                return Err(DownloadError::Page {
                    address: source.shown(),
                });
            }
            // A body of unknown length has none.
            let total = answer.content_length();
            agreed(source, total, known.bytes)?;
            part.clear()?;
            total
        }
        _ => return Err(refused(url, &answer)),
    };
    let total = agreed(source, total, known.bytes)?;
    need_room(part, total)?;
    part.set_note(&Note {
        etag: tag.or(note.etag.filter(|_| goes_on)),
        sha256: known.sha256.clone(),
    })?;
    let done = receive(&mut answer, source, part, total, tell, cancel).await;
    // What came counts, however it ended.
    part.flush().await?;
    done?;
    match total {
        Some(total) if part.bytes() < total => Err(cut(url, "the connection was cut")),
        _ => Ok(total),
    }
}

async fn receive(
    answer: &mut Response,
    source: &Source,
    part: &mut Part,
    total: Option<u64>,
    tell: &mut Told<'_>,
    cancel: &CancellationToken,
) -> Result<(), DownloadError> {
    tell(part.bytes(), total);
    loop {
        let piece = until(cancel, answer.chunk()).await?;
        let Some(piece) = piece.map_err(|error| broken(source.url(), error))? else {
            return Ok(());
        };
        part.add(&piece).await?;
        let bytes = part.bytes();
        if total.is_some_and(|all| bytes > all) {
            part.clear()?;
            return agreed(source, Some(bytes), total).map(|_| ());
        }
        tell(bytes, total);
    }
}

/// Whether what is there may be gone on with: the server can tell that the file is still the same, or the hash of
/// the whole will show it.
fn same_file(note: &Note, known: &Known) -> bool {
    let other = note.sha256.is_some() && known.sha256.is_some() && note.sha256 != known.sha256;
    !other && (note.etag.is_some() || known.sha256.is_some())
}

async fn until<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = T>,
) -> Result<T, DownloadError> {
    cancel
        .run_until_cancelled(work)
        .await
        .ok_or(DownloadError::Cancelled)
}

/// Both sizes, where both are known, have to be the same.
fn agreed(
    source: &Source,
    found: Option<u64>,
    expected: Option<u64>,
) -> Result<Option<u64>, DownloadError> {
    match (found, expected) {
        (Some(found), Some(expected)) if found != expected => Err(DownloadError::Unlike {
            name: source.file_name().to_owned(),
            expected,
            found,
        }),
        (found, expected) => Ok(found.or(expected)),
    }
}

/// Refuses what the disk cannot hold.
pub(crate) fn need_room(part: &Part, total: Option<u64>) -> Result<(), DownloadError> {
    let folder = part.growing.path().parent().unwrap_or(part.growing.path());
    let needs = total.unwrap_or(0).saturating_sub(part.bytes());
    match free_space(folder) {
        Some(free) if free < needs.saturating_add(SPARE) => Err(DownloadError::NoRoom {
            folder: folder.to_owned(),
            needs,
            free,
        }),
        _ => Ok(()),
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
}

/// A weak one means that the content is much the same, which is too little to glue parts together.
fn strong_tag(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(ETAG)?.to_str().ok()?;
    (tag.starts_with('"') && tag.len() > 2).then(|| tag.to_owned())
}

/// From `bytes 200-1000/67589` the first byte, and of how many.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (span, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = span.split_once('-')?;
    Some((from.trim().parse().ok()?, total.trim().parse().ok()))
}

/// From `bytes */67589` of how many.
fn unsatisfied_range(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes */")?.trim().parse().ok()
}
