//! `time_zone`: an offset from UTC, or a zone with the changes of its offset, which the operator's command looks up.

use crate::config::reader::Reader;
use crate::ledger::{Change, Zone, parse_offset};

pub(super) fn read_zone(reader: &Reader<'_>) -> Option<Zone> {
    if reader.value().is_object() {
        return read_changing(reader);
    }
    let zone = reader.value().as_str().and_then(Zone::parse);
    zone.or_else(|| {
        reader.mistake(
            "must be `UTC`, an offset from it such as `+01:00`, or a zone such as `Europe/Berlin`, \
             whose offsets `broker render` and `broker up` look up: the filter has no table of zones",
        )
    })
}

fn read_changing(reader: &Reader<'_>) -> Option<Zone> {
    let mut section = reader.section()?;
    // For people, and for the configuration's version.
    let name = section.required("name").and_then(|name| name.string());
    let offset = section.required("offset").and_then(|offset| read_offset(&offset));
    let changes = section.list("changes");
    let changes: Option<Vec<Change>> = changes.iter().map(read_change).collect();
    section.end();
    name?;
    Zone::new(offset?, changes?)
        .or_else(|| reader.withheld("has too many changes, or not in ascending order"))
}

fn read_change(reader: &Reader<'_>) -> Option<Change> {
    let mut section = reader.section()?;
    let at = section.required("at").and_then(|at| at.point_in_time());
    let offset = section.required("offset").and_then(|offset| read_offset(&offset));
    section.end();
    Some(Change {
        at: i64::try_from(at?.0 / 1_000_000_000).ok()?,
        offset: offset?,
    })
}

fn read_offset(reader: &Reader<'_>) -> Option<i64> {
    let offset = reader.value().as_str().and_then(parse_offset);
    offset.or_else(|| reader.mistake("must be an offset from UTC such as `+01:00`"))
}
