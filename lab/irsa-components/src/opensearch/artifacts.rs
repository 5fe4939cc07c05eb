//! The parts of OpenSearch, each file with its digest.
//!
//! The files are from Maven Central. The distribution is OpenSearch's own for integration tests: complete except for
//! its modules, which are published as libraries. Only the modules' `plugin-descriptor.properties` and
//! `plugin-security.policy` are written here, according to the sources of OpenSearch.

use crate::artifact::Artifact;

/// The downloaded version.
pub const VERSION: &str = "2.19.4";
/// The version of the security plugin, which follows OpenSearch's.
const PLUGIN_VERSION: &str = "2.19.4.0";

/// A module of OpenSearch: a directory in `modules`.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    /// The module whose classes it uses, or empty.
    pub(super) extends: &'static str,
    /// The permissions that it needs from Java's security manager.
    pub(super) permissions: &'static [&'static str],
    pub(super) libraries: &'static [Artifact],
}

/// OpenSearch without modules.
pub(super) const DISTRIBUTION: Artifact = Artifact::zip(
    "org/opensearch/distribution/integ-test-zip",
    "opensearch",
    VERSION,
    "3902e642715210d1d9d7cbdcc8f5abd6f931d1d7a679cea3750937becf16c406",
);

/// The security plugin.
pub(super) const SECURITY: Artifact = Artifact::zip(
    "org/opensearch/plugin",
    "opensearch-security",
    PLUGIN_VERSION,
    "1f673622c462c4171a8c53f9b1ad20e5b839834cb79b0d3b388da180a0e514e8",
);

/// Two files of the complete home with their digests, which reveal a damaged or replaced copy.
pub(super) const PROOFS: [(&str, &str); 2] = [
    (
        "lib/opensearch-2.19.4.jar",
        "abdbfc68f6ddbe59dc422dd5b991967d43ffcac2e4a2d12881aca9f01592fc08",
    ),
    (
        "plugins/opensearch-security/opensearch-security-2.19.4.0.jar",
        "302ee404525d080a9faf96d9ad3135a324a551d292a99a77375f9e86ef2c5f7b",
    ),
];

const PLUGIN: &str = "org/opensearch/plugin";
const APACHE: &str = "org/apache/httpcomponents";

