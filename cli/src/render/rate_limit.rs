//! The rate limit service: the cluster by which Envoy reaches it, and `broker render ratelimit`, its own configuration.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};
use shared::config::Scheme;
use shared::fleet;

use super::parts::{set, tls, unbounded};
use super::{Place, files};
use crate::document::{self, Document};

#[derive(Args)]
pub struct Options {
    /// The broker's configuration, YAML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The file to write, one of the service's `RUNTIME_ROOT`; without it standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<()> {
    let document = document::load(&options.config)?;
    document::print_warnings(&document.loaded.warnings);
    let Some(configuration) = configuration(&document) else {
        bail!("{} names no `rate_limit_service`", options.config.display());
    };
    match &options.out {
        Some(out) => {
            let out = std::path::absolute(out)?;
            files::write_readable(&out, &configuration)?;
            println!("rendered into {}", out.display());
        }
        None => print!("{}", serde_saphyr::to_string(&configuration)?),
    }
    Ok(())
}

pub(super) fn configuration(document: &Document) -> Option<Value> {
    let snapshot = &document.loaded.snapshot;
    let service = snapshot.rate_limit_service.as_ref()?;
    Some(fleet::rendered(service, snapshot))
}

/// The service's cluster, where the document says how it is reached.
pub fn cluster(document: &Document, place: &Place) -> Result<Option<Value>> {
    let loaded = &document.loaded;
    let Some((service, endpoint)) = loaded
        .snapshot
        .rate_limit_service
        .as_ref()
        .zip(loaded.rate_limit_service.as_ref())
    else {
        return Ok(None);
    };
    let is_address = endpoint.host.parse::<std::net::IpAddr>().is_ok();
    let address = json!({"socket_address": {"address": endpoint.host, "port_value": endpoint.port}});
    let mut cluster = json!({
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": service.cluster,
        "type": if is_address { "STATIC" } else { "STRICT_DNS" },
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": service.cluster,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        "circuit_breakers": unbounded(),
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {
                    // A connection whose other end is gone without a word would otherwise be kept for minutes.
                    "connection_keepalive": {"interval": "5s", "timeout": "1s"},
                }},
            },
        },
    });
    if !is_address {
        set(&mut cluster, "dns_lookup_family", json!("V4_PREFERRED"));
    }
    if endpoint.scheme == Scheme::Https {
        set(&mut cluster, "transport_socket", tls(&endpoint.host, place)?);
    }
    Ok(Some(cluster))
}
