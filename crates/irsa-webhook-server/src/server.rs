//! The server and its tasks.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use irsa_kube::KubeReader;
use irsa_net::drain::DrainWatch;
use irsa_net::listen::{BindError, ListenAddress, ListenOptions, Listener};
use irsa_ops::health::Health;
use irsa_ops::http::{Connections, IdleTimeout, StreamingOptions, Tls, serve_streaming};
use irsa_ops::metrics::Metrics;
use irsa_ops::metrics::prometheus_client::metrics::counter::Counter;
use irsa_webhook::Settings;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::certificates::{Manager, ManagerOptions, Serving, follow_files, serving};
use crate::endpoint::Endpoint;
use crate::event_recorder::EventRecorder;
use crate::lookup::ObjectLookup;
use crate::metrics::WebhookMetrics;
use crate::options::{CertificateSource, ImageSource, ServerOptions};
use crate::own_image;
use crate::sweep::Sweeper;

/// The maximum number of connections. An API server opens more only while reviews are slow.
const MAX_CONNECTIONS: usize = 256;
/// The time for the TLS handshake and for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// The API server closes connections that it did not use for 90 s. The server must not close them before: a request that
/// is on its way then would fail.
const IDLE_TIMEOUT: Duration = Duration::from_secs(150);

/// A running webhook. Dropping it ends all its tasks.
#[derive(Debug)]
pub struct WebhookServer {
    addresses: Vec<ListenAddress>,
    endpoint: watch::Receiver<Option<Arc<Endpoint>>>,
    health: Health,
    tasks: JoinSet<()>,
}

/// What the server needs before it is ready.
struct Preparation {
    reader: KubeReader,
    options: ServerOptions,
    lookup: ObjectLookup,
    recorder: EventRecorder,
    serving: Serving,
    metrics: WebhookMetrics,
    health: Health,
}

/// What the server serves with.
struct Prepared {
    endpoint: Arc<Endpoint>,
    options: StreamingOptions,
    sweeper: Option<(Sweeper, Duration)>,
    health: Health,
}

// === impl WebhookServer ===

impl WebhookServer {
    /// Starts the webhook and returns once it listens. `health` becomes ready when the caches have all service accounts
    /// and namespaces, the image is known and there is a certificate. From the start of the drain on, no connections are
    /// accepted.
    ///
    /// # Errors
    /// The address cannot be bound. If the Kubernetes API does not respond, the webhook waits for it.
    pub async fn start(
        options: ServerOptions,
        reader: KubeReader,
        metrics: &Metrics,
        health: Health,
        drain: DrainWatch,
    ) -> Result<Self, BindError> {
        let listener = Listener::bind(&options.listen, ListenOptions::default()).await?;
        let addresses = listener.local_addresses();
        let mut tasks = JoinSet::new();
        let registered = metrics.register(WebhookMetrics::register);
        let lookup = ObjectLookup::start(&reader, &mut tasks);
        metrics.register(|registry| WebhookMetrics::watch(registry, &lookup));
        let instance = options.instance.clone();
        let (recorder, task) = EventRecorder::new(reader.clone(), registered.clone(), instance);
        tasks.spawn(task);
        let serving = start_certificates(&reader, &options, &registered, &mut tasks);
        health.set_started();
        health.set_ready(false, "waiting for the Kubernetes API");
        let preparation = Preparation {
            reader,
            options,
            lookup,
            recorder,
            serving,
            metrics: registered,
            health: health.clone(),
        };
        let (sender, endpoint) = watch::channel(None);
        tasks.spawn(run(preparation, listener, sender, drain));
        Ok(Self {
            addresses,
            endpoint,
            health,
            tasks,
        })
    }

    /// The addresses that the webhook listens on.
    pub fn addresses(&self) -> &[ListenAddress] {
        &self.addresses
    }

    /// Reports not ready, and closes each connection with its next response, so that the API server connects to other
    /// replicas. Start the drain when the Service no longer has this replica.
    pub fn retire(&self) {
        self.health.set_ready(false, "stopping");
        if let Some(endpoint) = self.endpoint.borrow().as_ref() {
            endpoint.close_connections();
        }
    }

