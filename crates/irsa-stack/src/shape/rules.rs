//! Rules for texts. Each refuses what AWS, PostgreSQL, OpenSearch or Kubernetes would refuse, or take for another name.

mod aws;

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::untrusted::is_deceptive;
use irsa_chain::{AccountId, DbResourceId, IssuerUrl, Region, RoleArn, ServiceAccount};
use unicode_normalization::is_nfc;

pub(in crate::shape) use self::aws::{
    EXTERNAL_ID, KMS_KEY, KMS_KEY_ARN, SECRET_ARN, TAG_KEY, TAG_VALUE,
};
use super::Rule;

/// PostgreSQL truncates longer identifiers (`NAMEDATALEN` - 1).
const MAX_IDENTIFIER_BYTES: usize = 63;
/// The length of an IAM role name (IAM API Reference, `CreateRole`).
const MAX_ROLE_NAME: usize = 64;

pub(in crate::shape) static ACCOUNT: Rule = Rule {
    noun: "an AWS account ID",
    pattern: Some("^[0-9]{12}$"),
    check: |text| parsed::<AccountId>(text),
};

pub(in crate::shape) static REGION: Rule = Rule {
    noun: "an AWS region",
    pattern: Some("^[a-z]+(-[a-z]+)+-[0-9]+$"),
    check: |text| parsed::<Region>(text),
};

pub(in crate::shape) static ROLE_ARN: Rule = Rule {
    noun: "a role ARN",
    pattern: Some("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$"),
    check: role_arn,
};

pub(in crate::shape) static POLICY_ARN: Rule = Rule {
    noun: "the ARN of a managed policy",
    pattern: Some("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[!-~]+$"),
    check: policy_arn,
};

pub(in crate::shape) static ROLE_NAME: Rule = Rule {
    noun: "a role name",
    pattern: Some("^[A-Za-z0-9_+=,.@-]{1,64}$"),
    check: |text| iam_name(text, MAX_ROLE_NAME),
};

pub(in crate::shape) static POLICY_NAME: Rule = Rule {
    noun: "a policy name",
    pattern: Some("^[A-Za-z0-9_+=,.@-]{1,128}$"),
    check: |text| iam_name(text, 128),
};

pub(in crate::shape) static IAM_PATH: Rule = Rule {
    noun: "an IAM path",
    pattern: Some("^/([!-~]+/)?$"),
    check: iam_path,
};

pub(in crate::shape) static LABEL: Rule = Rule {
    noun: "a name",
    pattern: Some("^[a-z]([a-z0-9-]*[a-z0-9])?$"),
    check: |text| label(text, 1..=40),
};

pub(in crate::shape) static CLUSTER_NAME: Rule = Rule {
    noun: "the name of an EKS cluster",
    pattern: Some("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$"),
    check: cluster_name,
};

pub(in crate::shape) static DB_IDENTIFIER: Rule = Rule {
    noun: "the identifier of a DB cluster",
    pattern: Some("^[a-z]([a-z0-9-]*[a-z0-9])?$"),
    check: db_identifier,
};

pub(in crate::shape) static DOMAIN_NAME: Rule = Rule {
    noun: "the name of an OpenSearch domain",
    pattern: Some("^[a-z][a-z0-9-]{2,27}$"),
    check: domain_name,
};

pub(in crate::shape) static DB_RESOURCE_ID: Rule = Rule {
    noun: "a database resource ID",
    pattern: Some("^(cluster|db|prx)-[0-9A-Za-z]+$"),
    check: |text| parsed::<DbResourceId>(text),
};

pub(in crate::shape) static RDS_ENDPOINT: Rule = Rule {
    noun: "an RDS endpoint",
    pattern: Some("\\.rds\\."),
    check: |text| parsed::<RdsEndpoint>(text),
};

pub(in crate::shape) static OPENSEARCH_ENDPOINT: Rule = Rule {
    noun: "the endpoint of an OpenSearch domain",
    pattern: Some("\\.es\\."),
    check: |text| parsed::<OpenSearchEndpoint>(text),
};

pub(in crate::shape) static ISSUER: Rule = Rule {
    noun: "an OIDC issuer",
    pattern: Some("^https://"),
    check: |text| parsed::<IssuerUrl>(text),
};

pub(in crate::shape) static SERVICE_ACCOUNT: Rule = Rule {
    noun: "a service account",
    pattern: Some("^[a-z0-9-]+/[a-z0-9.-]+$"),
    check: |text| parsed::<ServiceAccount>(text),
};

