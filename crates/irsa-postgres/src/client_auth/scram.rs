//! Authentication of clients with SCRAM-SHA-256 (RFC 5802, RFC 7677; PostgreSQL docs, "SASL Authentication").

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, BytesMut};
use irsa_net::replaceable::Replaceable;
use irsa_pgwire::backend::Authentication;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::frontend::{PASSWORD_MESSAGE, SaslInitialResponse};
use irsa_pgwire::scram::{self, DEFAULT_ITERATIONS, ScramError, ServerExchange, Verifier};
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::Startup;
use rand::Rng;

use crate::transport::{Receipt, Transport};

/// The maximum size of an authentication message from a client, in bytes.
const MAX_MESSAGE: usize = 8 * 1024;
/// The number of random bytes in a nonce, as in PostgreSQL.
const NONCE: usize = 18;

/// The size of the secret from which the salts of unknown users are derived, in bytes.
const MOCK_SECRET: usize = 32;

/// SCRAM verifiers by user. They can be replaced at run time.
pub struct ScramUsers {
    stored: Replaceable<Stored>,
    /// Random and constant for the life of the process: the salt of an unknown user must be as constant as that of a
    /// known user.
    mock_secret: [u8; MOCK_SECRET],
    replacements: AtomicU64,
}

/// The content of a password file.
struct Stored {
    verifiers: HashMap<String, Verifier>,
    /// The most frequent iteration count of the verifiers, so that unknown users are indistinguishable.
    mock_iterations: u32,
}

/// The error of a password file.
#[derive(Debug, thiserror::Error)]
pub enum PasswordFileError {
    /// The file cannot be read.
    #[error("cannot read the password file `{path}`: {error}")]
    Unreadable {
        /// The path of the file.
        path: String,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// A line is not `"user" "SCRAM-SHA-256$..."`.
    #[error("line {line} of the password file `{path}` is not `\"user\" \"SCRAM-SHA-256$...\"`")]
    Malformed {
        /// The path of the file.
        path: String,
        /// The line number, from 1.
        line: usize,
    },
}

// === impl ScramUsers ===

impl ScramUsers {
    /// Reads lines of `"user" "verifier"`, the format of PgBouncer's `userlist.txt`. The verifier is that of
    /// PostgreSQL's `pg_authid.rolpassword`. Empty lines and `;` comments are skipped.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid line. The error names the first one and does not quote it.
    pub fn from_file(path: &Path) -> Result<Self, PasswordFileError> {
        let shown = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| PasswordFileError::Unreadable {
                path: shown.clone(),
                error,
            })?;
        let mut verifiers = HashMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(';') {
                continue;
            }
            let (user, verifier) =
                parse_line(line).ok_or_else(|| PasswordFileError::Malformed {
                    path: shown.clone(),
                    line: index + 1,
                })?;
            verifiers.insert(user, verifier);
        }
        let mut mock_secret = [0; MOCK_SECRET];
        rand::rng().fill_bytes(&mut mock_secret);
        Ok(Self {
            stored: Replaceable::new(Stored {
                mock_iterations: usual_iterations(verifiers.values()),
                verifiers,
            }),
            mock_secret,
            replacements: AtomicU64::new(0),
        })
    }

    /// Replaces the users with those of `others`. Clients that are logged in are not affected.
    pub fn replace(&self, others: &Self) {
        let others = others.stored.current();
        self.stored.replace(Stored {
            verifiers: others.verifiers.clone(),
            mock_iterations: others.mock_iterations,
        });
        self.replacements.fetch_add(1, Ordering::Release);
    }

    /// Returns the number of replacements.
    pub fn replacements(&self) -> u64 {
        self.replacements.load(Ordering::Acquire)
    }

    /// Returns whether `password` is the password of `user`, for clients that send it in clear text (HTTP Basic). Takes
    /// as long for a user that does not exist.
    pub fn is_password(&self, user: &str, password: &[u8]) -> bool {
        self.verifier(user).matches(password)
    }

    /// Returns the verifier of a user, or a mock verifier for a user that does not exist.
    fn verifier(&self, user: &str) -> Verifier {
        let stored = self.stored.current();
        let known = stored.verifiers.get(user).cloned();
        known.unwrap_or_else(|| Verifier::mock(user, &self.mock_secret, stored.mock_iterations))
    }
}

