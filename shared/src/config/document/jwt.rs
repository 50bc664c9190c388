//! `identity.jwt`: which claims name an agent, and how Envoy verifies them.

use crate::config::Audience;
use crate::config::connection::{Endpoint, Scheme};
use crate::config::criteria::NO_ATTRIBUTES;
use crate::config::reader::{Reader, Section};
use crate::config::verification::{JWT_NAMESPACE, JWT_PAYLOAD, JwtVerification, KeySet};
use crate::headers::{AUTHORIZATION, BROKER_PREFIX, ENVOY_PREFIX};
use crate::identity::{ClaimPath, Jwt};

/// Reads `identity.jwt`, and what of it only Envoy needs.
pub(super) fn read(reader: &Reader<'_>, audience: Audience) -> Option<(Jwt, Option<JwtVerification>)> {
    let mut section = reader.section()?;
    let namespace = text_or(&mut section, "namespace", JWT_NAMESPACE);
    let payload = text_or(&mut section, "payload", JWT_PAYLOAD);
    let header = section
        .optional("header")
        .map_or(Some(AUTHORIZATION.to_owned()), |header| read_header(&header));
    let agent = section.optional("agent").map_or_else(
        || Some(ClaimPath::new(&payload, ["sub"])),
        |claim| read_claim(&claim, &payload),
    );
    let workspace = section
        .optional("workspace")
        .map(|claim| read_claim(&claim, &payload));
    let tenant = section
        .optional("tenant")
        .map(|claim| read_claim(&claim, &payload));
    let attributes = section.list("attributes");
    let attributes = attributes.iter().filter_map(|claim| {
        let name = claim.name()?;
        match NO_ATTRIBUTES.iter().find(|(fact, _)| *fact == name) {
            Some((_, meaning)) => claim.mistake(format!(
                "cannot be an attribute: in conditions `{name}` is {meaning}"
            )),
            None => Some((name.to_owned(), ClaimPath::new(&payload, [name]))),
        }
    });
    let attributes = attributes.collect();
    let header = header.unwrap_or_default();
    let verification = match audience {
        Audience::Operator => read_verification(reader, &mut section, &header, &namespace, &payload),
        Audience::Filter => None,
    };
    section.end();
    let jwt = Jwt {
        namespace,
        payload,
        header,
        agent: agent?,
        workspace: workspace.flatten(),
        tenant: tenant.flatten(),
        attributes,
    };
    Some((jwt, verification))
}

fn text_or(section: &mut Section<'_>, key: &'static str, default: &str) -> String {
    let given = section.optional(key).and_then(|reader| {
        let text = reader.string()?;
        if text.is_empty() {
            reader.mistake("must not be empty")
        } else {
            Some(text)
        }
    });
    given.unwrap_or(default).to_owned()
}

/// A claim's name, or the names that lead to one inside others.
fn read_claim(reader: &Reader<'_>, payload: &str) -> Option<ClaimPath> {
    let parts = reader.one_or_many();
    if parts.is_empty() {
        return reader.mistake("must name a claim");
    }
    let names: Option<Vec<&str>> = parts
        .iter()
        .map(|part| match part.string()? {
            name if name.is_empty() || name.contains('\0') => part.mistake("must name a claim"),
            name => Some(name),
        })
        .collect();
    Some(ClaimPath::new(payload, names?))
}

fn read_header(reader: &Reader<'_>) -> Option<String> {
    let name = reader.string()?.to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return reader.mistake("must be a header's name");
    }
    if name.starts_with(ENVOY_PREFIX) || name.starts_with(BROKER_PREFIX) {
        return reader.mistake("must be a header that agents may send");
    }
    Some(name)
}

fn read_verification(
    jwt: &Reader<'_>,
    section: &mut Section<'_>,
    header: &str,
    namespace: &str,
    payload: &str,
) -> Option<JwtVerification> {
    let keys = section.optional("jwks");
    let (issuer, audiences) = (section.optional("issuer"), section.optional("audiences"));
    let Some(keys) = keys else {
        for needless in [issuer, audiences].into_iter().flatten() {
            needless.mistake::<()>("says nothing without `jwks`");
        }
        jwt.log().warn(
            jwt.path(),
            "",
            "has no `jwks`: no JWT will be verified unless an Envoy of your own does that before the broker's filter",
        );
        return None;
    };
    if namespace != JWT_NAMESPACE {
        jwt.mistake::<()>(format!(
            "cannot have another `namespace` than `{JWT_NAMESPACE}` with `jwks`: Envoy has no other"
        ));
    }
    if audiences.is_none() {
        jwt.log().warn(
            jwt.path(),
            "",
            "has no `audiences`: a JWT of this issuer that is meant for somebody else will be taken too",
        );
    }
    let issuer = match issuer {
        Some(issuer) => issuer.string().map(str::to_owned),
        None => jwt.withheld("must have the `issuer` whose JWTs are taken"),
    };
    let audiences = audiences
        .map(|audiences| audiences.one_or_many())
        .unwrap_or_default();
    let audiences = audiences
        .iter()
        .filter_map(|audience| audience.string().map(str::to_owned));
    Some(JwtVerification {
        audiences: audiences.collect(),
        keys: read_keys(&keys)?,
        issuer: issuer?,
        header: header.to_owned(),
        namespace: namespace.to_owned(),
        payload: payload.to_owned(),
    })
}

fn read_keys(reader: &Reader<'_>) -> Option<KeySet> {
    let mut section = reader.section()?;
    let (file, uri) = (section.optional("file"), section.optional("uri"));
    section.end();
    match (file, uri) {
        (Some(file), None) => match file.string()? {
            "" => file.mistake("must be a path"),
            path => Some(KeySet::File(path.to_owned())),
        },
        (None, Some(uri)) => {
            let url = uri.string()?;
            match Endpoint::parse(url) {
                Ok(server) if server.scheme == Scheme::Http && !server.is_loopback() => uri.mistake(
                    "must begin with `https://` unless it is on this machine: who can change the keys can be any agent",
                ),
                Ok(server) => Some(KeySet::Remote {
                    url: url.to_owned(),
                    server,
                }),
                Err(error) => uri.withheld(error.to_string()),
            }
        }
        _ => reader.withheld("must have either `file` or `uri`"),
    }
}
