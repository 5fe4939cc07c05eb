//! The rules of OpenTelemetry's specification, and irsa's mistakes at the start.

use irsa_net::tls::LocalAuthority;

use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Option<TraceSettings>, Vec<String>> {
    let pairs: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let get = move |name: &str| {
        let found = pairs.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    TraceSettings::from_variables(&get, "1.2.3")
}

fn on(pairs: &[(&str, &str)]) -> TraceSettings {
    let all = [pairs, &[("OTEL_TRACES_EXPORTER", "otlp")]].concat();
    read(&all).unwrap().unwrap()
}

fn mistakes(pairs: &[(&str, &str)]) -> Vec<String> {
    let all = [pairs, &[("OTEL_TRACES_EXPORTER", "otlp")]].concat();
    read(&all).unwrap_err()
}

#[test]
fn traces_are_off_by_default() {
    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4318");
    let is_on = |pairs: &[_]| read(pairs).unwrap().is_some();
    assert!(!is_on(&[]));
    assert!(!is_on(&[("OTEL_SERVICE_NAME", "x")]));
    assert!(!is_on(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]));
    assert!(is_on(&[ENDPOINT]));
    assert!(is_on(&[("OTEL_TRACES_EXPORTER", "otlp")]));
    assert!(!is_on(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]));
    assert!(!is_on(&[ENDPOINT, ("OTEL_SDK_DISABLED", "True")]));
    assert!(is_on(&[ENDPOINT, ("OTEL_SDK_DISABLED", "1")]));
}

#[test]
fn variables_are_not_read_if_traces_are_off() {
    let wrong = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    assert!(read(&[wrong]).unwrap().is_none());
    assert!(
        read(&[wrong, ("OTEL_TRACES_EXPORTER", "none")])
            .unwrap()
            .is_none()
    );
}

#[test]
fn the_endpoint_of_traces_is_used_as_it_is() {
    let endpoint = |pairs: &[_]| on(pairs).endpoint();
    assert_eq!(endpoint(&[]), "http://localhost:4318/v1/traces");
    for (base, expected) in [
        ("http://otel:4318", "http://otel:4318/v1/traces"),
        ("http://otel:4318/", "http://otel:4318/v1/traces"),
        ("https://otel/api/otlp", "https://otel/api/otlp/v1/traces"),
    ] {
        assert_eq!(endpoint(&[("OTEL_EXPORTER_OTLP_ENDPOINT", base)]), expected);
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://b.example/x");
        let both = [("OTEL_EXPORTER_OTLP_ENDPOINT", base), traces];
        assert_eq!(endpoint(&both), "https://b.example/x");
    }
    let ipv6 = on(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1]:4318")]);
    assert_eq!((ipv6.endpoint.host(), ipv6.endpoint.port()), ("::1", 4318));
}

#[test]
fn the_variable_of_traces_takes_precedence() {
    let settings = on(&[
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "7000"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "3000"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=k%2C1, b = 2"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
    ]);
    assert_eq!(settings.timeout, Duration::from_secs(3));
    assert_eq!(settings.headers.get("api-key").unwrap(), "k,1");
    assert_eq!(settings.headers.get("b").unwrap(), "2");
    assert!(!settings.headers.contains_key("a"));
}

#[test]
fn no_output_contains_a_header() {
    let settings = on(&[("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hush")]);
    assert!(!format!("{settings:?} {:?}", settings.headers).contains("hush"));
    for list in ["hush", "api-key=hush,hush2", "a b=hush", "k=hush%01"] {
        let mistakes = mistakes(&[("OTEL_EXPORTER_OTLP_HEADERS", list)]).join("");
        assert!(mistakes.starts_with("OTEL_EXPORTER_OTLP_HEADERS: "));
        assert!(!mistakes.contains("hush"), "{mistakes}");
    }
}

#[test]
fn the_service_name_takes_precedence_over_the_attributes() {
    let attributes = "service.name=a,deployment.environment.name=my%20test";
    let value = |settings: &TraceSettings, key: &str| {
        let found: Vec<_> = settings
            .resource
            .iter()
            .filter(|(known, _)| known == key)
            .collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].1.clone()
    };
    let settings = on(&[("OTEL_RESOURCE_ATTRIBUTES", attributes)]);
    assert_eq!(value(&settings, "service.name"), "a");
    assert_eq!(value(&settings, "deployment.environment.name"), "my test");
    assert_eq!(value(&settings, "service.version"), "1.2.3");
    let named = on(&[
        ("OTEL_RESOURCE_ATTRIBUTES", attributes),
        ("OTEL_SERVICE_NAME", "b"),
    ]);
    assert_eq!(value(&named, "service.name"), "b");
    assert_eq!(value(&on(&[]), "service.name"), "irsa");
}

