//! The metadata of many objects in bounded memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::Metadata;

/// The maximum size of one object and of all objects, in bytes; roughly what their texts need.
const MAX_OBJECT: usize = 16 << 10;
const MAX_TOTAL: usize = 64 << 20;
/// What an object without labels and annotations needs besides its names.
const OVERHEAD: usize = 400;

/// Metadata by namespace and name.
#[derive(Debug, Default)]
pub(super) struct Contents {
    namespaces: HashMap<String, HashMap<String, Arc<Metadata>>>,
    pub(super) objects: usize,
    /// The number of times that an object did not fit.
    pub(super) omitted: u64,
    bytes: usize,
}

impl Contents {
    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<Arc<Metadata>> {
        self.namespaces.get(namespace)?.get(name).cloned()
    }

    /// Keeps an object in place of its earlier version. An object that does not fit is not kept at all.
    pub(super) fn set(&mut self, object: Metadata) {
        self.remove(&object.namespace, &object.name);
        let size = size(&object);
        if size > MAX_OBJECT || self.bytes + size > MAX_TOTAL {
            self.omitted += 1;
            return;
        }
        self.bytes += size;
        self.objects += 1;
        let namespace = self.namespaces.entry(object.namespace.clone());
        let namespace = namespace.or_default();
        namespace.insert(object.name.clone(), Arc::new(object));
    }

    pub(super) fn remove(&mut self, namespace: &str, name: &str) {
        let Some(objects) = self.namespaces.get_mut(namespace) else {
            return;
        };
        if let Some(object) = objects.remove(name) {
            self.bytes -= size(&object);
            self.objects -= 1;
        }
        if objects.is_empty() {
            self.namespaces.remove(namespace);
        }
    }
}

fn size(object: &Metadata) -> usize {
    let pairs = |pairs: &BTreeMap<String, String>| -> usize {
        pairs
            .iter()
            .map(|(key, value)| key.len() + value.len() + 48)
            .sum()
    };
    OVERHEAD
        + 2 * object.name.len()
        + object.namespace.len()
        + pairs(&object.labels)
        + pairs(&object.annotations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, annotation: usize) -> Metadata {
        let mut object = Metadata::default();
        object.name = name.to_owned();
        object.namespace = "shop".to_owned();
        object.annotations = [("irsa.dev/a".to_owned(), "x".repeat(annotation))].into();
        object
    }

    #[test]
    fn an_object_that_grows_too_large_is_no_longer_kept() {
        let mut contents = Contents::default();
        contents.set(object("app", 1));
        assert!(contents.get("shop", "app").is_some());
        contents.set(object("app", MAX_OBJECT));
        assert!(contents.get("shop", "app").is_none(), "nor its old version");
        assert_eq!(
            (contents.objects, contents.omitted, contents.bytes),
            (0, 1, 0)
        );
    }

    #[test]
    fn all_objects_together_have_a_limit() {
        let mut contents = Contents::default();
        let count = MAX_TOTAL / 15_000;
        for number in 0..count {
            contents.set(object(&number.to_string(), 15_000));
        }
        assert!(contents.bytes <= MAX_TOTAL);
        assert_eq!(
            contents.objects + usize::try_from(contents.omitted).unwrap(),
            count
        );
        assert!(contents.omitted > 0);
        for number in 0..count {
            contents.remove("shop", &number.to_string());
        }
        assert_eq!((contents.objects, contents.bytes), (0, 0));
        assert!(contents.namespaces.is_empty());
    }
}
