//! ARNs as policies contain them: six parts, `arn:partition:service:region:account:resource`.

/// An ARN in its six parts. Only the last part may contain colons.
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

/// Returns whether a text is an account ID: 12 digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_keeps_its_colons() {
        let arn = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/app";
        assert_eq!(Arn::parse(arn).unwrap().resource, "dbuser:cluster-ABC/app");
    }

    #[test]
    fn five_parts_are_not_an_arn() {
        assert!(Arn::parse("arn:aws:s3::bucket").is_none());
        assert!(Arn::parse("aws:arn:s3:::bucket").is_none());
    }
}
