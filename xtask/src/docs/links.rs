//! Links in Markdown.

use std::ops::Range;

/// An inline link, `[text](target)`, as byte ranges of its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// From the opening bracket to the closing parenthesis.
    pub(super) whole: Range<usize>,
    pub(super) text: Range<usize>,
    pub(super) target: Range<usize>,
}

/// Returns the links of a page in order, without those in code.
pub(super) fn links(page: &str) -> Vec<Link> {
    let bytes = page.as_bytes();
    let mut links = Vec::new();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'`' => at = after_code(page, at) - 1,
            b'[' => open.push(at),
            b']' => {
                let start = open.pop();
                let target = target(page, at + 1);
                if let (Some(start), Some(target)) = (start, target) {
                    links.push(Link {
                        whole: start..target.end + 1,
                        text: start + 1..at,
                        target,
                    });
                }
            }
            _ => {}
        }
        at += 1;
    }
    links
}

/// Returns the position after the code that starts here: the next run of as many backticks. A lone run is text.
fn after_code(page: &str, at: usize) -> usize {
    let rest = &page[at..];
    let length = rest.len() - rest.trim_start_matches('`').len();
    let body = at + length;
    let mut from = body;
    while let Some(start) = page[from..].find('`').map(|start| from + start) {
        let run = &page[start..];
        let run = run.len() - run.trim_start_matches('`').len();
        if run == length {
            return start + run;
        }
        from = start + run;
    }
    body
}

fn target(page: &str, at: usize) -> Option<Range<usize>> {
    let target = page.get(at..)?.strip_prefix('(')?;
    let end = target.find(')')?;
    Some(at + 1..at + 1 + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str) -> Vec<(&str, &str)> {
        let links = links(page).into_iter();
        links
            .map(|link| (&page[link.text], &page[link.target]))
            .collect()
    }

    #[test]
    fn links_have_text_and_target() {
        assert_eq!(
            found("see [a\nb](c.md#d) and [`e`](f), not [g] (h) or \\[i](j)"),
            [("a\nb", "c.md#d"), ("`e`", "f")]
        );
    }

    #[test]
    fn code_has_no_links() {
        assert_eq!(found("`[a](b)` ``[c](d) ` `` [e](f)"), [("e", "f")]);
        assert_eq!(found("```sh\n[a](b)\n```\n[c](d)"), [("c", "d")]);
        assert_eq!(found("a lone ` and [a](b)"), [("a", "b")]);
    }
}
