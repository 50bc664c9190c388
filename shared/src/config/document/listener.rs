//! `listener`: how agents reach the broker, apart from the address, which is the command's to say.

use crate::config::reader::Reader;
use crate::config::verification::ListenerTls;

/// Reads `listener`.
pub(super) fn read(reader: &Reader<'_>) -> Option<ListenerTls> {
    let mut section = reader.section()?;
    let tls = section.required("tls");
    section.end();
    let mut section = tls?.section()?;
    let certificate = section.required("certificate").map(|path| read_path(&path));
    let key = section.required("key").map(|path| read_path(&path));
    let client_ca = section.optional("client_ca").map(|path| read_path(&path));
    section.end();
    Some(ListenerTls {
        certificate: certificate??,
        key: key??,
        client_ca: client_ca.flatten(),
    })
}

/// A path; what is none may be the key itself, so it is not shown.
fn read_path(reader: &Reader<'_>) -> Option<String> {
    match reader.value().as_str() {
        Some(path) if !path.is_empty() && !path.contains('\n') => Some(path.to_owned()),
        _ => reader.withheld("must be the path of a file"),
    }
}
