//! Maps errors of STS to broken links of the chain.
//!
//! Codes and texts are from the STS API reference and from errors seen in practice.

use std::error::Error;
use std::time::Duration;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::request_id::RequestId;
use irsa_chain::{Cause, Link};

use super::Call;
use crate::IdentityError;
use crate::error::chain_of;
use crate::error::scrub::scrub;

/// An error as STS returned it.
pub(super) struct StsRefusal<'a> {
    pub(super) status: u16,
    pub(super) code: &'a str,
    pub(super) message: &'a str,
}

/// The meaning of an error.
enum Meaning {
    Final(Cause),
    Transient(Cause),
    /// Only the link is known.
    At(Link),
}

use Meaning::{At, Final, Transient};

/// Converts an error of the SDK, without `secrets`.
pub(super) fn from_sdk_error<E>(
    call: Call,
    error: &SdkError<E, HttpResponse>,
    secrets: &[&str],
) -> IdentityError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    let Some(status) = status else {
        return unreachable(Some(call), &scrub(&chain_of(error), secrets));
    };
    let metadata = error.as_service_error().map(ProvideErrorMetadata::meta);
    let message = metadata.and_then(|meta| meta.message()).unwrap_or_default();
    let code = metadata.and_then(|meta| meta.code()).unwrap_or_default();
    let refusal = StsRefusal {
        status,
        code: &scrub(code, secrets),
        message: &scrub(message, secrets),
    };
    refusal.explain(call, error.request_id())
}

/// Creates the error for an exchange that took longer than `limit`.
pub(super) fn no_answer(call: Call, limit: Duration) -> IdentityError {
    unreachable(Some(call), &format!("no response within {limit:?}"))
}

/// Creates the error for a missing response, to `call` or to a request in general.
pub(super) fn unreachable(call: Option<Call>, why: &str) -> IdentityError {
    let asked = call.map_or("STS".to_owned(), |call| format!("`sts:{}`", call.name()));
    let text = format!("cannot call {asked}: {why}");
    let error = IdentityError::new(Cause::StsUnreachable, text).transient();
    if why.contains("certificate") {
        return error.with_remedy(
            "add the CA of the endpoint, or of the proxy that intercepts its \
             TLS connections, with `--ca-file` or `AWS_CA_BUNDLE`",
        );
    }
    error
}

