//! ARNs as policies see them: six parts, `arn:partition:service:region:account:resource`.

use std::iter;

use crate::Context;
use crate::glob::{Glob, Token};
use crate::template::{Pattern, Template};

/// An ARN in its six parts; only the last may contain colons.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arn<'a> {
    pub(crate) text: &'a str,
    pub(crate) partition: &'a str,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        Some(Self {
            text,
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }
}

/// An ARN whose parts after the first are patterns.
#[derive(Clone, Debug)]
pub(crate) struct ArnPattern {
    fields: [Field; 4],
    resource: Pattern,
}

#[derive(Clone, Debug)]
struct Field {
    glob: Glob,
    /// Ends in `*`.
    open_ended: bool,
}

impl ArnPattern {
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        Self::with_resource(pattern, Template::plain)
    }

    /// The part after the fifth colon may have variables, and no other.
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

    /// The pattern of these characters, with `arn` in its first part.
    pub(crate) fn of(tokens: &[Token]) -> Option<Self> {
        let mut parts = tokens.splitn(6, |token| *token == Token::Char(':'));
        if parts.next()? != ['a', 'r', 'n'].map(Token::Char) {
            return None;
        }
        let mut field = || {
            parts.next().map(|tokens| Field {
                glob: Glob::of(tokens),
                open_ended: tokens.last() == Some(&Token::Star),
            })
        };
        Some(Self {
            fields: [field()?, field()?, field()?, field()?],
            resource: Pattern::Ready(Glob::of(parts.next()?)),
        })
    }

    /// Each part against its own pattern (IAM User Guide, "ARN condition operators").
    pub(crate) fn matches(&self, arn: &Arn<'_>, context: &Context) -> bool {
        let fields = [arn.partition, arn.service, arn.region, arn.account];
        iter::zip(&self.fields, fields).all(|(f, text)| f.glob.matches(text))
            && self.resource.matches(arn.resource, context)
    }

    /// As [`matches`](Self::matches), and a `*` that ends a part may also run past colons
    /// (IAM User Guide, "Resource", "Using wildcards in resource ARNs").
    pub(crate) fn matches_across(&self, arn: &Arn<'_>, context: &Context) -> bool {
        // Without a colon to spare there is only one way to lay six parts over the text.
        let may_shift =
            arn.resource.contains(':') && self.fields.iter().any(|field| field.open_ended);
        self.matches(arn, context) || (may_shift && self.matches_shifted(arn.text, context))
    }

    /// Keeps, field by field, the set of places in the text where the next field may start.
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
        let ends = iter::zip(parts, starts).map(|(part, &start)| {
            let ends_here = start && self.glob.matches(part);
            let passes = open || ends_here;
            open |= ends_here && self.open_ended;
            passes
        });
        iter::once(false).chain(ends).take(parts.len()).collect()
    }
}

/// The id of an account.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
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

    #[test]
    fn the_last_part_keeps_its_colons() {
        assert_eq!(
            Arn::parse(CONNECT).unwrap().resource,
            "dbuser:cluster-ABC/app"
        );
    }

    #[test]
    fn five_parts_are_not_an_arn() {
        assert!(Arn::parse("arn:aws:s3::bucket").is_none());
        assert!(Arn::parse("aws:arn:s3:::bucket").is_none());
    }

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
    fn across_every_way_to_shift_is_tried() {
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
