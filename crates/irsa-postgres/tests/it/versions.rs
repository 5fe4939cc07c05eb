//! Which version of the protocol a session gets, on either side of the proxy.

use irsa_pgwire::backend::NegotiateProtocolVersion;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{CancelKey, Startup, Version};

use crate::client::{Session, log_in, startup_of};
use crate::proxy::Setup;
use crate::server::{RunningServer, Server, Step};
use crate::wire::encoded;

/// What libpq of PostgreSQL 19 asks for, so that peers which can't negotiate show.
const GREASE: Version = Version {
    major: 3,
    minor: 9999,
};
const GREASE_OPTION: &str = "_pq_.test_protocol_negotiation";

/// A server that answers any other version with this one.
fn server_of(version: Version) -> Server {
    let negotiate = NegotiateProtocolVersion {
        newest: version,
        unrecognized: Vec::new(),
    };
    let negotiate = Step::send(encoded(|buf| negotiate.encode(buf)));
    Server::new().on_each_login([negotiate, Step::ask_for_password(), Step::Welcome])
}

/// A server of PostgreSQL 18, whose cancel keys are long.
fn modern_server() -> Server {
    Server::new().with_key(CancelKey::new(4711, vec![9; 32]))
}

async fn session(server: Server, startup: Startup) -> (RunningServer, Session) {
    let server = server.run().await;
    let proxy = Setup::of(&server).start().await;
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
async fn a_client_of_3_0_gets_3_0_and_a_key_of_four_bytes() {
    let (server, session) = session(modern_server(), startup_of(Version::V3_0)).await;
    assert_eq!(session.tags(), "RSSKZ", "nothing is negotiated");
    assert_eq!(session.key().secret().len(), 4);
    assert_eq!(server.login().startup.version, Version::V3_0);
}

#[tokio::test]
async fn a_client_of_3_2_gets_3_2_and_a_long_key() {
    let (server, session) = session(modern_server(), startup_of(Version::V3_2)).await;
    assert_eq!(session.tags(), "RSSKZ", "nothing is negotiated");
    assert_eq!(session.key().secret().len(), 32);
    assert_eq!(server.login().startup.version, Version::V3_2);
}

#[tokio::test]
async fn a_server_that_knows_only_3_0_brings_a_client_of_3_2_down_to_it() {
    let (server, session) = session(server_of(Version::V3_0), startup_of(Version::V3_2)).await;
    let negotiated = session.negotiated();
    assert_eq!(negotiated.newest, Version::V3_0);
    assert!(negotiated.unrecognized.is_empty());
    assert_eq!(session.tags(), "vRSSKZ");
    assert_eq!(session.key().secret().len(), 4, "3.0 knows no other length");
    assert_eq!(server.login().startup.version, Version::V3_2);
}

#[tokio::test]
async fn grease_is_negotiated_down_and_its_option_named() {
    let startup = startup_of(GREASE).with(GREASE_OPTION, "");
    let (server, session) = session(modern_server(), startup).await;
    let negotiated = session.negotiated();
    assert_eq!(negotiated.newest, Version::V3_2);
    assert_eq!(negotiated.unrecognized, [GREASE_OPTION]);
    assert_eq!(session.key().secret().len(), 32);
    let seen = server.login().startup;
    assert_eq!(seen.version, Version::V3_2);
    assert_eq!(option_names(&seen), [""; 0], "an option is not passed on");
}

#[tokio::test]
async fn grease_comes_down_to_3_0_where_the_server_knows_no_more() {
    let startup = startup_of(GREASE).with(GREASE_OPTION, "");
    let (_, session) = session(server_of(Version::V3_0), startup).await;
    let negotiated = session.negotiated();
    assert_eq!(negotiated.newest, Version::V3_0);
    assert_eq!(negotiated.unrecognized, [GREASE_OPTION]);
    assert_eq!(session.key().secret().len(), 4);
}

#[tokio::test]
async fn an_unknown_option_alone_is_negotiated_too() {
    let startup = startup_of(Version::V3_0).with("_pq_.compression", "zstd");
    let (server, session) = session(modern_server(), startup).await;
    let negotiated = session.negotiated();
    assert_eq!(negotiated.newest, Version::V3_0);
    assert_eq!(negotiated.unrecognized, ["_pq_.compression"]);
    assert_eq!(option_names(&server.login().startup), [""; 0]);
}

#[tokio::test]
async fn the_version_that_never_was_becomes_3_0() {
    let reserved = Version { major: 3, minor: 1 };
    let (server, session) = session(modern_server(), startup_of(reserved)).await;
    assert_eq!(session.negotiated().newest, Version::V3_0);
    assert_eq!(server.login().startup.version, Version::V3_0);
}

#[tokio::test]
async fn another_major_version_is_refused_before_the_server_is_asked() {
    for major in [0, 1, 2, 4, 1234, u16::MAX] {
        let server = Server::new().run().await;
        let proxy = Setup::of(&server).start().await;
        let startup = startup_of(Version { major, minor: 0 });
        let refused = log_in(proxy.connect().await, &startup).await;
        let error = refused.err().expect("it is refused");
        assert_eq!(error.code, SqlState::FEATURE_NOT_SUPPORTED, "{error:?}");
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn a_server_that_negotiates_upwards_is_not_believed() {
    let server = server_of(Version::V3_2).run().await;
    let proxy = Setup::of(&server).start().await;
    let error = proxy.refusal().await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert!(error.message.contains("newer"), "{error:?}");
    assert!(server.login().passwords.is_empty());
}