impl StsRefusal<'_> {
    /// Creates the error, with AWS's code and text, and the request ID that AWS Support asks for.
    pub(super) fn explain(&self, call: Call, request_id: Option<&str>) -> IdentityError {
        let text = self.text(call, request_id);
        let error = match self.meaning(call) {
            Final(cause) => IdentityError::new(cause, text),
            Transient(cause) => IdentityError::new(cause, text).transient(),
            At(link) => IdentityError::at(link, text),
        };
        let error = match self.remedy() {
            Some(remedy) => error.with_remedy(remedy),
            None => error,
        };
        match self.code {
            "" => error,
            code => error.with_code(code),
        }
    }

    /// Returns what to do about errors without a specific cause.
    fn remedy(&self) -> Option<&'static str> {
        match self.code {
            "IDPRejectedClaim" => Some("delete the pod, so that it gets a new token"),
            "SignatureDoesNotMatch" if self.is_about_region() => Some(
                "set `AWS_REGION` or `--region` to the region of the STS endpoint in `--sts-endpoint` or \
                 `AWS_ENDPOINT_URL_STS`, or unset that endpoint",
            ),
            _ => None,
        }
    }

    fn text(&self, call: Call, request_id: Option<&str>) -> String {
        let mut text = format!("`sts:{}` failed with status {}", call.name(), self.status);
        for part in [self.code, self.message] {
            if !part.is_empty() {
                text = text + ": " + part;
            }
        }
        match request_id {
            Some(id) => text + &format!(" (request {})", scrub(id, &[])),
            None => text,
        }
    }

    fn meaning(&self, call: Call) -> Meaning {
        match self.code {
            // A region that is not active has its own code; older endpoints use a different one.
            _ if self.message.contains("not activated in this region") => {
                Final(Cause::RegionDisabled)
            }
            "InvalidIdentityToken" => self.invalid_identity_token(),
            "ValidationError" => self.validation_error(),
            "AccessDenied" | "AccessDeniedException" => denied(call),
            "ExpiredTokenException" | "ExpiredToken" => match call {
                Call::AssumeRoleWithWebIdentity => Final(Cause::TokenExpired),
                _ => Final(Cause::SessionExpired),
            },
            "IDPCommunicationError" => Transient(Cause::VerificationKeyUnavailable),
            "IDPRejectedClaim" => At(Link::ProjectedToken),
            "RegionDisabledException" => Final(Cause::RegionDisabled),
            "InvalidClientTokenId" | "UnrecognizedClientException" => {
                Final(Cause::CredentialsUnknown)
            }
            "SignatureDoesNotMatch" | "IncompleteSignature" => self.signature(),
            "RequestExpired" => Final(Cause::ClockSkew),
            _ => self.by_kind(),
        }
    }

    /// Classifies by status. Throttling has several codes, and the response of a load balancer has no code.
    fn by_kind(&self) -> Meaning {
        let throttled = [
            "Throttl",
            "RequestLimitExceeded",
            "TooManyRequests",
            "SlowDown",
        ];
        if self.status == 429 || throttled.iter().any(|code| self.code.starts_with(code)) {
            return Transient(Cause::StsThrottled);
        }
        match self.status {
            200..300 | 500.. => Transient(Cause::StsInternalError),
            _ => At(Link::StsSession),
        }
    }

    /// Classifies the error by its text. "Couldn't retrieve verification key" is usually temporary, whatever its code.
    fn invalid_identity_token(&self) -> Meaning {
        const TEXTS: [(&str, Meaning); 8] = [
            (
                "couldn't retrieve verification key",
                Transient(Cause::VerificationKeyUnavailable),
            ),
            (
                "no openidconnect provider found",
                Final(Cause::IssuerUnknown),
            ),
            ("incorrect token audience", Final(Cause::TokenAudienceWrong)),
            ("required claim: aud", Final(Cause::TokenAudienceMissing)),
            ("thumbprint", Final(Cause::ThumbprintMismatch)),
            ("signature", Final(Cause::TokenSignatureInvalid)),
            ("expired", Final(Cause::TokenExpired)),
            ("not a valid jwt", Final(Cause::TokenMalformed)),
        ];
        self.first_of(TEXTS).unwrap_or(At(Link::ProjectedToken))
    }

    fn validation_error(&self) -> Meaning {
        const TEXTS: [(&str, Meaning); 5] = [
            ("rolesessionname", Final(Cause::SessionNameInvalid)),
            ("webidentitytoken", Final(Cause::TokenMalformed)),
            ("session limit", Final(Cause::DurationExceedsMaximum)),
            ("maxsessionduration", Final(Cause::DurationExceedsMaximum)),
            ("arn is invalid", Final(Cause::RoleUnknown)),
        ];
        self.first_of(TEXTS).unwrap_or(At(Link::StsSession))
    }

    fn signature(&self) -> Meaning {
        const TEXTS: [(&str, Meaning); 3] = [
            ("signature expired", Final(Cause::ClockSkew)),
            ("signature not yet current", Final(Cause::ClockSkew)),
            (
                "scoped to a valid region",
                Final(Cause::SignedForAnotherRegion),
            ),
        ];
        self.first_of(TEXTS)
            .unwrap_or(Final(Cause::SignatureMismatch))
    }

    fn is_about_region(&self) -> bool {
        let message = self.message.to_lowercase();
        message.contains("scoped to a valid region")
    }

    fn first_of<const N: usize>(&self, texts: [(&str, Meaning); N]) -> Option<Meaning> {
        let message = self.message.to_lowercase();
        let found = texts.into_iter().find(|(text, _)| message.contains(text));
        found.map(|(_, meaning)| meaning)
    }
}

fn denied(call: Call) -> Meaning {
    match call {
        Call::AssumeRoleWithWebIdentity => Final(Cause::TrustDenied),
        Call::AssumeRole => Final(Cause::ChainedRoleDenied),
        Call::GetCallerIdentity => At(Link::StsSession),
    }
}

#[cfg(test)]
mod tests;
