//! A concise notation for requests to several layers of policies.

use irsa_policy::{Context, Decision, Layer, Outcome, PolicyDocuments, Principal, Request};
use serde_json::{Value, json};

/// A request and the policies that decide it.
pub(crate) struct World<'a> {
    pub(crate) principal: Principal<'a>,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) context: Context,
    pub(crate) account: Option<&'a str>,
    policies: Vec<(Layer, Value)>,
}

impl<'a> World<'a> {
    pub(crate) fn new(principal: &'a str, action: &'a str, resource: &'a str) -> Self {
        Self {
            principal: Principal::Aws(principal),
            action,
            resource,
            context: Context::new(),
            account: None,
            policies: Vec::new(),
        }
    }

    /// Adds these statements as a policy of the layer.
    pub(crate) fn with(mut self, layer: Layer, statements: Value) -> Self {
        self.policies.push((layer, statements));
        self
    }

    /// Sets the account of the resource.
    pub(crate) fn owned_by(mut self, account: &'a str) -> Self {
        self.account = Some(account);
        self
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let documents = self.documents();
        let mut set = documents.set();
        set.resource_account = self.account;
        let request = Request {
            principal: self.principal,
            action: self.action,
            resource: Some(self.resource),
            context: &self.context,
        };
        let outcome = set.decide(&request);
        assert_eq!(outcome.decision, set.evaluate(&request));
        let mut misses = outcome.near_misses.iter();
        assert!(misses.all(|(_, miss)| !miss.mismatches.is_empty()));
        outcome
    }

    pub(crate) fn decision(&self) -> Decision {
        self.outcome().decision
    }

    fn documents(&self) -> PolicyDocuments {
        let mut documents = PolicyDocuments::new();
        let mut layers: Vec<Layer> = Vec::new();
        for (layer, _) in &self.policies {
            if !layers.contains(layer) {
                layers.push(*layer);
            }
        }
        for layer in layers {
            let texts: Vec<String> = self
                .policies
                .iter()
                .filter(|(other, _)| *other == layer)
                .map(|(_, statements)| document(statements))
                .collect();
            documents
                .add(layer, self.action, texts.iter().map(String::as_str))
                .unwrap();
        }
        documents
    }
}

fn document(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// Allows this action on everything.
pub(crate) fn allow(action: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": "*"})
}

/// Denies this action on everything.
pub(crate) fn deny(action: &str) -> Value {
    json!({"Effect": "Deny", "Action": action, "Resource": "*"})
}

/// Allows everything about the resource to this AWS principal.
pub(crate) fn grant(principal: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "*", "Resource": "*"})
}
