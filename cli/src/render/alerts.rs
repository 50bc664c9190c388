//! The cluster of the operator's webhook.

use anyhow::Result;
use serde_json::Value;
use shared::alert::CLUSTER;

use super::{Place, services};
use crate::document::Document;

pub fn cluster(document: &Document, place: &Place) -> Result<Option<Value>> {
    let Some(webhook) = &document.loaded.snapshot.webhook else {
        return Ok(None);
    };
    services::cluster(CLUSTER, &webhook.server, place).map(Some)
}
