//! RFC 7677's example, and servers that do not keep to it.

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

fn refusal(challenge: &str) -> ScramError {
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
fn sends_no_user_name_of_its_own() {
    let exchange = ClientExchange::begin(b"secret", &[0; NONCE]);
    assert_eq!(exchange.first_message(), "n,,n=,r=AAAAAAAAAAAAAAAAAAAAAAAA");
}

#[test]
fn refuses_a_nonce_that_does_not_go_on_from_its_own() {
    for nonce in ["rOprNGfwEbeRWgbNEkqO", "rOprNGfwEbeRWgbNEkq", "other"] {
        let challenge = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        assert_eq!(refusal(&challenge), ScramError::NonceMismatch);
    }
}

#[test]
fn refuses_iteration_bombs() {
    for iterations in [0, 1_000_001, u32::MAX] {
        let challenge = CHALLENGE.replace("4096", &iterations.to_string());
        assert_eq!(refusal(&challenge), ScramError::Iterations(iterations));
    }
}

#[test]
fn refuses_challenges_that_are_malformed() {
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
        let error = refusal(challenge);
        assert!(
            matches!(error, ScramError::Malformed(_)),
            "{challenge:?}: {error}"
        );
    }
}

#[test]
fn refuses_mandatory_extensions() {
    let challenge = format!("m=x,{CHALLENGE}");
    assert_eq!(refusal(&challenge), ScramError::MandatoryExtension);
}

#[test]
fn refuses_a_server_that_does_not_know_the_verifier() {
    let outcome = OUTCOME.replace("6rri", "7rri");
    assert_eq!(verify(&outcome), Err(ScramError::WrongSignature));
}

#[test]
fn refuses_outcomes_that_are_malformed() {
    for outcome in ["", "v", "v=", "v=AAAA", "x=y", "v=6rri,v=6rri"] {
        let error = verify(outcome);
        assert!(
            matches!(error, Err(ScramError::Malformed(_))),
            "{outcome:?}"
        );
    }
}

#[test]
fn tells_why_the_server_refused() {
    let error = verify("e=invalid-proof").unwrap_err();
    assert_eq!(error, ScramError::Refused("invalid-proof".to_owned()));
    let error = verify("e=\u{1b}[2J").unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'));
}

#[test]
fn hides_its_password() {
    let shown = format!("{:?}", exchange());
    assert_eq!(shown, "ClientExchange { .. }");
}
