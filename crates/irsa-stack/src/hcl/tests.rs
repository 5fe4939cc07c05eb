use proptest::prelude::*;

use super::*;

/// Reads a text in quotes by the rules of HCL ("HCL Native Syntax Specification", "Quoted literals"): the text, and what
/// follows it. Nothing in it may begin a template.
fn read(quoted: &str) -> Option<(String, &str)> {
    let mut rest = quoted.strip_prefix('"')?;
    let mut text = String::new();
    loop {
        let escapes = [
            ("\\n", '\n'),
            ("\\r", '\r'),
            ("\\t", '\t'),
            ("\\\"", '"'),
            ("\\\\", '\\'),
        ];
        let escape = escapes.iter().find(|(escape, _)| rest.starts_with(escape));
        if let Some((escape, char)) = escape {
            text.push(*char);
            rest = rest.strip_prefix(escape)?;
        } else if let Some((digits, length)) = code(rest) {
            text.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
            rest = rest.get(length..)?;
        } else if rest.starts_with("$${") || rest.starts_with("%%{") {
            text.push_str(rest.get(1..3)?);
            rest = rest.get(3..)?;
        } else if rest.starts_with("${") || rest.starts_with("%{") {
            return None;
        } else {
            let char = rest.chars().next()?;
            rest = rest.strip_prefix(char)?;
            match char {
                '"' => return Some((text, rest)),
                '\\' | '\n' | '\r' => return None,
                _ => text.push(char),
            }
        }
    }
}

/// The digits of `\u0000` or `\U00000000`, and the length of the whole.
fn code(text: &str) -> Option<(&str, usize)> {
    let length = match text.get(..2)? {
        "\\u" => 6,
        "\\U" => 10,
        _ => return None,
    };
    Some((text.get(2..length)?, length))
}

#[test]
fn neighbors_are_aligned_and_blocks_are_apart() {
    let body = Body::new()
        .comment("Two lines,\nof a comment")
        .block(Block::named(
            "resource",
            "aws_x",
            "y",
            Body::new()
                .text("a", "1")
                .integer("longer", 2u64)
                .set("tags", Expression::object([("k", Expression::text("v"))]))
                .flag("b", true)
                .block(Block::plain("empty", Body::new()))
                .block(Block::plain("c", Body::new().reference("d", "e.f"))),
        ));
    let expected = "\
# Two lines,
# of a comment
resource \"aws_x\" \"y\" {
  a      = \"1\"
  longer = 2
  tags = {
    k = \"v\"
  }
  b = true

  empty {
  }

  c {
    d = e.f
  }
}
";
    assert_eq!(body.write(), expected);
}

#[test]
fn long_lists_have_a_line_for_each_item() {
    let items = ["a".repeat(40), "b".repeat(40)];
    let body = Body::new().set("x", Expression::texts(&items));
    let [a, b] = items;
    assert_eq!(body.write(), format!("x = [\n  \"{a}\",\n  \"{b}\",\n]\n"));
}

#[test]
fn only_the_place_of_a_resource_id_becomes_a_reference() {
    let substitutions = [
        ("cluster-B".to_owned(), "b.id".to_owned()),
        ("cluster-A".to_owned(), "a.id".to_owned()),
    ];
    let policy = r#"{"Resource": "arn:dbuser:cluster-A/cluster-B", "Version": "1"}"#;
    let body = Body::new().set("x", Expression::policy(policy, &substitutions));
    let expected = "\
x = jsonencode({
  Version  = \"1\"
  Resource = \"arn:dbuser:${a.id}/cluster-B\"
})
";
    assert_eq!(body.write(), expected);
}

#[test]
fn the_longest_of_two_names_becomes_a_reference() {
    let substitutions = [
        ("role/a".to_owned(), "a.arn".to_owned()),
        ("role/a-b".to_owned(), "a_b.arn".to_owned()),
    ];
    let body = Body::new().set("x", Expression::policy(r#"["role/a-b"]"#, &substitutions));
    assert_eq!(body.write(), "x = jsonencode([a_b.arn])\n");
}

#[test]
fn templates_are_not_begun_by_texts() {
    for (text, expected) in [
        ("${a}", r#""$${a}""#),
        ("%{a}", r#""%%{a}""#),
        ("$${a}", r#""$\u0024{a}""#),
        ("50%", r#""50%""#),
        ("a\"\\\n\0", r#""a\"\\\n\u0000""#),
    ] {
        assert_eq!(quoted(text), expected);
    }
    let cost = Expression::numbered("$", "a.b");
    assert_eq!(
        Body::new().set("x", cost).write(),
        "x = \"\\u0024${a.b}\"\n"
    );
}

#[test]
fn a_comment_is_never_more_than_a_comment() {
    let body = Body::new().comment("a\nb\r\u{2028}*/ x = 1");
    assert_eq!(body.write(), "# a\n# b\\r\\u{2028}*/ x = 1\n");
}

fn text() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(vec![
        "$",
        "%",
        "{",
        "}",
        "\"",
        "\\",
        "\n",
        "\r",
        "\0",
        "$${",
        "%%{",
        "~}",
        "<<EOT",
        "é",
        "\u{2028}",
        "\u{e0001}",
    ]);
    let hostile = prop::collection::vec(hostile, 0..8);
    prop_oneof![any::<String>(), hostile.prop_map(|parts| parts.concat())]
}

proptest! {
    #[test]
    fn every_text_comes_back(text in text()) {
        let quoted = quoted(&text);
        prop_assert_eq!(read(&quoted), Some((text, "")));
    }

    /// A text before a reference ends where the reference begins.
    #[test]
    fn a_text_before_a_reference_comes_back(text in text()) {
        let body = Body::new().set("a", Expression::numbered(&text, "b.c"));
        let written = body.write();
        let before = written.strip_suffix("${b.c}\"\n").unwrap();
        let before = before.strip_prefix("a = ").unwrap();
        let quoted = format!("{before}\"");
        prop_assert_eq!(read(&quoted), Some((text, "")));
    }

    /// Keys are in ASCII, and are quoted unless they are identifiers.
    #[test]
    fn every_key_comes_back(key in text()) {
        let value = Expression::object([(key.as_str(), Expression::Integer(1))]);
        let written = Body::new().set("a", value).write();
        let line = written.lines().nth(1).unwrap();
        prop_assert!(line.is_ascii() && written.lines().count() == 3, "{}", written);
        let found = line.trim_start().strip_suffix(" = 1").unwrap();
        if let Some((text, rest)) = read(found) {
            prop_assert_eq!((text, rest), (key, ""));
        } else {
            prop_assert_eq!(found, key);
        }
    }
}
