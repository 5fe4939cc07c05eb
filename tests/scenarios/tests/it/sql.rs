//! A stock PostgreSQL client.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_postgres::error::DbError;
use tokio_postgres::{CancelToken, Client, Error, NoTls, SimpleQueryMessage};

use crate::stage::Stage;

/// A session of a client with user and database, and without a password.
pub(crate) struct Session {
    stage: Arc<Stage>,
    client: Client,
    connection: JoinHandle<Result<(), Error>>,
}

// === impl Session ===

impl Session {
    pub(crate) fn open(
        stage: &Arc<Stage>,
        address: &str,
        user: &str,
        database: &str,
    ) -> Result<Self, Error> {
        let (host, port) = address.rsplit_once(':').unwrap();
        let mut config = tokio_postgres::Config::new();
        config.host(host).port(port.parse().unwrap());
        config.user(user).dbname(database);
        stage.block_on(async {
            let (client, connection) = config.connect(NoTls).await?;
            Ok(Self {
                stage: Arc::clone(stage),
                client,
                connection: tokio::spawn(connection),
            })
        })
    }

    /// Returns the first value of the first row.
    pub(crate) fn query(&self, sql: &str) -> Result<String, Error> {
        let messages = self.stage.block_on(self.client.simple_query(sql))?;
        let value = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        Ok(value.unwrap_or_default().to_owned())
    }

    pub(crate) fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
    }

    /// Starts a query and returns the thread that waits for its result.
    pub(crate) fn begin(self, sql: &'static str) -> JoinHandle<Result<String, Error>> {
        let runtime = Arc::clone(&self.stage);
        runtime.spawn_blocking(move || self.query(sql))
    }

    /// Waits until the server ends the session and returns its error.
    pub(crate) fn termination_notice(self) -> DbError {
        let ended = self.stage.block_on(self.connection).unwrap();
        refusal(&ended.expect_err("the server ends the session"))
    }
}

/// Returns a server's error.
pub(crate) fn refusal(error: &Error) -> DbError {
    let answer = error.as_db_error();
    answer
        .unwrap_or_else(|| panic!("no answer of a server: {error}"))
        .clone()
}

/// Fails unless a login was rejected with `code`, with a broken link and a remedy.
pub(crate) fn check_refused(opened: Result<Session, Error>, code: &str, link: &str) -> DbError {
    let Err(error) = opened else {
        panic!("the login was not refused");
    };
    let answer = refusal(&error);
    assert_eq!(answer.code().code(), code, "{answer:?}");
    assert!(
        answer.message().contains(&format!("link: {link}")),
        "{answer:?}"
    );
    assert!(answer.hint().is_some(), "{answer:?}");
    answer
}
