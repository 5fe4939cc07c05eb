//! The check of the webhook's certificate against its caBundle.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use irsa_chain::{Cause, Link};
use irsa_kube::Webhook;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Cluster;
use crate::{Check, CheckOutcome, Place, Verdict};

/// The time limit for the connection and the TLS handshake.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The port of EKS's webhook, `https://127.0.0.1:23443/mutate`, on the loopback address of each API server.
const EKS_PORT: u16 = 23443;

pub(super) static CERTIFICATE: Check = Check {
    id: "webhook-certificate",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is the webhook's certificate signed by its caBundle?",
    description: "Connects to the webhook as the API server does, if it is reachable from here, and verifies its \
               certificate with the CAs in `caBundle`. The EKS webhook listens on the API server's loopback address, \
               which only the API server can reach.",
    causes: &[Cause::WebhookCertificateWrong],
    needs: &["identity-webhook"],
};

/// The address of the webhook.
struct Address {
    host: String,
    port: u16,
}

pub(super) async fn is_trusted(cluster: &mut Cluster) -> CheckOutcome {
    let Some(webhook) = &cluster.learned.webhook else {
        return CheckOutcome::not_applicable("the cluster has no pod identity webhook");
    };
    let Some(bundle) = &webhook.client_config.ca_bundle else {
        return CheckOutcome::not_applicable(
            "the webhook has no caBundle: the API server uses its own CAs",
        );
    };
    let Some(at) = address(webhook) else {
        return CheckOutcome::unsure("the webhook configuration contains no valid address");
    };
    if is_on_api_server(&at, cluster.reader.address()) {
        return CheckOutcome::not_applicable(format!(
            "the webhook listens on {}:{}, the API server's own loopback address: only the API server can connect to it",
            at.host, at.port
        ));
    }
    let seen = match roots(bundle) {
        Some(roots) => shake_hands(&at, roots).await,
        None => wrong("the caBundle contains no certificate"),
    };
    if seen.cause.is_some() {
        cluster.learned.webhook_fault = Some(CERTIFICATE.id);
    }
    let remedy = remedy(&seen, &cluster.learned.webhook_configuration);
    match seen.verdict {
        Verdict::Holds => seen,
        _ => seen.remedy(remedy),
    }
}

fn remedy(seen: &CheckOutcome, configuration: &str) -> String {
    let shown = format!(
        "`kubectl get mutatingwebhookconfiguration {configuration} -o jsonpath='{{.webhooks[0].clientConfig.caBundle}}' | \
         base64 -d | openssl x509 -noout -subject -enddate`"
    );
    if seen.cause.is_some() {
        format!(
            "renew caBundle and certificate together: restart the component that writes them (cert-manager's cainjector \
             for `cert-manager.io/inject-ca-from`, or the webhook's own pods), then check with {shown}"
        )
    } else {
        format!(
            "run `irsa doctor` in a pod of the cluster, or compare the certificate's issuer with the output of {shown}"
        )
    }
}

/// The address that the API server connects to. For a service, it is also the name that the certificate must have.
fn address(webhook: &Webhook) -> Option<Address> {
    let at = &webhook.client_config;
    if let Some(service) = &at.service {
        return Some(Address {
            host: format!("{}.{}.svc", service.name, service.namespace),
            port: service.port.unwrap_or(443),
        });
    }
    let url: Uri = at.url.as_deref()?.parse().ok()?;
    Some(Address {
        host: url.host()?.trim_matches(['[', ']']).to_owned(),
        port: url.port_u16().unwrap_or(443),
    })
}

/// Returns whether the address is a loopback address of the API server's machine, not of this one. The port of the EKS
/// webhook decides if a tunnel or `kubectl proxy` makes the API server appear on this machine's loopback address.
fn is_on_api_server(webhook: &Address, api_server: &str) -> bool {
    let api_server = api_server.parse::<Uri>().ok();
    let api_server = api_server.as_ref().and_then(Uri::host).unwrap_or_default();
    let is_remote = !is_loopback(api_server.trim_matches(['[', ']']));
    is_loopback(&webhook.host) && (is_remote || webhook.port == EKS_PORT)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn roots(bundle: &str) -> Option<RootCertStore> {
    let pem = STANDARD.decode(bundle.trim()).ok()?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
    (!roots.is_empty()).then_some(roots)
}

async fn shake_hands(at: &Address, roots: RootCertStore) -> CheckOutcome {
    let (host, port) = (&at.host, at.port);
    match timeout(TIMEOUT, connect(at, roots)).await {
        Ok(Ok(())) => CheckOutcome::holds(format!(
            "the certificate of {host}:{port} is signed by the caBundle"
        )),
        Ok(Err(error)) => match rejection(&error) {
            Some(why) => wrong(format!(
                "the caBundle does not verify the certificate of {host}:{port}: {why}"
            )),
            None => unreachable(at, &error.to_string()),
        },
        Err(_) => unreachable(at, &format!("no response within {TIMEOUT:?}")),
    }
}

fn unreachable(at: &Address, why: &str) -> CheckOutcome {
    CheckOutcome::unsure(format!(
        "{}:{} is not reachable from here: {why}",
        at.host, at.port
    ))
}

async fn connect(at: &Address, roots: RootCertStore) -> io::Result<()> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(at.host.clone()).map_err(io::Error::other)?;
    let stream = TcpStream::connect((at.host.as_str(), at.port)).await?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.map(drop)
}

/// The reason the certificate was rejected; `None` if the failure has a different reason, or one that the API server
/// does not check.
fn rejection(error: &io::Error) -> Option<&'static str> {
    use CertificateError as Error;
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let rustls::Error::InvalidCertificate(problem) = error else {
        return None;
    };
    Some(match problem {
        Error::UnknownIssuer | Error::BadSignature => "it was issued by a different CA",
        Error::Expired | Error::ExpiredContext { .. } => "it has expired",
        Error::NotValidYet | Error::NotValidYetContext { .. } => "it is not valid yet",
        Error::NotValidForName | Error::NotValidForNameContext { .. } => {
            "it is for a different name"
        }
        _ => return None,
    })
}

fn wrong(seen: impl Into<String>) -> CheckOutcome {
    CheckOutcome::broken(Cause::WebhookCertificateWrong, seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_servers_loopback_address_is_not_ours() {
        let eks = "https://ABC.gr7.eu-west-1.eks.amazonaws.com";
        let at = |host: &str, port| Address {
            host: host.to_owned(),
            port,
        };
        assert!(is_on_api_server(&at("127.0.0.1", 9443), eks));
        let local = "https://[::1]:6443";
        assert!(!is_on_api_server(&at("127.0.0.1", 9443), local));
        assert!(!is_on_api_server(&at("hook.kube-system.svc", 443), eks));
        let tunnel = "https://localhost:8443";
        assert!(is_on_api_server(&at("127.0.0.1", EKS_PORT), tunnel));
    }
}
