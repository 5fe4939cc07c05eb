use hcl::eval::{Context, Evaluate as _};
use proptest::prelude::*;

use super::*;

/// A file as a reader of HCL evaluates it.
fn read(text: &str) -> serde_json::Value {
    let body = hcl::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let context = Context::new();
    let body = body.evaluate(&context);
    let body = body.unwrap_or_else(|error| panic!("{error}\n{text}"));
    hcl::from_body(body).unwrap()
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
    fn every_text_comes_back(key in text(), value in text()) {
        let body = Body::new()
            .text("a", &value)
            .set("b", Expression::object([(key.as_str(), Expression::texts([&value, &key]))]));
        let read = read(&body.write());
        prop_assert_eq!(read["a"].as_str(), Some(value.as_str()));
        let object = read["b"].as_object().unwrap();
        let (found, list) = object.iter().next().unwrap();
        prop_assert_eq!(found, &key);
        prop_assert_eq!(list[0].as_str(), Some(value.as_str()));
        prop_assert_eq!(list[1].as_str(), Some(key.as_str()));
    }
}
