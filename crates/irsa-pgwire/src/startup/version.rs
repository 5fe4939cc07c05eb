//! Protocol versions.

use std::fmt;

/// A protocol version, such as `3.2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The major version. Major versions are incompatible with each other; 3 since PostgreSQL 7.4.
    pub major: u16,
    /// The minor version, which is negotiable.
    pub minor: u16,
}

// === impl Version ===

impl Version {
    /// The version that all current servers and clients support.
    pub const V3_0: Self = Self { major: 3, minor: 0 };
    /// The version with cancel keys of up to 256 bytes (PostgreSQL 18).
    pub const V3_2: Self = Self { major: 3, minor: 2 };
}

impl From<u32> for Version {
    fn from(word: u32) -> Self {
        let [a, b, c, d] = word.to_be_bytes();
        Self {
            major: u16::from_be_bytes([a, b]),
            minor: u16::from_be_bytes([c, d]),
        }
    }
}

impl From<Version> for u32 {
    fn from(version: Version) -> Self {
        Self::from(version.major) << 16 | Self::from(version.minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_from_and_to_a_32_bit_number() {
        let grease = Version::from(206_607);
        assert_eq!(grease.to_string(), "3.9999");
        assert_eq!(u32::from(grease), 206_607);
        assert!(grease > Version::V3_2);
    }
}
