//! ARNs, regions, service accounts and other values of the identity chain.

use irsa_chain::{
    AccountId, Arn, AssumedRoleArn, Cause, DbResourceId, DbUserArn, IssuerUrl, Link,
    OidcProviderArn, Partition, Region, RoleArn, ServiceAccount, SessionName,
};

use crate::round_trip::{assert_round_trips, parse};

/// Parses a text as each kind of value. Accepted values round-trip, rejected texts have an error message, and values
/// can be reassembled from their parts.
pub fn chain_word(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    parse::<AccountId>(text);
    parse::<Cause>(text);
    parse::<DbResourceId>(text);
    parse::<Link>(text);
    parse::<Partition>(text);
    parse::<Region>(text);
    parse::<SessionName>(text);
    check_arn_kinds(text);
    check_issuer(text);
    check_service_account(text);
    check_session_name(text);
    check_database_user(text);
}

/// An ARN of a specific kind is an ARN and not of a different kind.
fn check_arn_kinds(text: &str) {
    let kinds = [
        parse::<AssumedRoleArn>(text).is_some(),
        parse::<DbUserArn>(text).is_some(),
        parse::<OidcProviderArn>(text).is_some(),
        parse::<RoleArn>(text).is_some(),
    ];
    let kinds = kinds.into_iter().filter(|is_of_kind| *is_of_kind).count();
    assert!(kinds <= 1);
    match parse::<Arn>(text) {
        Some(arn) => {
            let [partition, service] = [arn.partition(), arn.service()];
            let [region, account] = [arn.region(), arn.account()];
            let joined = Arn::from_parts(partition, service, region, account, arn.resource());
            assert_eq!(joined, Ok(arn));
        }
        None => assert_eq!(kinds, 0),
    }
}

fn check_issuer(text: &str) {
    let Some(issuer) = parse::<IssuerUrl>(text) else {
        return;
    };
    if let Ok(account) = "111122223333".parse() {
        let provider = OidcProviderArn::new(Partition::AwsCn, &account, &issuer);
        assert_round_trips(&provider);
        assert_eq!(provider.issuer(), &issuer);
    }
}

fn check_service_account(text: &str) {
    let account = parse::<ServiceAccount>(text).or(ServiceAccount::from_subject(text).ok());
    if let Some(account) = account {
        assert_round_trips(&account);
        let again = ServiceAccount::from_subject(&account.subject());
        assert_eq!(again, Ok(account));
    }
}

fn check_session_name(text: &str) {
    let session = SessionName::from_pod_name(text);
    assert_round_trips(&session);
    if let Some(role) = parse::<RoleArn>(text) {
        let assumed = role.assumed(&session);
        assert_round_trips(&assumed);
        assert_eq!(assumed.account(), role.account());
        assert_eq!(assumed.role_name(), role.name());
        assert_eq!(assumed.session(), &session);
    }
}

/// A startup packet can request any user; a user in an ARN must be parsed back unchanged.
fn check_database_user(user: &str) {
    let user_arn = |id: &DbResourceId| {
        let region = "eu-central-1".parse().ok()?;
        let account = "111122223333".parse().ok()?;
        Some(DbUserArn::new(&region, &account, id, user))
    };
    let id = "cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU".parse().ok();
    let arn = id.as_ref().and_then(user_arn);
    if let Some(arn) = &arn
        && let Some(again) = parse::<DbUserArn>(arn.as_str())
    {
        assert_eq!((again.user(), &again), (user, arn));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::round_trip::TextValue;

    fn assert_has_seed<V: TextValue>(seeds: &[String]) {
        let found = seeds.iter().any(|seed| parse::<V>(seed).is_some());
        assert!(found, "no seed is a {}", std::any::type_name::<V>());
    }

    /// Otherwise the seeds would only exercise errors.
    #[test]
    fn the_seeds_contain_a_value_of_each_kind() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/chain_word");
        let files = fs::read_dir(directory).unwrap();
        let seeds: Vec<String> = files
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .map(|seed| String::from_utf8_lossy(&seed).into_owned())
            .collect();
        assert_has_seed::<AccountId>(&seeds);
        assert_has_seed::<Arn>(&seeds);
        assert_has_seed::<AssumedRoleArn>(&seeds);
        assert_has_seed::<Cause>(&seeds);
        assert_has_seed::<DbResourceId>(&seeds);
        assert_has_seed::<DbUserArn>(&seeds);
        assert_has_seed::<IssuerUrl>(&seeds);
        assert_has_seed::<Link>(&seeds);
        assert_has_seed::<OidcProviderArn>(&seeds);
        assert_has_seed::<Partition>(&seeds);
        assert_has_seed::<Region>(&seeds);
        assert_has_seed::<RoleArn>(&seeds);
        assert_has_seed::<ServiceAccount>(&seeds);
        assert_has_seed::<SessionName>(&seeds);
    }
}
