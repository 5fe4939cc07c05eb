//! A lab with one cluster, and a pod that signs tokens.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use irsa_components::cache;
use irsa_net::tls::LocalAuthority;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::net::TcpStream;
use tokio_postgres::{Client, Config, Error};

use super::super::Aurora;
use super::client::Tls;
use crate::clock::LabClock;
use crate::deps::FrontDeps;
use crate::faults::Faults;
use crate::ledger::{Ledger, LedgerSnapshot, Outcome, Service};
use crate::sessions::{Origin, Session, SessionSpec, Sessions};
use crate::world::{Cluster, World};

/// The characters that AWS signers do not encode.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The constant time of the front's clock, in seconds since 1970.
const NOW: u64 = 1_790_000_000;

pub(super) struct Lab {
    pub(super) aurora: Aurora,
    pub(super) faults: Arc<Faults>,
    pub(super) authority: Arc<LocalAuthority>,
    pub(super) folder: TempDir,
    ledger: Arc<Ledger>,
    sessions: Arc<Sessions>,
    world: Arc<World>,
}

#[derive(Debug)]
struct StandingClock;

impl LabClock for StandingClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW)
    }
}

impl Lab {
    pub(super) async fn start() -> Self {
        let clock: Arc<dyn LabClock> = Arc::new(StandingClock);
        let folder = tempfile::tempdir().unwrap();
        let deps = FrontDeps {
            world: Arc::new(World::camunda_8_3()),
            sessions: Arc::default(),
            ledger: Arc::new(Ledger::new(Arc::clone(&clock))),
            faults: Arc::default(),
            clock,
            authority: Arc::new(LocalAuthority::generate().unwrap()),
            state_dir: folder.path().to_owned(),
            cache_dir: cache::folder(std::env::var_os).unwrap(),
            postgres_bin: None,
            java_home: None,
            progress: Arc::new(|_| {}),
        };
        let aurora = Aurora::start(deps.clone()).await.unwrap();
        Self {
            aurora,
            faults: deps.faults,
            authority: deps.authority,
            folder,
            ledger: deps.ledger,
            sessions: deps.sessions,
            world: deps.world,
        }
    }

    pub(super) fn cluster(&self) -> &Cluster {
        self.world.clusters().first().unwrap()
    }

    pub(super) async fn tcp(&self) -> TcpStream {
        TcpStream::connect(&self.aurora.clusters().first().unwrap().dial)
            .await
            .unwrap()
    }

    /// Connects as libpq does with `sslmode=verify-full`.
    pub(super) async fn connect(
        &self,
        user: &str,
        password: &str,
        database: &str,
    ) -> Result<Client, Error> {
        self.connect_with(self.config(user, password, database))
            .await
    }

    pub(super) async fn connect_with(&self, config: Config) -> Result<Client, Error> {
        let (client, connection) = config.connect(Tls::trusting(self)).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub(super) fn config(&self, user: &str, password: &str, database: &str) -> Config {
        let facts = self.aurora.clusters().remove(0);
        let port = facts.dial.rsplit(':').next().unwrap().parse().unwrap();
        let mut config = Config::new();
        config
            .host(&facts.endpoint)
            .hostaddr([127, 0, 0, 1].into())
            .port(port);
        config
            .user(user)
            .password(password)
            .dbname(database)
            .ssl_mode(tokio_postgres::config::SslMode::Require);
        config
    }

    /// Returns a valid token of the reference's role for the writer endpoint.
    pub(super) fn token(&self, user: &str) -> String {
        self.token_of("arn:aws:iam::111122223333:role/aurora-role", user)
    }

    pub(super) fn token_of(&self, role: &str, user: &str) -> String {
        let name = "pod-1".parse().unwrap();
        let spec = SessionSpec::new(
            role.parse().unwrap(),
            name,
            Duration::from_hours(1),
            Origin::WebIdentity,
        );
        sign(
            &self.sessions.issue(spec, StandingClock.now()),
            self.cluster(),
            user,
        )
    }

    pub(super) fn ledger(&self) -> LedgerSnapshot {
        self.ledger.snapshot()
    }

    pub(super) fn count(&self, operation: &str, outcome: Outcome) -> u64 {
        self.ledger().count(Service::Aurora, operation, outcome)
    }
}

/// Signs an RDS token as the IAM User Guide describes, without the verifier's code.
fn sign(session: &Session, cluster: &Cluster, user: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let at = OffsetDateTime::from(StandingClock.now());
    let date = format!("{:04}{:02}{:02}", at.year(), u8::from(at.month()), at.day());
    let stamp = format!(
        "{date}T{:02}{:02}{:02}Z",
        at.hour(),
        at.minute(),
        at.second()
    );
    let scope = format!("{date}/{}/rds-db/aws4_request", cluster.region);
    let credential = encode(&format!("{}/{scope}", session.credentials.access_key_id));
    let token = encode(session.credentials.session_token.expose());
    let query = format!(
        "Action=connect&DBUser={}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={stamp}\
         &X-Amz-Expires=900&X-Amz-Security-Token={token}&X-Amz-SignedHeaders=host",
        encode(user)
    );
    let host = format!("{}:{}", cluster.endpoint, cluster.port);
    let canonical = format!(
        "GET\n/\n{query}\nhost:{host}\n\nhost\n{}",
        hex(&Sha256::digest(b""))
    );
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let key = format!("AWS4{}", session.credentials.secret_access_key.expose()).into_bytes();
    let key = scope.split('/').fold(key, |key, step| hmac(&key, step));
    format!(
        "{host}/?{query}&X-Amz-Signature={}",
        hex(&hmac(&key, &to_sign))
    )
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
