//! The cluster of the operator's webhook.

use anyhow::Result;
use serde_json::{Value, json};
use shared::alert::CLUSTER;
use shared::config::Scheme;

use super::Place;
use super::clusters::{set, tls};
use crate::document::Document;

pub fn cluster(document: &Document, place: &Place) -> Result<Option<Value>> {
    let Some(webhook) = &document.loaded.snapshot.webhook else {
        return Ok(None);
    };
    let server = &webhook.server;
    let is_address = server.host.parse::<std::net::IpAddr>().is_ok();
    let address = json!({"socket_address": {"address": server.host, "port_value": server.port}});
    let mut cluster = json!({
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": CLUSTER,
        "type": if is_address { "STATIC" } else { "LOGICAL_DNS" },
        "connect_timeout": "5s",
        "dns_lookup_family": "V4_PREFERRED",
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    });
    if server.scheme == Scheme::Https {
        set(&mut cluster, "transport_socket", tls(&server.host, place)?);
    }
    Ok(Some(cluster))
}
