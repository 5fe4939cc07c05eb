//! Values of other crates as YAML, with their fields in the order of their declaration.

use std::fmt::{self, Formatter};

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Yaml;

impl Yaml {
    /// Converts a value that JSON can represent. `serde_json::Value` would sort its keys.
    ///
    /// # Errors
    /// The value has no JSON form.
    pub(crate) fn serialized(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&serde_json::to_string(value)?)
    }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Yaml;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Yaml, E> {
        Ok(Yaml::Flag(flag))
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<Yaml, E> {
        Ok(Yaml::Integer(integer))
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<Yaml, E> {
        Ok(Yaml::Other(Value::from(integer)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Yaml, E> {
        Ok(Yaml::Other(Value::from(number)))
    }

    fn visit_unit<E: Error>(self) -> Result<Yaml, E> {
        Ok(Yaml::Other(Value::Null))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Yaml, E> {
        Ok(Yaml::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Yaml::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Yaml, A::Error> {
        let mut map = Vec::new();
        while let Some(field) = fields.next_entry()? {
            map.push(field);
        }
        Ok(Yaml::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_of_fields() {
        #[derive(Serialize)]
        struct Fields {
            name: &'static str,
            image: Option<&'static str>,
            args: [i64; 2],
        }
        let fields = Fields {
            name: "irsa",
            image: None,
            args: [1, -1],
        };
        let text = Yaml::serialized(&fields).unwrap().write();
        assert_eq!(text, "name: irsa\nimage: null\nargs:\n  - 1\n  - -1\n");
    }
}
