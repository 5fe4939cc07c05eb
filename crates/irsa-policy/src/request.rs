//! A request that policies decide: the caller, the action, the resource and the condition keys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::Effect;
use crate::arn::Arn;

/// A request to be decided.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The caller.
    pub principal: Principal<'a>,
    /// The action, such as `rds-db:connect`; case-insensitive.
    pub action: &'a str,
    /// The ARN of the resource; `None` for an action without resources, which only a `Resource` of `*` covers.
    pub resource: Option<&'a str>,
    /// The condition keys of the request.
    pub context: &'a Context,
}

/// The caller of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    /// The ARN of a user, a role, a role session (`assumed-role`) or an account's root.
    Aws(&'a str),
    /// The ARN of an OIDC or SAML provider, or the name of a built-in one such as `accounts.google.com`.
    Federated(&'a str),
    /// A service principal such as `pods.eks.amazonaws.com`.
    Service(&'a str),
    /// A caller without a signature.
    Anonymous,
}

/// Built-in identity providers, which have a name instead of an ARN (IAM User Guide, "AWS JSON policy elements:
/// Principal", "Web identity session principals").
const PROVIDERS: [&str; 4] = [
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
];

impl<'a> Principal<'a> {
    /// Parses the name of a caller: an ARN, a service, a provider, or `anonymous`. Returns `None` for any other text.
    pub fn parse(name: &'a str) -> Option<Self> {
        let is_provider = |resource: &str| {
            resource.starts_with("oidc-provider/") || resource.starts_with("saml-provider/")
        };
        match Arn::parse(name) {
            Some(arn) if arn.service == "iam" && is_provider(arn.resource) => {
                Some(Self::Federated(name))
            }
            Some(arn) if matches!(arn.service, "iam" | "sts") => Some(Self::Aws(name)),
            None if name == "anonymous" => Some(Self::Anonymous),
            None if PROVIDERS.contains(&name) => Some(Self::Federated(name)),
            None if name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn") => {
                Some(Self::Service(name))
            }
            _ => None,
        }
    }
}

/// The condition keys of a request and their values.
///
/// Keys are case-insensitive (IAM User Guide, "Condition"). A key without values is the same as an absent key. Dates
/// are in ISO 8601 or seconds since 1970; binary data is base64-encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
    assumed: BTreeMap<String, Assumption>,
    /// Whether a policy variable with an unknown key matches any text rather than none.
    has_wildcards: bool,
    /// The placeholder for unknown parts of the resource.
    unknown_part: Option<(String, Assumption)>,
}

/// How to treat a statement that depends on an unknown value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// In favor of the request: an `Allow` matches, a `Deny` does not.
    Favorable,
    /// Against the request: an `Allow` does not match, a `Deny` does.
    Unfavorable,
}

