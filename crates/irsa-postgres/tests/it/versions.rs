//! Protocol versions of sessions on both sides of the proxy.

use irsa_pgwire::backend::NegotiateProtocolVersion;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{CancelKey, Startup, Version};

use crate::client::{Session, log_in, startup_with_version};
use crate::proxy::Setup;
use crate::server::{RunningServer, Server, Step};
use crate::wire::encoded;

/// The version that libpq 19 requests to detect peers that cannot negotiate.
const GREASE: Version = Version {
    major: 3,
    minor: 9999,
};
const GREASE_OPTION: &str = "_pq_.test_protocol_negotiation";

/// A server that negotiates this version.
fn server_with_version(version: Version) -> Server {
    let negotiate = NegotiateProtocolVersion {
        newest: version,
        unrecognized: Vec::new(),
    };
    let negotiate = Step::send(encoded(|buf| negotiate.encode(buf)));
    Server::new().on_each_login([negotiate, Step::ask_for_password(), Step::AcceptLogin])
}

/// A server like PostgreSQL 18 with long cancel keys.
fn modern_server() -> Server {
    Server::new().with_key(CancelKey::new(4711, vec![9; 32]))
}

async fn session(server: Server, startup: Startup) -> (RunningServer, Session) {
    let server = server.run().await;
    let proxy = Setup::for_server(&server).start().await;
    let session = log_in(proxy.connect().await, &startup).await.unwrap();
    (server, session)
}

fn option_names(startup: &Startup) -> Vec<String> {
    startup
        .protocol_options()
        .map(|(name, _)| String::from_utf8(name.to_vec()).unwrap())
        .collect()
}

#[tokio::test]
async fn a_3_0_client_gets_3_0_and_a_4_byte_key() {
    let (server, session) = session(modern_server(), startup_with_version(Version::V3_0)).await;
    assert_eq!(session.tags(), "RSSKZ", "no negotiation");
    assert_eq!(session.key().secret().len(), 4);
    assert_eq!(server.login().startup.version, Version::V3_0);
}

#[tokio::test]
async fn a_3_2_client_gets_3_2_and_a_long_key() {
    let (server, session) = session(modern_server(), startup_with_version(Version::V3_2)).await;
    assert_eq!(session.tags(), "RSSKZ", "no negotiation");
    assert_eq!(session.key().secret().len(), 32);
    assert_eq!(server.login().startup.version, Version::V3_2);
}

#[tokio::test]
async fn a_3_2_client_of_a_3_0_server_gets_3_0() {
    let (server, session) = session(
        server_with_version(Version::V3_0),
        startup_with_version(Version::V3_2),
    )
    .await;
    let negotiated = session.negotiated();
    assert_eq!(negotiated.newest, Version::V3_0);
    assert!(negotiated.unrecognized.is_empty());
    assert_eq!(session.tags(), "vRSSKZ");
    assert_eq!(
        session.key().secret().len(),
        4,
        "3.0 allows no other length"
    );
    assert_eq!(server.login().startup.version, Version::V3_2);
}

#[tokio::test]
async fn grease_is_negotiated_down_and_its_option_listed() {
    let startup = startup_with_version(GREASE).with(GREASE_OPTION, "");
    let (server, session) = session(modern_server(), startup).await;
    let negotiated = session.negotiated();
    assert_eq!(negotiated.newest, Version::V3_2);
    assert_eq!(negotiated.unrecognized, [GREASE_OPTION]);
    assert_eq!(session.key().secret().len(), 32);
    let seen = server.login().startup;
    assert_eq!(seen.version, Version::V3_2);
    assert_eq!(
        option_names(&seen),
        [""; 0],
        "protocol options are not sent to the server"
    );
}

#[tokio::test]
async fn grease_is_negotiated_down_to_3_0_if_the_server_supports_no_more() {
    let startup = startup_with_version(GREASE).with(GREASE_OPTION, "");
    let (_, session) = session(server_with_version(Version::V3_0), startup).await;
    let negotiated = session.negotiated();
    assert_eq!(negotiated.newest, Version::V3_0);
    assert_eq!(negotiated.unrecognized, [GREASE_OPTION]);
    assert_eq!(session.key().secret().len(), 4);
}

#[tokio::test]
async fn an_unknown_option_alone_is_negotiated() {
    let startup = startup_with_version(Version::V3_0).with("_pq_.compression", "zstd");
    let (server, session) = session(modern_server(), startup).await;
    let negotiated = session.negotiated();
    assert_eq!(negotiated.newest, Version::V3_0);
    assert_eq!(negotiated.unrecognized, ["_pq_.compression"]);
    assert_eq!(option_names(&server.login().startup), [""; 0]);
}

#[tokio::test]
async fn the_reserved_version_3_1_becomes_3_0() {
    let reserved = Version { major: 3, minor: 1 };
    let (server, session) = session(modern_server(), startup_with_version(reserved)).await;
    assert_eq!(session.negotiated().newest, Version::V3_0);
    assert_eq!(server.login().startup.version, Version::V3_0);
}

#[tokio::test]
async fn other_major_versions_are_rejected_without_contacting_the_server() {
    for major in [0, 1, 2, 4, 1234, u16::MAX] {
        let server = Server::new().run().await;
        let proxy = Setup::for_server(&server).start().await;
        let startup = startup_with_version(Version { major, minor: 0 });
        let refused = log_in(proxy.connect().await, &startup).await;
        let error = refused.err().expect("the login fails");
        assert_eq!(error.code, SqlState::FEATURE_NOT_SUPPORTED, "{error:?}");
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn a_server_that_negotiates_a_newer_version_is_rejected() {
    let server = server_with_version(Version::V3_2).run().await;
    let proxy = Setup::for_server(&server).start().await;
    let error = proxy.refusal().await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert!(error.message.contains("newer"), "{error:?}");
    assert!(server.login().passwords.is_empty());
}
