//! The form as a JSON Schema (draft 2020-12), for editors.

use serde_json::{Map, Value, json};

use super::{Field, Rule, SPECIFICATION, Shape};

/// The JSON Schema of `irsa.yaml`, as text that ends with a line end.
///
/// A rule that no regular expression expresses is missing in it: a file that the schema accepts may still be refused.
pub fn json_schema() -> String {
    let mut schema = schema(&SPECIFICATION);
    if let Some(root) = schema.as_object_mut() {
        root.insert(
            "$schema".to_owned(),
            "https://json-schema.org/draft/2020-12/schema".into(),
        );
        root.insert("title".to_owned(), "irsa.yaml".into());
    }
    format!("{schema:#}\n")
}

fn schema(shape: &Shape) -> Value {
    match shape {
        Shape::Text(rule) => text(rule),
        Shape::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Shape::Number { min, max } => json!({"type": "number", "minimum": min, "maximum": max}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Choice(words) => {
            let word = |word: &super::Word| json!({"const": word.name, "description": word.doc});
            json!({"oneOf": words.iter().map(word).collect::<Vec<_>>()})
        }
        Shape::List(item) => json!({"type": "array", "items": schema(item)}),
        Shape::Map { key, value } => json!({
            "type": "object",
            "propertyNames": text(key),
            "additionalProperties": nullable(&schema(value)),
        }),
        Shape::Record(fields) => record(fields),
        Shape::TextOrRecord(rule, fields) => json!({"oneOf": [text(rule), record(fields)]}),
    }
}

fn text(rule: &Rule) -> Value {
    match rule.pattern {
        Some(pattern) => json!({"type": "string", "pattern": pattern}),
        None => json!({"type": "string"}),
    }
}

fn record(fields: &[Field]) -> Value {
    let property = |field: &Field| {
        let mut property = schema(&field.shape);
        if let Some(object) = property.as_object_mut() {
            object.insert("description".to_owned(), field.doc.into());
        }
        (field.name.to_owned(), property)
    };
    let required = fields.iter().filter(|field| field.is_required);
    let required: Vec<_> = required.map(|field| field.name).collect();
    let properties: Map<_, _> = fields.iter().map(property).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A later file removes an entry by `null`.
fn nullable(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}
