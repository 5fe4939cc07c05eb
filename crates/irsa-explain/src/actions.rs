//! The actions of all AWS services ("Actions, resources, and condition keys for AWS services" in the Service
//! Authorization Reference). `data/actions.py` generates the list.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use flate2::read::DeflateDecoder;
use irsa_policy::TextPattern;

/// The services that irsa and its users call. Their lists are assumed to be complete.
const OWN: [&str; 8] = [
    "rds-db",
    "es",
    "sts",
    "rds",
    "aoss",
    "opensearch",
    "eks",
    "eks-auth",
];

/// The maximum edit distance of a misspelling.
const MAX_EDITS: usize = 2;

/// The list, compressed by the build script.
static LIST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/actions.deflate"));

static SERVICES: OnceLock<BTreeMap<String, Service>> = OnceLock::new();

/// The actions of a service.
type Service = Vec<Action>;

#[derive(Debug)]
struct Action {
    /// The name as AWS spells it.
    name: String,
    /// The name in lower case.
    lower: String,
    /// Whether the action supports resource-level permissions; other actions accept only `*`.
    has_resources: bool,
}

/// An action that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// The suggested action, if there is a similar one.
    pub(crate) instead: Option<String>,
}

/// Checks whether an action, which may contain wildcards, matches no AWS action.
///
/// For the services in [`OWN`], every unknown name is reported. For other services, whose lists may be incomplete, a
/// name is reported only if it looks like a misspelling of an existing one.
pub(crate) fn unknown(pattern: &str) -> Option<Unknown> {
    let (prefix, name) = pattern.split_once(':')?;
    let (prefix, lower) = (prefix.to_ascii_lowercase(), name.to_ascii_lowercase());
    let Some(service) = services().get(&prefix) else {
        return unknown_service(&prefix, name);
    };
    if matching(service, &lower).next().is_some() {
        return None;
    }
    let near = nearest(&lower, service).map(|name| format!("{prefix}:{name}"));
    let is_own = OWN.contains(&prefix.as_str());
    if near.is_none() && !is_own {
        return None;
    }
    let instead = near.or_else(|| elsewhere(&lower));
    let instead = instead.or_else(|| beginning(&lower, service).then(|| format!("{pattern}*")));
    Some(Unknown { instead })
}

/// Returns whether a statement with this action can be limited to resources: the action has resource types, or at least
/// half of the actions that the pattern matches have them.
pub(crate) fn has_resources(pattern: &str) -> bool {
    let Some((prefix, name)) = pattern.split_once(':') else {
        return pattern == "*";
    };
    let Some(service) = services().get(&prefix.to_ascii_lowercase()) else {
        return false;
    };
    let (mut with, mut without) = (0, 0);
    for action in matching(service, &name.to_ascii_lowercase()) {
        if action.has_resources {
            with += 1;
        } else {
            without += 1;
        }
    }
    with > 0 && with >= without
}

/// The actions that a pattern in lower case matches.
fn matching<'s>(service: &'s Service, pattern: &str) -> impl Iterator<Item = &'s Action> {
    let pattern = TextPattern::new(pattern);
    let actions = service.iter();
    actions.filter(move |action| pattern.matches(&action.lower))
}

fn services() -> &'static BTreeMap<String, Service> {
    SERVICES.get_or_init(|| {
        let mut text = String::new();
        // The list is compiled into the program. If it could not be read, no action would be reported.
        let read = DeflateDecoder::new(LIST).read_to_string(&mut text);
        read.map(|_| text.lines().filter_map(service).collect())
            .unwrap_or_default()
    })
}

fn service(line: &str) -> Option<(String, Service)> {
    let (prefix, names) = line.split_once(' ')?;
    let (with_resources, without) = names.split_once('|')?;
    let actions = |names: &str, has_resources| -> Service {
        let action = |name: &str| Action {
            name: name.to_owned(),
            lower: name.to_ascii_lowercase(),
            has_resources,
        };
        names.split_whitespace().map(action).collect()
    };
    let mut service = actions(with_resources, true);
    service.extend(actions(without, false));
    Some((prefix.to_owned(), service))
}

