//! Parsing is the inverse of printing.

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::{
    AccountId, Arn, AssumedRoleArn, Cause, DbResourceId, DbUserArn, IssuerUrl, Link,
    OidcProviderArn, Partition, Region, RoleArn, ServiceAccount, SessionName,
};
use proptest::prelude::*;

use crate::{TextType, assert_reads_what_it_prints};

const REGION: &str = "(us|eu|ap|mx)-(north|south|west|central)(east)?-[1-9]";
const ROLE_NAME: &str = "[A-Za-z0-9_+=,.@-]{1,64}";
const SESSION: &str = "[A-Za-z0-9_+=,.@-]{2,64}";
const LABEL: &str = "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?";
const RESOURCE_ID: &str = "(cluster|db)-[A-Z0-9]{1,26}|prx-[a-z0-9]{17}";
const ISSUER_PATH: &str =
    "[A-Za-z0-9-]{1,20}(\\.[a-z]{1,9}){0,2}(:[1-9][0-9]{0,3})?(/[A-Za-z0-9_.~%:@-]{0,20}){0,3}";

/// Asserts that the text is accepted and printed unchanged.
fn assert_kept<T: TextType>(text: &str) -> T {
    let value: T = text.parse().unwrap();
    assert_eq!(value.to_string(), text);
    assert_reads_what_it_prints(&value);
    value
}

#[test]
fn closed_sets() {
    Partition::ALL.iter().for_each(assert_reads_what_it_prints);
    Link::ALL.iter().for_each(assert_reads_what_it_prints);
    Cause::ALL.iter().for_each(assert_reads_what_it_prints);
}

proptest! {
    #[test]
    fn regions(region in REGION) {
        assert_kept::<Region>(&region);
    }

    #[test]
    fn account_ids(account in "[0-9]{12}") {
        assert_kept::<AccountId>(&account);
    }

    #[test]
    fn arns(
        [partition, service] in ["aws(-cn)?", "[a-z0-9-]{1,10}"],
        [region, account] in ["[a-z0-9-]{0,10}", "[0-9]{0,12}"],
        resource in "[^\\pC]{1,40}",
    ) {
        let arn = Arn::from_parts(&partition, &service, &region, &account, &resource).unwrap();
        assert_reads_what_it_prints(&arn);
        let parts =
            [arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource()];
        prop_assert_eq!(parts, [&*partition, &*service, &*region, &*account, &*resource]);
    }

    #[test]
    fn role_arns(path in "/([!-~]{1,40}/)?", name in ROLE_NAME, account in "[0-9]{12}") {
        let role: RoleArn = assert_kept(&format!("arn:aws-cn:iam::{account}:role{path}{name}"));
        prop_assert_eq!(role.partition(), Partition::AwsCn);
        prop_assert_eq!((role.path(), role.name()), (&*path, &*name));
        prop_assert_eq!(role.account().as_str(), account);
    }

    #[test]
    fn sessions_of_roles(path in "/([a-z]{1,9}/)?", name in ROLE_NAME, session in SESSION) {
        let role: RoleArn = format!("arn:aws:iam::111122223333:role{path}{name}").parse().unwrap();
        let session: SessionName = assert_kept(&session);
        let assumed: AssumedRoleArn = role.assumed(&session);
        assert_reads_what_it_prints(&assumed);
        prop_assert_eq!(assumed.role_name(), name);
        prop_assert_eq!(assumed.session(), &session);
        prop_assert_eq!(assumed.account(), role.account());
    }

    #[test]
    fn issuers_and_their_providers(path in ISSUER_PATH, account in "[0-9]{12}") {
        let issuer: IssuerUrl = assert_kept(&format!("https://{path}"));
        let account = account.parse().unwrap();
        let provider = OidcProviderArn::new(Partition::AwsEusc, &account, &issuer);
        assert_reads_what_it_prints(&provider);
        prop_assert_eq!(provider.issuer_path(), path);
        prop_assert_eq!(provider.issuer(), &issuer);
    }

    #[test]
    fn database_users(region in REGION, id in RESOURCE_ID, user in "[^\\pC]{1,63}") {
        let region: Region = region.parse().unwrap();
        let id: DbResourceId = assert_kept(&id);
        let arn = DbUserArn::new(&region, &"111122223333".parse().unwrap(), &id, &user);
        assert_reads_what_it_prints(&arn);
        prop_assert_eq!((arn.resource_id(), arn.user()), (&id, &*user));
    }

    #[test]
    fn service_accounts(namespace in LABEL, [first, second] in [LABEL, LABEL]) {
        let name = format!("{first}.{second}");
        let account = ServiceAccount::new(&namespace, &name).unwrap();
        assert_reads_what_it_prints(&account);
        prop_assert_eq!(ServiceAccount::from_subject(&account.subject()), Ok(account));
    }

    #[test]
    fn session_names_of_any_pod(pod in any::<String>()) {
        assert_reads_what_it_prints(&SessionName::from_pod_name(&pod));
    }

    #[test]
    fn rds_endpoints(
        name in LABEL,
        kind in "(cluster-|cluster-ro-|cluster-custom-|shardgrp-|proxy-)?",
        id in "[a-z0-9]{1,12}",
        region in REGION,
        service in "rds(-fips)?",
        is_new_order in any::<bool>(),
    ) {
        let domain =
            if is_new_order { format!("{service}.{region}") } else { format!("{region}.{service}") };
        let host = format!("{name}.{kind}{id}.{domain}.amazonaws.com");
        let endpoint: RdsEndpoint = assert_kept(&host);
        prop_assert_eq!(endpoint.region().unwrap().as_str(), region);
        prop_assert_eq!(endpoint.identifier(), name);
        let shouted: RdsEndpoint = format!("{}.", host.to_uppercase()).parse().unwrap();
        prop_assert_eq!(shouted, endpoint);
    }

    #[test]
    fn opensearch_endpoints(name in LABEL, region in REGION, service in "(es|aoss)(-fips)?") {
        let endpoint: OpenSearchEndpoint =
            assert_kept(&format!("{name}.{region}.{service}.amazonaws.com"));
        prop_assert_eq!(endpoint.region().as_str(), region);
        prop_assert!(service.starts_with(endpoint.signing_service()));
    }
}
