//! Why nobody is known to call.

/// Why nobody is known to call. None of them says which part of a credential was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// No token, nor anything else.
    #[error("no token: send the agent's token as `Authorization: Bearer` or `x-api-key`")]
    Missing,
    /// Nothing of what agents are known by, where that is no token.
    #[error("no identity: the call came with no verified JWT and no client certificate that names an agent")]
    Unidentified,
    /// Not `Bearer TOKEN`, a repeated header, too long, or empty.
    #[error("the token cannot be read: send it once, as `Authorization: Bearer` or `x-api-key`")]
    Malformed,
    /// Both headers, and they differ.
    #[error("`Authorization` and `x-api-key` hold different tokens")]
    TwoTokens,
    /// No agent has this token, or it has expired.
    #[error("the token is not known")]
    Unknown,
    /// A JWT is there that was not verified.
    #[error("the JWT is not accepted")]
    Unverified,
    /// A verified JWT without a claim that names an agent, or with one that is no short text.
    #[error("the JWT's claims do not name an agent as this broker expects it")]
    BadClaim,
    /// The forwarded certificate cannot be read.
    #[error("`x-forwarded-client-cert` cannot be read")]
    BadForwardedCertificate,
    /// Nobody of this name, and no workspace to take it in.
    #[error("the caller is verified, but is no agent of this broker")]
    UnknownAgent,
    /// The agent belongs to another workspace or tenant than the one that was named with it.
    #[error("the caller's workspace or tenant is not that of the agent")]
    OtherWorkspace,
    /// Two identities of different agents.
    #[error("the call's certificate, JWT and token do not name the same agent")]
    Disagreeing,
}

impl IdentityError {
    /// The machine-readable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing
            | Self::Unidentified
            | Self::Malformed
            | Self::TwoTokens
            | Self::Unknown
            | Self::Unverified
            | Self::BadClaim
            | Self::BadForwardedCertificate => "invalid_api_key",
            Self::UnknownAgent => "unknown_agent",
            Self::OtherWorkspace | Self::Disagreeing => "identities_disagree",
        }
    }
}