#[test]
fn batches_have_the_documented_defaults() {
    let batch = |pairs: &[_]| on(pairs).batch;
    let default = Batch {
        delay: Duration::from_secs(5),
        queue: 2_048,
        size: 512,
    };
    assert_eq!(batch(&[]), default);
    let small = batch(&[
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
    ]);
    assert_eq!(
        (small.queue, small.size, small.delay.as_millis()),
        (100, 100, 10)
    );
    let shorter = on(&[("OTEL_BSP_EXPORT_TIMEOUT", "2000")]);
    assert_eq!(shorter.timeout, Duration::from_secs(2));
}

#[test]
fn each_invalid_value_is_a_mistake_that_names_its_variable() {
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "otel:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://otel"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://me:hush@otel"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1000000"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a"),
    ] {
        let [mistake] = mistakes(&[(name, value)]).try_into().unwrap();
        assert!(mistake.starts_with(&format!("{name}: ")), "{mistake}");
        assert!(!mistake.contains("hush"), "{mistake}");
    }
    let error = read(&[("OTEL_TRACES_EXPORTER", "zipkin")])
        .unwrap_err()
        .join("");
    assert!(error.contains("`zipkin` is not supported"), "{error}");
}

#[test]
fn what_has_no_effect_causes_a_warning() {
    let warnings = |pairs: &[_]| on(pairs).warnings().join("\n");
    assert_eq!(warnings(&[("OTEL_EXPORTER_OTLP_HEADERS", "k=v")]), "");
    let far = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel.example:4318");
    let key = ("OTEL_EXPORTER_OTLP_HEADERS", "k=v");
    assert!(warnings(&[far, key]).contains("in clear text"));
    assert_eq!(warnings(&[far]), "");
    let ca = ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem");
    let expected =
        "OTEL_EXPORTER_OTLP_CERTIFICATE has no effect on `http://otel.example:4318/v1/traces`";
    assert!(warnings(&[far, ca]).starts_with(expected));
}

#[test]
fn files_for_tls_must_be_usable() {
    let authority = LocalAuthority::generate().unwrap();
    let issued = authority.issue_client("irsa").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> &'static str {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned().leak()
    };
    let (ca, empty) = (write("ca.pem", authority.ca_pem()), write("empty.pem", ""));
    let certificate = write("client.pem", &issued.certificate_pem);
    let key = write("client.key", &issued.key_pem);
    let https = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otel.example:4318");
    let names = [
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    ];
    let files = |paths: [&'static str; 3]| -> Vec<_> {
        let set = names
            .into_iter()
            .zip(paths)
            .filter(|(_, path)| !path.is_empty());
        set.chain([https]).collect()
    };
    let usable = on(&files([ca, certificate, key]));
    assert_eq!(usable.warnings().join(""), "");
    assert!(!usable.tls_files.is_empty());
    for (paths, expected) in [
        ([empty, "", ""], "OTEL_EXPORTER_OTLP_CERTIFICATE: `"),
        (
            ["/nowhere", "", ""],
            "OTEL_EXPORTER_OTLP_CERTIFICATE: cannot use `/nowhere`",
        ),
        (
            ["", certificate, ""],
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: set the variable of the key",
        ),
        (
            ["", "", key],
            "OTEL_EXPORTER_OTLP_CLIENT_KEY: set the variable of the certificate",
        ),
        (
            ["", ca, key],
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: cannot set up TLS",
        ),
    ] {
        let [mistake] = mistakes(&files(paths)).try_into().unwrap();
        assert!(mistake.starts_with(expected), "{mistake}");
    }
}

#[test]
fn every_variable_is_listed() {
    let source = concat!(include_str!("../settings.rs"), include_str!("tls_files.rs"));
    for variable in VARIABLES {
        let name = variable.name;
        let short = name.trim_start_matches("OTEL_EXPORTER_OTLP_");
        let short = short.trim_start_matches("TRACES_");
        let is_read = source.contains(&format!("\"{name}\""))
            || source.contains(&format!("\"{short}\""))
            || include_str!("../sampler.rs").contains(name);
        assert!(is_read, "{name}");
    }
}
