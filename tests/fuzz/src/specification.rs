//! `irsa.yaml`: read or refused, and what is rendered from it.

use irsa_stack::{Document, Mistakes, Source, Stack, Target, VersionSet, render, set_up_of};

const TARGETS: [Target; 6] = [
    Target::Sql,
    Target::OpenSearch,
    Target::Kubernetes,
    Target::SetupJob(None),
    Target::Lab,
    Target::Terraform(VersionSet::NEWEST),
];

/// A specification: read and rendered, or refused with the place of each mistake.
pub fn specification(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    match resolved(text) {
        Ok(stack) => assert_renders(&stack),
        Err(mistakes) => assert_has_places(&mistakes),
    }
}

fn resolved(text: &str) -> Result<Stack, Mistakes> {
    let source = Source {
        name: "irsa.yaml".to_owned(),
        text: text.to_owned(),
    };
    Document::read(vec![source])?.stack(None)
}

/// The same files each time, each with its header, and no line that a terminal obeys.
fn assert_renders(stack: &Stack) {
    for target in TARGETS {
        let files = render(stack, target, &["irsa.yaml"]);
        assert_eq!(files, render(stack, target, &["irsa.yaml"]));
        for file in files.iter().flatten() {
            let owner = set_up_of(&file.text, target);
            assert_eq!(owner, Some(stack.name.as_str()), "{file:?}");
            let is_harmless = |char: char| char == '\n' || !char.is_control();
            assert!(file.text.chars().all(is_harmless), "{file:?}");
            assert!(!file.path.contains("..") && !file.path.starts_with('/'));
        }
    }
}

fn assert_has_places(mistakes: &Mistakes) {
    let sentences = mistakes.sentences();
    assert!(!sentences.is_empty());
    for sentence in sentences {
        assert!(sentence.starts_with("irsa.yaml:"), "{sentence}");
    }
    assert!(!mistakes.drawn().is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! seed {
        ($name:literal) => {
            resolved(include_str!(concat!("../corpus/specification/", $name)))
        };
    }

    /// Else the fuzzer would never get past the first check.
    #[test]
    fn the_seeds_are_rendered() {
        assert!(seed!("small").is_ok());
        assert!(seed!("hostile").is_ok());
        assert!(seed!("dangling").is_err());
    }
}
