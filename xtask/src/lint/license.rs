//! SPDX license expressions, as far as crates use them.

/// Returns whether the allowed licenses satisfy an expression: `MIT OR (A AND B)`, or the old form `MIT/Apache-2.0`.
pub(super) fn is_met(expression: &str, allowed: &[String]) -> bool {
    let text = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        allowed,
    };
    parser.alternatives() && parser.words.is_empty()
}

/// A recursive-descent parser; AND binds more tightly than OR.
struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl Parser<'_> {
    fn alternatives(&mut self) -> bool {
        let mut met = self.conjunction();
        while self.takes("OR") {
            met |= self.conjunction();
        }
        met
    }

    fn conjunction(&mut self) -> bool {
        let mut met = self.single();
        while self.takes("AND") {
            met &= self.single();
        }
        met
    }

    fn single(&mut self) -> bool {
        if self.takes("(") {
            return self.alternatives() & self.takes(")");
        }
        let Some((name, rest)) = self.words.split_first() else {
            return false;
        };
        self.words = rest;
        let mut name = (*name).to_owned();
        if self.takes("WITH")
            && let Some((exception, rest)) = self.words.split_first()
        {
            self.words = rest;
            name = format!("{name} WITH {exception}");
        }
        self.allowed.contains(&name)
    }

    fn takes(&mut self, word: &str) -> bool {
        match self.words.split_first() {
            Some((first, rest)) if *first == word => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(expression: &str) -> bool {
        is_met(
            expression,
            &["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned),
        )
    }

    #[test]
    fn one_allowed_alternative_is_enough() {
        assert!(met("GPL-3.0-only OR MIT"));
        assert!(met("MIT/Apache-2.0"));
        assert!(met("Apache-2.0 WITH LLVM-exception OR Apache-2.0"));
    }

    #[test]
    fn every_part_of_a_conjunction_counts() {
        assert!(met("MIT AND ISC"));
        assert!(met("MIT AND (GPL-3.0-only OR ISC)"));
        assert!(!met("MIT AND GPL-3.0-only"));
        assert!(!met("GPL-3.0-only AND GPL-2.0-only OR AGPL-3.0-only"));
    }

    #[test]
    fn malformed_expressions_are_not_met() {
        for expression in ["", "(MIT", "MIT)", "MIT ISC", "OR"] {
            assert!(!met(expression), "{expression}");
        }
    }
}
