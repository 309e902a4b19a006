//! Whether a described server is ready, and whether it is ours: the process that listens is in the group
//! that was started. Few servers can be told a key without everybody seeing it.

use super::file::Description;
use crate::place::Place;
use crate::server::{Door, Told};
use std::path::Path;
use std::time::Duration;

/// Longest wait for a page.
const PAGE: Duration = Duration::from_secs(5);

pub(super) async fn prove(about: &Description, door: &Door<'_>) -> Result<Told, String> {
    is_ours(door).await?;
    let models = page(door, "/v1/models").await?;
    let served = models.pointer("/data/0/id").and_then(|id| id.as_str());
    let served = served.unwrap_or_default().to_owned();
    let mut pages = Vec::new();
    for route in &about.pages {
        pages.push(page(door, route).await?);
    }
    Ok(Told {
        pages,
        served,
        ..Told::default()
    })
}

/// The process that holds the port is one of those that were started.
async fn is_ours(door: &Door<'_>) -> Result<(), String> {
    let (group, port) = (door.group, door.port);
    let owner = tokio::task::spawn_blocking(move || Place::owner(Path::new("/proc"), port));
    match owner.await.map_err(|error| error.to_string())? {
        Place::Here { pid, .. } if group_of(pid) == Some(group) => Ok(()),
        Place::Here { pid, program } => Err(format!("the port is {program}'s, pid {pid}")),
        Place::NotKnown { why } => Err(why),
        Place::Elsewhere { host } => Err(format!("it is on {host}")),
    }
}

fn group_of(pid: u32) -> Option<i32> {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).ok()?);
    Some(nix::unistd::getpgid(Some(pid)).ok()?.as_raw())
}

async fn page(door: &Door<'_>, route: &str) -> Result<serde_json::Value, String> {
    let asked = door
        .client
        .get(format!("{}{route}", door.base_url))
        .bearer_auth(door.api_key)
        .timeout(PAGE)
        .send();
    let answer = asked.await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("it answers {} at {route}", answer.status()));
    }
    answer
        .json()
        .await
        .map_err(|error| format!("it tells nothing that can be read at {route} ({error})"))
}