/// Suggests a service for a misspelled prefix of one of [`OWN`].
fn unknown_service(prefix: &str, name: &str) -> Option<Unknown> {
    let bare = |text: &str| text.replace(['-', '.'], "");
    let is_near =
        |own: &&&str| own.len() > 2 && (edits(prefix, own) <= 1 || bare(prefix) == bare(own));
    let own = OWN.iter().find(is_near)?;
    Some(Unknown {
        instead: Some(format!("{own}:{name}")),
    })
}

/// The action with this name in any service of [`OWN`].
fn elsewhere(lower: &str) -> Option<String> {
    let of_service = |own: &&str| {
        let mut actions = services().get(*own)?.iter();
        let known = actions.find(|action| action.lower == lower)?;
        Some(format!("{own}:{}", known.name))
    };
    OWN.iter().find_map(of_service)
}

/// Returns whether several actions start with this name.
fn beginning(lower: &str, service: &Service) -> bool {
    let longer = service
        .iter()
        .filter(|action| action.lower.starts_with(lower));
    !lower.is_empty() && longer.count() > 1
}

/// The name nearest to `lower`; `None` if `lower` contains wildcards.
fn nearest<'s>(lower: &str, service: &'s Service) -> Option<&'s str> {
    if lower.contains(['*', '?']) || lower.len() <= MAX_EDITS * 2 {
        return None;
    }
    let near = service
        .iter()
        .filter(|action| action.lower.len().abs_diff(lower.len()) <= MAX_EDITS);
    let near = near.map(|action| (edits(lower, &action.lower), action.name.as_str()));
    let near = near.filter(|(edits, _)| *edits <= MAX_EDITS);
    near.min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

/// The number of insertions, deletions and replacements of characters that turn one text into the other (Levenshtein
/// distance).
pub(crate) fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, char) in one.chars().enumerate() {
        let mut diagonal = number;
        let mut left = number + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&other) {
            let replaced = diagonal + usize::from(char != *other);
            diagonal = *cell;
            left = replaced.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = number + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_actions_are_known() {
        for action in [
            "rds-db:connect",
            "es:ESHttpGet",
            "es:ESHttp*",
            "ES:eshttpget",
            "sts:AssumeRoleWithWebIdentity",
            "sts:Tag*",
            "s3:GetObject",
            "ec2:Describe*",
            "es:*",
            "*",
            "unheard-of:Action",
            "s3:SomethingNewAndUnknown",
        ] {
            assert_eq!(unknown(action), None, "{action}");
        }
    }

    #[test]
    fn a_misspelled_action_has_a_suggestion() {
        for (action, instead) in [
            (
                "sts:AssumeRoleWithWebIdendity",
                Some("sts:AssumeRoleWithWebIdentity"),
            ),
            ("rds-db:conect", Some("rds-db:connect")),
            ("rdsdb:connect", Some("rds-db:connect")),
            ("es:ESHttp", Some("es:ESHttp*")),
            ("es:HttpGet", Some("es:ESHttpGet")),
            ("opensearch:DescribeDomain", Some("es:DescribeDomain")),
            ("rds:GenerateDbAuthToken", None),
            ("rds-db:*Connection", None),
            ("s3:GetObjct", Some("s3:GetObject")),
        ] {
            let found = unknown(action).map(|unknown| unknown.instead);
            assert_eq!(found, Some(instead.map(str::to_owned)), "{action}");
        }
    }

    #[test]
    fn some_actions_accept_only_a_star() {
        for action in [
            "es:DescribeDomain",
            "es:*",
            "s3:GetObject",
            "*",
            "rds-db:connect",
        ] {
            assert!(has_resources(action), "{action}");
        }
        for action in [
            "es:ListDomainNames",
            "sts:GetCallerIdentity",
            "ec2:Describe*",
            "unheard-of:*",
        ] {
            assert!(!has_resources(action), "{action}");
        }
    }

    #[test]
    fn edits_are_counted() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(edits(one, other), expected);
            assert_eq!(edits(other, one), expected);
        }
    }
}
