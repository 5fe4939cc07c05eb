//! Audiences of projected tokens.

use irsa_chain::IssuerUrl;

use crate::{Commands, Remedy};

/// The audience of tokens for STS.
pub(crate) const STS: &str = "sts.amazonaws.com";

/// Returns whether tokens with this audience are meant for the API server. Its audience is the issuer, unless
/// `--api-audiences` is set, or one of the API server's names within the cluster.
pub(crate) fn is_for_api_server(audience: &str, issuer: Option<&IssuerUrl>) -> bool {
    let host = audience.strip_prefix("https://").unwrap_or(audience);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    issuer.is_some_and(|issuer| issuer.as_str() == audience)
        || host == "kubernetes"
        || host == "kubernetes.default"
        || host.starts_with("kubernetes.default.svc")
}

/// The remedy for a token whose audience the OIDC provider does not accept. A token for the API server must not be sent
/// to AWS, because anyone who receives it could use it at the API server.
pub(crate) fn audience_remedy(
    provider: &str,
    audience: &str,
    issuer: Option<&IssuerUrl>,
) -> Remedy {
    let add = format!(
        "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {provider} --client-id "
    );
    if audience == STS {
        return Commands::new([format!("{add}{STS}")]).into();
    }
    if is_for_api_server(audience, issuer) {
        return Remedy::from(format!(
            "project a separate token for AWS: a `serviceAccountToken` volume with `audience: {STS}`, as the EKS webhook \
             adds it, and set AWS_WEB_IDENTITY_TOKEN_FILE to its path. The current token is for the Kubernetes API server; \
             do not add its audience to the OIDC provider"
        ));
    }
    Remedy::from(format!(
        "project the token with `audience: {STS}`: remove the annotation eks.amazonaws.com/audience from the service \
         account, or correct the volume in the pod template, and delete the pod. Only if this audience is intended, run \
         `{add}{}`",
        crate::remedy::shell_word(audience)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_servers_audiences_are_never_added_to_a_provider() {
        let issuer: IssuerUrl = "https://oidc.example.com/id/A".parse().unwrap();
        for audience in [
            "https://kubernetes.default.svc",
            "https://kubernetes.default.svc.cluster.local",
            "kubernetes.default.svc:443",
            issuer.as_str(),
        ] {
            assert!(is_for_api_server(audience, Some(&issuer)), "{audience}");
            let remedy = audience_remedy("arn", audience, Some(&issuer));
            assert!(!remedy.to_string().contains("add-client-id"), "{remedy}");
        }
        for audience in [STS, "keycloak.example", "kubernetes-dashboard"] {
            assert!(!is_for_api_server(audience, Some(&issuer)), "{audience}");
        }
        let remedy = audience_remedy("arn", STS, None);
        assert_eq!(remedy.commands().len(), 1, "{remedy}");
        assert!(audience_remedy("arn", "x y", None).commands().is_empty());
    }
}
