//! Policy variables (IAM User Guide, "IAM policy elements: Variables and tags").
//!
//! The value of a variable is literal text: a `*` in it is not a wildcard. A variable has no value if the request does
//! not have its key or has several values for it. A pattern with such a variable matches nothing.

use std::borrow::Cow;

use crate::glob::{Glob, Token};
use crate::steps;
use crate::{Context, Problem};

/// A text with policy variables.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template(Vec<Part>);

/// A pattern, compiled in advance unless it has variables.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Ready(Glob),
    Open(Template),
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// Text as written, including `*` and `?`.
    Text(Box<str>),
    /// `${*}`, `${?}`, `${$}`.
    Literal(char),
    Variable {
        /// The condition key in lower case.
        key: Box<str>,
        default: Option<Box<str>>,
    },
}

impl Template {
    /// Creates a template without variables, as in version 2008-10-17.
    pub(crate) fn plain(text: &str) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (part, after) = Part::parse(after).ok_or_else(|| Problem::Invalid {
                value: text.to_owned(),
                expected: "valid: policy variables have the form `${aws:username}` or `${aws:username, 'default'}`",
            })?;
            parts.extend((!before.is_empty()).then(|| Part::Text(before.into())));
            parts.push(part);
            rest = after;
        }
        parts.extend((!rest.is_empty() || parts.is_empty()).then(|| Part::Text(rest.into())));
        Ok(Self(parts))
    }

    pub(crate) fn has_variables(&self) -> bool {
        let is_variable = |part: &Part| matches!(part, Part::Variable { .. });
        self.0.iter().any(is_variable)
    }

    /// The condition keys of the variables, in lower case.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable { key, .. } => Some(&**key),
            Part::Text(_) | Part::Literal(_) => None,
        })
    }

    /// Returns whether the template with its variables replaced equals `text`; `*` and `?` are literal.
    pub(crate) fn is(&self, text: &str, context: &Context) -> bool {
        let rest = self.0.iter().try_fold(text, |rest, part| match part {
            Part::Literal(char) => rest.strip_prefix(*char),
            _ => rest.strip_prefix(part.text(context)?),
        });
        rest == Some("")
    }

    /// The text with all variables replaced; `None` if their values have more bytes than `limit`.
    pub(crate) fn fill(&self, context: &Context, limit: usize) -> Option<String> {
        self.check(context, limit)?;
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(char) => filled.push(*char),
                _ => filled.push_str(part.text(context)?),
            }
        }
        Some(filled)
    }

    /// The pattern with all variables replaced; `None` if their values have more bytes than `limit`.
    pub(crate) fn tokens(&self, context: &Context, limit: usize) -> Option<Vec<Token>> {
        self.check(context, limit)?;
        let mut tokens = Vec::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => tokens.extend(text.chars().map(Token::from_pattern)),
                Part::Literal(char) => tokens.push(Token::Char(*char)),
                Part::Variable { key, .. } if context.is_anything(key) => tokens.push(Token::Star),
                Part::Variable { .. } => {
                    tokens.extend(part.text(context)?.chars().map(Token::Char));
                }
            }
        }
        steps::add(tokens.len());
        Some(tokens)
    }

    /// Checks that the values of all variables together have at most `limit` bytes. A matching text contains these
    /// values, so a longer pattern need not be built: a short policy could expand to a very long one.
    fn check(&self, context: &Context, limit: usize) -> Option<usize> {
        self.0.iter().try_fold(limit, |left, part| {
            steps::add(1);
            match part {
                Part::Variable { key, .. } if context.is_anything(key) => Some(left),
                Part::Variable { .. } => left.checked_sub(part.text(context)?.len()),
                Part::Text(_) | Part::Literal(_) => Some(left),
            }
        })
    }
}

impl Pattern {
    pub(crate) fn new(template: Template) -> Self {
        match template.tokens(&Context::new(), 0) {
            Some(tokens) if !template.has_variables() => Self::Ready(Glob::from_tokens(&tokens)),
            _ => Self::Open(template),
        }
    }

