//! The example of RFC 7677, and clients that violate the protocol.

use super::*;

const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const NONCE_TEXT: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                         s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const OUTCOME: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn verifier() -> Verifier {
    let salt = super::super::attributes::decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
    Verifier::from_password(b"pencil", &salt, 4096).unwrap()
}

fn begin(first: &str) -> Result<ServerExchange, ScramError> {
    ServerExchange::with_nonce(&verifier(), first.as_bytes(), NONCE_TEXT)
}

fn finish(last: &str) -> Result<Bytes, ScramError> {
    begin(FIRST).unwrap().finish(last.as_bytes())
}

#[test]
fn follows_the_example_of_rfc_7677() {
    let exchange = begin(FIRST).unwrap();
    assert_eq!(exchange.challenge(), CHALLENGE);
    assert_eq!(exchange.finish(LAST.as_bytes()).unwrap(), OUTCOME);
}

#[test]
fn parses_the_first_message_of_rfc_5802() {
    let first = ClientFirst::parse("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL").unwrap();
    assert_eq!(first.bare, "n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    assert_eq!(first.nonce, "fyko+d2lbbFgONRv9qkxdawL");
}

#[test]
fn accepts_the_first_message_of_libpq() {
    assert!(begin("n,,n=,r=abc").is_ok());
    assert!(begin("y,,n=,r=abc").is_ok());
    assert!(begin("n,,n=*,r=abc,x=an extension").is_ok());
}

#[test]
fn rejects_channel_binding() {
    let wanted = Some(ScramError::ChannelBindingRequired);
    assert_eq!(begin("p=tls-server-end-point,,n=,r=abc").err(), wanted);
}

#[test]
fn rejects_a_change_of_channel_binding() {
    // `eSws` is `y,,`, but the first message has `n,,`.
    let last = LAST.replace("biws", "eSws");
    assert_eq!(finish(&last), Err(ScramError::ChannelBindingMismatch));
}

#[test]
fn rejects_an_authorization_identity() {
    let wanted = Some(ScramError::AuthorizationIdentity);
    assert_eq!(begin("n,a=admin,n=,r=abc").err(), wanted);
}

#[test]
fn rejects_mandatory_extensions() {
    let wanted = Some(ScramError::MandatoryExtension);
    assert_eq!(begin("n,,m=x,n=,r=abc").err(), wanted);
}

#[test]
fn rejects_malformed_first_messages() {
    for first in [
        "",
        "n",
        "n,",
        "n,,",
        "n,,n=user",
        "n,,r=abc",
        "n,,n=user,r=",
        "n,,n=user,r=a b",
        "n,,n=user,r=\u{e9}",
        "n,,n=user,r=abc\0",
        "n,,n=user,r=abc,",
        "n,,n=user,r=abc,r=def",
        "n,,n=user,r=abc,extension",
        "n,,user,r=abc",
        "N,,n=user,r=abc",
        "n,x,n=user,r=abc",
    ] {
        let error = begin(first).err();
        assert!(matches!(error, Some(ScramError::Malformed(_))), "{first:?}");
    }
}

#[test]
fn limits_the_length_of_messages() {
    let first = format!("n,,n=,r={}", "x".repeat(10_000));
    assert!(matches!(
        begin(&first).err(),
        Some(ScramError::Malformed(_))
    ));
    let last = LAST.replace(",p=", &format!(",x={},p=", "x".repeat(10_000)));
    assert!(matches!(finish(&last), Err(ScramError::Malformed(_))));
}

#[test]
fn rejects_malformed_last_messages() {
    let no_proof = LAST.split(",p=").next().unwrap();
    let short_proof = format!("{no_proof},p=AAAA");
    let two_proofs = LAST.replace(",p=", ",p=AAAA,p=");
    let more_after_proof = format!("{LAST},x=y");
    let no_binding = LAST.replace("c=biws,", "");
    let no_nonce = "c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    for last in [
        "",
        ",p=",
        no_proof,
        &short_proof,
        &two_proofs,
        &more_after_proof,
        &no_binding,
        no_nonce,
    ] {
        assert!(
            matches!(finish(last), Err(ScramError::Malformed(_))),
            "{last:?}"
        );
    }
}

#[test]
fn rejects_the_nonce_of_a_different_exchange() {
    for nonce in ["", "rOprNGfwEbeRWgbNEkqO", "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2"] {
        let last = format!("c=biws,r={nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        assert_eq!(finish(&last), Err(ScramError::NonceMismatch));
    }
}

#[test]
fn rejects_a_wrong_proof() {
    let last = LAST.replace("p=dHzb", "p=eHzb");
    assert_eq!(finish(&last), Err(ScramError::WrongPassword));
}

#[test]
fn rejects_a_correct_proof_for_a_mock_user() {
    let mut verifier = verifier();
    verifier.genuine = false;
    let exchange = ServerExchange::with_nonce(&verifier, FIRST.as_bytes(), NONCE_TEXT).unwrap();
    let outcome = exchange.finish(LAST.as_bytes());
    assert_eq!(outcome, Err(ScramError::WrongPassword));
}

#[test]
fn rejects_other_mechanisms_and_a_missing_message() {
    let begin = |mechanism, response| {
        let initial = SaslInitialResponse {
            mechanism,
            response,
        };
        ServerExchange::begin(&verifier(), &initial, &[1; NONCE]).err()
    };
    let first = Some(FIRST.as_bytes());
    assert_eq!(begin(MECHANISM, first), None);
    let unknown = Some(ScramError::UnknownMechanism);
    assert_eq!(begin("SCRAM-SHA-256-PLUS", first), unknown);
    assert_eq!(begin("scram-sha-256", first), unknown);
    let missing = begin(MECHANISM, None);
    assert!(matches!(missing, Some(ScramError::Malformed(_))));
}
