//! ARNs, regions, service accounts and the other words of the chain.

use irsa_chain::{
    AccountId, Arn, AssumedRoleArn, Cause, DbResourceId, DbUserArn, IssuerUrl, Link,
    OidcProviderArn, Partition, Region, RoleArn, ServiceAccount, SessionName,
};

use crate::word::{assert_reads_what_it_prints, read};

/// A text taken for each kind of word: what is accepted prints as a text that reads as the same
/// word, what is refused is explained, and the parts of a word make the words that contain it.
pub fn chain_word(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    read::<AccountId>(text);
    read::<Cause>(text);
    read::<DbResourceId>(text);
    read::<Link>(text);
    read::<Partition>(text);
    read::<Region>(text);
    read::<SessionName>(text);
    assert_is_at_most_one_kind_of_arn(text);
    assert_names_its_provider(text);
    assert_is_the_subject_of_its_tokens(text);
    assert_is_a_session_of_its_role(text);
    assert_is_kept_as_a_database_user(text);
}

/// An ARN of a kind is an ARN, and of no other kind.
fn assert_is_at_most_one_kind_of_arn(text: &str) {
    let kinds = [
        read::<AssumedRoleArn>(text).is_some(),
        read::<DbUserArn>(text).is_some(),
        read::<OidcProviderArn>(text).is_some(),
        read::<RoleArn>(text).is_some(),
    ];
    let kinds = kinds.into_iter().filter(|is_of_kind| *is_of_kind).count();
    assert!(kinds <= 1);
    match read::<Arn>(text) {
        Some(arn) => {
            let [partition, service] = [arn.partition(), arn.service()];
            let [region, account] = [arn.region(), arn.account()];
            let joined = Arn::from_parts(partition, service, region, account, arn.resource());
            assert_eq!(joined, Ok(arn));
        }
        None => assert_eq!(kinds, 0),
    }
}

fn assert_names_its_provider(text: &str) {
    let Some(issuer) = read::<IssuerUrl>(text) else {
        return;
    };
    if let Ok(account) = "111122223333".parse() {
        let provider = OidcProviderArn::new(Partition::AwsCn, &account, &issuer);
        assert_reads_what_it_prints(&provider);
        assert_eq!(provider.issuer(), &issuer);
    }
}

fn assert_is_the_subject_of_its_tokens(text: &str) {
    let account = read::<ServiceAccount>(text).or(ServiceAccount::from_subject(text).ok());
    if let Some(account) = account {
        assert_reads_what_it_prints(&account);
        let again = ServiceAccount::from_subject(&account.subject());
        assert_eq!(again, Ok(account));
    }
}

fn assert_is_a_session_of_its_role(text: &str) {
    let session = SessionName::from_pod_name(text);
    assert_reads_what_it_prints(&session);
    if let Some(role) = read::<RoleArn>(text) {
        let assumed = role.assumed(&session);
        assert_reads_what_it_prints(&assumed);
        assert_eq!(assumed.account(), role.account());
        assert_eq!(assumed.role_name(), role.name());
        assert_eq!(assumed.session(), &session);
    }
}

/// Any user of a start-up packet can be asked for; what reads back is the same user.
fn assert_is_kept_as_a_database_user(user: &str) {
    let of_user = |id: &DbResourceId| {
        let region = "eu-central-1".parse().ok()?;
        let account = "111122223333".parse().ok()?;
        Some(DbUserArn::new(&region, &account, id, user))
    };
    let id = "cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU".parse().ok();
    let arn = id.as_ref().and_then(of_user);
    if let Some(arn) = &arn
        && let Some(again) = read::<DbUserArn>(arn.as_str())
    {
        assert_eq!((again.user(), &again), (user, arn));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::word::Word;

    fn is_among<W: Word>(seeds: &[String]) {
        let found = seeds.iter().any(|seed| read::<W>(seed).is_some());
        assert!(found, "no seed is a {}", std::any::type_name::<W>());
    }

    /// Else the seeds would meet refusals only.
    #[test]
    fn the_seeds_have_a_word_of_each_kind() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/chain_word");
        let files = fs::read_dir(folder).unwrap();
        let seeds: Vec<String> = files
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .map(|seed| String::from_utf8_lossy(&seed).into_owned())
            .collect();
        is_among::<AccountId>(&seeds);
        is_among::<Arn>(&seeds);
        is_among::<AssumedRoleArn>(&seeds);
        is_among::<Cause>(&seeds);
        is_among::<DbResourceId>(&seeds);
        is_among::<DbUserArn>(&seeds);
        is_among::<IssuerUrl>(&seeds);
        is_among::<Link>(&seeds);
        is_among::<OidcProviderArn>(&seeds);
        is_among::<Partition>(&seeds);
        is_among::<Region>(&seeds);
        is_among::<RoleArn>(&seeds);
        is_among::<ServiceAccount>(&seeds);
        is_among::<SessionName>(&seeds);
    }
}
