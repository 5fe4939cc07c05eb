//! Deterministic pseudo-random mutations of seeds.

/// Bytes with a special meaning in some format.
const SPECIAL: &[u8] = b"\0\x01\x03\x04\x7f\x80\xff \n\"$%&*+,-./09:=?@AZ\\_az{}[]";

/// Boundary values of lengths.
const LENGTHS: [u32; 9] = [
    0,
    3,
    4,
    8,
    10_004,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    u32::MAX,
];

/// A generator of mutations.
pub(crate) struct Mutator {
    state: u64,
}

impl Mutator {
    /// Creates a generator whose mutations depend only on `name`.
    pub(crate) fn new(name: &str) -> Self {
        let mix = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let state = name.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
        Self { state }
    }

    /// Returns a number below `end`, or 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let random = usize::try_from(self.next() >> 32).unwrap();
        random % end.max(1)
    }

    /// Returns `seed` with one to four edits, some of which copy bytes from `other`.
    pub(crate) fn mutated(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            self.edit(&mut bytes, other);
        }
        bytes
    }

    fn edit(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len());
        let end = (at + 1 + self.below(8)).min(bytes.len());
        let special = SPECIAL[self.below(SPECIAL.len())];
        match self.below(8) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
            1 if !bytes.is_empty() => bytes[at] = special,
            2 => bytes.insert(at, special),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            5 => bytes.extend_from_within(at..end),
            6 => {
                let length = LENGTHS[self.below(LENGTHS.len())].to_be_bytes();
                let end = (at + length.len()).min(bytes.len());
                bytes.splice(at..end, length);
            }
            _ => {
                let from = self.below(other.len());
                let to = (from + 1 + self.below(64)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
        }
    }

    /// The xorshift64* generator.
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
