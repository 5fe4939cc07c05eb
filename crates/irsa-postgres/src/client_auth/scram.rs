//! SCRAM-SHA-256 for clients (RFC 5802, RFC 7677; PostgreSQL docs, "SASL Authentication").

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

/// The longest authentication message taken from a client.
const MAX_MESSAGE: usize = 8 * 1024;
/// Bytes of randomness in a nonce, as PostgreSQL has them.
const NONCE: usize = 18;

/// Bytes of the secret that unknown users' salts are derived from.
const MOCK_SECRET: usize = 32;

/// Stored SCRAM verifiers by user. They can be replaced while clients log in.
pub struct ScramUsers {
    stored: Replaceable<Stored>,
    /// Random, and the same for the life of the process: an unknown user's salt must be as steady
    /// as a real one's.
    mock_secret: [u8; MOCK_SECRET],
    replacements: AtomicU64,
}

/// What a password file holds.
struct Stored {
    verifiers: HashMap<String, Verifier>,
    /// As most of the stored verifiers have them, so that an unknown user's are no different.
    mock_iterations: u32,
}

/// What is wrong with a password file.
#[derive(Debug, thiserror::Error)]
pub enum PasswordFileError {
    /// It can't be read.
    #[error("the password file `{path}` can't be read: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// The system's word.
        error: std::io::Error,
    },
    /// A line is not `"user" "SCRAM-SHA-256$..."`.
    #[error("line {line} of the password file `{path}` is not `\"user\" \"SCRAM-SHA-256$...\"`")]
    Malformed {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
}

// === impl ScramUsers ===

impl ScramUsers {
    /// Reads lines of `"user" "verifier"`, the form of pgbouncer's `userlist.txt`; the verifier is
    /// PostgreSQL's own, as in `pg_authid.rolpassword`. Empty lines and `;` comments are skipped.
    ///
    /// # Errors
    /// An unreadable file, or the first line that is not in this form. The line's content is not
    /// repeated.
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

    /// Replaces the users with those of `others`. Clients that are logged in stay so.
    pub fn replace(&self, others: &Self) {
        let others = others.stored.current();
        self.stored.replace(Stored {
            verifiers: others.verifiers.clone(),
            mock_iterations: others.mock_iterations,
        });
        self.replacements.fetch_add(1, Ordering::Release);
    }

    /// The number of times that the users have been replaced.
    pub fn replacements(&self) -> u64 {
        self.replacements.load(Ordering::Acquire)
    }

    /// Whether `password` is the one of `user`, for a client that shows it as it is (HTTP Basic).
    /// It takes as long for a user who does not exist.
    pub fn is_password(&self, user: &str, password: &[u8]) -> bool {
        self.verifier(user).matches(password)
    }

    /// The verifier of a user, or one that never matches for a user who does not exist.
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

/// What most of the verifiers have, PostgreSQL's own count where there are none.
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

/// Takes the server's part of an exchange with the user that `startup` names.
pub(super) async fn authenticate(
    users: &ScramUsers,
    client: &mut Transport,
    startup: &Startup,
) -> Result<(), ErrorResponse> {
    let user = startup.user().unwrap_or_default();
    ask(
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
    // An unknown user goes through the same exchange, so that the answer does not tell.
    let verifier = users.verifier(user);
    let failed = |error| failed(user, &error);
    let exchange = ServerExchange::begin(&verifier, &initial, &nonce).map_err(failed)?;
    ask(client, &Authentication::SaslContinue(exchange.challenge())).await?;
    let answer = password_message(client).await?;
    // A mock never passes, whatever the proof.
    let outcome = exchange.finish(&answer).map_err(failed)?;
    ask(client, &Authentication::SaslFinal(outcome)).await
}

/// In PostgreSQL's words where the password is wrong; the other errors are the client's own.
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

async fn ask(client: &mut Transport, question: &Authentication) -> Result<(), ErrorResponse> {
    let mut message = BytesMut::new();
    question.encode(&mut message);
    client.send_all(&message).await.map_err(|_| gone())
}

/// The body of the client's next message, which must be an answer to an authentication request.
async fn password_message(client: &mut Transport) -> Result<BytesMut, ErrorResponse> {
    loop {
        let header = Header::parse(client.inbox()).map_err(|error| violation(&error))?;
        if let Some(header) = header {
            let length = HEADER + header.body_len;
            if header.tag != PASSWORD_MESSAGE || length > MAX_MESSAGE {
                return Err(ErrorResponse::fatal(
                    SqlState::PROTOCOL_VIOLATION,
                    "irsa: expected an answer to the authentication request",
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
            Ok(Receipt::End) | Err(_) => return Err(gone()),
        }
    }
}

fn gone() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::CONNECTION_FAILURE,
        "irsa: the client is gone".to_owned(),
    )
}
