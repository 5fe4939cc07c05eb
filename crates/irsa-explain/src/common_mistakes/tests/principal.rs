//! Examples of mistakes in `Principal` and `Action`.

use super::Element::{Action, Principal};
use super::{DUAL_STACK, Example, PROVIDER, action, meant, principal, turned};

#[expect(
    clippy::too_many_lines,
    reason = "one line for each entry of the table"
)]
pub(super) fn examples() -> Vec<Example> {
    vec![
        (
            Principal,
            "deleted-principal",
            principal("AROAEXAMPLEEXAMPLE123", None),
            None,
        ),
        (
            Principal,
            "issuer-order",
            principal(&turned(PROVIDER), None),
            meant(PROVIDER),
        ),
        (
            Principal,
            "scheme-in-issuer",
            principal(&PROVIDER.replace("oidc.", "https://oidc."), None),
            meant(PROVIDER),
        ),
        (
            Principal,
            "pod-identity-principal",
            principal("pods.eks.amazonaws.com", Some(PROVIDER)),
            None,
        ),
        (
            Principal,
            "token-principal",
            principal(PROVIDER, Some("pods.eks.amazonaws.com")),
            meant("pods.eks.amazonaws.com"),
        ),
        (
            Principal,
            "service-name",
            principal("pod.eks.amazonaws.com", None),
            meant("pods.eks.amazonaws.com"),
        ),
        (
            Principal,
            "dual-stack-issuer",
            principal(
                &PROVIDER.replace("oidc.eks.eu-central-1.amazonaws.com", DUAL_STACK),
                None,
            ),
            meant(PROVIDER),
        ),
        (
            Principal,
            "white-space",
            principal(&format!("{PROVIDER} "), None),
            meant(PROVIDER),
        ),
        (
            Principal,
            "issuer-host",
            principal(&PROVIDER.replace("amazonaws.com", "amazonaws.com.cn"), None),
            meant(PROVIDER),
        ),
        (
            Principal,
            "slash-after-issuer",
            principal(&format!("{PROVIDER}/"), None),
            meant(PROVIDER),
        ),
        (
            Principal,
            "issuer-case",
            principal(&PROVIDER.replace("ABC", &"9f2c".repeat(8)), None),
            meant(&PROVIDER.replace("ABC", &"9F2C".repeat(8))),
        ),
        (
            Principal,
            "case-differs",
            principal(&PROVIDER.replace("ABC", "abc"), Some(PROVIDER)),
            meant(PROVIDER),
        ),
        (
            Principal,
            "partition-mismatch",
            principal(&PROVIDER.replace("eu-central-1", "us-gov-west-1"), None),
            meant(
                &PROVIDER
                    .replace("arn:aws:", "arn:aws-us-gov:")
                    .replace("eu-central-1", "us-gov-west-1"),
            ),
        ),
        (
            Principal,
            "another-account",
            principal(&PROVIDER.replace("1111", "4444"), Some(PROVIDER)),
            meant(PROVIDER),
        ),
        (
            Principal,
            "another-issuer",
            principal(&PROVIDER.replace("ABC", "DEF"), Some(PROVIDER)),
            meant(PROVIDER),
        ),
        (
            Action,
            "no-such-action",
            action("es:ESHttpGet ", false),
            meant("es:ESHttpGet"),
        ),
        (
            Action,
            "connect-of-rds",
            action("RDS:Connect", false),
            meant("rds-db:connect"),
        ),
        (
            Action,
            "http-of-es",
            action("opensearch:ESHttpGet", false),
            meant("es:ESHttpGet"),
        ),
        (
            Action,
            "assume-role-of-token",
            action("sts:AssumeRole", true),
            meant("sts:AssumeRoleWithWebIdentity"),
        ),
    ]
}
