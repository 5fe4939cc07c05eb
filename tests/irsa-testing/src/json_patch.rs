//! JSON Patch (RFC 6902), as far as the admission webhook uses it: the operation `add`.
//!
//! It is separate from the code that writes patches, and strict where the API server is.

use serde_json::Value;

/// Applies a patch to a document.
///
/// # Errors
/// The operation is not `add`, or its path does not exist in the document (RFC 6902, sections 4.1 and 5).
pub fn apply(document: &mut Value, patch: &Value) -> Result<(), String> {
    let operations = patch.as_array().ok_or("the patch is not a list")?;
    for operation in operations {
        let text = |key: &str| operation.get(key).and_then(Value::as_str);
        let value = operation.get("value").ok_or("an operation has no value")?;
        match (text("op"), text("path")) {
            (Some("add"), Some(pointer)) => add(document, pointer, value.clone())?,
            other => return Err(format!("unexpected operation: {other:?}")),
        }
    }
    Ok(())
}

/// Adds a member to an object, or inserts an item into an array.
fn add(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let (parent, last) = path.rsplit_once('/').ok_or("the path is empty")?;
    let absent = || format!("`{path}` does not exist");
    match document.pointer_mut(parent).ok_or_else(absent)? {
        Value::Object(members) => {
            members.insert(last.replace("~1", "/").replace("~0", "~"), value);
        }
        Value::Array(items) if last == "-" => items.push(value),
        Value::Array(items) => {
            let index: usize = last.parse().map_err(|_| absent())?;
            if index > items.len() {
                return Err(absent());
            }
            items.insert(index, value);
        }
        _ => return Err(absent()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The examples of RFC 6902, appendix A, for `add`.
    #[test]
    fn follows_the_examples_of_the_standard() {
        for (before, path, value, after) in [
            (
                json!({"foo": "bar"}),
                "/baz",
                json!("qux"),
                json!({"baz": "qux", "foo": "bar"}),
            ),
            (
                json!({"foo": ["a", "b"]}),
                "/foo/1",
                json!("x"),
                json!({"foo": ["a", "x", "b"]}),
            ),
            (
                json!({"foo": ["bar"]}),
                "/foo/-",
                json!(["a"]),
                json!({"foo": ["bar", ["a"]]}),
            ),
            (json!({"foo": 1}), "/foo", json!(2), json!({"foo": 2})),
            (json!({}), "/a~1b~0", json!(1), json!({"a/b~": 1})),
        ] {
            let mut document = before;
            let patch = json!([{"op": "add", "path": path, "value": value}]);
            apply(&mut document, &patch).unwrap();
            assert_eq!(document, after);
        }
    }

    #[test]
    fn rejects_paths_that_do_not_exist() {
        for path in ["/bar/baz", "/foo/2", "/foo/x", "/text/a", ""] {
            let mut document = json!({"foo": ["a"], "text": "b"});
            let patch = json!([{"op": "add", "path": path, "value": 1}]);
            assert!(apply(&mut document, &patch).is_err(), "{path}");
        }
    }
}