    /// Waits until one of the tasks ends, which happens only after the drain or because of a defect.
    pub async fn ended(&mut self) {
        self.tasks.join_next().await;
    }
}

/// Starts to keep the certificate current.
fn start_certificates(
    reader: &KubeReader,
    options: &ServerOptions,
    metrics: &WebhookMetrics,
    tasks: &mut JoinSet<()>,
) -> Serving {
    let (setter, serving) = serving();
    match &options.certificate {
        CertificateSource::Files { certificate, key } => {
            tasks.spawn(follow_files(certificate.clone(), key.clone(), setter));
        }
        CertificateSource::Secret { name, times } => {
            let (follower, task) = reader.follow_webhook_configuration(&options.configuration);
            tasks.spawn(task);
            let names = ManagerOptions {
                namespace: options.namespace.clone(),
                service: options.service.clone(),
                secret: name.clone(),
                times: *times,
            };
            let manager = Manager::new(reader.clone(), follower, names, setter, metrics.clone());
            tasks.spawn(manager.run());
        }
    }
    serving
}

/// Prepares the webhook and serves it until the drain.
async fn run(
    preparation: Preparation,
    listener: Listener,
    sender: watch::Sender<Option<Arc<Endpoint>>>,
    drain: DrainWatch,
) {
    let prepared = tokio::select! {
        prepared = preparation.finish() => prepared,
        () = drain.signaled() => return,
    };
    let Some(prepared) = prepared else {
        return;
    };
    let (endpoint, health) = (prepared.endpoint, prepared.health);
    sender.send_replace(Some(Arc::clone(&endpoint)));
    let handler = move |request, _client| {
        let endpoint = Arc::clone(&endpoint);
        async move { endpoint.respond(request).await }
    };
    health.set_ready(true, "serving");
    tracing::info!("ready");
    let sweeping = async {
        match prepared.sweeper {
            Some((sweeper, period)) => sweeper.run(period).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = serve_streaming(listener, prepared.options, handler, drain) => {}
        () = sweeping => {}
    }
}

// === impl Preparation ===

impl Preparation {
    /// Waits for everything that reviews need. `None` after an error that is logged.
    async fn finish(mut self) -> Option<Prepared> {
        let config = match self.serving.config().await {
            Ok(config) => config,
            Err(error) => {
                tracing::error!(%error, "cannot serve TLS");
                self.health.fail("cannot serve TLS");
                return None;
            }
        };
        self.health
            .set_ready(false, "waiting for service accounts and namespaces");
        self.lookup.wait_until_warm().await;
        self.health
            .set_ready(false, "waiting for the image of the own pod");
        let settings = Arc::new(self.settings().await);
        let sweeper = Sweeper {
            reader: self.reader,
            lookup: self.lookup.clone(),
            settings: Arc::clone(&settings),
            metrics: self.metrics.clone(),
            recorder: self.recorder.clone(),
        };
        let endpoint = Endpoint::new(self.lookup, settings, self.metrics, self.recorder);
        let options = StreamingOptions {
            tls: Tls::Required(config),
            header_timeout: HEADER_TIMEOUT,
            idle_timeout: IdleTimeout::same(IDLE_TIMEOUT),
            total_timeout: None,
            connections: Connections::new(MAX_CONNECTIONS),
            malformed: Counter::default(),
        };
        let period = self.options.sweep_interval;
        Some(Prepared {
            endpoint: Arc::new(endpoint),
            options,
            sweeper: period.map(|period| (sweeper, period)),
            health: self.health,
        })
    }

    async fn settings(&self) -> Settings {
        let mut settings = self.options.sidecars.clone();
        if self.options.image == ImageSource::OwnPod {
            let (namespace, pod) = (&self.options.namespace, &self.options.instance);
            settings.image = own_image::find(&self.reader, namespace, pod).await;
        }
        tracing::info!(image = settings.image, "image of sidecars");
        settings
    }
}
