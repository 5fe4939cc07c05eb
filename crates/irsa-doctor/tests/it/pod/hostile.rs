//! Those who answer with too much, or not at all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_chain::Cause;
use irsa_doctor::pod::{DatabaseTarget, DomainTarget, Options, Route};
use irsa_doctor::{Finding, Verdict};
use irsa_identity::{Environment, IdentitySettings, SigningService, SourceChoice, SystemClock};
use irsa_net::tls::LocalAuthority;
use irsa_net::tokio_rustls::TlsAcceptor;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{assert_holds_no_secret, examine};

const ISSUER: &str = "https://issuer.example/id/1";
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

/// An issuer with scripted responses, and an STS and data stores that accept connections but do not respond.
struct Strangers {
    folder: TempDir,
    authority: LocalAuthority,
    tasks: JoinSet<()>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_set_of_ten_megabytes_is_not_read_completely() {
    let document = format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{ISSUER}/keys"}}"#);
    let keys = format!(r#"{{"keys":["{}"]}}"#, "x".repeat(10 * 1024 * 1024));
    let findings = found_with(document, keys).await;
    assert_eq!(verdict(&findings, "issuer-discovery"), Verdict::Holds);
    let keys = find(&findings, "issuer-keys");
    assert_eq!(
        keys.verdict,
        Verdict::Unsure,
        "STS could not be asked either"
    );
    assert!(keys.seen.contains("longer than"), "{}", keys.seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discovery_document_that_never_ends_is_unsure() {
    let mut strangers = Strangers::new();
    let issuer = strangers.issuer(|_| None).await;
    let findings = examine(strangers.options(issuer).await).await;
    let discovery = find(&findings, "issuer-discovery");
    assert_eq!(discovery.verdict, Verdict::Unsure);
    assert!(
        discovery.seen.contains("no complete response"),
        "{}",
        discovery.seen
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_keys_cause_no_verdict_and_no_panic() {
    let document = format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{ISSUER}/keys"}}"#);
    for keys in [
        r#"{"keys":[{"kid":"k","kty":"oct","k":"c2VjcmV0"}]}"#,
        r#"{"keys":[{"kid":"k","kty":"RSA","n":"","e":""}]}"#,
        r#"{"keys":[{"kid":"k"}, 1, null]}"#,
    ] {
        let findings = found_with(document.clone(), keys.to_owned()).await;
        assert_eq!(verdict(&findings, "issuer-keys"), Verdict::Holds);
        assert_ne!(
            verdict(&findings, "token-signature"),
            Verdict::Holds,
            "{keys}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_is_not_mistaken_for_sts() {
    let mut strangers = Strangers::new();
    let issuer = strangers.silent().await;
    let page = strangers.page("<html>log in to the network</html>").await;
    let mut options = strangers.options(issuer).await;
    options.identity.sts_endpoint = Some(format!("http://{page}"));
    options.databases.clear();
    let findings = examine(options).await;
    let request = find(&findings, "sts-request");
    assert_eq!(request.verdict, Verdict::Broken);
    assert_eq!(request.cause, Some(Cause::StsUnreachable));
    assert!(
        request.seen.contains("a different server"),
        "{}",
        request.seen
    );
    let remedy = request.remedy.as_ref().unwrap().to_string();
    assert!(
        remedy.contains(&format!("curl -v http://{page}")),
        "{remedy}"
    );
    assert_eq!(verdict(&findings, "session"), Verdict::NotReached);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_that_never_ends_is_unsure() {
    let mut strangers = Strangers::new();
    let issuer = strangers.silent().await;
    let options = strangers.options(issuer).await;
    let token = strangers.folder.path().join("token");
    std::fs::remove_file(&token).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&token).status();
    assert!(made.unwrap().success());
    let findings = examine(options).await;
    let file = find(&findings, "token-file");
    assert_eq!(file.verdict, Verdict::Unsure);
    assert!(file.seen.contains("no response within"), "{}", file.seen);
    // Releases the thread that reads it.
    drop(std::fs::OpenOptions::new().write(true).open(&token));
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_do_not_respond_each_get_a_verdict_in_time() {
    let mut strangers = Strangers::new();
    let issuer = strangers.silent().await;
    let findings = examine(strangers.options(issuer).await).await;
    for broken in ["sts-reachable", "database-tls", "domain-tls"] {
        assert_eq!(verdict(&findings, broken), Verdict::Broken, "{broken}");
    }
    assert_eq!(verdict(&findings, "issuer-discovery"), Verdict::Unsure);
    assert_eq!(verdict(&findings, "node-role"), Verdict::Holds);
    assert_holds_no_secret(&findings);
}

async fn found_with(document: String, keys: String) -> Vec<Finding> {
    let mut strangers = Strangers::new();
    let answers = move |path: &str| {
        Some(if path.ends_with("/keys") {
            keys.clone()
        } else {
            document.clone()
        })
    };
    let issuer = strangers.issuer(answers).await;
    examine(strangers.options(issuer).await).await
}

fn find<'a>(findings: &'a [Finding], id: &str) -> &'a Finding {
    let found = findings.iter().find(|finding| finding.check.id == id);
    found.expect("the check is made")
}

fn verdict(findings: &[Finding], id: &str) -> Verdict {
    find(findings, id).verdict
}

impl Strangers {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            authority: LocalAuthority::generate().unwrap(),
            tasks: JoinSet::new(),
        }
    }

    /// Takes connections and keeps them.
    async fn silent(&mut self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        self.tasks.spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                kept.push(stream);
            }
        });
        address
    }

    /// Answers everybody with a page of HTML, in clear text.
    async fn page(&mut self, html: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        self.tasks.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let length = html.len();
                let text = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{html}"
                );
                // As much of the request as there is.
                _ = stream.read(&mut vec![0; 65_536]).await;
                _ = stream.write_all(text.as_bytes()).await;
                _ = stream.shutdown().await;
            }
        });
        address
    }

    /// Answers by path over TLS; `None` begins an answer and never ends it.
    async fn issuer(
        &mut self,
        answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = self
            .authority
            .server_config(&["issuer.example"], &[b"http/1.1"]);
        let acceptor = TlsAcceptor::from(tls.unwrap());
        let answer = Arc::new(answer);
        self.tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(acceptor.clone(), stream, Arc::clone(&answer)));
            }
        });
        address
    }

    async fn options(&mut self, issuer: SocketAddr) -> Options {
        let silent = self.silent().await;
        let token = self.folder.path().join("token");
        std::fs::write(&token, unsigned_token()).unwrap();
        let ca_file = self.folder.path().join("ca.pem");
        self.authority.write_ca(&ca_file).unwrap();
        let environment = Environment::from_pairs([
            ("AWS_REGION", "eu-central-1".to_owned()),
            (
                "AWS_ROLE_ARN",
                "arn:aws:iam::111122223333:role/app".to_owned(),
            ),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token.display().to_string()),
            ("AWS_ENDPOINT_URL_STS", format!("http://{silent}")),
            (
                "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                format!("http://{silent}"),
            ),
        ]);
        let mut identity = IdentitySettings::new(SourceChoice::Auto, environment);
        identity.ca_file = Some(ca_file);
        Options {
            identity,
            role: None,
            service_account: None,
            issuer_dial: Some((issuer.ip().to_string(), issuer.port())),
            databases: (1..4).map(|n| database(n, silent)).collect(),
            domains: vec![DomainTarget {
                route: route("search-a-1.eu-central-1.es.amazonaws.com", 443, silent),
                service: SigningService::Es,
                role: None,
            }],
            clock: Arc::new(SystemClock),
        }
    }
}

