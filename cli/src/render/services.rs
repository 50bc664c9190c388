//! The clusters of small services that Envoy asks for something beside the providers.

use anyhow::Result;
use serde_json::{Value, json};
use shared::config::{Endpoint, Scheme};

use super::Place;
use super::parts::{set, tls};

/// The cluster of a service.
pub fn cluster(name: &str, server: &Endpoint, place: &Place) -> Result<Value> {
    let is_address = server.host.parse::<std::net::IpAddr>().is_ok();
    let address = json!({"socket_address": {"address": server.host, "port_value": server.port}});
    let mut cluster = json!({
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": name,
        "type": if is_address { "STATIC" } else { "LOGICAL_DNS" },
        "connect_timeout": "5s",
        "dns_lookup_family": "V4_PREFERRED",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    });
    if server.scheme == Scheme::Https {
        set(&mut cluster, "transport_socket", tls(&server.host, place)?);
    }
    Ok(cluster)
}
