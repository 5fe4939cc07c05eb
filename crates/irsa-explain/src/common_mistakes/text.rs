//! Mistakes in the text of any element: unfilled templates, white space, and differences in case.

use irsa_policy::covers;

use super::{Part, RequestValues, Suggestion};

/// Detects policy variables without the leading `$`, such as `{aws:…}`.
pub(super) fn variable_without_dollar(_: &Part<'_>, text: &str) -> Option<Suggestion> {
    let mut fixed = String::new();
    let mut rest = text;
    let mut is_wrong = false;
    while let Some((before, after)) = rest.split_once('{') {
        fixed += before;
        let name = after.split('}').next().unwrap_or_default();
        if !before.ends_with(['$', '{']) && is_variable(name) && after.contains('}') {
            is_wrong = true;
            fixed.push('$');
        }
        fixed.push('{');
        rest = after;
    }
    is_wrong.then(|| Some(fixed + rest))
}

/// Returns whether a text is the name of a policy variable, such as `aws:PrincipalTag/team`.
fn is_variable(name: &str) -> bool {
    let is_part = |text: &str| {
        let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte);
        !text.is_empty() && text.bytes().all(is_char)
    };
    let parts = name.split_once(':');
    parts.is_some_and(|(prefix, name)| is_part(prefix) && is_part(name))
}

/// Detects template placeholders: `{{ name }}`, `$(name)`, `<NAME>`, and `${NAME}` in a key, which cannot have policy
/// variables.
pub(super) fn placeholder(part: &Part<'_>, text: &str) -> Option<Suggestion> {
    let is_key = matches!(part, Part::Condition { key, .. } if *key == text);
    let has_between = |open: &str, close: &str| {
        let inner = text
            .split_once(open)
            .and_then(|(_, rest)| rest.split_once(close));
        inner.is_some_and(|(inner, _)| inner.contains(|char: char| char.is_ascii_alphabetic()))
    };
    let is_left = (is_key && text.contains("${"))
        || has_between("{{", "}}")
        || has_between("$(", ")")
        || has_between("<", ">");
    is_left.then_some(None)
}

/// Detects `$${…}`, the escape for `${…}` in template languages.
pub(super) fn doubled_dollar(_: &Part<'_>, text: &str) -> Option<Suggestion> {
    text.contains("$${")
        .then(|| Some(text.replace("$${", "${")))
}

pub(super) fn white_space_in_arn(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let head: usize = arn.split_inclusive(':').take(5).map(str::len).sum();
    let (head, resource) = arn.split_at_checked(head)?;
    let is_it = head.contains(char::is_whitespace) || resource.trim() != resource;
    is_it.then(|| Some(head.split_whitespace().collect::<String>() + resource.trim()))
}

pub(super) fn white_space_in_name(_: &Part<'_>, name: &str) -> Option<Suggestion> {
    let is_it = name.contains(char::is_whitespace) && !name.contains("CloudFront");
    is_it.then(|| Some(name.split_whitespace().collect()))
}

pub(super) fn white_space_in_key(_: &Part<'_>, key: &str) -> Option<Suggestion> {
    // Tag names can contain spaces.
    let is_tag = key.to_ascii_lowercase().contains("tag/");
    let name = key.split('/').next().filter(|_| is_tag).unwrap_or(key);
    let is_it = name.contains(char::is_whitespace);
    is_it.then(|| Some(key.split_whitespace().collect()))
}

pub(super) fn white_space_around(_: &Part<'_>, value: &str) -> Option<Suggestion> {
    (value.trim() != value).then(|| Some(value.trim().to_owned()))
}

pub(super) fn case_of_principal(part: &Part<'_>, name: &str) -> Option<Suggestion> {
    let Part::Principal { caller, .. } = *part else {
        return None;
    };
    differs_in_case(name, caller?)
}

pub(super) fn case_of_resource(part: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let Part::Resource { requested, .. } = *part else {
        return None;
    };
    let requested = requested?;
    let would_match =
        || !covers(arn, requested) && covers(&arn.to_lowercase(), &requested.to_lowercase());
    differs_in_case(arn, requested).or_else(|| would_match().then_some(None))
}

pub(super) fn case_of_value(part: &Part<'_>, value: &str) -> Option<Suggestion> {
    let Part::Condition {
        actual: RequestValues::Values(actual),
        operator,
        ..
    } = *part
    else {
        return None;
    };
    if operator.contains("Not") {
        return None;
    }
    actual
        .iter()
        .find_map(|actual| differs_in_case(value, actual))
}

fn differs_in_case(one: &str, other: &str) -> Option<Suggestion> {
    let is_it = one != other && one.to_lowercase() == other.to_lowercase();
    is_it.then(|| Some(other.to_owned()))
}
