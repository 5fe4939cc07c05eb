//! A mismatch in words: what the policy wants, and what the request has.

use std::fmt;

use crate::Mismatch;
use crate::text::{all_of, any_of, quoted};

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
