//! Quantities of resources, such as `20m` and `256Mi` (Kubernetes API conventions, "Quantity").

/// The suffixes with their factors.
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// The value of a quantity that is not negative, or `None` if the text is not one. Precise enough to compare requests
/// with limits.
pub fn parse(text: &str) -> Option<f64> {
    let mut suffixes = SUFFIXES.iter();
    let split = suffixes.find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)));
    let (number, factor) = split.unwrap_or((text, 1.0));
    let is_number = !number.is_empty()
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && number != ".";
    let number: f64 = number.parse().ok().filter(|_| is_number)?;
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_decimal_and_binary_suffixes() {
        assert_eq!(parse("20m"), Some(0.02));
        assert_eq!(parse("0.5"), Some(0.5));
        assert_eq!(parse("64Mi"), Some(67_108_864.0));
        assert!(parse("1Gi") > parse("1G"));
    }

    #[test]
    fn rejects_other_text() {
        for text in [
            "", "Mi", "-1", "64 Mi", "64MiB", "1,5", ".", "nan", "1e3", "inf", "1.2.3",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
