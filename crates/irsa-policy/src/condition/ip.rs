//! `IpAddress` and `NotIpAddress` (IAM User Guide, "IP address condition operators").

use std::net::IpAddr;

use super::comparison::{Comparison, Compile, parse_all};
use super::test::Values;
use crate::Context;

pub(super) const COMPARISONS: &[Comparison] = &[
    Comparison::positive("IpAddress", WITHIN),
    Comparison::negated("NotIpAddress", WITHIN),
];

const WITHIN: Compile = Compile::Texts(|values| {
    let expected = "an IP address or a range such as `203.0.113.0/24` or `2001:db8::/32`";
    let networks = parse_all(values, expected, Network::parse)?;
    Ok(Box::new(Within(networks)))
});

#[derive(Debug)]
struct Within(Vec<Network>);

#[derive(Debug)]
struct Network {
    address: IpAddr,
    /// The length of the prefix in bits.
    prefix: u32,
}

impl Values for Within {
    fn any_matches(&self, actual: &str, _: &Context) -> bool {
        actual
            .parse()
            .is_ok_and(|address| self.0.iter().any(|network| network.contains(address)))
    }
}

impl Network {
    /// Parses a network; without a prefix length it is a single address.
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let is_number = |prefix: &str| prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = match prefix {
            Some(prefix) if is_number(prefix) => prefix.parse().ok()?,
            Some(_) => return None,
            None => bits,
        };
        (prefix <= bits).then_some(Self { address, prefix })
    }

    fn contains(&self, address: IpAddr) -> bool {
        let differing = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        differing >= self.prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_the_addresses_with_its_prefix() {
        for (range, address, expected) in [
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.77/24", "203.0.113.1", true),
            ("203.0.113.5", "203.0.113.5", true),
            ("203.0.113.5", "203.0.113.4", false),
            ("0.0.0.0/0", "255.1.2.3", true),
            ("2001:DB8:1234:5678::/64", "2001:db8:1234:5678:9::1", true),
            ("2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1", false),
            ("::1", "0:0:0:0:0:0:0:1", true),
            ("::/0", "203.0.113.5", false),
            ("203.0.113.0/24", "::ffff:203.0.113.1", false),
        ] {
            let network = Network::parse(range).unwrap();
            assert_eq!(
                network.contains(address.parse().unwrap()),
                expected,
                "{address} in {range}"
            );
        }
    }

    #[test]
    fn other_texts_are_no_ranges() {
        for text in [
            "",
            "203.0.113",
            "203.0.113.0/33",
            "::/129",
            "1.2.3.4/",
            "1.2.3.4/+8",
            "01.2.3.4",
            "*",
            "10.0.0.0/8/8",
        ] {
            assert!(Network::parse(text).is_none(), "{text}");
        }
    }
}
