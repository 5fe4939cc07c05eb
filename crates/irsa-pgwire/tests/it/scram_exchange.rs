//! SCRAM client and server agree if and only if the password is correct.

use irsa_pgwire::frontend::SaslInitialResponse;
use irsa_pgwire::scram::{ClientExchange, MECHANISM, NONCE, ScramError, ServerExchange, Verifier};
use proptest::collection::vec;
use proptest::prelude::*;

fn exchange(
    verifier: &Verifier,
    password: &[u8],
    nonces: ([u8; NONCE], [u8; NONCE]),
) -> Result<(), ScramError> {
    let client = ClientExchange::begin(password, &nonces.0);
    let first = client.first_message();
    let initial = SaslInitialResponse {
        mechanism: MECHANISM,
        response: Some(&first),
    };
    let server = ServerExchange::begin(verifier, &initial, &nonces.1)?;
    let (proof, awaited) = client.answer(&server.challenge())?;
    awaited.verify(&server.finish(&proof)?)
}

proptest! {
    #[test]
    fn only_the_correct_password_is_accepted(
        password in vec(any::<u8>(), 0..60),
        salt in vec(any::<u8>(), 1..40),
        iterations in 1..20_u32,
        nonces in any::<([u8; NONCE], [u8; NONCE])>(),
    ) {
        let verifier = Verifier::from_password(&password, &salt, iterations).unwrap();
        let stored: Verifier = verifier.expose().parse().unwrap();
        prop_assert_eq!(exchange(&stored, &password, nonces), Ok(()));
        let other = [&password[..], b"x"].concat();
        prop_assert_eq!(exchange(&stored, &other, nonces), Err(ScramError::WrongPassword));
    }

    #[test]
    fn a_proof_is_invalid_in_a_different_exchange(
        nonces in any::<([u8; NONCE], [u8; NONCE])>(),
        later in any::<[u8; NONCE]>(),
    ) {
        prop_assume!(later != nonces.1);
        let verifier = Verifier::from_password(b"secret", b"salt", 1).unwrap();
        let client = ClientExchange::begin(b"secret", &nonces.0);
        let first = client.first_message();
        let initial = SaslInitialResponse { mechanism: MECHANISM, response: Some(&first) };
        let server = ServerExchange::begin(&verifier, &initial, &nonces.1).unwrap();
        let replayed = ServerExchange::begin(&verifier, &initial, &later).unwrap();
        let (proof, _) = client.answer(&server.challenge()).unwrap();
        prop_assert_eq!(replayed.finish(&proof), Err(ScramError::NonceMismatch));
    }
}

#[test]
fn an_unknown_user_fails_like_a_wrong_password() {
    let mock = Verifier::mock("unknown", b"process secret", 4096);
    let outcome = exchange(&mock, b"secret", ([1; NONCE], [2; NONCE]));
    assert_eq!(outcome, Err(ScramError::WrongPassword));
}

#[test]
fn both_unicode_forms_of_a_password_are_equal() {
    let verifier = Verifier::from_password("caf\u{e9}".as_bytes(), b"salt", 1).unwrap();
    let outcome = exchange(
        &verifier,
        "cafe\u{301}".as_bytes(),
        ([1; NONCE], [2; NONCE]),
    );
    assert_eq!(outcome, Ok(()));
}
