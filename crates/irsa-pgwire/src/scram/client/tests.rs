//! The example of RFC 7677, and servers that violate the protocol.

use super::*;

const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                         s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const OUTCOME: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn exchange() -> ClientExchange {
    ClientExchange::with_nonce("user", b"pencil", "rOprNGfwEbeRWgbNEkqO".to_owned())
}

fn error(challenge: &str) -> ScramError {
    exchange().answer(challenge.as_bytes()).unwrap_err()
}

fn verify(outcome: &str) -> Result<(), ScramError> {
    let (_, awaited) = exchange().answer(CHALLENGE.as_bytes()).unwrap();
    awaited.verify(outcome.as_bytes())
}

#[test]
fn follows_the_example_of_rfc_7677() {
    let exchange = exchange();
    assert_eq!(exchange.first_message(), FIRST);
    let (last, awaited) = exchange.answer(CHALLENGE.as_bytes()).unwrap();
    assert_eq!(last, LAST);
    assert_eq!(awaited.verify(OUTCOME.as_bytes()), Ok(()));
}

#[test]
fn sends_an_empty_user_name() {
    let exchange = ClientExchange::begin(b"secret", &[0; NONCE]);
    assert_eq!(exchange.first_message(), "n,,n=,r=AAAAAAAAAAAAAAAAAAAAAAAA");
}

#[test]
fn rejects_a_nonce_that_does_not_extend_the_clients() {
    for nonce in ["rOprNGfwEbeRWgbNEkqO", "rOprNGfwEbeRWgbNEkq", "other"] {
        let challenge = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        assert_eq!(error(&challenge), ScramError::NonceMismatch);
    }
}

#[test]
fn rejects_iteration_counts_out_of_range() {
    for iterations in [0, 1_000_001, u32::MAX] {
        let challenge = CHALLENGE.replace("4096", &iterations.to_string());
        assert_eq!(error(&challenge), ScramError::Iterations(iterations));
    }
}

#[test]
fn rejects_malformed_challenges() {
    let long_nonce = CHALLENGE.replace("k0,", &format!("k0{},", "x".repeat(10_000)));
    let no_nonce = "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    let beyond_u32 = CHALLENGE.replace("4096", "4294967297");
    let negative = CHALLENGE.replace("4096", "-1");
    let signed = CHALLENGE.replace("4096", "+1");
    let empty_salt = CHALLENGE.replace("W22ZaJ0SNY7soEsUEjb6gQ==", "");
    let bad_salt = CHALLENGE.replace("W22ZaJ0SNY7soEsUEjb6gQ==", "%%%%");
    let no_count = CHALLENGE.replace(",i=4096", "");
    for challenge in [
        "",
        "r",
        "r=",
        no_nonce,
        &long_nonce,
        &beyond_u32,
        &negative,
        &signed,
        &empty_salt,
        &bad_salt,
        &no_count,
    ] {
        let error = error(challenge);
        assert!(
            matches!(error, ScramError::Malformed(_)),
            "{challenge:?}: {error}"
        );
    }
}

#[test]
fn rejects_mandatory_extensions() {
    let challenge = format!("m=x,{CHALLENGE}");
    assert_eq!(error(&challenge), ScramError::MandatoryExtension);
}

#[test]
fn rejects_a_server_that_does_not_know_the_verifier() {
    let outcome = OUTCOME.replace("6rri", "7rri");
    assert_eq!(verify(&outcome), Err(ScramError::WrongSignature));
}

#[test]
fn rejects_malformed_outcomes() {
    for outcome in ["", "v", "v=", "v=AAAA", "x=y", "v=6rri,v=6rri"] {
        let error = verify(outcome);
        assert!(
            matches!(error, Err(ScramError::Malformed(_))),
            "{outcome:?}"
        );
    }
}

#[test]
fn reports_why_the_server_rejected_the_exchange() {
    let error = verify("e=invalid-proof").unwrap_err();
    assert_eq!(error, ScramError::Rejected("invalid-proof".to_owned()));
    let error = verify("e=\u{1b}[2J").unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'));
}

#[test]
fn hides_its_password() {
    let shown = format!("{:?}", exchange());
    assert_eq!(shown, "ClientExchange { .. }");
}
