//! Whether a described server is ready, and whether it is ours: the process that listens is in the group
//! that was started. Few servers can be told a key without everybody seeing it.

use super::file::Description;
use crate::ready::PAGE;
use crate::server::{Door, Told};

pub(super) async fn prove(about: &Description, door: &Door<'_>) -> Result<Told, String> {
    door.is_of_our_group().await?;
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
