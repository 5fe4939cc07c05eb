//! Endpoints, proxies, and trusted CAs.

use std::sync::Arc;
use std::time::Duration;

use irsa_chain::Cause;
use irsa_identity::{IdentityError, IdentitySettings, SourceChoice};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::aws::{IN_AN_HOUR, Pod, session};
use crate::server::{Reply, Server};
use irsa_testing::Log;

/// Returns the host that is requested through a proxy that refuses it, and the resulting error.
async fn asked_through_proxy(
    environment: &[(&str, &str)],
    change: fn(&mut IdentitySettings),
) -> (String, IdentityError) {
    let proxy = Server::start(|_, _| Reply::Answer(407, String::new())).await;
    let mut pod = Pod::with_sts("");
    pod.set("HTTPS_PROXY", &proxy.url);
    for (name, value) in environment {
        pod.set(name, value);
    }
    let mut settings = pod.settings(SourceChoice::Auto);
    change(&mut settings);
    let identity = pod.start_with(settings).unwrap();
    let _ = identity.watch().changed().await;
    let error = identity.state().error().unwrap().clone();
    (proxy.requests()[0].line.clone(), error)
}

#[tokio::test]
async fn the_regional_endpoint_and_its_variants_are_used() {
    type Case = (&'static str, fn(&mut IdentitySettings), &'static str);
    let cases: [Case; 6] = [
        ("eu-central-1", |_| {}, "sts.eu-central-1.amazonaws.com"),
        ("us-east-1", |_| {}, "sts.us-east-1.amazonaws.com"),
        ("cn-north-1", |_| {}, "sts.cn-north-1.amazonaws.com.cn"),
        (
            "us-east-2",
            |settings| settings.fips = true,
            "sts-fips.us-east-2.amazonaws.com",
        ),
        (
            "eu-west-1",
            |settings| settings.dual_stack = true,
            "sts.eu-west-1.api.aws",
        ),
        (
            "us-west-2",
            |settings| (settings.fips, settings.dual_stack) = (true, true),
            "sts-fips.us-west-2.api.aws",
        ),
    ];
    for (region, change, host) in cases {
        let (line, error) = asked_through_proxy(&[("AWS_REGION", region)], change).await;
        assert_eq!(line, format!("CONNECT {host}:443 HTTP/1.1"));
        assert_eq!(error.cause(), Some(Cause::StsUnreachable));
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn the_environment_can_select_fips_and_dual_stack() {
    let environment = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "TRUE"),
    ];
    let (line, _) = asked_through_proxy(&environment, |_| {}).await;
    assert_eq!(line, "CONNECT sts-fips.us-east-1.api.aws:443 HTTP/1.1");
}

/// Starts an STS with TLS and its own CA, and returns the CA as PEM.
async fn tls_sts() -> (Server, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut server = Server::start(|_, _| Reply::Silence).await;
    server.url = format!("https://localhost:{port}");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let shared = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                let reply =
                    |_: usize, _: &_| session("AssumeRoleWithWebIdentity", "KEY", IN_AN_HOUR);
                shared.serve(stream, &reply).await;
            }
        }
    });
    (server, authority.pem())
}

#[tokio::test]
async fn cas_of_the_settings_and_the_environment_are_trusted() {
    let (sts, authority) = tls_sts().await;
    for by_environment in [true, false] {
        let mut pod = Pod::with_sts(&sts.url);
        let file = pod.file("ca.pem");
        std::fs::write(&file, &authority).unwrap();
        if by_environment {
            pod.set("AWS_CA_BUNDLE", file.to_str().unwrap());
        }
        let mut settings = pod.settings(SourceChoice::Auto);
        settings.ca_file = (!by_environment).then_some(file);
        let identity = pod.start_with(settings).unwrap();
        assert!(identity.credentials().await.is_ok(), "{by_environment}");
    }
}

#[tokio::test]
async fn loopback_is_called_without_the_proxy() {
    let proxy = Server::start(|_, _| Reply::Answer(407, String::new())).await;
    let (sts, authority) = tls_sts().await;
    let mut pod = Pod::with_sts(&sts.url);
    let file = pod.file("ca.pem");
    std::fs::write(&file, &authority).unwrap();
    pod.set("AWS_CA_BUNDLE", file.to_str().unwrap());
    pod.set("HTTPS_PROXY", &proxy.url);
    assert!(
        pod.start(SourceChoice::Auto)
            .unwrap()
            .credentials()
            .await
            .is_ok()
    );
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn an_unknown_ca_is_rejected_with_a_remedy() {
    let (sts, _) = tls_sts().await;
    let pod = Pod::with_sts(&sts.url);
    let mut settings = pod.settings(SourceChoice::Auto);
    settings.timeouts.wait = Duration::from_millis(200);
    let error = pod
        .start_with(settings)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(Cause::StsUnreachable));
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(error.remedy().contains("--ca-file"), "{}", error.remedy());
    assert!(sts.requests().is_empty());
}

#[tokio::test]
async fn a_role_in_a_different_partition_causes_a_warning() {
    let (log, _guard) = Log::capture();
    let mut pod = Pod::with_sts("https://localhost:1");
    pod.set("AWS_REGION", "cn-north-1");
    let _identity = pod.start(SourceChoice::Auto).unwrap();
    assert!(log.text().contains("partition `aws`"), "{}", log.text());
}

#[tokio::test]
async fn an_endless_response_is_limited() {
    for status in [200, 403, 500] {
        let sts = Server::start(move |_, _| Reply::Endless(status)).await;
        let pod = Pod::with_sts(&sts.url);
        let identity = pod.start_with(pod.settings(SourceChoice::Auto)).unwrap();
        identity.watch().changed().await.unwrap();
        let error = identity.state().error().unwrap().clone();
        assert_eq!(error.cause(), Some(Cause::StsUnreachable));
        let text = error.to_string();
        assert!(text.contains("larger than 1048576 bytes"), "{text}");
    }
}
