//! `health_check` of a provider account: how Envoy finds out by itself whether a server is well. What has a mistake
//! gets the default, as a stand-in.

use crate::config::connection::HealthCheck;
use crate::config::reader::Reader;
use crate::units::Millis;

pub(super) fn read_health_check(reader: &Reader<'_>) -> HealthCheck {
    let default = HealthCheck::default();
    let Some(mut section) = reader.section() else {
        return default;
    };
    let path = section.required("path").and_then(|path| read_path(&path));
    let interval = section.optional("interval").and_then(|interval| span(&interval));
    let timeout = section.optional("timeout").and_then(|timeout| span(&timeout));
    let mut times = |key| section.optional(key).and_then(|times| times.integer(1..=100));
    let (unhealthy_after, healthy_after) = (times("unhealthy_after"), times("healthy_after"));
    section.end();
    HealthCheck {
        path: path.map_or(default.path, str::to_owned),
        interval: interval.unwrap_or(default.interval),
        timeout: timeout.unwrap_or(default.timeout),
        unhealthy_after: unhealthy_after.unwrap_or(default.unhealthy_after),
        healthy_after: healthy_after.unwrap_or(default.healthy_after),
    }
}

fn read_path<'v>(reader: &Reader<'v>) -> Option<&'v str> {
    let path = reader.string()?;
    if path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        Some(path)
    } else {
        reader.mistake("must be a path such as `/health`")
    }
}

fn span(reader: &Reader<'_>) -> Option<Millis> {
    let duration = reader.duration()?;
    if (100..=3_600_000).contains(&duration.0) {
        Some(duration)
    } else {
        reader.mistake("must be between `100ms` and `1h`")
    }
}