pub(in crate::shape) static NAMESPACE: Rule = Rule {
    noun: "a Kubernetes namespace",
    pattern: Some("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
    check: |text| parsed::<ServiceAccount>(&format!("{text}/x")),
};

pub(in crate::shape) static DATABASE: Rule = Rule {
    noun: "a database name",
    pattern: None,
    check: identifier,
};

pub(in crate::shape) static ADMIN_USER: Rule = Rule {
    noun: "a database user",
    pattern: None,
    check: |text| match text {
        // The usual name of the administrator of RDS.
        "postgres" => Ok(()),
        _ => identifier(text),
    },
};

pub(in crate::shape) static DATABASE_USER: Rule = Rule {
    noun: "a database user",
    pattern: None,
    check: database_user,
};

pub(in crate::shape) static SECURITY_ROLE: Rule = Rule {
    noun: "a role of the OpenSearch security plugin",
    pattern: Some("^[A-Za-z0-9_-]{1,128}$"),
    check: security_role,
};

pub(in crate::shape) static INDEX_PATTERN: Rule = Rule {
    noun: "an index pattern",
    pattern: Some("^[a-z0-9.*][a-z0-9._*-]*$"),
    check: index_pattern,
};

pub(in crate::shape) static IMAGE: Rule = Rule {
    noun: "an image reference",
    pattern: Some("^[A-Za-z0-9][A-Za-z0-9._:/@-]*$"),
    check: image,
};

pub(in crate::shape) static VERSION: Rule = Rule {
    noun: "a version",
    pattern: Some("^[A-Za-z0-9][A-Za-z0-9._-]*$"),
    check: version,
};

/// What every text of the file must be, keys too.
pub(super) fn any_text(text: &str) -> Result<(), String> {
    if let Some(char) = text.chars().find(|&char| is_deceptive(char)) {
        let code = u32::from(char);
        return Err(format!(
            "contains the invisible or control character U+{code:04X}"
        ));
    }
    if !is_nfc(text) {
        let reason =
            "Terraform normalizes every string, so the database and AWS would get different names";
        return Err(format!("is not in Unicode normalization form C; {reason}"));
    }
    Ok(())
}

/// What makes a text a secret, if it looks like one.
pub(crate) fn secret_in(text: &str) -> Option<&'static str> {
    let is_key_id = |word: &str| {
        word.len() == 20
            && (word.starts_with("AKIA") || word.starts_with("ASIA"))
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let words = || text.split(|char: char| !char.is_ascii_alphanumeric());
    match text {
        _ if words().any(is_key_id) => Some("an AWS access key ID"),
        _ if text.contains("-----BEGIN") => Some("a private key"),
        _ if text.starts_with("eyJ") && text.matches('.').count() == 2 => Some("a token"),
        _ if has_url_password(text) => Some("a URL with a password"),
        _ if has_parameter(text, "password") => Some("a connection string with a password"),
        _ => None,
    }
}

/// A password may contain slashes, which a port does not.
fn has_url_password(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    let password = user.split_once(':').map_or("", |(_, password)| password);
    let port = password.split_once('/').map_or("", |(port, _)| port);
    !password.is_empty() && !only(port, |char| char.is_ascii_digit())
}

fn has_parameter(text: &str, name: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let values = text.split(name).skip(1);
    let mut values = values.filter_map(|rest| rest.trim_start().strip_prefix('='));
    values.any(|value| !value.trim().is_empty())
}

/// Returns whether lines of a file may hold a secret and must not be printed.
pub(crate) fn may_hold_secret(lines: &str) -> bool {
    let lower = lines.to_ascii_lowercase();
    let lower = lower.replace("password: managed", "");
    let named = ["password", "passwd", "secret", "token", "private_key"];
    let texts = lines.split(|char: char| char.is_whitespace() || "\"',{}[]".contains(char));
    named.iter().any(|name| lower.contains(name))
        || texts.chain([lines]).any(|text| secret_in(text).is_some())
}

fn parsed<T: std::str::FromStr<Err = irsa_chain::ParseError>>(text: &str) -> Result<(), String> {
    let refused = |error: irsa_chain::ParseError| error.expected().to_owned();
    text.parse::<T>().map(drop).map_err(refused)
}

fn only(text: &str, fits: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(fits)
}

fn policy_arn(text: &str) -> Result<(), String> {
    let resource = text.split_once(":policy/").map_or("", |(_, name)| name);
    let is_arn = text.starts_with("arn:") && text.contains(":iam::");
    let is_name = only(resource, |char| char.is_ascii_graphic());
    expect(is_arn && is_name, "arn:PARTITION:iam::ACCOUNT:policy/NAME")
}

fn iam_name(text: &str, longest: usize) -> Result<(), String> {
    let is_name = only(text, |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
    let rule = format!("1 to {longest} letters, digits and `_+=,.@-`");
    expect(is_name && text.len() <= longest, &rule)
}

/// Characters of paths that policies, JSON or shells read as something else. IAM permits them.
const SPECIAL: [char; 7] = ['*', '?', '$', '"', '\'', '\\', '`'];

fn role_arn(text: &str) -> Result<(), String> {
    parsed::<RoleArn>(text)?;
    expect(
        !text.contains(SPECIAL),
        "a role ARN without wildcards, quotes, `$` and backslashes in its path",
    )
}

fn iam_path(text: &str) -> Result<(), String> {
    let arn = format!("arn:aws:iam::111122223333:role{text}x");
    let is_whole = text.ends_with('/') && !text.contains(SPECIAL);
    expect(
        is_whole && arn.parse::<RoleArn>().is_ok(),
        "a path such as /camunda/, with a slash at both ends",
    )
}

fn is_label(text: &str) -> bool {
    only(text, |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
    }) && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
}

fn label(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<(), String> {
    let (min, max) = (lengths.start(), lengths.end());
    let rule =
        format!("{min} to {max} lower-case letters, digits and inner hyphens, a letter first");
    expect(is_label(text) && lengths.contains(&text.len()), &rule)
}

fn cluster_name(text: &str) -> Result<(), String> {
    let fits = only(text, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    expect(
        fits && starts_well && text.len() <= 100,
        "1 to 100 letters, digits, hyphens and underscores (EKS API Reference, `CreateCluster`)",
    )
}

fn db_identifier(text: &str) -> Result<(), String> {
    expect(
        is_label(text) && text.len() <= 63 && !text.contains("--"),
        "1 to 63 lower-case letters, digits and single inner hyphens, a letter first",
    )
}

fn domain_name(text: &str) -> Result<(), String> {
    expect(
        is_label(text) && (3..=28).contains(&text.len()),
        "3 to 28 lower-case letters, digits and inner hyphens, a letter first",
    )
}

fn identifier(text: &str) -> Result<(), String> {
    if text.is_empty() || text.len() > MAX_IDENTIFIER_BYTES {
        let bytes = text.len();
        return Err(format!(
            "1 to {MAX_IDENTIFIER_BYTES} bytes, as PostgreSQL truncates longer names; this has {bytes}"
        ));
    }
    let is_reserved = text.starts_with("pg_")
        || text.starts_with("rds_")
        || matches!(
            text,
            "rdsadmin" | "rdsrepladmin" | "rdstopmgr" | "rdsproxyadmin" | "rdswriteforwarduser"
        )
        || text == "postgres"
        || matches!(text, "template0" | "template1" | "public" | "none");
    expect(
        !is_reserved,
        "a name that PostgreSQL or RDS does not reserve",
    )
}

/// A user must be named by an IAM policy, and exactly (IAM User Guide, "IAM JSON policy elements: Resource"; IAM API
/// Reference, `CreatePolicy`, for the characters).
fn database_user(text: &str) -> Result<(), String> {
    identifier(text)?;
    expect(
        !text.contains(['*', '?', '$']),
        "a name without `*`, `?` and `$`, which an IAM policy reads as wildcards and variables",
    )?;
    expect(
        text.chars().all(|char| u32::from(char) <= 0xff),
        "a name of characters up to U+00FF: an IAM policy can hold no others",
    )
}

fn security_role(text: &str) -> Result<(), String> {
    let fits = only(text, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    expect(
        fits && text.len() <= 128,
        "1 to 128 letters, digits, hyphens and underscores",
    )
}

fn index_pattern(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._*-".contains(c);
    let starts_well = !text.starts_with(['-', '_']);
    expect(
        only(text, fits) && starts_well && text.len() <= 255,
        "lower-case letters, digits, `.`, `-`, `_` and the wildcard `*`, not beginning with `-` or `_`",
    )
}

fn image(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._:/@-".contains(c);
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    expect(
        only(text, fits) && starts_well && text.len() <= 512,
        "an image such as registry.example.com/irsa:0.1.0",
    )
}

fn version(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    expect(
        only(text, fits) && text.len() <= 64,
        "a version such as 15.10",
    )
}

fn expect(holds: bool, rule: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}
