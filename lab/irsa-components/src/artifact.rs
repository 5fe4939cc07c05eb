//! Files of Maven Central.

/// A file of Maven Central.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Artifact {
    /// Its group as a path.
    group: &'static str,
    name: &'static str,
    version: &'static str,
    extension: &'static str,
    /// SHA-256 in hexadecimal.
    pub(crate) sha256: &'static str,
}

impl Artifact {
    /// A `.tar.gz` of a group that is written as a path (`org/keycloak`), with its SHA-256 in hexadecimal.
    pub const fn tar_gz(
        group: &'static str,
        name: &'static str,
        version: &'static str,
        sha256: &'static str,
    ) -> Self {
        Self::new(group, name, version, "tar.gz", sha256)
    }

    /// The same for a `.jar`.
    pub const fn jar(
        group: &'static str,
        name: &'static str,
        version: &'static str,
        sha256: &'static str,
    ) -> Self {
        Self::new(group, name, version, "jar", sha256)
    }

    /// The same for a `.zip`.
    pub(crate) const fn zip(
        group: &'static str,
        name: &'static str,
        version: &'static str,
        sha256: &'static str,
    ) -> Self {
        Self::new(group, name, version, "zip", sha256)
    }

    const fn new(
        group: &'static str,
        name: &'static str,
        version: &'static str,
        extension: &'static str,
        sha256: &'static str,
    ) -> Self {
        Self {
            group,
            name,
            version,
            extension,
            sha256,
        }
    }

    /// A `.jar` is a `.zip`, too.
    pub(crate) fn is_zip(&self) -> bool {
        matches!(self.extension, "jar" | "zip")
    }

    /// `lang-painless-2.19.4.jar`.
    pub(crate) fn file_name(&self) -> String {
        format!("{}-{}.{}", self.name, self.version, self.extension)
    }

    /// Its path in a Maven repository.
    pub(crate) fn path(&self) -> String {
        format!(
            "{}/{}/{}/{}",
            self.group,
            self.name,
            self.version,
            self.file_name()
        )
    }
}