    /// The pattern to match against a text of `limit` bytes; `None` if a variable has no value or its value is too
    /// long.
    pub(crate) fn glob(&self, context: &Context, limit: usize) -> Option<Cow<'_, Glob>> {
        match self {
            Self::Ready(glob) => Some(Cow::Borrowed(glob)),
            Self::Open(template) => {
                let tokens = template.tokens(context, limit)?;
                Some(Cow::Owned(Glob::from_tokens(&tokens)))
            }
        }
    }

    pub(crate) fn matches(&self, text: &str, context: &Context) -> bool {
        self.glob(context, text.len())
            .is_some_and(|glob| glob.matches(text))
    }
}

impl Part {
    /// Parses what follows `${`, and returns the rest after the closing `}`.
    fn parse(text: &str) -> Option<(Self, &str)> {
        for char in ['*', '?', '$'] {
            let rest = text
                .strip_prefix(char)
                .and_then(|rest| rest.strip_prefix('}'));
            if let Some(rest) = rest {
                return Some((Self::Literal(char), rest));
            }
        }
        let end = text.find(['}', ','])?;
        let (key, rest) = text.split_at_checked(end)?;
        let key = is_key(key).then(|| key.to_ascii_lowercase().into())?;
        if let Some(rest) = rest.strip_prefix('}') {
            let default = None;
            return Some((Self::Variable { key, default }, rest));
        }
        let (default, rest) = rest.strip_prefix(", '")?.split_once('\'')?;
        let rest = rest.strip_prefix('}').filter(|_| is_plain(default))?;
        let default = Some(default.into());
        Some((Self::Variable { key, default }, rest))
    }

    fn text<'s>(&'s self, context: &'s Context) -> Option<&'s str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Literal(_) => None,
            Self::Variable { key, default } => match context.lowercase(key) {
                [value] if !value.is_empty() => Some(value),
                _ => default.as_deref(),
            },
        }
    }
}

/// Returns whether the text is a key, `PREFIX:NAME`, without white space or nested variables.
fn is_key(key: &str) -> bool {
    let is_allowed = |char: char| !char.is_whitespace() && !"{}$*?'\"".contains(char);
    key.split_once(':')
        .is_some_and(|(prefix, name)| !prefix.is_empty() && !name.is_empty())
        && key.chars().all(is_allowed)
}

/// Returns whether a default value is free of wildcards, whose meaning there is not documented.
fn is_plain(default: &str) -> bool {
    !default.is_empty() && !default.contains(['*', '?', '$'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Option<String> {
        let context = Context::new()
            .with("aws:username", "bob")
            .with("aws:PrincipalTag/star", "*");
        Template::parse(text).unwrap().fill(&context, 100)
    }

    #[test]
    fn variables_are_replaced_and_keys_are_case_insensitive() {
        assert_eq!(filled("home/${aws:username}/x").unwrap(), "home/bob/x");
        assert_eq!(filled("${AWS:UserName}").unwrap(), "bob");
        assert_eq!(filled("").unwrap(), "");
    }

    #[test]
    fn a_default_replaces_only_an_absent_key() {
        assert_eq!(filled("${aws:userid, 'any one'}!").unwrap(), "any one!");
        assert_eq!(filled("${aws:username, 'anyone'}").unwrap(), "bob");
        assert_eq!(filled("a${aws:userid}"), None);
    }

    #[test]
    fn special_characters_have_their_own_variables() {
        assert_eq!(filled("${*}${?}${$}{$").unwrap(), "*?${$");
        let pattern = |text| Pattern::new(Template::parse(text).unwrap());
        let context = Context::new().with("a:star", "*");
        for (text, subject, expected) in [
            ("a${*}", "a*", true),
            ("a${*}", "ab", false),
            ("a*${?}", "abc?", true),
            ("a${a:star}", "a*", true),
            ("a${a:star}", "ab", false),
            ("*${a:star}", "bb*", true),
            ("${a:none}*", "b", false),
        ] {
            assert_eq!(pattern(text).matches(subject, &context), expected, "{text}");
        }
    }

    #[test]
    fn an_incomplete_variable_is_rejected() {
        for text in [
            "${aws:username",
            "${}",
            "${username}",
            "${aws: username}",
            "${aws:username,'x'}",
            "${aws:username, 'x}",
            "${aws:username, x}",
            "${aws:username, '*'}",
            "${aws:${aws:x}}",
            "${**}",
        ] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
