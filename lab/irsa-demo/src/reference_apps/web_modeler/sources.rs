//! The service's sources, from `examples/web-modeler`.

use crate::reference_apps::maven::Project;

/// Returns the path of a file and its content.
macro_rules! source {
    ($path:literal) => {
        (
            $path,
            include_str!(concat!("../../../../../examples/web-modeler/", $path)),
        )
    };
}

pub(super) const PROJECT: Project = Project {
    name: super::NAME,
    files: &[
        source!("pom.xml"),
        source!("src/main/java/webmodeler/Projects.java"),
        source!("src/main/java/webmodeler/WebModeler.java"),
        source!("src/main/resources/db/migration/V1__projects.sql"),
        source!("src/main/resources/db/migration/V2__files.sql"),
    ],
    goal: "process-classes",
};
