//! Line-based analysis of Rust source, as rustfmt formats it.

/// The kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Doc,
    Comment,
    Code,
}

/// Returns the kind of a line.
pub(super) fn kind(line: &str) -> Kind {
    let line = line.trim();
    if line.is_empty() {
        Kind::Blank
    } else if line.starts_with("///") || line.starts_with("//!") {
        Kind::Doc
    } else if line.starts_with("//") {
        Kind::Comment
    } else {
        Kind::Code
    }
}

/// Returns whether the first lines mark the file as generated.
pub(super) fn is_generated(lines: &[&str]) -> bool {
    lines
        .iter()
        .take(5)
        .any(|line| line.contains(concat!("@", "generated")) || line.contains("DO NOT EDIT"))
}

/// Number of `unwrap` and `expect` calls in a line.
pub(super) fn unwraps(line: &str) -> usize {
    line.matches(concat!(".unwrap", "()")).count() + line.matches(concat!(".expect", "(")).count()
}

/// Returns the lines without `#[cfg(test)] mod NAME { .. }`.
pub(super) fn without_tests<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let mut kept = Vec::with_capacity(lines.len());
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        if let Some(end) = is_test_attribute(line)
            .then(|| end_of_module(after))
            .flatten()
        {
            rest = after.get(end..).unwrap_or_default();
        } else {
            kept.push(*line);
            rest = after;
        }
    }
    kept
}

/// Returns the length of each function, including its signature and braces.
pub(super) fn fn_lengths(lines: &[&str]) -> Vec<usize> {
    lines
        .iter()
        .enumerate()
        .filter_map(|(start, _)| fn_length(lines.get(start..)?))
        .collect()
}

/// Returns the length of the function that starts at the first line; `None` if it has no body or is not a function.
fn fn_length(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?;
    let indentation = fn_indentation(first)?;
    if first.contains('{') && first.trim_end().ends_with('}') {
        return Some(1);
    }
    let mut has_body = false;
    for (index, line) in lines.iter().enumerate() {
        has_body |= line.contains('{');
        if index > 0 && line.strip_prefix(indentation) == Some("}") {
            return Some(index + 1);
        }
        if !has_body && line.trim_end().ends_with(';') {
            return None;
        }
    }
    None
}

/// Returns the white space before `pub(crate) const async unsafe extern "C" fn name`.
fn fn_indentation(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let indentation = line.get(..line.len() - text.len())?;
    let mut rest = text;
    loop {
        let (word, after) = rest.split_once(' ')?;
        let is_qualifier = matches!(
            word,
            "pub" | "default" | "const" | "async" | "unsafe" | "extern"
        ) || word.starts_with("pub(")
            || (word.starts_with('"') && word.ends_with('"'));
        match word {
            "fn" => {
                return after
                    .starts_with(|c: char| c.is_alphabetic() || c == '_')
                    .then_some(indentation);
            }
            _ if is_qualifier => rest = after,
            _ => return None,
        }
    }
}

fn is_test_attribute(line: &str) -> bool {
    line.starts_with("#[cfg(test)") || line.starts_with("#[cfg(all(test")
}

/// Returns the number of lines of a module, including further attributes; `None` if no inline module follows.
fn end_of_module(lines: &[&str]) -> Option<usize> {
    let head = lines
        .iter()
        .position(|line| !(line.trim().starts_with("#[") || line.trim().starts_with("//")))?;
    let opening = lines.get(head)?;
    if !(opening.starts_with("mod ") || opening.starts_with("pub"))
        || !opening.trim_end().ends_with('{')
    {
        return None;
    }
    lines
        .iter()
        .skip(head)
        .position(|line| line.starts_with('}'))
        .map(|end| head + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<&str> {
        text.lines().collect()
    }

    #[test]
    fn functions_are_measured_by_indentation() {
        let text = "fn one() {}\nimpl A {\n    pub(crate) async fn three() {\n        if x {\n        }\n    }\n}\n";
        assert_eq!(fn_lengths(&lines(text)), [1, 4]);
    }

    #[test]
    fn declarations_without_a_body_are_not_measured() {
        assert!(
            fn_lengths(&lines(
                "trait A {\n    fn b(\n        c: u8,\n    ) -> u8;\n}\n"
            ))
            .is_empty()
        );
    }

    #[test]
    fn function_pointers_are_not_functions() {
        assert_eq!(fn_indentation("    run: fn(&str),"), None);
        assert_eq!(
            fn_indentation("    unsafe extern \"C\" fn main() {"),
            Some("    ")
        );
    }

    #[test]
    fn test_modules_are_removed() {
        let text =
            "fn a() {}\n#[cfg(test)]\n#[expect(x)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        assert_eq!(without_tests(&lines(text)), ["fn a() {}", "fn c() {}"]);
    }

    #[test]
    fn a_test_module_in_its_own_file_is_kept() {
        let text = "#[cfg(test)]\nmod tests;\nfn a() {}\n";
        assert_eq!(without_tests(&lines(text)).len(), 3);
    }
}
