//! `alerts`: who is told of crossed thresholds.

use crate::alert::Webhook;
use crate::config::connection::Endpoint;
use crate::config::reader::Reader;

pub(super) fn read_alerts(reader: &Reader<'_>) -> Option<Webhook> {
    let mut section = reader.section()?;
    let webhook = section.required("webhook").and_then(|url| read_url(&url));
    section.end();
    webhook
}

fn read_url(reader: &Reader<'_>) -> Option<Webhook> {
    let text = reader.string()?;
    match Endpoint::parse(text) {
        Ok(server) => {
            let path = text.split_once("://").and_then(|(_, rest)| {
                let slash = rest.find('/')?;
                rest.get(slash..)
            });
            Some(Webhook {
                server,
                path: path.unwrap_or("/").to_owned(),
            })
        }
        // The text is not repeated: who puts a query there may have a secret in it.
        Err(error) => reader.withheld(error.to_string()),
    }
}
