//! A mismatch in words: what the policy wants, what the request has, and a hint at common slips.

use std::fmt;

use crate::Mismatch;
use crate::principal::is_unique_id;
use crate::text::{all_of, any_of, quoted};
use crate::web_identity::Claim;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal { expected, was } => {
                write!(
                    f,
                    "`Principal` wants {}, the caller is {}",
                    any_of(expected),
                    quoted(was)
                )
            }
            Self::Action {
                element,
                expected,
                was,
            } => {
                list(f, element, expected)?;
                write!(f, ", the request is for {}", quoted(was))
            }
            Self::Resource {
                element,
                expected,
                was,
            } => {
                list(f, element, expected)?;
                match was {
                    Some(was) => write!(f, ", the request is for {}", quoted(was)),
                    None => f.write_str(", the request is for no resource"),
                }
            }
            Self::Condition {
                operator,
                key,
                expected,
                was,
            } => {
                write!(
                    f,
                    "condition {} on {} wants ",
                    quoted(operator),
                    quoted(key)
                )?;
                wanted(f, operator, expected)?;
                match was {
                    Some(was) => write!(f, ", the request has {}", all_of(was)),
                    None => f.write_str(", the request has no such key"),
                }
            }
        }
    }
}

impl Mismatch {
    /// What to look at, if the mismatch is one of the common slips.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Principal { expected, .. } if expected.iter().any(|name| is_unique_id(name)) => {
                Some(
                    "an id such as `AROA…` stands for a role or user that was deleted: name it again by its ARN",
                )
            }
            Self::Condition { key, .. } if key.starts_with("https://") => {
                Some("the key starts with the issuer's host and path, without `https://`")
            }
            Self::Condition { key, .. } if key.contains(":oidc-provider/") => {
                Some("the key starts with the issuer's host and path, not with the provider's ARN")
            }
            Self::Condition {
                operator, expected, ..
            } if operator.contains("StringEquals") && has_wildcard(expected) => {
                Some("this operator takes `*` and `?` literally: `StringLike` has wildcards")
            }
            Self::Condition { key, was: None, .. } if Claim::of_key(key).is_some() => Some(
                "the request has this claim only under its own issuer: does the key name that one?",
            ),
            _ => None,
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, element: &str, expected: &[String]) -> fmt::Result {
    let verb = if element.starts_with("Not") {
        "leaves out"
    } else {
        "wants"
    };
    write!(f, "`{element}` {verb} {}", any_of(expected))
}

fn wanted(f: &mut fmt::Formatter<'_>, operator: &str, expected: &[String]) -> fmt::Result {
    let (quantifier, base) = operator.split_once(':').unwrap_or(("", operator));
    match (quantifier, base.contains("Not")) {
        _ if base == "Null" => f.write_str(match expected {
            [absent] if absent.eq_ignore_ascii_case("true") => "no such key",
            _ => "such a key",
        }),
        ("ForAllValues", false) => write!(f, "only {}", any_of(expected)),
        ("ForAnyValue", true) => write!(f, "a value other than {}", any_of(expected)),
        (_, false) => write!(f, "{}", any_of(expected)),
        (_, true) => write!(f, "anything but {}", any_of(expected)),
    }
}

fn has_wildcard(values: &[String]) -> bool {
    let unescaped = |value: &String| value.replace("${*}", "").replace("${?}", "");
    let mut values = values.iter().map(unescaped);
    values.any(|value| value.contains(['*', '?']))
}
