//! The list of variables, for the documentation.

/// An environment variable.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variable {
    /// The name.
    pub name: &'static str,
    /// The default, or an empty text.
    pub default: &'static str,
    /// The meaning.
    pub meaning: &'static str,
}

const fn variable(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable {
        name,
        default,
        meaning,
    }
}

/// The variables that irsa reads. Those of traces take precedence over those of all signals.
pub const VARIABLES: &[Variable] = &[
    variable(
        "OTEL_TRACES_EXPORTER",
        "`otlp` if an endpoint is set, otherwise `none`",
        "`otlp` turns traces on, `none` turns them off",
    ),
    variable("OTEL_SDK_DISABLED", "`false`", "`true` turns traces off"),
    variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "`http://localhost:4318`",
        "base URL of the collector (OTLP/HTTP); irsa appends `v1/traces`",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "",
        "URL for traces, used as it is",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "`http/json`",
        "only `http/json` is supported",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "",
        "the same for traces",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_HEADERS",
        "",
        "headers for the collector, such as a key: `NAME=VALUE,NAME=VALUE` with percent-encoded values",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        "",
        "the same for traces",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        "`10000`",
        "time limit of an export including its retries, in milliseconds",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
        "",
        "the same for traces",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_COMPRESSION",
        "`none`",
        "`gzip` compresses exports",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        "",
        "the same for traces",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "",
        "PEM file with the CAs of an `https` collector; they replace the public ones and those of `--ca-file`",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        "",
        "the same for traces",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        "",
        "PEM file with the certificate that irsa presents to an `https` collector",
    ),
    variable(
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
        "",
        "the same for traces",
    ),
    variable("OTEL_EXPORTER_OTLP_CLIENT_KEY", "", "PEM file with its key"),
    variable(
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
        "",
        "the same for traces",
    ),
    variable(
        "OTEL_SERVICE_NAME",
        "`irsa`",
        "the attribute `service.name`",
    ),
    variable(
        "OTEL_RESOURCE_ATTRIBUTES",
        "",
        "further attributes of the process: `KEY=VALUE,KEY=VALUE` with percent-encoded values",
    ),
    variable(
        "OTEL_TRACES_SAMPLER",
        "`parentbased_always_on`",
        "`always_on`, `always_off`, `traceidratio`, or one of these after `parentbased_`",
    ),
    variable(
        "OTEL_TRACES_SAMPLER_ARG",
        "`1`",
        "for `traceidratio`: the part of traces to record, from 0 to 1",
    ),
    variable(
        "OTEL_BSP_SCHEDULE_DELAY",
        "`5000`",
        "time between exports, in milliseconds; a full batch is sent earlier",
    ),
    variable(
        "OTEL_BSP_EXPORT_TIMEOUT",
        "`30000`",
        "time limit of an export, in milliseconds; the shorter of the two limits applies",
    ),
    variable(
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "`2048`",
        "maximum number of spans that wait for the export, up to 65536; irsa drops and counts further ones",
    ),
    variable(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "`512`",
        "maximum number of spans in an export",
    ),
];
