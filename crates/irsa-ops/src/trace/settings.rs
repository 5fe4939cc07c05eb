//! The standard environment variables of OpenTelemetry
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>).

/// The names of a variable of the exporter: that of traces, and that of all signals.
macro_rules! otlp {
    ($name:literal) => {
        [
            concat!("OTEL_EXPORTER_OTLP_TRACES_", $name),
            concat!("OTEL_EXPORTER_OTLP_", $name),
        ]
    };
}

mod endpoint;
mod tls_files;
mod variables;

use std::fmt;
use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

pub(super) use self::endpoint::Endpoint;
pub(super) use self::tls_files::TlsFiles;
pub use self::variables::{VARIABLES, Variable};

use super::compression::Compression;
use super::sampler::Sampler;

/// Variables that have no effect on an `http` endpoint.
const TLS_ONLY: [[&str; 2]; 3] = [
    otlp!("CERTIFICATE"),
    otlp!("CLIENT_CERTIFICATE"),
    otlp!("CLIENT_KEY"),
];

/// The maximum of the sizes and times: those of a queue of a few hundred megabytes, and an hour.
const MAX_QUEUE: usize = 1 << 16;
const MAX_TIME: Duration = Duration::from_hours(1);

/// The settings of traces.
#[derive(Clone)]
pub struct TraceSettings {
    pub(super) endpoint: Endpoint,
    /// The headers of each request, which may contain a key.
    pub(super) headers: HeaderMap,
    pub(super) tls_files: TlsFiles,
    pub(super) compression: Compression,
    /// The time limit of an export with its retries.
    pub(super) timeout: Duration,
    pub(super) sampler: Sampler,
    pub(super) batch: Batch,
    /// The attributes of the process.
    pub(super) resource: Vec<(String, String)>,
    warnings: Vec<String>,
}

/// The sizes and times of batches (`OTEL_BSP_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// The time between two exports.
    pub(super) delay: Duration,
    /// The maximum number of spans that wait for the export.
    pub(super) queue: usize,
    /// The maximum number of spans in one export.
    pub(super) size: usize,
}

/// The variables, with the mistakes that were found.
struct Variables<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<String>,
}

// === impl TraceSettings ===

impl TraceSettings {
    /// Reads the variables with `get`. Returns `None` if traces are off: unless `OTEL_TRACES_EXPORTER` is `otlp`, or it
    /// is unset and an endpoint is set. `version` is that of the program.
    ///
    /// # Errors
    /// A message for each invalid variable, and for each file that cannot be used. If traces are off, the other variables
    /// are not read.
    pub fn from_variables(
        get: &dyn Fn(&str) -> Option<String>,
        version: &str,
    ) -> Result<Option<Self>, Vec<String>> {
        let mut variables = Variables {
            get,
            mistakes: Vec::new(),
        };
        if !variables.is_on() {
            return variables.finish(None);
        }
        let protocol = variables.protocol();
        variables.collect(protocol);
        let endpoint = variables.endpoint();
        let endpoint = variables.collect(endpoint);
        let headers = variables.headers();
        let headers = variables.collect(headers).unwrap_or_default();
        let tls_files = endpoint
            .as_ref()
            .map(|endpoint| variables.tls_files(endpoint));
        let tls_files = tls_files.and_then(|files| variables.collect(files));
        let compression = variables.compression();
        let compression = variables.collect(compression).unwrap_or_default();
        let timeout = variables.milliseconds(&otlp!("TIMEOUT"), 10_000);
        let export = variables.milliseconds(&["OTEL_BSP_EXPORT_TIMEOUT"], 30_000);
        let sampler = variables.sampler();
        let sampler = variables.collect(sampler).unwrap_or_default();
        let batch = variables.batch();
        let resource = variables.resource(version);
        let resource = variables.collect(resource).unwrap_or_default();
        let settings = endpoint.map(|endpoint| Self {
            warnings: variables.warnings(&endpoint, &headers),
            endpoint,
            headers,
            tls_files: tls_files.unwrap_or_default(),
            compression,
            timeout: timeout.min(export),
            sampler,
            batch,
            resource,
        });
        variables.finish(settings)
    }