fn database(n: u32, dial: SocketAddr) -> DatabaseTarget {
    let host = format!("db{n}.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com");
    DatabaseTarget {
        route: route(&host, 5432, dial),
        user: Some("app".to_owned()),
        name: None,
        role: None,
    }
}

fn route(host: &str, port: u16, dial: SocketAddr) -> Route {
    Route {
        sign_host: host.to_owned(),
        sign_port: port,
        region: "eu-central-1".parse().unwrap(),
        dial_host: dial.ip().to_string(),
        dial_port: dial.port(),
        http_proxy: None,
        tls_name: host.to_owned().try_into().unwrap(),
    }
}

async fn serve(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    answer: Arc<impl Fn(&str) -> Option<String>>,
) {
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    let mut request = vec![0; 4096];
    let read = stream.read(&mut request).await.unwrap_or_default();
    let request = String::from_utf8_lossy(&request[..read]).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let text = match answer(path) {
        Some(body) => format!("{HEAD}content-length: {}\r\n\r\n{body}", body.len()),
        None => format!("{HEAD}content-length: 1000\r\n\r\n{{"),
    };
    // The client disconnects when it has read enough.
    _ = stream.write_all(text.as_bytes()).await;
    _ = stream.flush().await;
    _ = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut [0])).await;
}

/// A well-formed token without a valid signature.
fn unsigned_token() -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let claims = format!(
        r#"{{"iss":"{ISSUER}","sub":"system:serviceaccount:a:b","aud":["sts.amazonaws.com"],"iat":{now},"exp":{}}}"#,
        now + 3_600
    );
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"RS256","kid":"k"}"#);
    format!(
        "{header}.{}.{}",
        part(&claims),
        part(&"no signature".repeat(20))
    )
}
