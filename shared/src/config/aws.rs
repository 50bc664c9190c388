//! How Envoy signs requests to AWS. The keys themselves are never in the document.

use super::reader::{Reader, is_name};

/// An account of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsCredential {
    /// Its region, as the signature names it.
    pub region: String,
    /// The service, as the signature names it.
    pub service: String,
    /// Where its keys are.
    pub keys: AwsKeys,
}

/// Where the keys of an account of AWS are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AwsKeys {
    /// Wherever Envoy looks by itself: environment, `~/.aws`, a web identity, the container's or the machine's role.
    Found,
    /// In a file of AWS's own form.
    File {
        /// Its path.
        path: String,
        /// The profile in it; `None`: `default`.
        profile: Option<String>,
    },
    /// A role that is taken with a token.
    Role {
        /// The role's ARN.
        arn: String,
        /// The path of the file with the token.
        token_file: String,
    },
}

/// The services of AWS that models are asked at.
const SERVICES: [&str; 2] = ["bedrock", "bedrock-mantle"];

impl AwsCredential {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let mut section = reader.section()?;
        let region = section.required("region");
        let service = section.optional("service");
        let file = section.optional("file");
        let profile = section.optional("profile");
        let role = section.optional("role");
        let token_file = section.optional("token_file");
        if !section.end() {
            return None;
        }
        let region = region?;
        let Some(region) = region.value().as_str().filter(|text| is_region(text)) else {
            return region.withheld("must be a region such as `eu-central-1`");
        };
        let service = match service {
            None => "bedrock",
            Some(reader) => match SERVICES.iter().find(|service| reader.value() == **service) {
                Some(service) => service,
                None => return reader.withheld("must be `bedrock` or `bedrock-mantle`"),
            },
        };
        // What is wrong is not shown: somebody may have put the key itself there.
        let path = |reader: &Reader<'_>| match reader.value().as_str() {
            Some(path) if !path.is_empty() => Some(path.to_owned()),
            _ => reader.withheld("must be the path of a file"),
        };
        let keys = match (file, profile, role, token_file) {
            (None, None, None, None) => AwsKeys::Found,
            (Some(file), profile, None, None) => AwsKeys::File {
                path: path(&file)?,
                profile: match profile {
                    None => None,
                    Some(profile) => match profile.value().as_str().filter(|name| is_name(name)) {
                        Some(name) => Some(name.to_owned()),
                        None => return profile.withheld("must be the name of a profile in the file"),
                    },
                },
            },
            (None, None, Some(role), Some(token_file)) => AwsKeys::Role {
                arn: match role.value().as_str().filter(|text| text.starts_with("arn:aws")) {
                    Some(arn) => arn.to_owned(),
                    None => return role.withheld("must be a role's ARN, `arn:aws:iam::ACCOUNT:role/NAME`"),
                },
                token_file: path(&token_file)?,
            },
            _ => {
                return reader.withheld(
                    "must have `file`, perhaps with `profile`, or `role` with `token_file`, or none of them",
                );
            }
        };
        Some(Self {
            region: region.to_owned(),
            service: service.to_owned(),
            keys,
        })
    }
}

fn is_region(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 40 && text.chars().all(is_allowed)
}
