//! Rules of AWS for values that no resource has a name from.

use irsa_chain::{AccountId, Arn, Region};
use unicode_normalization::char::is_combining_mark;

use super::{Rule, SPECIAL, expect, only};

/// The lengths of tags in characters (IAM User Guide, "Tags for IAM resources"; the same for RDS and OpenSearch Service).
const MAX_TAG_KEY: usize = 128;
const MAX_TAG_VALUE: usize = 256;

pub(in crate::shape) static TAG_KEY: Rule = Rule {
    noun: "a tag key",
    pattern: Some(r"^(?![aA][wW][sS]:)[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$"),
    check: |text| tag(text, 1..=MAX_TAG_KEY),
};

pub(in crate::shape) static TAG_VALUE: Rule = Rule {
    noun: "a tag value",
    pattern: Some(r"^(?![aA][wW][sS]:)[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$"),
    check: |text| tag(text, 0..=MAX_TAG_VALUE),
};

/// STS API Reference, `AssumeRole`.
pub(in crate::shape) static EXTERNAL_ID: Rule = Rule {
    noun: "an external ID",
    pattern: Some(r"^[0-9A-Za-z_+=,.@:/\\-]{2,1224}$"),
    check: |text| {
        let fits = |char: char| char.is_ascii_alphanumeric() || "_+=,.@:/\\-".contains(char);
        expect(
            only(text, fits) && (2..=1224).contains(&text.len()),
            r"2 to 1224 letters, digits and `_+=,.@:/\-`",
        )
    },
};

pub(in crate::shape) static KMS_KEY: Rule = Rule {
    noun: "the ARN of a KMS key",
    pattern: Some("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9A-Za-z-]+$"),
    check: |text| {
        let is_key = |arn: &Arn| {
            let id = arn.resource().strip_prefix("key/").unwrap_or_default();
            let is_id = only(id, |char| char.is_ascii_alphanumeric() || char == '-');
            arn.service() == "kms" && is_id
        };
        expect(
            text.parse().is_ok_and(|arn| is_key(&arn)),
            "arn:PARTITION:kms:REGION:ACCOUNT:key/ID; an alias does not work",
        )
    },
};

pub(in crate::shape) static SECRET_ARN: Rule = Rule {
    noun: "the ARN of a secret",
    pattern: Some("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[!-~]+$"),
    check: |text| regional_arn(text, "secretsmanager", "secret:"),
};

pub(in crate::shape) static KMS_KEY_ARN: Rule = Rule {
    noun: "the ARN of a KMS key",
    pattern: Some("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[!-~]+$"),
    check: |text| regional_arn(text, "kms", "key/"),
};

/// Checks the ARN of a resource in a region and an account, which a policy can contain as it is.
fn regional_arn(text: &str, service: &str, prefix: &str) -> Result<(), String> {
    let arn: Arn = text
        .parse()
        .map_err(|error: irsa_chain::ParseError| error.expected().to_owned())?;
    let name = arn.resource().strip_prefix(prefix).unwrap_or_default();
    let is_name = only(name, |char| {
        char.is_ascii_graphic() && !SPECIAL.contains(&char)
    });
    let is_placed =
        arn.region().parse::<Region>().is_ok() && arn.account().parse::<AccountId>().is_ok();
    let form = format!("arn:PARTITION:{service}:REGION:ACCOUNT:{prefix}NAME");
    expect(arn.service() == service && is_name && is_placed, &form)
}

fn tag(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<(), String> {
    let is_reserved = text
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    expect(!is_reserved, "a text that does not begin with `aws:`")?;
    let (min, max) = (lengths.start(), lengths.end());
    let rule = format!("{min} to {max} letters, digits, spaces and `_.:/=+-@`");
    let fits = text.chars().all(is_in_tags) && lengths.contains(&text.chars().count());
    expect(fits, &rule)
}

/// Letters and numbers of any script (`\p{L}` and `\p{N}`), spaces, and some others.
fn is_in_tags(char: char) -> bool {
    let is_letter = char.is_alphabetic() && !is_combining_mark(char);
    is_letter || char.is_numeric() || char.is_whitespace() || "_.:/=+-@".contains(char)
}
