//! Annotations of a pod, its service account and its namespace.

use irsa_sidecar::names::{NAMES, On};

use crate::facts::Facts;
use crate::pod::Pod;

/// The objects with annotations, in their order of precedence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sources<'s> {
    pub(crate) pod: Pod<'s>,
    pub(crate) facts: &'s Facts,
}

/// The value of an annotation, and the object that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found<'s> {
    pub(crate) value: &'s str,
    pub(crate) on: On,
}

impl<'s> Sources<'s> {
    /// The value of an annotation of irsa, from the first object that may have it and has it.
    pub(crate) fn find(&self, key: &str) -> Option<Found<'s>> {
        let name = NAMES.iter().find(|name| name.key == key)?;
        let value = |on| {
            self.on(on, key).map(|value| Found {
                value: value.trim(),
                on,
            })
        };
        name.on.iter().copied().find_map(value)
    }

    pub(crate) fn value(&self, key: &str) -> Option<&'s str> {
        self.find(key).map(|found| found.value)
    }

    pub(crate) fn on(&self, on: On, key: &str) -> Option<&'s str> {
        match on {
            On::Pod => self.pod.annotation(key),
            On::ServiceAccount => self.facts.service_account.annotation(key),
            On::Namespace => self.facts.namespace.annotation(key),
            On::Workload => None,
        }
    }
}
