//! Whether a described server is ready, and whether it is ours: the process that listens is in the group
//! that was started. Few servers can be told a key without everybody seeing it.

use super::file::Description;
use crate::place::Place;
use crate::ready::PAGE;
use crate::server::{Door, Told};
use std::path::Path;

pub(super) async fn prove(about: &Description, door: &Door<'_>) -> Result<Told, String> {
    is_ours(door).await?;
    let page = async |route: &str| {
        let page = door.page(route, PAGE).await;
        page.map_err(|fault| fault.to_string())
    };
    let models = page("/v1/models").await?;
    let served = models.pointer("/data/0/id").and_then(|id| id.as_str());
    let served = served.unwrap_or_default().to_owned();
    let mut pages = Vec::new();
    for route in &about.pages {
        pages.push(page(route).await?);
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
