//! The common mistakes: policy text that IAM accepts and that never matches what its author meant.
//!
//! [`TABLE`] is the only list of them: `irsa policy explain` and `irsa policy lint` print its sentences, and
//! [`trust_cause`](crate::trust_cause) names its causes, for the doctor and for the lab. The tests of an entry are in
//! the module of the element that it is about.

mod action;
mod issuer;
mod resource;
mod value;

use std::ops::Range;

use irsa_chain::Cause;
use irsa_policy::Mismatch;

use crate::web_identity;

/// An entry of [`TABLE`].
#[derive(Debug)]
pub struct CommonMistake {
    /// A stable name; an entry for a second element may share it.
    pub id: &'static str,
    /// The element that it is about.
    pub element: Element,
    /// What is wrong, and what is right.
    pub sentence: &'static str,
    /// The cause of the chain that it is, if that is certain from the text alone.
    pub cause: Option<Cause>,
    test: fn(&Part<'_>, &str) -> Option<Found>,
}

/// What a mistake is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// A name in `Principal`.
    Principal,
    /// A name in `Action`.
    Action,
    /// An ARN in `Resource`.
    Resource,
    /// The key of a condition.
    ConditionKey,
    /// A value of a condition.
    ConditionValue,
}

/// Every common mistake. Of each value, the first entry that applies is reported.
pub const TABLE: &[CommonMistake] = &[
    CommonMistake {
        id: "deleted-principal",
        element: Element::Principal,
        sentence: "an ID such as `AROA…` stands for a role or user that was deleted: name it again by its ARN",
        cause: Some(Cause::TrustPrincipalDeleted),
        test: issuer::deleted_principal,
    },
    CommonMistake {
        id: "issuer-order",
        element: Element::Principal,
        sentence: "the issuer of an EKS cluster is `oidc.eks.REGION`, in this order",
        cause: Some(Cause::TrustProviderMismatch),
        test: issuer::order_in_provider,
    },
    CommonMistake {
        id: "scheme-in-issuer",
        element: Element::Principal,
        sentence: "`https://` is not part of an issuer in a policy",
        cause: Some(Cause::TrustProviderMismatch),
        test: issuer::scheme_in_provider,
    },
    CommonMistake {
        id: "another-account",
        element: Element::Principal,
        sentence: "a role can only trust the OIDC providers of its own account",
        cause: Some(Cause::TrustProviderMismatch),
        test: issuer::another_account,
    },
    CommonMistake {
        id: "another-issuer",
        element: Element::Principal,
        sentence: "the token has a different issuer, such as that of another cluster",
        cause: Some(Cause::TrustProviderMismatch),
        test: issuer::another_issuer,
    },
    CommonMistake {
        id: "no-such-action",
        element: Element::Action,
        sentence: "no action has such a name, so this matches nothing",
        cause: None,
        test: action::no_such_action,
    },
    CommonMistake {
        id: "connect-of-rds",
        element: Element::Action,
        sentence: "logging in to a database is an action of `rds-db`",
        cause: Some(Cause::ConnectNotAllowed),
        test: action::connect_of_rds,
    },
    CommonMistake {
        id: "http-of-es",
        element: Element::Action,
        sentence: "requests to a domain are actions of `es`",
        cause: Some(Cause::EsHttpNotAllowed),
        test: action::http_of_es,
    },
    CommonMistake {
        id: "assume-role-of-token",
        element: Element::Action,
        sentence: "`sts:AssumeRole` is for signed calls; a token is exchanged by a different action",
        cause: Some(Cause::TrustActionMismatch),
        test: action::assume_role_of_token,
    },
    CommonMistake {
        id: "variable-in-arn",
        element: Element::Resource,
        sentence: "a policy variable has no value before the fifth colon, so this matches nothing: use `*` there, with a condition such as on `aws:ResourceAccount`",
        cause: None,
        test: resource::variable_in_arn,
    },
    CommonMistake {
        id: "dbuser-of-rds",
        element: Element::Resource,
        sentence: "a database user is a resource of `rds-db`",
        cause: Some(Cause::ConnectNotAllowed),
        test: resource::dbuser_of_rds,
    },
    CommonMistake {
        id: "cluster-as-dbuser",
        element: Element::Resource,
        sentence: "`rds-db:connect` applies to `arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE-ID/USER`",
        cause: Some(Cause::ConnectNotAllowed),
        test: resource::cluster_as_dbuser,
    },
    CommonMistake {
        id: "dbuser-separator",
        element: Element::Resource,
        sentence: "`dbuser` is followed by a colon, and the ID by `/USER`",
        cause: Some(Cause::ConnectNotAllowed),
        test: resource::dbuser_separator,
    },
    CommonMistake {
        id: "dbuser-without-user",
        element: Element::Resource,
        sentence: "the ID is followed by `/USER`",
        cause: Some(Cause::ConnectNotAllowed),
        test: resource::dbuser_without_user,
    },
    CommonMistake {
        id: "name-as-resource-id",
        element: Element::Resource,
        sentence: "this is the database's name, where its resource id belongs: `cluster-ABC…` (`DbClusterResourceId`), or `db-ABC…` (`DbiResourceId`) of an instance without a cluster",
        cause: Some(Cause::ResourceIdMismatch),
        test: resource::name_as_resource_id,
    },
    CommonMistake {
        id: "domain-without-paths",
        element: Element::Resource,
        sentence: "`es:ESHttp*` actions apply to the paths below a domain; its bare ARN matches no request",
        cause: Some(Cause::DomainResourceMismatch),
        test: resource::domain_without_paths,
    },
    CommonMistake {
        id: "instance-of-cluster",
        element: Element::Resource,
        sentence: "this is a DB instance ID; use the cluster's `DbClusterResourceId`, `cluster-ABC…`",
        cause: Some(Cause::ResourceIdMismatch),
        test: resource::instance_of_cluster,
    },
    CommonMistake {
        id: "key-without-prefix",
        element: Element::ConditionKey,
        sentence: "no request has a key without a prefix; a key is written as `aws:SourceIp` or `ISSUER:sub`",
        cause: None,
        test: issuer::key_without_prefix,
    },
    CommonMistake {
        id: "provider-arn-as-key",
        element: Element::ConditionKey,
        sentence: "the key begins with the issuer's host and path, not with the provider's ARN",
        cause: Some(Cause::TrustKeyMalformed),
        test: issuer::provider_arn_as_key,
    },
    CommonMistake {
        id: "issuer-order",
        element: Element::ConditionKey,
        sentence: "the issuer of an EKS cluster is `oidc.eks.REGION`, in this order",
        cause: Some(Cause::TrustKeyMalformed),
        test: issuer::order_in_key,
    },
    CommonMistake {
        id: "scheme-in-issuer",
        element: Element::ConditionKey,
        sentence: "`https://` is not part of an issuer in a policy",
        cause: Some(Cause::TrustKeyMalformed),
        test: issuer::scheme_in_key,
    },
    CommonMistake {
        id: "no-values",
        element: Element::ConditionKey,
        sentence: "empty value list: the condition never matches",
        cause: None,
        test: value::no_values,
    },
    CommonMistake {
        id: "claim-of-another-issuer",
        element: Element::ConditionKey,
        sentence: "the token's claims are available only under its own issuer, and the key names a different one",
        cause: Some(Cause::TrustProviderMismatch),
        test: issuer::claim_of_another_issuer,
    },
    CommonMistake {
        id: "claims-swapped",
        element: Element::ConditionValue,
        sentence: "`sub` is the service account, `aud` the audience: this value belongs to the other claim",
        cause: None,
        test: value::claims_swapped,
    },
    CommonMistake {
        id: "no-subject",
        element: Element::ConditionValue,
        sentence: "the subject of a pod's token is `system:serviceaccount:NAMESPACE:NAME`",
        cause: Some(Cause::TrustSubjectMismatch),
        test: value::no_subject,
    },
    CommonMistake {
        id: "literal-wildcard",
        element: Element::ConditionValue,
        sentence: "`*` and `?` are plain characters to this operator",
        cause: Some(Cause::TrustWildcardLiteral),
        test: value::literal_wildcard,
    },
];

