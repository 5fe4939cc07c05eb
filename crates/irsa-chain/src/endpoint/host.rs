//! Normalized host names, and the DNS suffixes of AWS.

use std::borrow::Cow;

use crate::Partition::{Aws, AwsCn, AwsEusc, AwsIso, AwsIsoB, AwsIsoE, AwsIsoF, AwsUsGov};
use crate::text::is_dns_name;
use crate::{Partition, Region};

/// DNS suffixes, each with a partition whose regions use it.
pub(super) type Suffixes = [(&'static str, Partition)];

/// The suffixes of the partitions, and two more that the AWS database drivers know.
pub(super) const CLASSIC: &Suffixes = &[
    (Aws.dns_suffix(), Aws),
    (AwsUsGov.dns_suffix(), AwsUsGov),
    (AwsCn.dns_suffix(), AwsCn),
    (AwsIso.dns_suffix(), AwsIso),
    (AwsIsoB.dns_suffix(), AwsIsoB),
    (AwsIsoE.dns_suffix(), AwsIsoE),
    (AwsIsoF.dns_suffix(), AwsIsoF),
    (AwsEusc.dns_suffix(), AwsEusc),
    ("amazonaws.au", Aws),
    ("amazonaws.uk", Aws),
];

/// The expected format, as in the message about an invalid host name.
pub(super) type Expected = Cow<'static, str>;

/// The name in lower case and without a trailing dot.
pub(super) fn normalize(text: &str) -> Result<String, Expected> {
    if text.contains(['/', ':', '@', '?']) {
        return Err("only a host name, without scheme, user, port or path".into());
    }
    let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if is_dns_name(&host) {
        Ok(host)
    } else {
        Err("a host name of letters, digits and -".into())
    }
}

/// The part before the suffix, and the suffix.
pub(super) fn split_suffix<'h>(
    host: &'h str,
    suffixes: &Suffixes,
) -> Option<(&'h str, &'static str)> {
    suffixes
        .iter()
        .find_map(|(suffix, _)| Some((host.strip_suffix(suffix)?.strip_suffix('.')?, *suffix)))
}

/// Parses the region in a host name, and checks that the region uses `suffix`.
pub(super) fn region_under(
    region: &str,
    suffix: &str,
    suffixes: &Suffixes,
) -> Result<Region, Expected> {
    let read: Region = region
        .parse()
        .map_err(|_| format!("a region such as eu-central-1 instead of `{region}`"))?;
    let partition = read.partition();
    if suffixes.contains(&(suffix, partition)) {
        return Ok(read);
    }
    Err(match suffixes.iter().find(|(_, p)| *p == partition) {
        Some((right, _)) => format!("the suffix {right} for a host in {region}, not {suffix}"),
        None => format!("a region in a partition that uses {suffix}, not {region}"),
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classic_suffixes_cover_every_partition() {
        for partition in Partition::ALL {
            assert!(
                CLASSIC.contains(&(partition.dns_suffix(), partition)),
                "{partition}"
            );
        }
    }

    #[test]
    fn the_longer_of_two_suffixes_is_matched() {
        let split = split_suffix("db.amazonaws.com.cn", CLASSIC);
        assert_eq!(split, Some(("db", "amazonaws.com.cn")));
    }

    #[test]
    fn a_suffix_starts_at_a_label() {
        assert_eq!(split_suffix("db.notamazonaws.com", CLASSIC), None);
    }
}
