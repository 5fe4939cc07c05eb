//! Valid and invalid projected tokens that are signed by the issuer.

use http::StatusCode;
use irsa_chain::ServiceAccount;
use irsa_lab::oidc::{Audience, TokenKey, TokenSpec};

use super::fixture::FIXTURE;
use super::sts::exchange;

/// The service account that the role trusts.
const TRUSTED: &str = "system:serviceaccount:camunda:keycloak";

/// Mints a token from a JSON description. STS returns a session only if all claims are valid.
pub fn minted_token(data: &[u8]) {
    let Ok(spec) = serde_json::from_slice::<TokenSpec>(data) else {
        return;
    };
    let Ok(token) = FIXTURE.issuer.mint(&spec) else {
        return;
    };
    if exchange(&token).response.status() == StatusCode::OK {
        assert_is_valid(&spec);
    }
}

fn assert_is_valid(spec: &TokenSpec) {
    let account = &spec.service_account;
    let subject = spec
        .subject
        .clone()
        .unwrap_or(ServiceAccount::subject(account));
    assert_eq!(subject, TRUSTED);
    let issuer = FIXTURE.issuer.url().as_str();
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

    /// Otherwise the code after the signature check would not be reached.
    #[test]
    fn the_seed_is_accepted() {
        let spec = include_str!("../../corpus/minted_token/keycloak");
        let token = FIXTURE.issuer.mint(&serde_json::from_str(spec).unwrap());
        assert_eq!(exchange(&token.unwrap()).response.status(), StatusCode::OK);
    }
}
