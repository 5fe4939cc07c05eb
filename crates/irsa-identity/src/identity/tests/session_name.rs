//! The names of role sessions.

use super::*;

#[test]
fn the_session_is_named_after_the_pod() {
    for (pairs, name) in [
        (&[][..], "irsa"),
        (&[("HOSTNAME", "keycloak-0")], "keycloak-0"),
        (
            &[
                ("HOSTNAME", "keycloak-0"),
                ("AWS_ROLE_SESSION_NAME", "ours"),
            ],
            "ours",
        ),
    ] {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let settings = IdentitySettings::new(SourceChoice::Env, environment);
        assert_eq!(session_name(&settings).unwrap().as_str(), name);
    }
}

#[test]
fn an_invalid_session_name_is_an_error_at_the_start() {
    let environment = Environment::from_pairs([("AWS_ROLE_SESSION_NAME", "a/b")]);
    let settings = IdentitySettings::new(SourceChoice::Env, environment);
    let error = session_name(&settings).unwrap_err();
    assert_eq!(error.cause(), Some(Cause::SessionNameInvalid));
}
