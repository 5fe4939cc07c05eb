//! A values file in the making.

use crate::yaml::Yaml;

/// Values, in the order in which they were set.
#[derive(Debug, Default)]
pub(super) struct Values {
    entries: Vec<(String, Yaml)>,
}

/// A path has another value already.
#[derive(Debug)]
pub(super) struct Conflict {
    pub(super) other: Yaml,
}

impl Values {
    /// Sets the value at a path of keys with dots between them. To set the same value again is fine.
    ///
    /// # Errors
    /// Another value is there, which stays.
    pub(super) fn set(&mut self, path: &str, value: Yaml) -> Result<(), Conflict> {
        set(&mut self.entries, path, value)
    }

    /// The file.
    pub(super) fn into_yaml(self) -> Yaml {
        Yaml::Map(self.entries)
    }
}

fn set(entries: &mut Vec<(String, Yaml)>, path: &str, value: Yaml) -> Result<(), Conflict> {
    let (key, rest) = match path.split_once('.') {
        Some((key, rest)) => (key, Some(rest)),
        None => (path, None),
    };
    let found = entries.iter_mut().find(|(name, _)| name == key);
    let Some(rest) = rest else {
        return match found {
            Some((_, other)) if *other != value => Err(Conflict {
                other: other.clone(),
            }),
            Some(_) => Ok(()),
            None => {
                entries.push((key.to_owned(), value));
                Ok(())
            }
        };
    };
    match found {
        Some((_, Yaml::Map(entries))) => set(entries, rest, value),
        Some((_, other)) => Err(Conflict {
            other: other.clone(),
        }),
        None => {
            let mut inner = Vec::new();
            set(&mut inner, rest, value)?;
            entries.push((key.to_owned(), Yaml::Map(inner)));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_share_their_parents() {
        let mut values = Values::default();
        values.set("a.b", Yaml::Integer(1)).unwrap();
        values.set("c", Yaml::Flag(true)).unwrap();
        values.set("a.d", Yaml::Integer(2)).unwrap();
        values.set("a.b", Yaml::Integer(1)).unwrap();
        assert_eq!(values.into_yaml().write(), "a:\n  b: 1\n  d: 2\nc: true\n");
    }

    #[test]
    fn another_value_is_a_conflict() {
        let mut values = Values::default();
        values.set("a.b", Yaml::Integer(1)).unwrap();
        let conflict = values.set("a.b", Yaml::Integer(2)).unwrap_err();
        assert_eq!(conflict.other, Yaml::Integer(1));
        assert!(values.set("a", Yaml::Integer(1)).is_err());
        assert!(values.set("a.b.c", Yaml::Integer(1)).is_err());
    }
}