impl fmt::Debug for ScramUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramUsers")
            .field("users", &self.stored.current().verifiers.len())
            .finish_non_exhaustive()
    }
}

/// Returns the most frequent iteration count, or PostgreSQL's default if there are no verifiers.
fn usual_iterations<'a>(verifiers: impl Iterator<Item = &'a Verifier>) -> u32 {
    let mut users = HashMap::<u32, usize>::new();
    for verifier in verifiers {
        *users.entry(verifier.iterations()).or_default() += 1;
    }
    let usual = users
        .into_iter()
        .max_by_key(|&(iterations, users)| (users, iterations));
    usual.map_or(DEFAULT_ITERATIONS, |(iterations, _)| iterations)
}

fn parse_line(line: &str) -> Option<(String, Verifier)> {
    let mut parts = line.split('"');
    let (before, user) = (parts.next()?, parts.next()?);
    let (between, verifier) = (parts.next()?, parts.next()?);
    let blank = before.is_empty() && between.trim().is_empty() && parts.next()?.trim().is_empty();
    (blank && !user.is_empty()).then_some(())?;
    Some((user.to_owned(), verifier.parse().ok()?))
}

/// Performs the server side of an exchange with the user that `startup` names.
pub(super) async fn authenticate(
    users: &ScramUsers,
    client: &mut Transport,
    startup: &Startup,
) -> Result<(), ErrorResponse> {
    let user = startup.user().unwrap_or_default();
    send(
        client,
        &Authentication::Sasl {
            mechanisms: vec![scram::MECHANISM.to_owned()],
        },
    )
    .await?;
    let first = password_message(client).await?;
    let initial = SaslInitialResponse::parse(&first).map_err(|error| violation(&error))?;
    let mut nonce = [0; NONCE];
    rand::rng().fill_bytes(&mut nonce);
    // Unknown users go through the same exchange, so that the error does not reveal who exists.
    let verifier = users.verifier(user);
    let failed = |error| failed(user, &error);
    let exchange = ServerExchange::begin(&verifier, &initial, &nonce).map_err(failed)?;
    send(client, &Authentication::SaslContinue(exchange.challenge())).await?;
    let answer = password_message(client).await?;
    // A mock verifier rejects every proof.
    let outcome = exchange.finish(&answer).map_err(failed)?;
    send(client, &Authentication::SaslFinal(outcome)).await
}

/// Returns PostgreSQL's error if the password is wrong. All other errors are protocol violations of the client.
fn failed(user: &str, error: &ScramError) -> ErrorResponse {
    match error {
        ScramError::WrongPassword => ErrorResponse::fatal(
            SqlState::INVALID_PASSWORD,
            format!("password authentication failed for user \"{user}\""),
        ),
        error => violation(error),
    }
}

fn violation(error: &dyn std::error::Error) -> ErrorResponse {
    ErrorResponse::fatal(SqlState::PROTOCOL_VIOLATION, format!("irsa: {error}"))
}

async fn send(client: &mut Transport, request: &Authentication) -> Result<(), ErrorResponse> {
    let mut message = BytesMut::new();
    request.encode(&mut message);
    client.send_all(&message).await.map_err(|_| disconnected())
}

/// Receives the client's response to an authentication request and returns its body.
async fn password_message(client: &mut Transport) -> Result<BytesMut, ErrorResponse> {
    loop {
        let header = Header::parse(client.inbox()).map_err(|error| violation(&error))?;
        if let Some(header) = header {
            let length = HEADER + header.body_len;
            if header.tag != PASSWORD_MESSAGE || length > MAX_MESSAGE {
                return Err(ErrorResponse::fatal(
                    SqlState::PROTOCOL_VIOLATION,
                    "irsa: expected a response to the authentication request",
                ));
            }
            if client.inbox().len() >= length {
                let mut message = client.inbox().split_to(length);
                message.advance(HEADER);
                return Ok(message);
            }
        }
        match client.fill().await {
            Ok(Receipt::Data) => {}
            Ok(Receipt::End) | Err(_) => return Err(disconnected()),
        }
    }
}

fn disconnected() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::CONNECTION_FAILURE,
        "irsa: the client disconnected".to_owned(),
    )
}
