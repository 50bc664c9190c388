//! Envoy's bootstrap: the admin interface, the watched files, and how labels are told from metrics' names.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use shared::metrics;

use super::parts::watched;
use super::{Place, hop, socket_address};

pub fn of(place: &Place, out: &Path) -> Result<Value> {
    let labels: Vec<_> = metrics::LABELS
        .iter()
        // The first group leaves the name, the second is the label's value.
        .map(|label| json!({"tag_name": label, "regex": format!("(;{label}=([^;]*))")}))
        .collect();
    Ok(json!({
        "node": {"id": "model-broker", "cluster": "model-broker"},
        "admin": {"address": socket_address(&place.admin)?},
        "dynamic_resources": {"lds_config": watched(out, "listeners.yaml"), "cds_config": watched(out, "clusters.yaml")},
        "stats_config": {"stats_tags": labels},
        "bootstrap_extensions": [hop::bootstrap_extension()],
    }))
}
