//! SCRAM-SHA-256 with an arbitrary peer.

use irsa_pgwire::frontend::SaslInitialResponse;
use irsa_pgwire::scram::{ClientExchange, MECHANISM, NONCE, ServerExchange, Verifier};

const PASSWORD: &[u8] = b"secret";
const SALT: &[u8] = &[7; 16];
const CLIENT_NONCE: &[u8; NONCE] = &[1; NONCE];
const SERVER_NONCE: &[u8; NONCE] = &[2; NONCE];
/// The maximum number of digits of an iteration count, to keep the target fast.
const MAX_DIGITS: usize = 3;

/// Reads six lines: a password, a stored verifier, a client's first and last message, a server's challenge and its
/// outcome.
///
/// Clients with the correct password are accepted, clients of unknown users never are, and verifiers round-trip.
pub fn scram_exchange(data: &[u8]) {
    let mut lines = data.split(|&byte| byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    agreement(line());
    stored_verifier(line());
    let (first, last) = (line(), line());
    client(
        &Verifier::mock("unknown", b"secret", 4096),
        first,
        last,
        false,
    );
    if let Ok(verifier) = Verifier::from_password(PASSWORD, SALT, 1) {
        client(&verifier, first, last, true);
    }
    server(line(), line());
}

/// Client and server agree if and only if the password is the same.
fn agreement(password: &[u8]) {
    let other = [password, b"x"].concat();
    for (claimed, is_accepted) in [(password, true), (&*other, false)] {
        let Ok(verifier) = Verifier::from_password(password, SALT, 1) else {
            return assert!(is_accepted, "verifiers of all passwords can be created");
        };
        let client = ClientExchange::begin(claimed, CLIENT_NONCE);
        let first = client.first_message();
        let outcome = begin(&verifier, &first).and_then(|server| {
            let (last, awaited) = client.answer(&server.challenge()).ok()?;
            awaited.verify(&server.finish(&last).ok()?).ok()
        });
        assert_eq!(outcome.is_some(), is_accepted);
    }
}

fn stored_verifier(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    if let Ok(verifier) = text.parse::<Verifier>() {
        let again = verifier.expose().parse::<Verifier>();
        assert_eq!(again.map(|again| again.expose()), Ok(verifier.expose()));
        assert_eq!(format!("{verifier:?}"), "Verifier { .. }");
    }
}

fn begin(verifier: &Verifier, first: &[u8]) -> Option<ServerExchange> {
    let initial = SaslInitialResponse {
        mechanism: MECHANISM,
        response: Some(first),
    };
    ServerExchange::begin(verifier, &initial, SERVER_NONCE).ok()
}

/// Sends a client's messages to a server with this verifier. Returns whether the client is accepted.
fn client(verifier: &Verifier, first: &[u8], last: &[u8], exists: bool) -> bool {
    let Some(server) = begin(verifier, first) else {
        return false;
    };
    let challenge = server.challenge();
    let signature = server.finish(last);
    assert!(exists || signature.is_err());
    // A proof is only valid for its own challenge.
    if signature.is_ok() {
        let initial = SaslInitialResponse {
            mechanism: MECHANISM,
            response: Some(first),
        };
        let later = ServerExchange::begin(verifier, &initial, CLIENT_NONCE);
        assert!(
            later.is_ok_and(|later| later.challenge() != challenge && later.finish(last).is_err())
        );
    }
    signature.is_ok()
}

/// Sends a server's messages to a client. Returns whether the client accepts the server.
fn server(challenge: &[u8], outcome: &[u8]) -> bool {
    let digits = challenge.split(|byte| !byte.is_ascii_digit());
    if digits.map(<[u8]>::len).max() > Some(MAX_DIGITS) {
        return false;
    }
    let client = ClientExchange::begin(PASSWORD, CLIENT_NONCE);
    match client.answer(challenge) {
        Ok((answer, awaited)) => {
            assert!(answer.starts_with(b"c=biws,r="));
            awaited.verify(outcome).is_ok()
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &[u8] = include_bytes!("../../corpus/scram_exchange/login");

    /// Otherwise the code after the proof would not be reached.
    #[test]
    fn the_seed_is_a_login() {
        let lines: Vec<&[u8]> = LOGIN.split(|&byte| byte == b'\n').collect();
        let [_, _, first, last, challenge, outcome] = *lines else {
            panic!("{} lines", lines.len());
        };
        let verifier = Verifier::from_password(PASSWORD, SALT, 1).unwrap();
        assert!(client(&verifier, first, last, true));
        assert!(server(challenge, outcome));
    }
}