impl Context {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key` to one value.
    #[must_use]
    pub fn with(mut self, key: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.insert(key, [value.into()]);
        self
    }

    /// Sets `key` to these values, replacing earlier ones.
    pub fn insert(&mut self, key: impl AsRef<str>, values: impl IntoIterator<Item = String>) {
        let values = values.into_iter().collect();
        self.values
            .insert(key.as_ref().to_ascii_lowercase(), values);
    }

    /// Marks the value of `key` as unknown, discarding a value that was set. A decision that is the same under both
    /// assumptions does not depend on the key.
    pub fn assume(&mut self, key: impl AsRef<str>, assumption: Assumption) {
        let key = key.as_ref().to_ascii_lowercase();
        self.values.remove(&key);
        self.assumed.insert(key, assumption);
    }

    /// Declares `placeholder` as an unknown text wherever the resource of the request contains it. Policies must not
    /// contain the placeholder.
    pub fn assume_resource(&mut self, placeholder: impl Into<String>, assumption: Assumption) {
        self.unknown_part = Some((placeholder.into(), assumption));
    }

    /// The placeholder in `resource`, and whether a statement with this effect is assumed to match if any text in place
    /// of the placeholder makes it match; `None` if the resource is known.
    pub(crate) fn unknown_part(&self, resource: &str, effect: Effect) -> Option<(&str, bool)> {
        let (placeholder, assumption) = self.unknown_part.as_ref()?;
        let is_favorable = *assumption == Assumption::Favorable;
        let is_unknown = resource.contains(placeholder.as_str());
        is_unknown.then_some((placeholder, is_favorable == (effect == Effect::Allow)))
    }

    /// The values of a key, empty if it is absent.
    pub fn values(&self, key: &str) -> &[String] {
        self.lowercase(&key.to_ascii_lowercase())
    }

    /// All keys, in lower case, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        let values = self.values.iter();
        values.map(|(key, values)| (key.as_str(), values.as_slice()))
    }

    /// Returns whether an element that depends on these keys (in lower case) is assumed to match in a statement with
    /// this effect; `None` if all keys are known.
    pub(crate) fn assumed_match(&self, keys: &[Box<str>], effect: Effect) -> Option<bool> {
        if self.assumed.is_empty() {
            return None;
        }
        let mut assumed = keys.iter().filter_map(|key| self.assumed.get(&**key));
        let first = assumed.next()?;
        let is_favorable = std::iter::once(first)
            .chain(assumed)
            .all(|assumption| *assumption == Assumption::Favorable);
        Some(is_favorable == (effect == Effect::Allow))
    }

    /// The context for matching patterns, in which an unknown key matches either any value or none.
    pub(crate) fn for_patterns(
        &self,
        keys: &[Box<str>],
        effect: Effect,
        negated: bool,
    ) -> Cow<'_, Self> {
        let Some(is_match) = self.assumed_match(keys, effect) else {
            return Cow::Borrowed(self);
        };
        Cow::Owned(Self {
            has_wildcards: is_match != negated,
            ..self.clone()
        })
    }

    pub(crate) fn is_anything(&self, key: &str) -> bool {
        self.has_wildcards && self.assumed.contains_key(key)
    }

    /// The values of a key in lower case, as compiled policies have them, without allocating.
    pub(crate) fn lowercase(&self, key: &str) -> &[String] {
        self.values.get(key).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_parsed_from_their_names() {
        for (name, expected) in [
            ("anonymous", Some(Principal::Anonymous)),
            (
                "es.amazonaws.com",
                Some(Principal::Service("es.amazonaws.com")),
            ),
            (
                "accounts.google.com",
                Some(Principal::Federated("accounts.google.com")),
            ),
            (
                "arn:aws:iam::1:oidc-provider/h",
                Some(Principal::Federated("arn:aws:iam::1:oidc-provider/h")),
            ),
            (
                "arn:aws:iam::1:user/u",
                Some(Principal::Aws("arn:aws:iam::1:user/u")),
            ),
            (
                "arn:aws:sts::1:assumed-role/r/s",
                Some(Principal::Aws("arn:aws:sts::1:assumed-role/r/s")),
            ),
            ("arn:aws:s3:::b", None),
            ("bob", None),
            ("*", None),
        ] {
            assert_eq!(Principal::parse(name), expected, "{name}");
        }
    }

    #[test]
    fn keys_are_case_insensitive() {
        let context = Context::new().with("aws:SourceVpc", "vpc-1");
        assert_eq!(context.values("AWS:sourcevpc"), ["vpc-1"]);
    }

    #[test]
    fn a_second_insert_replaces_the_first() {
        let mut context = Context::new().with("aws:TagKeys", "a");
        context.insert("AWS:TAGKEYS", ["b".to_owned(), "c".to_owned()]);
        assert_eq!(context.values("aws:TagKeys"), ["b", "c"]);
    }

    #[test]
    fn an_absent_key_has_no_values() {
        assert!(Context::new().values("aws:SourceVpc").is_empty());
    }
}
