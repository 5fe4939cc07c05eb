//! Splits a remedy into its steps, so that each can be shown on a separate line.

/// A step of a remedy and what precedes it on its first line; further lines are indented by the same width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout<'t> {
    /// `- ` in a list, `1. ` for a numbered step, or empty.
    pub lead: &'t str,
    /// The text of the step.
    pub step: &'t str,
}

/// The steps of a remedy: its sentences, the parts between semicolons, and its numbered items. Text in backticks and in
/// parentheses is never split. Several steps without numbers are a list.
pub fn layout(remedy: &str) -> Vec<Layout<'_>> {
    let steps = steps(remedy);
    let has_numbers = steps.iter().any(|step| number(step).is_some());
    let bullet = if steps.len() > 1 && !has_numbers {
        "- "
    } else {
        ""
    };
    let laid_out = steps.into_iter().map(|step| match number(step) {
        Some((lead, step)) => Layout { lead, step },
        None => Layout { lead: bullet, step },
    });
    laid_out.collect()
}

fn steps(remedy: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let mut rest = remedy;
    while let Some(end) = end_of_step(rest) {
        let (step, next) = rest.split_at(end);
        steps.push(step.trim_end().trim_end_matches([';', '.']));
        rest = next.trim_start();
    }
    steps.push(rest);
    steps
}

/// The position after the first step, if another one follows.
fn end_of_step(text: &str) -> Option<usize> {
    let mut is_code = false;
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '`' => is_code = !is_code,
            '(' if !is_code => depth += 1,
            ')' if !is_code => depth = depth.saturating_sub(1),
            ' ' if !is_code && depth == 0 => {
                let (before, after) = text.split_at(at);
                if is_boundary(before, after.trim_start()) {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns whether a step ends between the two texts: at a semicolon, at the end of a sentence, or before a number.
fn is_boundary(before: &str, after: &str) -> bool {
    let word = before.rsplit(' ').next().unwrap_or_default();
    let is_number = number(&format!("{word} ")).is_some();
    let is_sentence = word.ends_with('.') && !is_number && after.starts_with(char::is_uppercase);
    word.ends_with(';') || is_sentence || number(after).is_some()
}

/// The number of a step, as `2. ` in `2. check the boundary`, and the rest.
fn number(step: &str) -> Option<(&str, &str)> {
    let digits = step.find(|char: char| !char.is_ascii_digit())?;
    let (_, rest) = step.split_at(digits);
    let is_number = digits > 0 && rest.starts_with(". ");
    is_number.then(|| step.split_at(digits + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_is_split_at_semicolons_sentences_and_numbers() {
        let remedy = "check, in order: 1. a policy allows it; 2. IAM is on; the log has the reason. Then run `a; b`";
        let expected = [
            ("", "check, in order:"),
            ("1. ", "a policy allows it"),
            ("2. ", "IAM is on"),
            ("", "the log has the reason"),
            ("", "Then run `a; b`"),
        ];
        let expected = expected.map(|(lead, step)| Layout { lead, step });
        assert_eq!(layout(remedy), expected);
    }

    #[test]
    fn steps_without_numbers_are_a_list() {
        let leads: Vec<_> = layout("run `a`; if it fails, run `b`")
            .iter()
            .map(|step| step.lead)
            .collect();
        assert_eq!(leads, ["- ", "- "]);
    }

    #[test]
    fn code_parentheses_and_short_texts_stay_whole() {
        for whole in [
            "run `CREATE USER x; GRANT y`",
            "set it (first; then this. That)",
            "wait for 2.5 s. or longer",
            "",
        ] {
            assert_eq!(
                layout(whole),
                [Layout {
                    lead: "",
                    step: whole
                }]
            );
        }
    }
}
