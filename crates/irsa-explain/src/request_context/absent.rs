//! The condition keys that requests are documented not to have.

use super::RequestKind::{
    self, DatabaseLogin, DomainRequest, PodIdentity, SessionCall, TokenExchange, Unsigned,
};

/// A key that some kinds of requests do not have.
#[derive(Debug)]
pub struct AbsentKey {
    /// The key in lower case. A key that ends with `/` stands for all tags.
    pub key: &'static str,
    /// The kinds of requests without it.
    pub kinds: &'static [RequestKind],
    /// The AWS page that documents this.
    pub page: &'static str,
}

const SESSIONS: &[RequestKind] = &[DatabaseLogin, DomainRequest, SessionCall];
const DIRECT: &[RequestKind] = &[DatabaseLogin, DomainRequest, SessionCall, TokenExchange];
const DATA: &[RequestKind] = &[DatabaseLogin, DomainRequest];
const LOGIN: &[RequestKind] = &[DatabaseLogin];
const DOMAIN: &[RequestKind] = &[DomainRequest];
const TOKEN: &[RequestKind] = &[TokenExchange];
const NO_SESSION: &[RequestKind] = &[TokenExchange, PodIdentity, Unsigned];
const UNSIGNED: &[RequestKind] = &[TokenExchange, Unsigned];
const NO_TOKEN: &[RequestKind] = &[PodIdentity, Unsigned];

/// "Unsupported AWS global condition context keys".
const IAM_AUTHENTICATION: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html";

/// "Policy element reference", `Condition`.
const OPENSEARCH: &str =
    "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html#ac-reference";

/// "Keys available for AWS OIDC federation".
pub(super) const CLAIMS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif";

const EXTERNAL_ID: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_externalid";

pub(super) const ALL_KEYS: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html";

pub(super) const KEYS_OF_RDS: &str = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrdsiamauthentication.html";

pub(super) const KEYS_OF_OPENSEARCH: &str = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonopensearchservice.html";

/// The section "Availability" of a key in "AWS global condition context keys".
macro_rules! availability {
    ($name:literal) => {
        concat!(
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-",
            $name
        )
    };
}

macro_rules! absent {
    ($($key:literal $kinds:ident $page:expr;)*) => {
        &[$(AbsentKey { key: $key, kinds: $kinds, page: $page }),*]
    };
}

/// All keys whose absence follows from the kind of request.
pub const ABSENT: &[AbsentKey] = absent! {
    "aws:referer" LOGIN IAM_AUTHENTICATION;
    "aws:sourceip" LOGIN IAM_AUTHENTICATION;
    "aws:sourcevpc" LOGIN IAM_AUTHENTICATION;
    "aws:sourcevpce" LOGIN IAM_AUTHENTICATION;
    "aws:useragent" LOGIN IAM_AUTHENTICATION;
    "aws:vpcsourceip" LOGIN IAM_AUTHENTICATION;
    "aws:principaltag/" DOMAIN OPENSEARCH;
    "aws:securetransport" DOMAIN OPENSEARCH;
    "aws:username" SESSIONS availability!("username");
    "aws:sourceaccount" DIRECT availability!("sourceaccount");
    "aws:sourcearn" DIRECT availability!("sourcearn");
    "aws:sourceorgid" DIRECT availability!("sourceorgid");
    "aws:sourceorgpaths" DIRECT availability!("sourceorgpaths");
    "aws:principalservicename" DIRECT availability!("principalservicename");
    "aws:principalservicenameslist" DIRECT availability!("principalservicenameslist");
    "aws:calledvia" DIRECT availability!("calledvia");
    "aws:calledviafirst" DIRECT availability!("calledviafirst");
    "aws:calledvialast" DIRECT availability!("calledvialast");
    "aws:requesttag/" DATA availability!("requesttag");
    "aws:tagkeys" DATA availability!("tagkeys");
    "aws:username" NO_SESSION availability!("username");
    "aws:principaltag/" NO_SESSION availability!("principaltag");
    "aws:principalorgid" NO_SESSION availability!("principalorgid");
    "aws:principalorgpaths" NO_SESSION availability!("principalorgpaths");
    "aws:principalarn" UNSIGNED availability!("principalarn");
    "aws:principalisawsservice" UNSIGNED availability!("principalisawsservice");
    "aws:federatedprovider" NO_TOKEN availability!("federatedprovider");
    "sts:externalid" TOKEN EXTERNAL_ID;
};
