//! `Numeric…` operators (IAM User Guide, "Numeric condition operators"): integers and decimals.

use std::cmp::Ordering;

use super::comparison::{Comparison, Compile};
use super::ordered::{Scale, compile};

pub(super) const COMPARISONS: &[Comparison] = &[
    Comparison::positive("NumericEquals", EQUALS),
    Comparison::negated("NumericNotEquals", EQUALS),
    Comparison::positive("NumericLessThan", LESS),
    Comparison::positive("NumericLessThanEquals", LESS_OR_EQUAL),
    Comparison::positive("NumericGreaterThan", GREATER),
    Comparison::positive("NumericGreaterThanEquals", GREATER_OR_EQUAL),
];

const EQUALS: Compile = Compile::Numbers(|values| compile::<Number>(values, Ordering::is_eq));
const LESS: Compile = Compile::Numbers(|values| compile::<Number>(values, Ordering::is_lt));
const LESS_OR_EQUAL: Compile =
    Compile::Numbers(|values| compile::<Number>(values, Ordering::is_le));
const GREATER: Compile = Compile::Numbers(|values| compile::<Number>(values, Ordering::is_gt));
const GREATER_OR_EQUAL: Compile =
    Compile::Numbers(|values| compile::<Number>(values, Ordering::is_ge));

/// The maximum number of digits after the decimal point, and before it. Decimal numbers are exact, unlike binary
/// fractions.
const DIGITS: usize = 18;

/// A decimal number, multiplied by `10^DIGITS`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number(i128);

impl Scale for Number {
    const EXPECTED: &'static str =
        "a number with up to 18 digits before and after the decimal point";

    fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |digits: &str| {
            (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        };
        if !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let shifted: i128 = format!("{whole}{fraction:0<DIGITS$}").parse().ok()?;
        Some(Self(sign * shifted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value_and_exactly() {
        let order = |a: &str, b: &str| Number::parse(a).unwrap().cmp(&Number::parse(b).unwrap());
        for (a, b, expected) in [
            ("10", "9", Ordering::Greater),
            ("1.50", "1.5", Ordering::Equal),
            ("007", "7", Ordering::Equal),
            ("-0", "0", Ordering::Equal),
            ("-2", "-1.5", Ordering::Less),
            ("0.1", "0.10000000000000001", Ordering::Less),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
        ] {
            assert_eq!(order(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn other_texts_are_not_numbers() {
        for text in [
            "", "-", "1.", ".5", "1e3", "+1", " 1", "0x1", "1,5", "1.2.3", "NaN",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