/// An element of a statement, with what is known of the request or of the rest of the statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// `Principal`.
    Principal {
        names: &'a [String],
        /// The caller that is not among them.
        caller: Option<&'a str>,
    },
    /// `Action`.
    Action {
        names: &'a [String],
        /// The statement is meant for the exchange of tokens.
        is_for_tokens: bool,
    },
    /// `Resource`.
    Resource {
        actions: &'a [String],
        arns: &'a [String],
        /// The resource that is not among them.
        requested: Option<&'a str>,
    },
    /// A key of an operator.
    Condition {
        operator: &'a str,
        key: &'a str,
        values: &'a [String],
        /// The request lacks the key.
        is_absent: bool,
    },
}

/// A mistake in the text of a policy.
#[derive(Debug, Clone)]
pub(crate) struct Mistake {
    pub(crate) entry: &'static CommonMistake,
    /// The text in the policy that it is about.
    pub(crate) about: String,
    /// What was meant, if that is certain.
    pub(crate) instead: Option<String>,
}

/// What a test found: the text that was meant, if that is certain.
pub(crate) type Found = Option<String>;

// === impl Part ===

impl<'a> Part<'a> {
    /// The mistakes of the values, in their order.
    pub(crate) fn mistakes(&self) -> Vec<Mistake> {
        let values = self.values();
        let mistakes = values
            .into_iter()
            .filter_map(|(element, text)| self.mistake(element, text));
        mistakes.collect()
    }

