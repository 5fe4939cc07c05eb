//! The table, in the order of the chain. To add a fault, add a row.

use irsa_chain::Cause;

use super::{Fault, Mechanism};
use crate::faults::{ConnectionFault, FOREVER, StsFault, StsFaultKind, TlsFault};
use crate::oidc::TokenKey;

/// Seconds of clock skew: more than the 15 minutes that AWS tolerates.
const SKEW: i64 = 1_200;
/// The delay of the `-slow` faults in milliseconds.
const SLOW: u64 = 2_000;
/// The lifetime of a short session in seconds.
const SHORT_SESSION: u64 = 8;
/// An issuer that no account has an OIDC provider for.
const FOREIGN_ISSUER: &str =
    "https://oidc.eks.eu-central-1.amazonaws.com/id/FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";

macro_rules! faults {
    ($($id:literal $cause:ident $mechanism:expr, $broken:literal, $shows:literal;)+) => {
        pub(super) const TABLE: &[Fault] = &[$(Fault {
            id: $id,
            cause: Cause::$cause,
            broken: $broken,
            shows: $shows,
            mechanism: $mechanism,
        }),+];
    };
}

use Mechanism::{Environment, Lab, Pod, Token};

faults! {
    // The service account.
    "no-identity" NoIdentityGiven
        Environment(&[("AWS_ROLE_ARN", None), ("AWS_WEB_IDENTITY_TOKEN_FILE", None)]),
        "the service account has no annotation",
        "no credentials";
    "role-variable-missing" HalfAnIdentity
        Environment(&[("AWS_ROLE_ARN", None)]),
        "a chart sets one of the two variables, and instance metadata is reachable",
        "an SDK acts as the node's role; irsa refuses to start";
    "token-variable-missing" HalfAnIdentity
        Environment(&[("AWS_WEB_IDENTITY_TOKEN_FILE", None)]),
        "a chart sets one of the two variables, instance metadata is reachable, and the domain maps the node's role",
        "an SDK acts as the node's role; irsa refuses to start";
    // The projected token.
    "token-file-missing" TokenFileMissing
        Environment(&[("AWS_WEB_IDENTITY_TOKEN_FILE", Some("/no/such/token"))]),
        "the token file does not exist",
        "no credentials; an SDK may fall back to the node's role";
    "token-expired" TokenExpired
        Token(|token| (token.issued_in, token.expires_in) = (-7200, -3600)),
        "the token in the file has expired",
        "STS: 400 `ExpiredTokenException`";
    "token-audience-wrong" TokenAudienceWrong
        Token(|token| *token = token.clone().audience("https://kubernetes.default.svc")),
        "the token is for a different audience",
        "STS: 400 `InvalidIdentityToken`, `Incorrect token audience`";
    // The OIDC provider.
    "issuer-unknown" IssuerUnknown
        Token(|token| token.issuer = Some(FOREIGN_ISSUER.to_owned())),
        "the token is from a different cluster's issuer",
        "STS: 400 `InvalidIdentityToken`, `No OpenIDConnect provider found in your account`";
    "provider-missing" IssuerUnknown
        Pod("set `AWS_ROLE_ARN` to a role of an account that has no OIDC provider"),
        "the role's account does not have the OIDC provider",
        "STS: 400 `InvalidIdentityToken`, `No OpenIDConnect provider found in your account`";
    "token-forged" TokenSignatureInvalid
        Token(|token| token.key = TokenKey::Forged),
        "the token is signed with a key that is not the issuer's",
        "STS: 400 `InvalidIdentityToken`";
    "token-key-retired" VerificationKeyUnavailable
        Token(|token| token.key = TokenKey::Retired),
        "the issuer no longer publishes the token's key",
        "STS: 400 `InvalidIdentityToken`, `Couldn't retrieve verification key`";
    "issuer-keys-unavailable" VerificationKeyUnavailable
        Lab(|plan| plan.jwks_unavailable = true),
        "STS cannot fetch the issuer's keys",
        "STS: 400 `InvalidIdentityToken`; the issuer: 503";
    "issuer-refused" VerificationKeyUnavailable
        Lab(|plan| plan.network.oidc.connections = ConnectionFault::Refused),
        "nothing listens at the issuer's address",
        "connection refused; STS: 400 `InvalidIdentityToken`";
    "issuer-reset" VerificationKeyUnavailable
        Lab(|plan| plan.network.oidc.connections = ConnectionFault::Reset),
        "connections to the issuer are reset",
        "connection reset; STS: 400 `InvalidIdentityToken`";
    "issuer-blackhole" VerificationKeyUnavailable
        Lab(|plan| plan.network.oidc.connections = ConnectionFault::Blackhole),
        "the issuer accepts connections and never answers",
        "a timeout; STS: 400 `InvalidIdentityToken`";
    "issuer-cut" VerificationKeyUnavailable
        Lab(|plan| plan.network.oidc.connections = ConnectionFault::Cut),
        "connections to the issuer break in the middle of an answer",
        "a truncated response; STS: 400 `InvalidIdentityToken`";
    "issuer-slow" VerificationKeyUnavailable
        Lab(|plan| plan.network.oidc.latency_ms = SLOW),
        "each answer of the issuer takes 2 s longer",
        "slow answers";
    "issuer-certificate-other-name" VerificationKeyUnavailable
        Lab(|plan| plan.network.oidc.tls = TlsFault::OtherName),
        "the issuer's certificate is for a different host",
        "certificate not valid for the name; STS: 400 `InvalidIdentityToken`";
    "issuer-certificate-untrusted" VerificationKeyUnavailable
        Lab(|plan| plan.network.oidc.tls = TlsFault::OtherAuthority),
        "the issuer's certificate is signed by an unknown CA",
        "unknown certificate issuer; STS: 400 `InvalidIdentityToken`";
    "issuer-certificate-expired" VerificationKeyUnavailable
        Lab(|plan| plan.network.oidc.tls = TlsFault::Expired),
        "the issuer's certificate has expired",
        "certificate expired; STS: 400 `InvalidIdentityToken`";
    // The trust policy.
    "trust-subject-mismatch" TrustSubjectMismatch
        Pod("set `AWS_ROLE_ARN` to a role that trusts a different service account"),
        "the role trusts a different service account",
        "STS: 403 `AccessDenied`";
    "trust-provider-mismatch" TrustProviderMismatch
        Pod("set `AWS_ROLE_ARN` to a role that trusts a different cluster's OIDC provider"),
        "the role trusts a different cluster",
        "STS: 403 `AccessDenied`";
    // The STS session.
    "sts-throttled" StsThrottled
        Lab(|plan| plan.sts = Some(sts(StsFaultKind::Throttle))),
        "STS throttles the account",
        "STS: 400 `Throttling`, `Rate exceeded`";
    "sts-internal-error" StsInternalError
        Lab(|plan| plan.sts = Some(sts(StsFaultKind::InternalError))),
        "STS fails",
        "STS: 500 `InternalFailure`";
    "sts-idp-communication" VerificationKeyUnavailable
        Lab(|plan| plan.sts = Some(sts(StsFaultKind::IdpCommunication))),
        "STS temporarily cannot reach the issuer",
        "STS: 400 `IDPCommunicationError`";
    "sts-region-disabled" RegionDisabled
        Lab(|plan| plan.sts = Some(sts(StsFaultKind::RegionDisabled))),
        "STS is not activated in the region",
        "STS: 403 `RegionDisabledException`";
    "sts-refused" StsUnreachable
        Lab(|plan| plan.network.sts.connections = ConnectionFault::Refused),
        "nothing listens at the address of STS",
        "connection refused";
    "sts-reset" StsUnreachable
        Lab(|plan| plan.network.sts.connections = ConnectionFault::Reset),
        "connections to STS are reset",
        "connection reset";
    "sts-blackhole" StsUnreachable
        Lab(|plan| plan.network.sts.connections = ConnectionFault::Blackhole),
        "STS accepts connections and never answers",
        "a timeout";
    "sts-cut" StsUnreachable
        Lab(|plan| plan.network.sts.connections = ConnectionFault::Cut),
        "connections to STS break in the middle of an answer",
        "a truncated response";
    "sts-slow" StsUnreachable
        Lab(|plan| plan.network.sts.latency_ms = SLOW),
        "each answer of STS takes 2 s longer",
        "slow answers, or a timeout";
    "sts-certificate-other-name" StsUnreachable
        Lab(|plan| plan.network.sts.tls = TlsFault::OtherName),
        "the certificate of STS is for a different host",
        "certificate not valid for the name";
    "sts-certificate-untrusted" StsUnreachable
        Lab(|plan| plan.network.sts.tls = TlsFault::OtherAuthority),
        "the certificate of STS is signed by an unknown CA",
        "unknown certificate issuer";
    "sts-certificate-expired" StsUnreachable
        Lab(|plan| plan.network.sts.tls = TlsFault::Expired),
        "the certificate of STS has expired",
        "certificate expired";
    "session-short" SessionExpired
        Lab(|plan| plan.session_seconds = Some(SHORT_SESSION)),
        "STS sessions expire after 8 s, whatever duration is requested",
        "credentials that expire early: 403 `ExpiredToken` for clients that cache them longer";
    "imds-hop-limit" ImdsRefused
        Lab(|plan| plan.imds.hop_limit_one = true),
        "the metadata service's hop limit is 1",
        "the request for a metadata token is never answered";
    "imds-disabled" ImdsRefused
        Lab(|plan| plan.imds.disabled = true),
        "the metadata service is disabled",
        "instance metadata: 403";
    // Permissions.
    "resource-id-mismatch" ResourceIdMismatch
        Pod("set `AWS_ROLE_ARN` to a role whose policy names the cluster instead of its resource ID"),
        "the policy has the cluster's name in place of its resource ID",
        "SQLSTATE 28000, `PAM authentication failed`";
    "es-http-not-allowed" EsHttpNotAllowed
        Pod("use a role without `es:ESHttp*`"),
        "no policy of the role allows `es:ESHttp*`",
        "403, `because no identity-based policy allows the es:ESHttp… action`";
    "domain-resource-mismatch" DomainResourceMismatch
        Pod("use a role whose policy names the bare domain ARN"),
        "the policy names the domain without the trailing `/*`",
        "403, `because no identity-based policy allows the es:ESHttp… action`";
    "aurora-iam-unavailable" IamLoginRefused
        Lab(|plan| plan.aurora.iam_unavailable = true),
        "the IAM service that the server uses does not respond",
        "SQLSTATE 28000, `PAM authentication failed`";
    // The signature.
    "clock-behind" ClockSkew
        Lab(|plan| plan.clock_skew_seconds = SKEW),
        "the node's clock is 20 minutes behind",
        "`Signature expired` in responses of AWS";
    "clock-ahead" ClockSkew
        Lab(|plan| plan.clock_skew_seconds = -SKEW),
        "the node's clock is 20 minutes ahead",
        "`Signature not yet current` in responses of AWS";
    "region-wrong" SignedForAnotherRegion
        Environment(&[("AWS_REGION", Some("us-east-1"))]),
        "`AWS_REGION` differs from the domain's region",
        "403, `Credential should be scoped to a valid region`";
    "aurora-token-refused" RdsTokenExpired
        Lab(|plan| plan.aurora.refuse_logins = FOREVER),
        "Aurora refuses RDS tokens as expired",
        "SQLSTATE 28000, `PAM authentication failed`";
    // The endpoint.
    "aurora-throttled" EndpointOverloaded
        Lab(|plan| plan.aurora.throttled = true),
        "IAM authentication is throttled (more than 200 logins per second)",
        "SQLSTATE 28000, `PAM authentication failed`";
    "aurora-too-many-clients" EndpointOverloaded
        Lab(|plan| plan.aurora.too_many_clients = true),
        "all connection slots of the server are in use",
        "SQLSTATE 53300, `sorry, too many clients already`";
    "aurora-login-slow" EndpointTimeout
        Lab(|plan| plan.aurora.login_delay_ms = SLOW),
        "each login takes 2 s longer",
        "slow logins, or a timeout";
    "aurora-refused" EndpointUnreachable
        Lab(|plan| plan.network.aurora.connections = ConnectionFault::Refused),
        "nothing listens at the cluster's address",
        "connection refused";
    "aurora-reset" EndpointUnreachable
        Lab(|plan| plan.network.aurora.connections = ConnectionFault::Reset),
        "connections to the cluster are reset",
        "connection reset";
    "aurora-blackhole" EndpointTimeout
        Lab(|plan| plan.network.aurora.connections = ConnectionFault::Blackhole),
        "the cluster accepts connections and never answers",
        "a timeout";
    "aurora-cut" EndpointUnreachable
        Lab(|plan| plan.network.aurora.connections = ConnectionFault::Cut),
        "sessions break in the middle of an answer",
        "the connection ends without an error message";
    "aurora-slow" EndpointTimeout
        Lab(|plan| plan.network.aurora.latency_ms = SLOW),
        "everything in a session takes 2 s longer in each direction",
        "slow answers, or a timeout";
    "aurora-tls-refused" TlsRefusedByServer
        Lab(|plan| plan.network.aurora.tls = TlsFault::Refused),
        "the server does not support TLS",
        "`server does not support SSL, but SSL was required`";
    "aurora-certificate-other-name" TlsCertificateInvalid
        Lab(|plan| plan.network.aurora.tls = TlsFault::OtherName),
        "the server's certificate is for a different host",
        "certificate not valid for the name";
    "aurora-certificate-untrusted" TlsCertificateInvalid
        Lab(|plan| plan.network.aurora.tls = TlsFault::OtherAuthority),
        "the server's certificate is signed by an unknown CA",
        "unknown certificate issuer";
    "aurora-certificate-expired" TlsCertificateInvalid
        Lab(|plan| plan.network.aurora.tls = TlsFault::Expired),
        "the server's certificate has expired",
        "certificate expired";
    "ca-file-wrong" TlsCertificateInvalid
        Pod("give the pod a CA file that lacks the endpoint's CA"),
        "the server's CA is not trusted",
        "unknown certificate issuer";
    "opensearch-throttled" EndpointThrottled
        Lab(|plan| plan.opensearch.throttle = FOREVER),
        "the domain throttles requests",
        "429 `Too Many Requests`";
    "opensearch-unavailable" EndpointFailed
        Lab(|plan| plan.opensearch.unavailable = FOREVER),
        "the domain is overloaded or restarting",
        "503 `Service Unavailable`";
    "opensearch-refused" EndpointUnreachable
        Lab(|plan| plan.network.opensearch.connections = ConnectionFault::Refused),
        "nothing listens at the domain's address",
        "connection refused";
    "opensearch-reset" EndpointUnreachable
        Lab(|plan| plan.network.opensearch.connections = ConnectionFault::Reset),
        "connections to the domain are reset",
        "connection reset";
    "opensearch-blackhole" EndpointTimeout
        Lab(|plan| plan.network.opensearch.connections = ConnectionFault::Blackhole),
        "the domain accepts connections and never answers",
        "a timeout";
    "opensearch-cut" EndpointFailed
        Lab(|plan| plan.network.opensearch.connections = ConnectionFault::Cut),
        "connections to the domain break in the middle of an answer",
        "a truncated response";
    "opensearch-slow" EndpointTimeout
        Lab(|plan| plan.network.opensearch.latency_ms = SLOW),
        "each answer of the domain takes 2 s longer",
        "slow answers, or a timeout";
    "opensearch-tls-refused" TlsHandshakeFailed
        Lab(|plan| plan.network.opensearch.tls = TlsFault::Refused),
        "the domain ends TLS handshakes with an alert",
        "TLS alert `access_denied`";
    "opensearch-certificate-other-name" TlsCertificateInvalid
        Lab(|plan| plan.network.opensearch.tls = TlsFault::OtherName),
        "the domain's certificate is for a different host",
        "certificate not valid for the name";
    "opensearch-certificate-untrusted" TlsCertificateInvalid
        Lab(|plan| plan.network.opensearch.tls = TlsFault::OtherAuthority),
        "the domain's certificate is signed by an unknown CA",
        "unknown certificate issuer";
    "opensearch-certificate-expired" TlsCertificateInvalid
        Lab(|plan| plan.network.opensearch.tls = TlsFault::Expired),
        "the domain's certificate has expired",
        "certificate expired";
    // The grant.
    "rds-iam-not-granted" RdsIamNotGranted
        Pod("connect as a database user that is not a member of `rds_iam`"),
        "the database user is not a member of `rds_iam`",
        "the server asks for a SCRAM password";
    "fgac-not-granted" FgacNotGranted
        Pod("use a role without a role mapping in the domain"),
        "the domain has no role mapping for the role",
        "403 `security_exception`, `no permissions for`";
}

/// Returns a fault of STS that lasts until it is switched off.
const fn sts(kind: StsFaultKind) -> StsFault {
    StsFault {
        kind: Some(kind),
        latency_ms: 0,
        requests: None,
    }
}
