//! Mistakes in texts of any element: templates that were not filled in, white space, upper and lower case.

use irsa_policy::covers;

use super::{Found, Part, Was};

/// `{aws:…}` and its like, without the `$` in front.
pub(super) fn variable_without_dollar(_: &Part<'_>, text: &str) -> Option<Found> {
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

/// `PREFIX:Name`, such as `aws:PrincipalTag/team`.
fn is_variable(name: &str) -> bool {
    let is_part = |text: &str| {
        let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte);
        !text.is_empty() && text.bytes().all(is_char)
    };
    let parts = name.split_once(':');
    parts.is_some_and(|(prefix, name)| is_part(prefix) && is_part(name))
}

/// What is left of a template: `${NAME}` in a place without policy variables, `{{ name }}`, `$(name)`, `<NAME>`.
pub(super) fn placeholder(part: &Part<'_>, text: &str) -> Option<Found> {
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

/// `$${…}`, as templates escape `${…}`.
pub(super) fn doubled_dollar(_: &Part<'_>, text: &str) -> Option<Found> {
    text.contains("$${")
        .then(|| Some(text.replace("$${", "${")))
}

pub(super) fn white_space_in_arn(_: &Part<'_>, arn: &str) -> Option<Found> {
    let head: usize = arn.split_inclusive(':').take(5).map(str::len).sum();
    let (head, resource) = arn.split_at_checked(head)?;
    let is_it = head.contains(char::is_whitespace) || resource.trim() != resource;
    is_it.then(|| Some(head.split_whitespace().collect::<String>() + resource.trim()))
}

pub(super) fn white_space_in_name(_: &Part<'_>, name: &str) -> Option<Found> {
    let is_it = name.contains(char::is_whitespace) && !name.contains("CloudFront");
    is_it.then(|| Some(name.split_whitespace().collect()))
}

pub(super) fn white_space_in_key(_: &Part<'_>, key: &str) -> Option<Found> {
    // The name of a tag may have spaces.
    let is_tag = key.to_ascii_lowercase().contains("tag/");
    let name = key.split('/').next().filter(|_| is_tag).unwrap_or(key);
    let is_it = name.contains(char::is_whitespace);
    is_it.then(|| Some(key.split_whitespace().collect()))
}

pub(super) fn white_space_around(_: &Part<'_>, value: &str) -> Option<Found> {
    (value.trim() != value).then(|| Some(value.trim().to_owned()))
}

pub(super) fn case_of_principal(part: &Part<'_>, name: &str) -> Option<Found> {
    let Part::Principal { caller, .. } = *part else {
        return None;
    };
    differs_in_case(name, caller?)
}

pub(super) fn case_of_resource(part: &Part<'_>, arn: &str) -> Option<Found> {
    let Part::Resource { requested, .. } = *part else {
        return None;
    };
    let requested = requested?;
    let would_match =
        || !covers(arn, requested) && covers(&arn.to_lowercase(), &requested.to_lowercase());
    differs_in_case(arn, requested).or_else(|| would_match().then_some(None))
}

pub(super) fn case_of_value(part: &Part<'_>, value: &str) -> Option<Found> {
    let Part::Condition {
        was: Was::Values(was),
        operator,
        ..
    } = *part
    else {
        return None;
    };
    if operator.contains("Not") {
        return None;
    }
    was.iter().find_map(|was| differs_in_case(value, was))
}

fn differs_in_case(one: &str, other: &str) -> Option<Found> {
    let is_it = one != other && one.to_lowercase() == other.to_lowercase();
    is_it.then(|| Some(other.to_owned()))
}