/// All modules that are published as libraries.
pub(super) const MODULES: [Module; 9] = [
    Module {
        name: "lang-painless",
        class: "org.opensearch.painless.PainlessPlugin",
        extends: "",
        permissions: &[
            r#"java.lang.RuntimePermission "createClassLoader""#,
            r#"java.lang.RuntimePermission "getClassLoader""#,
        ],
        libraries: &[
            Artifact::jar(
                PLUGIN,
                "lang-painless",
                VERSION,
                "5b382333ecc637d0e5304af9987056260e3d68a9149e3d32824b193e041b1d60",
            ),
            Artifact::jar(
                PLUGIN,
                "opensearch-scripting-painless-spi",
                VERSION,
                "06ec9ff0970dd8ed186805ecf7c4257de2e819b646e19e466d27f73caefa9e43",
            ),
            Artifact::jar(
                "org/antlr",
                "antlr4-runtime",
                "4.13.1",
                "54665d2838cc66458343468efc539e454fc95b46a8a04b13c6ac43fc9be63505",
            ),
            Artifact::jar(
                "org/ow2/asm",
                "asm",
                "9.7",
                "adf46d5e34940bdf148ecdd26a9ee8eea94496a72034ff7141066b3eea5c4e9d",
            ),
            Artifact::jar(
                "org/ow2/asm",
                "asm-analysis",
                "9.7",
                "7bc6bcbc21379948a0c8c467fb0f864206e5b818f6bc0b546872f5c9f941556f",
            ),
            Artifact::jar(
                "org/ow2/asm",
                "asm-commons",
                "9.7",
                "389bc247958e049fc9a0408d398c92c6d370c18035120395d4cba1d9d9304b7a",
            ),
            Artifact::jar(
                "org/ow2/asm",
                "asm-tree",
                "9.7",
                "62f4b3bc436045c1acb5c3ba2d8ec556ec3369093d7f5d06c747eb04b56d52b1",
            ),
            Artifact::jar(
                "org/ow2/asm",
                "asm-util",
                "9.7",
                "37a6414d36641973f1af104937c95d6d921b2ddb4d612c66c5a9f2b13fc14211",
            ),
        ],
    },
    Module {
        name: "analysis-common",
        class: "org.opensearch.analysis.common.CommonAnalysisPlugin",
        extends: "lang-painless",
        permissions: &[],
        libraries: &[Artifact::jar(
            PLUGIN,
            "analysis-common",
            VERSION,
            "46db3a6c8fc53f756853d29b4d14fc326ce96a0f56b62aeb289a8126ec513e66",
        )],
    },
    Module {
        name: "parent-join",
        class: "org.opensearch.join.ParentJoinPlugin",
        extends: "",
        permissions: &[],
        libraries: &[Artifact::jar(
            PLUGIN,
            "parent-join-client",
            VERSION,
            "63967e7c6879d630a89ff634b05c38f180c75d80f1027ebe5488c458241f2d4d",
        )],
    },
    Module {
        name: "percolator",
        class: "org.opensearch.percolator.PercolatorPlugin",
        extends: "",
        permissions: &[],
        libraries: &[Artifact::jar(
            PLUGIN,
            "percolator-client",
            VERSION,
            "6667fd65279d276b5471a784b9dd02ccad2d4a3e6280fba95f70f03b3eb98c3d",
        )],
    },
    Module {
        name: "lang-mustache",
        class: "org.opensearch.script.mustache.MustachePlugin",
        extends: "",
        permissions: &[
            r#"java.lang.RuntimePermission "accessDeclaredMembers""#,
            r#"java.lang.reflect.ReflectPermission "suppressAccessChecks""#,
        ],
        libraries: &[
            Artifact::jar(
                PLUGIN,
                "lang-mustache-client",
                VERSION,
                "8d4ed99d15d2bcaac0bb0697d1564052d58fa008da28df42dcde2922d2fed5d7",
            ),
            Artifact::jar(
                "com/github/spullara/mustache/java",
                "compiler",
                "0.9.14",
                "99a7e7855609135006f078e6de7ee69daad9c42f98e679d56f80653cb17526b9",
            ),
        ],
    },
    Module {
        name: "mapper-extras",
        class: "org.opensearch.index.mapper.MapperExtrasPlugin",
        extends: "",
        permissions: &[],
        libraries: &[Artifact::jar(
            PLUGIN,
            "mapper-extras-client",
            VERSION,
            "fc1565cfdb1beb7a44e0585039000dab5de76ccee90c7038fa1c073bfff759eb",
        )],
    },
    Module {
        name: "aggs-matrix-stats",
        class: "org.opensearch.search.aggregations.matrix.MatrixAggregationPlugin",
        extends: "",
        permissions: &[],
        libraries: &[Artifact::jar(
            PLUGIN,
            "aggs-matrix-stats-client",
            VERSION,
            "0d4713cd6fa71feb004b233dfefcf21d01e0c277f2e1a6c37ff5fd67a5047301",
        )],
    },
    Module {
        name: "rank-eval",
        class: "org.opensearch.index.rankeval.RankEvalPlugin",
        extends: "",
        permissions: &[],
        libraries: &[Artifact::jar(
            PLUGIN,
            "rank-eval-client",
            VERSION,
            "daf1d3a17bba8f323cc23cb2ff6ac88b22fd69acc402b1e09f6626098a692668",
        )],
    },
    Module {
        name: "reindex",
        class: "org.opensearch.index.reindex.ReindexPlugin",
        extends: "",
        permissions: &[
            r#"java.net.SocketPermission "*", "connect""#,
            r#"java.net.NetPermission "getProxySelector""#,
        ],
        libraries: &[
            Artifact::jar(
                PLUGIN,
                "reindex-client",
                VERSION,
                "ae498328ad68e54bf0024c8fc047f1f9c217bc18d70931c11905dcb73926c2fc",
            ),
            Artifact::jar(
                "org/opensearch/client",
                "opensearch-rest-client",
                VERSION,
                "0a8dc727d9f9119b51f4451f52a36ad263a9b66df60935e3a820fc17713cf1cf",
            ),
            Artifact::jar(
                "org/opensearch",
                "opensearch-ssl-config",
                VERSION,
                "9ed3bc92e44e52f7cd2610668cba5bc935bea786551d92e68f147aa08f083a6e",
            ),
            Artifact::jar(
                APACHE,
                "httpclient",
                "4.5.14",
                "c8bc7e1c51a6d4ce72f40d2ebbabf1c4b68bfe76e732104b04381b493478e9d6",
            ),
            Artifact::jar(
                APACHE,
                "httpcore",
                "4.4.16",
                "6c9b3dd142a09dc468e23ad39aad6f75a0f2b85125104469f026e52a474e464f",
            ),
            Artifact::jar(
                APACHE,
                "httpcore-nio",
                "4.4.16",
                "4018736ede2d321034e8517ea90baefb31831a8608afccc446d8a699fb1d00d4",
            ),
            Artifact::jar(
                APACHE,
                "httpasyncclient",
                "4.1.5",
                "0c1877489a9d1ba4fa50f6cfcab11d1123618858cb31d56afaab5afdd5064d99",
            ),
            Artifact::jar(
                "commons-codec",
                "commons-codec",
                "1.18.0",
                "ba005f304cef92a3dede24a38ad5ac9b8afccf0d8f75839d6c1338634cf7f6e4",
            ),
            Artifact::jar(
                "commons-logging",
                "commons-logging",
                "1.2",
                "daddea1ea0be0f56978ab3006b8ac92834afeefbd9b7e4e6316fca57df0fa636",
            ),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_a_maven_repository() {
        assert_eq!(
            MODULES[1].libraries[0].path(),
            "org/opensearch/plugin/analysis-common/2.19.4/analysis-common-2.19.4.jar"
        );
    }

    #[test]
    fn a_module_extends_an_existing_one() {
        for module in &MODULES {
            let known = MODULES.iter().any(|other| other.name == module.extends);
            assert!(module.extends.is_empty() || known, "{module:?}");
        }
    }
}
