//! Names that are nearly right.

/// How many letters may differ.
const FARTHEST: usize = 4;

/// The nearest of `names` to `wanted`, unless all are far from it.
pub(super) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.map(|name| (distance(wanted, &name.to_lowercase()), name));
    near.filter(|(distance, _)| *distance <= FARTHEST)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out or replaced (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (number, letter) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], number + 1);
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_letters_that_differ() {
        for (left, right, expected) in [
            ("", "abc", 3),
            ("role-arn", "role-arn", 0),
            ("role-arn", "role_arn", 1),
            ("role-arn", "rolearn", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn other_annotations_are_not_near() {
        let wanted = "eks.amazonaws.com/role-arn";
        let others = [
            "eks.amazonaws.com/audience",
            "eks.amazonaws.com/token-expiration",
            "iam.amazonaws.com/role",
        ];
        assert_eq!(nearest(wanted, others.into_iter()), None);
        for near in ["eks.amazonaws.com/Role-ARN", "eks.amazon.com/role-arn"] {
            assert_eq!(nearest(wanted, [near].into_iter()), Some(near));
        }
    }
}
