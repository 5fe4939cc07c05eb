//! The header of rendered files: who made the file from what, so that only irsa's own files are ever replaced.

use irsa_chain::untrusted::printable;

use super::{File, Target};

/// Returns the name of the set-up that a file was rendered for by this target; `None` for a file that the target did not
/// render.
///
/// The header is the first line, or the second one of a script.
pub fn set_up_of(text: &str, target: Target) -> Option<&str> {
    let mut lines = text.lines();
    let first = lines.next()?;
    let line = if first.starts_with("#!") {
        lines.next()?
    } else {
        first
    };
    let mark = line.strip_prefix(comment(target))?.strip_prefix(' ')?;
    let name = mark.strip_prefix(&beginning(target))?;
    Some(name.split_once('`')?.0)
}

/// Adds the header to a file. `names`: the files that it was made from, whose SHA-256 is `digest`.
pub(super) fn add(file: File, target: Target, set_up: &str, digest: &str, names: &[&str]) -> File {
    // Without folders, so that the file is the same wherever irsa runs.
    let names: Vec<_> = names
        .iter()
        .map(|name| name.rsplit('/').next().unwrap_or(name))
        .map(|name| printable(name).to_string())
        .collect();
    let (comment, beginning) = (comment(target), beginning(target));
    let header = format!(
        "{comment} {beginning}{set_up}`: irsa {}, from {}, SHA-256 {digest}.\n{comment} Changes are overwritten.\n",
        env!("CARGO_PKG_VERSION"),
        names.join(", "),
    );
    let first_line = file.text.split_once('\n');
    let text = match first_line.filter(|(first, _)| first.starts_with("#!")) {
        Some((first, rest)) => format!("{first}\n{header}\n{rest}"),
        None => format!("{header}\n{}", file.text),
    };
    File { text, ..file }
}

/// The header up to the name of the set-up.
fn beginning(target: Target) -> String {
    format!("Rendered by `irsa render {}` for `", target.name())
}

fn comment(target: Target) -> &'static str {
    if target == Target::Sql { "--" } else { "#" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_header_says_whose_a_file_is() {
        let header =
            "Rendered by `irsa render sql` for `shop`: irsa 0.1.0, from irsa.yaml, SHA-256 0.\n";
        assert_eq!(
            set_up_of(&format!("-- {header}\nSELECT 1;"), Target::Sql),
            Some("shop")
        );
        for text in [
            String::new(),
            "-- Rendered by `irsa render sql`".to_owned(),
            format!("# {header}"),
            format!("SELECT '-- {header}'"),
            format!("-- My notes: {header}"),
            format!("\n-- {header}"),
            format!("-- mine\n-- {header}"),
        ] {
            assert_eq!(set_up_of(&text, Target::Sql), None, "{text}");
        }
        let script = format!("#!/bin/sh\n# {}", header.replace("sql", "opensearch"));
        assert_eq!(set_up_of(&script, Target::OpenSearch), Some("shop"));
        assert_eq!(set_up_of(&script, Target::Kubernetes), None);
    }
}
