use super::*;
use Call::{AssumeRole, AssumeRoleWithWebIdentity as Web, GetCallerIdentity as Caller};

fn explain(call: Call, status: u16, code: &str, message: &str) -> IdentityError {
    let refusal = StsRefusal {
        status,
        code,
        message,
    };
    refusal.explain(call, Some("request-1"))
}

/// Code, text and cause of errors of `AssumeRoleWithWebIdentity`.
const WEB: &[(u16, &str, &str, Cause)] = &[
    (
        400,
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for https://oidc.eks.eu-central-1.amazonaws.com/id/ABC",
        Cause::IssuerUnknown,
    ),
    (
        400,
        "InvalidIdentityToken",
        "Incorrect token audience",
        Cause::TokenAudienceWrong,
    ),
    (
        400,
        "InvalidIdentityToken",
        "Missing a required claim: aud",
        Cause::TokenAudienceMissing,
    ),
    (
        400,
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
        Cause::VerificationKeyUnavailable,
    ),
    (
        400,
        "InvalidIdentityToken",
        "The token signature is invalid",
        Cause::TokenSignatureInvalid,
    ),
    (
        400,
        "ExpiredTokenException",
        "Token expired: current date/time 1731098245 must be before the expiration date/time 1731095240",
        Cause::TokenExpired,
    ),
    (
        400,
        "ExpiredTokenException",
        "Token too old: 441398",
        Cause::TokenExpired,
    ),
    (
        403,
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        Cause::TrustDenied,
    ),
    (
        400,
        "IDPCommunicationError",
        "",
        Cause::VerificationKeyUnavailable,
    ),
    (
        400,
        "ValidationError",
        "Request ARN is invalid",
        Cause::RoleUnknown,
    ),
    (
        400,
        "ValidationError",
        r"1 validation error detected: Value 'a/b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*",
        Cause::SessionNameInvalid,
    ),
    (
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        Cause::DurationExceedsMaximum,
    ),
    (
        403,
        "RegionDisabledException",
        "STS is not activated in this region",
        Cause::RegionDisabled,
    ),
    (
        403,
        "AccessDenied",
        "STS is not activated in this region for account:111122223333.",
        Cause::RegionDisabled,
    ),
    (400, "Throttling", "Rate exceeded", Cause::StsThrottled),
    (
        400,
        "ThrottlingException",
        "Rate exceeded",
        Cause::StsThrottled,
    ),
    (503, "RequestLimitExceeded", "", Cause::StsThrottled),
    (429, "", "", Cause::StsThrottled),
    (500, "InternalFailure", "", Cause::StsInternalError),
    (503, "", "", Cause::StsInternalError),
];

#[test]
fn errors_of_the_exchange_are_classified() {
    for (status, code, message, cause) in WEB {
        let error = explain(Web, *status, code, message);
        assert_eq!(error.cause(), Some(*cause), "{code}: {message}");
        assert_eq!(error.link(), cause.link());
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.code().unwrap_or_default(), *code);
    }
}

#[test]
fn only_temporary_errors_are_transient() {
    for (status, code, message, cause) in WEB {
        let passes = matches!(
            cause,
            Cause::VerificationKeyUnavailable | Cause::StsThrottled | Cause::StsInternalError
        );
        let error = explain(Web, *status, code, message);
        assert_eq!(error.is_transient(), passes, "{code}: {message}");
    }
}

#[test]
fn a_wrong_thumbprint_is_a_permanent_error_of_the_provider() {
    let text = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint";
    let error = explain(Web, 400, "InvalidIdentityToken", text);
    assert_eq!(error.cause(), Some(Cause::ThumbprintMismatch));
    assert!(!error.is_transient());
    assert!(error.remedy().contains("thumbprint"), "{}", error.remedy());
}

#[test]
fn errors_of_signed_calls_are_classified() {
    for (call, code, message, cause) in [
        (
            AssumeRole,
            "AccessDenied",
            "User: a is not authorized to perform: sts:AssumeRole",
            Cause::ChainedRoleDenied,
        ),
        (
            AssumeRole,
            "ExpiredToken",
            "The security token included in the request is expired",
            Cause::SessionExpired,
        ),
        (
            AssumeRole,
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            Cause::DurationExceedsMaximum,
        ),
        (
            Caller,
            "InvalidClientTokenId",
            "The security token included in the request is invalid",
            Cause::CredentialsUnknown,
        ),
        (
            Caller,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match",
            Cause::SignatureMismatch,
        ),
        (
            Caller,
            "SignatureDoesNotMatch",
            "Signature expired: 20251124T160000Z is now earlier than",
            Cause::ClockSkew,
        ),
        (
            Caller,
            "SignatureDoesNotMatch",
            "Credential should be scoped to a valid region, not 'us-east-1'.",
            Cause::SignedForAnotherRegion,
        ),
        (
            Caller,
            "SignatureDoesNotMatch",
            "Signature not yet current: 20251124T160000Z is still later",
            Cause::ClockSkew,
        ),
    ] {
        let error = explain(call, 403, code, message);
        assert_eq!(error.cause(), Some(cause), "{code}: {message}");
        assert!(!error.is_transient());
    }
}

#[test]
fn a_region_mismatch_has_a_remedy() {
    let text = "Credential should be scoped to a valid region, not 'us-east-1'.";
    let error = explain(Caller, 403, "SignatureDoesNotMatch", text);
    assert!(error.remedy().contains("AWS_REGION"), "{}", error.remedy());
}

#[test]
fn an_unknown_code_keeps_the_link_and_the_message() {
    let error = explain(Web, 418, "ShortAndStout", "tip me over");
    assert_eq!((error.link(), error.cause()), (Link::StsSession, None));
    assert_eq!(
        error.to_string(),
        "`sts:AssumeRoleWithWebIdentity` failed with status 418: ShortAndStout: tip me over (request request-1)"
    );
}
