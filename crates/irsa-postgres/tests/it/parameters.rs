//! The client's startup parameters reach the server unchanged.

use irsa_pgwire::startup::{MAX_STARTUP, Startup};

use crate::client::{log_in, packet, startup};
use crate::proxy::Setup;
use crate::server::{Login, Server};

async fn seen_by_the_server(startup: &Startup) -> Login {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    log_in(proxy.connect().await, startup).await.unwrap();
    server.login()
}

async fn assert_unchanged(startup: &Startup) {
    assert_eq!(seen_by_the_server(startup).await.packet, packet(startup));
}

#[tokio::test]
async fn parameters_reach_the_server_byte_for_byte() {
    let startup = startup()
        .with("application_name", "orders \u{1F4E6} 'quoted'")
        .with(
            "options",
            r"-c geqo=off -c search_path=a\ b,c --work_mem=64MB",
        )
        .with("client_encoding", "SQL_ASCII")
        .with("some.unknown_setting", "")
        .with("DateStyle", "ISO, DMY");
    assert_unchanged(&startup).await;
}

#[tokio::test]
async fn values_that_are_not_utf_8_reach_the_server_byte_for_byte() {
    let startup = startup()
        .with("application_name", b"caf\xe9 \xff\xfe")
        .with("database", b"b\xfccher");
    assert_unchanged(&startup).await;
}

#[tokio::test]
async fn duplicate_parameters_reach_the_server() {
    let startup = startup()
        .with("application_name", "first")
        .with("application_name", "second");
    assert_unchanged(&startup).await;
}

#[tokio::test]
async fn the_replication_parameter_reaches_the_server() {
    for value in ["database", "true", "1"] {
        assert_unchanged(&startup().with("replication", value)).await;
    }
}

#[tokio::test]
async fn irsa_adds_no_database() {
    let startup = Startup::new(startup().version).with("user", "app");
    assert_unchanged(&startup).await;
}

#[tokio::test]
async fn a_packet_of_the_maximum_size_reaches_the_server() {
    let rest = MAX_STARTUP - (packet(&startup()).len() - 4) - "options".len() - 2;
    let startup = startup().with("options", "x".repeat(rest));
    assert_eq!(packet(&startup).len(), MAX_STARTUP + 4);
    assert_unchanged(&startup).await;
}

#[tokio::test]
async fn protocol_options_are_removed_and_the_order_of_the_rest_stays() {
    let settings = startup().with("options", "-c a=b").with("TimeZone", "UTC");
    let with_option = startup()
        .with("_pq_.first", "1")
        .with("options", "-c a=b")
        .with("_pq_.second", "")
        .with("TimeZone", "UTC");
    assert_eq!(
        seen_by_the_server(&with_option).await.packet,
        packet(&settings)
    );
}
