//! Projected tokens that the issuer does sign, right and wrong ones.

use http::StatusCode;
use irsa_chain::ServiceAccount;
use irsa_lab::oidc::{Audience, TokenKey, TokenSpec};

use super::stage::STAGE;
use super::sts::exchange;

/// The service account that the role trusts.
const TRUSTED: &str = "system:serviceaccount:camunda:keycloak";

/// A token by its description in JSON: there is a session for it only if everything about it is
/// right.
pub fn minted_token(data: &[u8]) {
    let Ok(spec) = serde_json::from_slice::<TokenSpec>(data) else {
        return;
    };
    let Ok(token) = STAGE.issuer.mint(&spec) else {
        return;
    };
    if exchange(&token).response.status() == StatusCode::OK {
        assert_is_right(&spec);
    }
}

fn assert_is_right(spec: &TokenSpec) {
    let account = &spec.service_account;
    let subject = spec
        .subject
        .clone()
        .unwrap_or(ServiceAccount::subject(account));
    assert_eq!(subject, TRUSTED);
    let issuer = STAGE.issuer.url().as_str();
    assert!(spec.issuer.as_deref().is_none_or(|spec| spec == issuer));
    assert!(
        matches!(&spec.audience, Audience::Of(list) if list.iter().any(|one| one == "sts.amazonaws.com"))
    );
    assert!(matches!(spec.key, TokenKey::Current | TokenKey::Oldest));
    assert!(spec.expires_in > 0, "it has expired");
    assert!(spec.issued_in <= 300, "it is not valid yet");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else nothing behind the signature would be reached.
    #[test]
    fn the_seed_is_accepted() {
        let spec = include_str!("../../corpus/minted_token/keycloak");
        let token = STAGE.issuer.mint(&serde_json::from_str(spec).unwrap());
        assert_eq!(exchange(&token.unwrap()).response.status(), StatusCode::OK);
    }
}
