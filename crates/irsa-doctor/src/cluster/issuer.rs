//! The cluster as an issuer of tokens.

use irsa_chain::{Cause, IssuerUrl, Link};
use irsa_kube::Discovery;

use super::Cluster;
use super::text::unreadable;
use crate::issuer::{PUBLIC_ISSUER, unreachable_issuer};
use crate::{Check, CheckOutcome, Place};
use irsa_chain::untrusted::quoted;

pub(super) static ISSUER: Check = Check {
    id: "cluster-issuer",
    place: Place::Cluster,
    link: Link::OidcProvider,
    question: "Can AWS use the issuer of the cluster's tokens?",
    description: "Reads the API server's own discovery document and key set (`kubectl get --raw \
               /.well-known/openid-configuration`), and compares the issuer with the one that was given or that the \
               pod's token names. AWS fetches the keys from the internet: it cannot reach an issuer such as \
               `https://kubernetes.default.svc.cluster.local`.",
    causes: &[Cause::IssuerMismatch, Cause::VerificationKeyUnavailable],
    needs: &["cluster-api"],
};

pub(super) async fn is_usable(cluster: &mut Cluster) -> CheckOutcome {
    match cluster.reader.issuer().await {
        Ok(discovery) => compare(cluster, &discovery).await,
        Err(error) if error.is_denied() => unreadable(&error).remedy(format!(
            "grant the permission: `kubectl create clusterrolebinding irsa-doctor-issuer \
             --clusterrole=system:service-account-issuer-discovery --user={}`",
            error.user()
        )),
        Err(error) => unreadable(&error),
    }
}

async fn compare(cluster: &mut Cluster, discovery: &Discovery) -> CheckOutcome {
    let text = quoted(&discovery.issuer);
    let Ok(issuer) = discovery.issuer.parse::<IssuerUrl>() else {
        return CheckOutcome::broken(
            Cause::IssuerMismatch,
            format!(
                "the API server issues tokens as {text}, which AWS does not accept: an issuer must be an https URL"
            ),
        );
    };
    if let Some(why) = unreachable_issuer(&issuer) {
        let seen = format!("the API server issues tokens as {text}: {why}");
        return CheckOutcome::broken(Cause::VerificationKeyUnavailable, seen).remedy(PUBLIC_ISSUER);
    }
    let keys = cluster.reader.signing_keys().await;
    match cluster.workload.issuer.replace(issuer.clone()) {
        Some(given) if given != issuer => {
            cluster.workload.issuer = Some(given.clone());
            CheckOutcome::broken(
                Cause::IssuerMismatch,
                format!(
                    "the API server issues tokens as {text}, but the workload's issuer is `{given}`"
                ),
            )
        }
        _ => CheckOutcome::holds(match keys {
            Ok(keys) => format!(
                "{text}; signing keys: {keys}, published at {}",
                quoted(&discovery.jwks_uri)
            ),
            Err(_) => text.to_string(),
        }),
    }
}
