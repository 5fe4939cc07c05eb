//! The world of the lab, its STS and one session, at a moment that never passes.

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

/// 2026-11-24T21:08:00Z, when the seeds were signed.
const NOW: Duration = Duration::from_mins(29_925_908);

/// The credentials that the seeds were signed with: the examples of AWS's documentation.
const ACCESS_KEY_ID: &str = "ASIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SESSION_TOKEN: &str = "FwoGZXIvYXdzEXAMPLE+a/b==";

/// Made once a process, as its RSA key takes a while.
pub(super) static STAGE: LazyLock<Stage> = LazyLock::new(Stage::new);

/// Everything that the lab's parts are asked with.
pub(super) struct Stage {
    pub(super) world: Arc<World>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) issuer: Arc<Issuer>,
    faults: Arc<Faults>,
    clock: Arc<dyn LabClock>,
}

/// What STS answered, and what it noted.
pub(super) struct Answer {
    pub(super) response: Response<Bytes>,
    pub(super) ledger: LedgerSnapshot,
}

/// A clock that stands.
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

impl Stage {
    #[expect(clippy::expect_used, reason = "without a stage there is no play")]
    fn new() -> Self {
        let clock: Arc<dyn LabClock> = Arc::new(Stopped);
        let world = Arc::new(World::camunda_8_3());
        let url = world.kubernetes().issuer.clone();
        let issuer = Issuer::new(url, Arc::clone(&clock)).expect("an RSA key is made");
        Self {
            world,
            sessions: Arc::new(session()),
            issuer: Arc::new(issuer),
            faults: Arc::new(Faults::default()),
            clock,
        }
    }

    /// Sends a request to STS.
    pub(super) fn ask_sts(&self, request: &Request<Bytes>) -> Answer {
        thread_local! {
            static RUNTIME: Runtime = paused_runtime();
        }
        let sts = self.sts();
        let response = RUNTIME.with(|runtime| runtime.block_on(sts.handle(request)));
        Answer {
            response,
            ledger: sts.ledger.snapshot(),
        }
    }

    /// One with an empty ledger.
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

/// A runtime in which no time is spent: the lab waits before it answers, if only for no time.
#[expect(clippy::expect_used, reason = "it opens nothing that could fail")]
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
