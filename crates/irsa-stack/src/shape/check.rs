//! Compares a document with its form.

use irsa_chain::untrusted::quoted;

use super::rules::{any_text, secret_in};
use super::{Field, Rule, Shape, Word};
use crate::mistake::{Mistake, Place};
use crate::tree::{Node, Value};

/// Adds a mistake for everything in `node` that does not have this shape.
pub(crate) fn check(node: &Node, shape: &Shape, mistakes: &mut Vec<Mistake>) {
    Check { mistakes }.node("the file", node, shape);
}

struct Check<'m> {
    mistakes: &'m mut Vec<Mistake>,
}

impl Check<'_> {
    /// `name`: what messages call the value.
    fn node(&mut self, name: &str, node: &Node, shape: &Shape) {
        match (shape, &node.value) {
            (Shape::Text(rule) | Shape::TextOrRecord(rule, _), Value::Text(text)) => {
                self.text(name, text, rule, &node.place);
            }
            (Shape::Integer { min, max }, Value::Integer(integer)) => {
                let is_inside = (*min..=*max).contains(integer);
                self.range(name, *integer, is_inside, (min, max), node);
            }
            (Shape::Number { min, max }, Value::Number(number)) => {
                let is_inside = (*min..=*max).contains(number);
                self.range(name, *number, is_inside, (min, max), node);
            }
            (Shape::Number { .. }, Value::Integer(_)) | (Shape::Flag, Value::Flag(_)) => {}
            (Shape::Choice(words), Value::Text(text)) => self.choice(name, text, words, node),
            (Shape::List(shape), Value::List(nodes)) => {
                for node in nodes {
                    self.node(&format!("an item of {name}"), node, shape);
                }
            }
            (Shape::Map { key, value }, Value::Map(_)) => self.map(node, key, value),
            (Shape::Record(fields) | Shape::TextOrRecord(_, fields), Value::Map(_)) => {
                self.record(name, node, fields);
            }
            _ => self.wrong_type(name, node, shape),
        }
    }

    /// Returns whether the text was refused as a secret.
    fn secret(&mut self, name: &str, text: &str, place: &Place) -> bool {
        let Some(what) = secret_in(text) else {
            return false;
        };
        let message = format!("{name} contains {what}: this file must not contain secrets");
        self.mistakes
            .push(Mistake::new(place.clone(), message).hidden());
        true
    }

    fn text(&mut self, name: &str, text: &str, rule: &Rule, place: &Place) {
        if self.secret(name, text, place) {
            return;
        }
        if let Err(problem) = any_text(text) {
            let message = format!("{name}: {} {problem}", quoted(text));
            self.mistakes.push(Mistake::new(place.clone(), message));
        } else if let Err(expected) = (rule.check)(text) {
            let message = format!("{name}: {} is not {}", quoted(text), rule.noun);
            let mistake = Mistake::new(place.clone(), message);
            self.mistakes
                .push(mistake.with_help(format!("expected {expected}")));
        }
    }

    fn range<T: std::fmt::Display>(
        &mut self,
        name: &str,
        value: T,
        is_inside: bool,
        (min, max): (&T, &T),
        node: &Node,
    ) {
        if !is_inside {
            let message = format!("{name} is {value}, expected {min} to {max}");
            self.mistakes
                .push(Mistake::new(node.place.clone(), message));
        }
    }

    fn choice(&mut self, name: &str, text: &str, words: &[Word], node: &Node) {
        if words.iter().any(|word| word.name == text) {
            return;
        }
        let names = words.iter().map(|word| word.name);
        // What stands in place of `managed` may be the password.
        if name == "`password`" {
            let message = "`password` must not be the password itself";
            let mistake = Mistake::new(node.place.clone(), message).hidden();
            self.mistakes.push(mistake.suggesting("", names));
            return;
        }
        if self.secret(name, text, &node.place) {
            return;
        }
        let message = format!("{name}: {} is not a valid value", quoted(text));
        let mistake = Mistake::new(node.place.clone(), message);
        self.mistakes.push(mistake.suggesting(text, names));
    }

    fn map(&mut self, node: &Node, key: &Rule, value: &Shape) {
        for entry in node.entries() {
            self.text("the key", &entry.key, key, &entry.key_place);
            if secret_in(&entry.key).is_some() {
                continue;
            }
            self.node(&quoted(&entry.key).to_string(), &entry.node, value);
        }
    }

    fn record(&mut self, name: &str, node: &Node, fields: &[Field]) {
        for entry in node.entries() {
            match fields.iter().find(|field| field.name == entry.key) {
                Some(field) => self.node(&format!("`{}`", field.name), &entry.node, &field.shape),
                None => self.unknown(&entry.key, &entry.key_place, fields),
            }
        }
        for field in fields.iter().filter(|field| field.is_required) {
            if node.child(field.name).is_none() {
                let message = format!("{name} needs the key `{}`", field.name);
                let mistake = Mistake::new(node.place.clone(), message);
                self.mistakes.push(mistake.with_help(field.doc));
            }
        }
    }

    fn unknown(&mut self, key: &str, place: &Place, fields: &[Field]) {
        if self.secret("the key", key, place) {
            return;
        }
        let message = format!("unknown key {}", quoted(key));
        let names = fields.iter().map(|field| field.name);
        let mistake = Mistake::new(place.clone(), message).suggesting(key, names);
        self.mistakes.push(mistake);
    }

    fn wrong_type(&mut self, name: &str, node: &Node, shape: &Shape) {
        let (expected, found) = (expected(shape), found(&node.value));
        let message = format!("{name} is {found}, expected {expected}");
        let mistake = Mistake::new(node.place.clone(), message);
        let is_text = matches!(shape, Shape::Text(_) | Shape::TextOrRecord(..));
        let is_scalar = matches!(
            node.value,
            Value::Integer(_) | Value::Number(_) | Value::Flag(_)
        );
        self.mistakes.push(if is_text && is_scalar {
            mistake.with_help("put it in quotes")
        } else {
            mistake
        });
    }
}

fn expected(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text(rule) => rule.noun,
        Shape::Integer { .. } => "a whole number",
        Shape::Number { .. } => "a number",
        Shape::Flag => "true or false",
        Shape::Choice(_) => "a word",
        Shape::List(_) => "a list",
        Shape::Map { .. } | Shape::Record(_) => "a map",
        Shape::TextOrRecord(..) => "a string or a map",
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Flag(_) => "true or false",
        Value::Integer(_) | Value::Number(_) => "a number",
        Value::Text(_) => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
    }
}
