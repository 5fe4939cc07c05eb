//! Misspelled names.

/// The maximum number of letters that may differ.
const MAX_DISTANCE: usize = 4;

/// The name that is most similar to `wanted`, if any is similar enough.
pub(super) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.map(|name| (distance(wanted, &name.to_lowercase()), name));
    near.filter(|(distance, _)| *distance <= MAX_DISTANCE)
        .min()
        .map(|(_, name)| name)
}

/// The number of letters to insert, delete or replace (Levenshtein distance).
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