    fn mistake(&self, element: Element, text: &str) -> Option<Mistake> {
        let mut entries = TABLE.iter().filter(|entry| entry.element == element);
        entries.find_map(|entry| {
            (entry.test)(self, text).map(|instead| Mistake {
                entry,
                about: text.to_owned(),
                instead,
            })
        })
    }

    fn values(&self) -> Vec<(Element, &'a str)> {
        let all = |element, texts: &'a [String]| {
            texts
                .iter()
                .map(move |text| (element, text.as_str()))
                .collect::<Vec<_>>()
        };
        match *self {
            Self::Principal { names, .. } => all(Element::Principal, names),
            Self::Action { names, .. } => all(Element::Action, names),
            Self::Resource { arns, .. } => all(Element::Resource, arns),
            Self::Condition { key, values, .. } => {
                let values = all(Element::ConditionValue, values);
                [(Element::ConditionKey, key)]
                    .into_iter()
                    .chain(values)
                    .collect()
            }
        }
    }
}

/// The mistakes that keep a statement from matching `action`.
pub(crate) fn for_mismatch(mismatch: &Mismatch, action: &str) -> Vec<Mistake> {
    match mismatch {
        Mismatch::Principal { expected, was } => Part::Principal {
            names: expected,
            caller: Some(was),
        }
        .mistakes(),
        Mismatch::Action { expected, .. } => Part::Action {
            names: expected,
            is_for_tokens: web_identity::is_exchange(action),
        }
        .mistakes(),
        Mismatch::Resource { expected, was, .. } => Part::Resource {
            actions: &[action.to_owned()],
            arns: expected,
            requested: was.as_deref(),
        }
        .mistakes(),
        Mismatch::Condition {
            operator,
            key,
            expected,
            was,
        } => Part::Condition {
            operator,
            key,
            values: expected,
            is_absent: was.is_none(),
        }
        .mistakes(),
        _ => Vec::new(),
    }
}

impl Mistake {
    /// What was meant, if that is certain, and why.
    pub(crate) fn help(&self) -> String {
        let question = self
            .question()
            .map_or_else(String::new, |question| question + " ");
        question + self.entry.sentence
    }

    pub(crate) fn question(&self) -> Option<String> {
        let instead = self.instead.as_ref()?;
        Some(format!("did you mean `{instead}`?"))
    }
}

/// Where the text `about` stands: in the element, or, as the key of a condition, just before it.
pub(crate) fn span(
    text: &str,
    statement: &Range<usize>,
    element: &Range<usize>,
    about: &str,
) -> Range<usize> {
    let written = serde_json::to_string(about).unwrap_or_default();
    if about.is_empty() {
        return element.clone();
    }
    let within = text
        .get(element.clone())
        .and_then(|part| part.find(&written));
    let within = within.map(|at| element.start + at);
    let before = || {
        let part = text.get(statement.start..element.start)?;
        part.rfind(&written).map(|at| statement.start + at)
    };
    match within.or_else(before) {
        Some(start) => start..start + written.len(),
        None => element.clone(),
    }
}

#[cfg(test)]
mod tests;
