//! `rate_limit_service`: who counts the budgets that a fleet of Envoys shares.

use crate::config::Audience;
use crate::config::connection::Endpoint;
use crate::config::reader::Reader;
use crate::fleet::{Service, WhenDown};
use crate::limits::MAX_SERVICE_TIME;
use crate::units::Millis;

/// How long a call waits for the service if nothing else is said: many times what it takes beside its Redis.
const DEFAULT_TIMEOUT: Millis = Millis(25);

/// `rate_limit_service`. What has a mistake is a stand-in.
pub struct ServiceEntry<'v> {
    pub at: Reader<'v>,
    pub cluster: Reader<'v>,
    pub service: Service,
    /// Only in the operator's document.
    pub endpoint: Option<Endpoint>,
}

impl<'v> ServiceEntry<'v> {
    pub(super) fn read(reader: &Reader<'v>, audience: Audience) -> Option<Self> {
        let mut section = reader.section()?;
        let cluster = section.required("cluster").filter(|name| name.name().is_some());
        let domain = section.required("domain").and_then(|domain| domain.name());
        let endpoint = match audience {
            Audience::Operator => section
                .optional("endpoint")
                .and_then(|endpoint| read_endpoint(&endpoint)),
            Audience::Filter => None,
        };
        let when_down = section
            .optional("when_down")
            .and_then(|choice| read_when_down(&choice));
        let timeout = section
            .optional("timeout")
            .and_then(|timeout| read_timeout(&timeout));
        section.end();
        let cluster = cluster?;
        Some(Self {
            at: reader.clone(),
            service: Service {
                cluster: cluster.value().as_str().unwrap_or_default().to_owned(),
                domain: domain.unwrap_or_default().to_owned(),
                when_down: when_down.unwrap_or_default(),
                timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            },
            cluster,
            endpoint,
        })
    }
}

fn read_endpoint(reader: &Reader<'_>) -> Option<Endpoint> {
    let text = reader.string()?;
    let endpoint = match Endpoint::parse(text) {
        Ok(endpoint) => endpoint,
        // What is too much in a URL may be a password.
        Err(error) if text.contains(['?', '#', '@']) => return reader.withheld(error.to_string()),
        Err(error) => return reader.mistake(error.to_string()),
    };
    if endpoint.base_path.is_empty() {
        Some(endpoint)
    } else {
        reader.mistake("must not have a path: the service is called by gRPC")
    }
}

fn read_when_down(reader: &Reader<'_>) -> Option<WhenDown> {
    let text = reader.string()?;
    let choice = WhenDown::ALL.into_iter().find(|choice| choice.as_str() == text);
    choice.or_else(|| {
        reader.unknown_name(
            "is not what can be done without the service (supported: local, closed)",
            WhenDown::ALL.map(WhenDown::as_str),
        )
    })
}

/// Two questions may be asked within it.
fn read_timeout(reader: &Reader<'_>) -> Option<Millis> {
    let timeout = reader.duration()?;
    if (Millis(2)..=MAX_SERVICE_TIME).contains(&timeout) {
        return Some(timeout);
    }
    reader.mistake(format!(
        "must be from `2ms` to `{}ms`: no call may wait for longer",
        MAX_SERVICE_TIME.0
    ))
}
