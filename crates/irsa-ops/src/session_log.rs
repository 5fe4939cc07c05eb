//! Log records of client sessions, for audits and for finding out who used a database and when.

use std::str::FromStr;
use std::time::Instant;

use irsa_net::listen::Peer;

/// The records that are logged for each session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogSessions {
    /// None.
    Off,
    /// One when a session ends.
    #[default]
    End,
    /// One when a session starts, and one when it ends.
    Both,
}

/// Error for a text that is not a [`LogSessions`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid choice of session records; expected `off`, `end` or `both`")]
pub struct ParseLogSessionsError(String);

/// The facts about a session that are known when it starts.
#[derive(Debug)]
pub struct SessionRecord {
    user: Box<str>,
    database: Box<str>,
    client: Peer,
    started: Instant,
}

/// The facts about a session that are known when it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEnd {
    /// The reason for the end, such as `client`.
    pub reason: &'static str,
    /// The SQLSTATE of the error that irsa itself sent to the client. Errors that are relayed from the server are not
    /// included.
    pub sqlstate: Option<String>,
    /// Bytes relayed from the client to the server.
    pub bytes_to_server: u64,
    /// Bytes relayed from the server to the client.
    pub bytes_to_client: u64,
}

impl FromStr for LogSessions {
    type Err = ParseLogSessionsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "end" => Ok(Self::End),
            "both" => Ok(Self::Both),
            _ => Err(ParseLogSessionsError(text.to_owned())),
        }
    }
}

// === impl SessionRecord ===

impl SessionRecord {
    /// Logs the start of a session on `upstream`, if enabled. Returns `None` if sessions are not logged.
    pub fn start(
        log: LogSessions,
        upstream: &str,
        user: &str,
        database: &str,
        client: Peer,
    ) -> Option<Self> {
        if log == LogSessions::Off {
            return None;
        }
        let record = Self {
            user: user.into(),
            database: database.into(),
            client,
            started: Instant::now(),
        };
        if log == LogSessions::Both {
            let client = record.client();
            tracing::info!(upstream, user, database, client, "session started");
        }
        Some(record)
    }

    /// Logs the end of the session.
    pub fn end(&self, upstream: &str, end: &SessionEnd) {
        tracing::info!(
            upstream,
            user = &*self.user,
            database = &*self.database,
            client = self.client(),
            duration_seconds = seconds(self.started),
            bytes_to_server = end.bytes_to_server,
            bytes_to_client = end.bytes_to_client,
            sqlstate = end.sqlstate.as_deref(),
            reason = end.reason,
            "session ended"
        );
    }

    fn client(&self) -> String {
        match self.client {
            Peer::Tcp(address) => address.to_string(),
            Peer::Unix {
                uid,
                pid: Some(pid),
            } => format!("unix:uid={uid},pid={pid}"),
            Peer::Unix { uid, pid: None } => format!("unix:uid={uid}"),
        }
    }
}

/// Returns the seconds since `then`, to the millisecond.
fn seconds(then: Instant) -> f64 {
    (then.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_each_choice() {
        for (text, choice) in [
            ("off", LogSessions::Off),
            ("end", LogSessions::End),
            ("both", LogSessions::Both),
        ] {
            assert_eq!(text.parse(), Ok(choice));
        }
        let error = "start".parse::<LogSessions>().unwrap_err().to_string();
        assert!(error.starts_with("`start` is not"), "{error}");
    }

    #[test]
    fn a_session_without_logging_has_no_record() {
        let client = Peer::Unix { uid: 1, pid: None };
        let record = |log| SessionRecord::start(log, "db", "app", "shop", client);
        assert!(record(LogSessions::Off).is_none());
        assert_eq!(record(LogSessions::End).unwrap().client(), "unix:uid=1");
    }
}