    /// Returns possible problems.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Returns the URL that spans are sent to.
    pub fn endpoint(&self) -> String {
        self.endpoint.to_string()
    }
}

impl fmt::Debug for TraceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceSettings")
            .field("endpoint", &self.endpoint())
            .field("sampler", &self.sampler)
            .finish_non_exhaustive()
    }
}

// === impl Variables ===

impl Variables<'_> {
    fn finish<T>(self, settings: T) -> Result<T, Vec<String>> {
        if self.mistakes.is_empty() {
            Ok(settings)
        } else {
            Err(self.mistakes)
        }
    }

    /// Returns the value of a variable. An empty one counts as unset.
    fn value(&self, name: &str) -> Option<String> {
        let value = (self.get)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Returns the first of these variables that is set, and its value.
    fn first(&self, names: &[&'static str]) -> Option<(&'static str, String)> {
        names
            .iter()
            .find_map(|name| Some((*name, self.value(name)?)))
    }

    fn collect<T>(&mut self, outcome: Result<T, String>) -> Option<T> {
        outcome.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    fn is_on(&mut self) -> bool {
        let disabled = self.value("OTEL_SDK_DISABLED");
        if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return false;
        }
        match self.value("OTEL_TRACES_EXPORTER").as_deref() {
            Some("otlp") => true,
            Some("none") => false,
            Some(other) => {
                let mistake = format!(
                    "OTEL_TRACES_EXPORTER: `{other}` is not supported; expected `otlp` or `none`"
                );
                self.mistakes.push(mistake);
                false
            }
            None => self.first(&otlp!("ENDPOINT")).is_some(),
        }
    }

    fn protocol(&self) -> Result<(), String> {
        match self.first(&otlp!("PROTOCOL")) {
            Some((name, other)) if other != "http/json" => Err(format!(
                "{name}: `{other}` is not supported; set it to `http/json`, which OpenTelemetry collectors accept on \
                 the same port as `http/protobuf` (4318)"
            )),
            _ => Ok(()),
        }
    }

    /// Returns the URL for traces: that of the variable for traces as it is, or `v1/traces` below that for all signals.
    fn endpoint(&self) -> Result<Endpoint, String> {
        let [traces, all] = otlp!("ENDPOINT");
        if let Some(url) = self.value(traces) {
            return Endpoint::parse(&url).map_err(|why| format!("{traces}: {why}"));
        }
        let base = self.value(all);
        let base = base.as_deref().unwrap_or("http://localhost:4318");
        let url = Endpoint::parse(base).map_err(|why| format!("{all}: {why}"))?;
        Ok(url.with_path("v1/traces"))
    }

    fn headers(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        let Some((variable, list)) = self.first(&otlp!("HEADERS")) else {
            return Ok(headers);
        };
        for (name, value) in pairs(variable, &list)? {
            let parsed = HeaderName::from_bytes(name.as_bytes());
            let parsed =
                parsed.map_err(|_| format!("{variable}: `{name}` is not the name of a header"))?;
            let value = HeaderValue::from_str(&value);
            let mut value =
                value.map_err(|_| format!("{variable}: the value of `{name}` is not valid"))?;
            value.set_sensitive(true);
            headers.insert(parsed, value);
        }
        Ok(headers)
    }

    fn compression(&self) -> Result<Compression, String> {
        let Some((name, value)) = self.first(&otlp!("COMPRESSION")) else {
            return Ok(Compression::default());
        };
        Compression::parse(&value)
            .ok_or_else(|| format!("{name}: `{value}` is not supported; expected `gzip` or `none`"))
    }

    fn sampler(&self) -> Result<Sampler, String> {
        let Some(name) = self.value("OTEL_TRACES_SAMPLER") else {
            return Ok(Sampler::default());
        };
        Sampler::parse(&name, self.value("OTEL_TRACES_SAMPLER_ARG").as_deref())
    }

    fn batch(&mut self) -> Batch {
        let queue = self.count("OTEL_BSP_MAX_QUEUE_SIZE", 2_048);
        let size = self.count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512);
        Batch {
            delay: self.milliseconds(&["OTEL_BSP_SCHEDULE_DELAY"], 5_000),
            queue,
            size: size.min(queue),
        }
    }

    /// Returns the attributes of the process. `OTEL_SERVICE_NAME` takes precedence over `service.name`.
    fn resource(&self, version: &str) -> Result<Vec<(String, String)>, String> {
        let variable = "OTEL_RESOURCE_ATTRIBUTES";
        let list = self.value(variable).unwrap_or_default();
        let given = pairs(variable, &list)?;
        let service = self.value("OTEL_SERVICE_NAME");
        let defaults = [
            ("service.name", "irsa"),
            ("service.version", version),
            ("telemetry.sdk.name", "irsa"),
            ("telemetry.sdk.language", "rust"),
            ("telemetry.sdk.version", version),
        ];
        let defaults = defaults.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut all = Vec::from(defaults);
        let service = service.map(|name| ("service.name".to_owned(), name));
        for (key, value) in given.into_iter().chain(service) {
            match all.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = value,
                None => all.push((key, value)),
            }
        }
        Ok(all)
    }

    fn count(&mut self, name: &'static str, default: usize) -> usize {
        let Some(text) = self.value(name) else {
            return default;
        };
        let count = text.parse().ok();
        let count = count.filter(|count| (1..=MAX_QUEUE).contains(count));
        let count = count
            .ok_or_else(|| format!("{name}: `{text}` is not an integer from 1 to {MAX_QUEUE}"));
        self.collect(count).unwrap_or(default)
    }

    fn milliseconds(&mut self, names: &[&'static str], default: u64) -> Duration {
        let default = Duration::from_millis(default);
        let Some((name, text)) = self.first(names) else {
            return default;
        };
        let time = text.parse().ok().map(Duration::from_millis);
        let time = time.filter(|time| !time.is_zero() && *time <= MAX_TIME);
        let most = MAX_TIME.as_millis();
        let time = time.ok_or_else(|| {
            format!("{name}: `{text}` is not a number of milliseconds from 1 to {most}")
        });
        self.collect(time).unwrap_or(default)
    }

    fn warnings(&self, endpoint: &Endpoint, headers: &HeaderMap) -> Vec<String> {
        let mut warnings = Vec::new();
        if !headers.is_empty() && endpoint.is_clear_text_beyond_this_machine() {
            let [_, name] = otlp!("HEADERS");
            warnings.push(format!(
                "{name} is sent in clear text to `{endpoint}`; use `https` if it contains a key"
            ));
        }
        let tls_only = TLS_ONLY.iter().filter(|_| !endpoint.is_https());
        warnings.extend(tls_only.filter_map(|names| {
            let (name, _) = self.first(names)?;
            Some(format!(
                "{name} has no effect on `{endpoint}`, whose scheme is not `https`"
            ))
        }));
        warnings
    }
}

/// Parses `KEY=VALUE,KEY=VALUE` with percent-encoded values (W3C Baggage).
fn pairs(variable: &str, list: &str) -> Result<Vec<(String, String)>, String> {
    let entries = list.split(',').map(str::trim);
    let entries = entries.filter(|entry| !entry.is_empty()).enumerate();
    let pair = |(index, entry): (usize, &str)| {
        // The entry may be a part of a key, so it is not quoted.
        let wrong = || format!("{variable}: entry {} is not `KEY=VALUE`", index + 1);
        let (key, value) = entry.split_once('=').ok_or_else(wrong)?;
        let decode = |text: &str| {
            percent_decode_str(text.trim())
                .decode_utf8()
                .ok()
                .map(String::from)
        };
        let (key, value) = (decode(key), decode(value));
        match (key.filter(|key| !key.is_empty()), value) {
            (Some(key), Some(value)) => Ok((key, value)),
            _ => Err(wrong()),
        }
    };
    entries.map(pair).collect()
}

#[cfg(test)]
mod tests;
