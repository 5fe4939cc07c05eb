//! The program's sources, from `examples/opensearch-clients`.

use crate::reference_apps::maven::Project;

/// Returns the path of a file and its content.
macro_rules! source {
    ($path:literal) => {
        (
            $path,
            include_str!(concat!(
                "../../../../../examples/opensearch-clients/",
                $path
            )),
        )
    };
}

pub(super) const PROJECT: Project = Project {
    name: super::NAME,
    files: &[
        source!("pom.xml"),
        source!("src/main/java/example/Application.java"),
        source!("src/main/java/example/Clients.java"),
        source!("src/main/java/example/Load.java"),
        source!("src/main/java/example/Main.java"),
        source!("src/main/java/example/Operate.java"),
        source!("src/main/java/example/Signing.java"),
        source!("src/main/java/example/Steps.java"),
        source!("src/main/java/example/ZeebeExporter.java"),
        source!("src/main/resources/simplelogger.properties"),
    ],
    goal: "process-classes",
};
