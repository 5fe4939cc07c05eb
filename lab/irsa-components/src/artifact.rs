//! Files on Maven Central.

/// A file on Maven Central.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Artifact {
    /// The group as a path.
    group: &'static str,
    name: &'static str,
    version: &'static str,
    extension: &'static str,
    /// The SHA-256 in hexadecimal.
    pub(crate) sha256: &'static str,
}

impl Artifact {
    /// Returns a `.tar.gz` of a group that is given as a path (`org/keycloak`), with its SHA-256 in hexadecimal.
    pub const fn tar_gz(
        group: &'static str,
        name: &'static str,
        version: &'static str,
        sha256: &'static str,
    ) -> Self {
        Self::new(group, name, version, "tar.gz", sha256)
    }

    /// Returns a `.jar`.
    pub const fn jar(
        group: &'static str,
        name: &'static str,
        version: &'static str,
        sha256: &'static str,
    ) -> Self {
        Self::new(group, name, version, "jar", sha256)
    }

    /// Returns a `.zip`.
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

    /// Returns whether the file is a ZIP archive, as a `.jar` is.
    pub(crate) fn is_zip(&self) -> bool {
        matches!(self.extension, "jar" | "zip")
    }

    /// Returns the file's name, such as `lang-painless-2.19.4.jar`.
    pub(crate) fn file_name(&self) -> String {
        format!("{}-{}.{}", self.name, self.version, self.extension)
    }

    /// Returns the path in a Maven repository.
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
