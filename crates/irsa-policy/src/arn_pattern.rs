//! Patterns of ARNs, matched part by part.

use std::iter;

use crate::Context;
use crate::arn::Arn;
use crate::glob::{Glob, Token};
use crate::steps;
use crate::template::{Pattern, Template};

/// An ARN in which each part after `arn` is a pattern.
#[derive(Clone, Debug)]
pub(crate) struct ArnPattern {
    fields: [Field; 4],
    resource: Pattern,
}

#[derive(Clone, Debug)]
struct Field {
    glob: Glob,
    /// Whether the pattern ends with `*`.
    open_ended: bool,
}

impl ArnPattern {
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        Self::with_resource(pattern, Template::plain)
    }

    /// Parses a pattern whose part after the fifth colon is a template: only that part may contain policy variables.
    pub(crate) fn with_resource(
        pattern: &str,
        resource: impl FnOnce(&str) -> Template,
    ) -> Option<Self> {
        let arn = Arn::parse(pattern)?;
        let field = |text: &str| Field {
            glob: Glob::new(text),
            open_ended: text.ends_with('*'),
        };
        Some(Self {
            fields: [arn.partition, arn.service, arn.region, arn.account].map(field),
            resource: Pattern::new(resource(arn.resource)),
        })
    }

    /// Returns the pattern with these characters; `None` if it does not start with `arn:` or has fewer than six parts.
    pub(crate) fn from_tokens(tokens: &[Token]) -> Option<Self> {
        let mut parts = tokens.splitn(6, |token| *token == Token::Char(':'));
        if parts.next()? != ['a', 'r', 'n'].map(Token::Char) {
            return None;
        }
        let mut field = || {
            parts.next().map(|tokens| Field {
                glob: Glob::from_tokens(tokens),
                open_ended: tokens.last() == Some(&Token::Star),
            })
        };
        Some(Self {
            fields: [field()?, field()?, field()?, field()?],
            resource: Pattern::Ready(Glob::from_tokens(parts.next()?)),
        })
    }

    /// Matches each part against its pattern (IAM User Guide, "ARN condition operators").
    pub(crate) fn matches(&self, arn: &Arn<'_>, context: &Context) -> bool {
        let fields = [arn.partition, arn.service, arn.region, arn.account];
        iter::zip(&self.fields, fields).all(|(f, text)| f.glob.matches(text))
            && self.resource.matches(arn.resource, context)
    }

    /// Matches like [`matches`](Self::matches), except that a `*` at the end of a part may also match colons (IAM User
    /// Guide, "Resource", "Using wildcards in resource ARNs").
    pub(crate) fn matches_across(&self, arn: &Arn<'_>, context: &Context) -> bool {
        // Without extra colons, the six parts can be aligned with the text in only one way.
        let may_shift =
            arn.resource.contains(':') && self.fields.iter().any(|field| field.open_ended);
        self.matches(arn, context) || (may_shift && self.matches_shifted(arn.text, context))
    }

    /// Tracks, field by field, the positions in the text at which the next field may start.
    fn matches_shifted(&self, text: &str, context: &Context) -> bool {
        let Some(resource) = self.resource.glob(context, text.len()) else {
            return false;
        };
        let parts: Vec<&str> = text.split(':').collect();
        let mut starts = vec![false; parts.len()];
        if let Some(start) = starts.get_mut(1) {
            *start = true;
        }
        for field in &self.fields {
            starts = field.next_starts(&parts, &starts);
        }
        let rests = iter::successors(Some(text), |rest| {
            rest.split_once(':').map(|(_, rest)| rest)
        });
        let rests = iter::zip(rests, starts).filter_map(|(rest, start)| start.then_some(rest));
        resource.matches_any(rests)
    }
}

impl Field {
    fn next_starts(&self, parts: &[&str], starts: &[bool]) -> Vec<bool> {
        let mut open = false;
        steps::add(parts.len());
        let ends = iter::zip(parts, starts).map(|(part, &start)| {
            let ends_here = start && self.glob.matches(part);
            let passes = open || ends_here;
            open |= ends_here && self.open_ended;
            passes
        });
        iter::once(false).chain(ends).take(parts.len()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_part(pattern: &str, text: &str) -> bool {
        ArnPattern::parse(pattern)
            .unwrap()
            .matches(&Arn::parse(text).unwrap(), &Context::new())
    }

    fn across(pattern: &str, text: &str) -> bool {
        ArnPattern::parse(pattern)
            .unwrap()
            .matches_across(&Arn::parse(text).unwrap(), &Context::new())
    }

    const CONNECT: &str = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/app";

    // The example of the IAM User Guide, "ARN condition operators".
    #[test]
    fn by_part_a_star_stops_at_the_colon() {
        let pattern = "arn:aws:someservice:*:111122223333:finance/*";
        let text = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
        assert!(!by_part(pattern, text));
        assert!(by_part(
            pattern,
            "arn:aws:someservice:us-east-2:111122223333:finance/a:b"
        ));
    }

    #[test]
    fn across_a_star_that_ends_a_part_runs_past_colons() {
        let pattern = "arn:aws:someservice:*:111122223333:finance/*";
        let text = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
        assert!(across(pattern, text));
        assert!(across("arn:aws:rds-db:*:dbuser:cluster-ABC/app", CONNECT));
    }

    #[test]
    fn across_a_star_inside_a_part_stops_at_the_colon() {
        assert!(!across("arn:aws:rds-db:*1:dbuser:cluster-ABC/app", CONNECT));
        assert!(!across(
            "arn:aws:rds-db:eu-*-1:dbuser:cluster-ABC/app",
            CONNECT
        ));
    }

    #[test]
    fn across_every_alignment_is_tried() {
        assert!(across("arn:aws:s:*:x:r", "arn:aws:s:a:x:x:r"));
        assert!(across("arn:aws:s:*:x*:r", "arn:aws:s:a:b:x:c:d:r"));
        assert!(!across("arn:aws:s:*:x*:r", "arn:aws:s:a:b:c:d:r"));
    }

    #[test]
    fn across_only_the_parts_that_end_in_a_star_run_on() {
        assert!(!across("arn:aws:s:*:x:r", "arn:aws:s:a:x:q:r"));
        assert!(across("arn:aws:s:*:x*:r", "arn:aws:s:a:x:q:r"));
    }

    #[test]
    fn across_never_shortens() {
        assert!(!across("arn:aws:s:*:x:r", "arn:aws:s:x:r:"));
    }
}
