//! SCRAM-SHA-256, with a peer that says anything.

use irsa_pgwire::frontend::SaslInitialResponse;
use irsa_pgwire::scram::{ClientExchange, MECHANISM, NONCE, ServerExchange, Verifier};

const PASSWORD: &[u8] = b"secret";
const SALT: &[u8] = &[7; 16];
const CLIENT_NONCE: &[u8; NONCE] = &[1; NONCE];
const SERVER_NONCE: &[u8; NONCE] = &[2; NONCE];
/// Digits of an iteration count that costs no time.
const FEW: usize = 3;

/// Five lines: a password, a stored verifier, a client's first and last message, a server's
/// challenge and its outcome.
///
/// Whoever has the password gets in; nobody gets in as a user who does not exist; a verifier
/// prints what it was read from.
pub fn scram_exchange(data: &[u8]) {
    let mut lines = data.split(|&byte| byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    agreement(line());
    stored_verifier(line());
    let (first, last) = (line(), line());
    client_of(
        &Verifier::mock("nobody", b"secret", 4096),
        first,
        last,
        false,
    );
    if let Ok(verifier) = Verifier::from_password(PASSWORD, SALT, 1) {
        client_of(&verifier, first, last, true);
    }
    server(line(), line());
}

/// Client and server agree on every password, and on no other.
fn agreement(password: &[u8]) {
    let other = [password, b"x"].concat();
    for (claimed, gets_in) in [(password, true), (&*other, false)] {
        let Ok(verifier) = Verifier::from_password(password, SALT, 1) else {
            return assert!(gets_in, "one salt is as good as the other");
        };
        let client = ClientExchange::begin(claimed, CLIENT_NONCE);
        let first = client.first_message();
        let outcome = begin(&verifier, &first).and_then(|server| {
            let (last, awaited) = client.answer(&server.challenge()).ok()?;
            awaited.verify(&server.finish(&last).ok()?).ok()
        });
        assert_eq!(outcome.is_some(), gets_in);
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

/// What a client sends to a server with this verifier. Says whether it gets in.
fn client_of(verifier: &Verifier, first: &[u8], last: &[u8], exists: bool) -> bool {
    let Some(server) = begin(verifier, first) else {
        return false;
    };
    let challenge = server.challenge();
    let signature = server.finish(last);
    assert!(exists || signature.is_err());
    // A proof is good for its own challenge only.
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

/// What a server sends to a client. Says whether the client believes it.
fn server(challenge: &[u8], outcome: &[u8]) -> bool {
    let digits = challenge.split(|byte| !byte.is_ascii_digit());
    if digits.map(<[u8]>::len).max() > Some(FEW) {
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

    /// Else nothing behind the proof would be reached.
    #[test]
    fn the_seed_is_a_login() {
        let lines: Vec<&[u8]> = LOGIN.split(|&byte| byte == b'\n').collect();
        let [_, _, first, last, challenge, outcome] = *lines else {
            panic!("{} lines", lines.len());
        };
        let verifier = Verifier::from_password(PASSWORD, SALT, 1).unwrap();
        assert!(client_of(&verifier, first, last, true));
        assert!(server(challenge, outcome));
    }
}
