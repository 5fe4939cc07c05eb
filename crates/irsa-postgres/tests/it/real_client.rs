//! Tests with an independent client library, tokio-postgres.

use irsa_pgwire::backend::{TransactionStatus, command_complete, ready_for_query};
use irsa_pgwire::startup::CancelKey;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::proxy::{Proxy, Setup};
use crate::server::{RunningServer, Server, Step, refusal};
use crate::wire::{encoded, message, within};

async fn connect(proxy: &Proxy) -> Result<Client, tokio_postgres::Error> {
    let address = proxy.address();
    let settings = format!(
        "host={} port={} user=app dbname=orders application_name=tests",
        address.ip(),
        address.port()
    );
    let (client, connection) = tokio_postgres::connect(&settings, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Answers a query with one row of one column.
async fn answer_one_query(server: &RunningServer) {
    let mut upstream = server.session().await;
    assert_eq!(upstream.message().await.unwrap().body(), b"select 1\0");
    let answer = [
        message(
            b'T',
            b"\0\x01one\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0",
        ),
        message(b'D', b"\0\x01\0\0\0\x011"),
        encoded(|buf| {
            command_complete("SELECT 1", buf);
            ready_for_query(TransactionStatus::Idle, buf);
        }),
    ];
    upstream.send(answer.concat()).await;
    upstream.rest().await;
}

#[tokio::test]
async fn it_connects_and_runs_a_query() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let client = connect(&proxy).await.unwrap();
    let asking = async {
        let answer = client.simple_query("select 1").await.unwrap();
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get("one"),
            _ => None,
        });
        assert_eq!(row, Some("1"));
        drop(client);
    };
    within("a response", async {
        tokio::join!(asking, answer_one_query(&server))
    })
    .await;
    proxy.end().await;
}

#[tokio::test]
async fn its_cancel_token_reaches_the_server() {
    let key = CancelKey::new(4711, vec![1, 2, 3, 4]);
    let server = Server::new().with_key(key.clone()).run().await;
    let proxy = Setup::for_server(&server).start().await;
    let client = connect(&proxy).await.unwrap();
    client.cancel_token().cancel_query(NoTls).await.unwrap();
    assert_eq!(server.cancel().await, key);
}

#[tokio::test]
async fn it_reports_the_error_and_the_hint() {
    let script = [Step::ask_for_password(), Step::refuse(&refusal())];
    let server = Server::new().on_each_login(script).run().await;
    let proxy = Setup::for_server(&server).start().await;
    let error = connect(&proxy).await.expect_err("the login fails");
    let error = error.as_db_error().expect("an error of the server");
    assert_eq!(error.code().code(), "28000");
    assert!(error.detail().unwrap().contains("user app"));
    assert!(error.hint().is_some());
}
