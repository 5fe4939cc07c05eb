//! The lab's world, STS and one session with a stopped clock.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use irsa_lab::clock::LabClock;
use irsa_lab::oidc::Issuer;
use irsa_lab::secret::Secret;
use irsa_lab::sessions::{Credentials, Origin, SessionSpec};
use irsa_lab::sts::Sts;
use irsa_lab::{Faults, Ledger, LedgerSnapshot, Sessions, World};
use tokio::runtime::{Builder, Runtime};

/// 2026-11-24T21:08:00Z, the time in the signatures of the seeds.
const NOW: Duration = Duration::from_mins(29_925_908);

/// The credentials for the signatures of the seeds, from the examples of AWS's documentation.
const ACCESS_KEY_ID: &str = "ASIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SESSION_TOKEN: &str = "FwoGZXIvYXdzEXAMPLE+a/b==";

/// Created once per process, because generating the RSA key is slow.
pub(super) static FIXTURE: LazyLock<Fixture> = LazyLock::new(Fixture::new);

/// The state that the lab's services need.
pub(super) struct Fixture {
    pub(super) world: Arc<World>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) issuer: Arc<Issuer>,
    faults: Arc<Faults>,
    clock: Arc<dyn LabClock>,
}

/// The response of STS and its ledger.
pub(super) struct StsResponse {
    pub(super) response: Response<Bytes>,
    pub(super) ledger: LedgerSnapshot,
}

/// A clock that does not advance.
#[derive(Debug)]
struct Stopped;

impl LabClock for Stopped {
    fn now(&self) -> SystemTime {
        now()
    }
}

pub(super) fn now() -> SystemTime {
    UNIX_EPOCH + NOW
}

impl Fixture {
    #[expect(
        clippy::expect_used,
        reason = "the targets cannot run without the fixture"
    )]
    fn new() -> Self {
        let clock: Arc<dyn LabClock> = Arc::new(Stopped);
        let world = Arc::new(World::camunda_8_3());
        let url = world.kubernetes().issuer.clone();
        let issuer = Issuer::new(url, Arc::clone(&clock)).expect("an RSA key");
        Self {
            world,
            sessions: Arc::new(session()),
            issuer: Arc::new(issuer),
            faults: Arc::new(Faults::default()),
            clock,
        }
    }

    /// Sends a request to STS.
    pub(super) fn send_to_sts(&self, request: &Request<Bytes>) -> StsResponse {
        thread_local! {
            static RUNTIME: Runtime = paused_runtime();
        }
        let sts = self.sts();
        let response = RUNTIME.with(|runtime| runtime.block_on(sts.handle(request)));
        StsResponse {
            response,
            ledger: sts.ledger.snapshot(),
        }
    }

    /// Returns an STS with an empty ledger.
    fn sts(&self) -> Sts {
        Sts {
            world: Arc::clone(&self.world),
            sessions: Arc::clone(&self.sessions),
            ledger: Arc::new(Ledger::new(Arc::clone(&self.clock))),
            faults: Arc::clone(&self.faults),
            clock: Arc::clone(&self.clock),
            issuer: Arc::clone(&self.issuer),
        }
    }
}

/// Returns a runtime with paused time, so that the lab's response delay takes no time.
#[expect(clippy::expect_used, reason = "a runtime without I/O cannot fail")]
fn paused_runtime() -> Runtime {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime without I/O is built")
}

#[expect(clippy::expect_used, reason = "both names are constants")]
fn session() -> Sessions {
    let role = "arn:aws:iam::111122223333:role/camunda/keycloak-role".parse();
    let spec = SessionSpec::new(
        role.expect("a role"),
        "keycloak-0".parse().expect("a session name"),
        Duration::from_hours(1),
        Origin::WebIdentity,
    );
    let credentials = Credentials {
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: Secret::new(SECRET_ACCESS_KEY),
        session_token: Secret::new(SESSION_TOKEN),
    };
    let sessions = Sessions::default();
    sessions.adopt(credentials, spec, now());
    sessions
}
