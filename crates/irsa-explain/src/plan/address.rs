//! Resource and module addresses: `module.a["x"].aws_iam_role.b[0]`.

/// Splits an address at its dots, except for dots in keys.
pub(super) fn parts(address: &str) -> Vec<&str> {
    let (mut is_key, mut is_text, mut is_escaped) = (false, false, false);
    let split = |char: char| {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' if is_key => is_text = !is_text,
            '[' if !is_text => is_key = true,
            ']' if !is_text => is_key = false,
            _ => {}
        }
        char == '.' && !is_key
    };
    address.split(split).collect()
}

/// The address without the keys of `count` and `for_each`, as in the configuration.
pub(super) fn without_keys(address: &str) -> String {
    let bare = |part: &str| part.split('[').next().unwrap_or_default().to_owned();
    let parts = parts(address).into_iter();
    parts.map(bare).collect::<Vec<_>>().join(".")
}

/// The names of the modules in a module address, outermost first.
pub(super) fn modules(address: &str) -> Vec<String> {
    let plain = without_keys(address);
    let names = plain
        .split('.')
        .filter(|name| *name != "module" && !name.is_empty());
    names.map(str::to_owned).collect()
}

/// The key in brackets at the end of an address, as written.
pub(super) fn key(address: &str) -> Option<&str> {
    let rest = address.strip_suffix(']')?;
    let start = match rest.strip_suffix('"') {
        Some(text) => text.rfind("[\"")?,
        None => rest.rfind('[')?,
    };
    rest.get(start + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_can_contain_any_characters() {
        let address = r#"module.a["x.y[0]\"]"].aws_iam_role.b[0]"#;
        assert_eq!(parts(address).len(), 4);
        assert_eq!(without_keys(address), "module.a.aws_iam_role.b");
        assert_eq!(modules(r#"module.a["x.y"].module.b[0]"#), ["a", "b"]);
        assert_eq!(modules(""), [""; 0]);
        assert_eq!(key(address), Some("0"));
        assert_eq!(key(r#"aws_iam_role.b["x]["]"#), Some(r#""x][""#));
        assert_eq!(key("aws_iam_role.b"), None);
    }
}
