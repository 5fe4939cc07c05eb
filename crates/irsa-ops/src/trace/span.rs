//! Spans: operations with a start, a duration and attributes.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime};

use super::Tracer;
use super::context::{SpanId, TraceContext, TraceId};

/// The maximum length of a text attribute in bytes. Names of users and databases come from clients.
const MAX_TEXT: usize = 256;

/// The role of a span's operation, with its number in OTLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A step within the process.
    Internal = 1,
    /// The handling of a client's request.
    Server = 2,
    /// A request to another service.
    Client = 3,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// A text.
    Text(Cow<'static, str>),
    /// A number.
    Integer(i64),
}

/// An operation in progress. When it is dropped, it is queued for the export; without a call of [`Span::end`] or
/// [`Span::fail`] it counts as canceled.
#[derive(Debug)]
pub struct Span {
    tracer: Tracer,
    started: Instant,
    data: Option<Box<SpanData>>,
}

/// A completed span.
#[derive(Debug)]
pub(super) struct SpanData {
    pub(super) context: TraceContext,
    pub(super) parent: Option<SpanId>,
    /// Whether the parent is in a different process.
    pub(super) has_remote_parent: bool,
    pub(super) name: Cow<'static, str>,
    pub(super) kind: SpanKind,
    pub(super) start: SystemTime,
    pub(super) duration: Duration,
    pub(super) attributes: Vec<(&'static str, AttributeValue)>,
    pub(super) is_error: bool,
    has_ended: bool,
}

/// Runs a step of a traced operation as a child of its span. `error_type` names the error of a step that fails. Without
/// a parent, it only runs the step.
pub async fn step<T, E>(
    parent: Option<&Span>,
    name: &'static str,
    error_type: impl FnOnce(&E) -> Cow<'static, str>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Some(parent) = parent else {
        return work.await;
    };
    let mut span = parent.child(name, SpanKind::Internal);
    let outcome = work.await;
    if let Err(error) = &outcome {
        span.fail(error_type(error));
    }
    span.end();
    outcome
}

// === impl Span ===

impl Span {
    pub(super) fn new(
        tracer: &Tracer,
        name: Cow<'static, str>,
        kind: SpanKind,
        trace: TraceId,
        parent: Option<&TraceContext>,
    ) -> Self {
        let data = SpanData {
            context: TraceContext::new(trace, parent),
            parent: parent.map(TraceContext::span),
            has_remote_parent: parent.is_some_and(TraceContext::is_remote),
            name,
            kind,
            start: tracer.now(),
            duration: Duration::ZERO,
            attributes: Vec::new(),
            is_error: false,
            has_ended: false,
        };
        Self {
            tracer: tracer.clone(),
            started: Instant::now(),
            data: Some(Box::new(data)),
        }
    }

    /// Starts a child of this span.
    #[must_use]
    pub fn child(&self, name: impl Into<Cow<'static, str>>, kind: SpanKind) -> Self {
        let context = self.context();
        let trace = context.map_or_else(TraceId::random, TraceContext::trace);
        Self::new(&self.tracer, name.into(), kind, trace, context)
    }

    /// Returns the position of this span in its trace.
    pub fn context(&self) -> Option<&TraceContext> {
        self.data.as_ref().map(|data| &data.context)
    }

    /// Sets an attribute. Long texts are truncated.
    pub fn set(&mut self, key: &'static str, value: impl Into<AttributeValue>) {
        let Some(data) = &mut self.data else { return };
        let value = value.into().bounded();
        match data.attributes.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => data.attributes.push((key, value)),
        }
    }

    /// Marks the operation as failed. `error_type` is a name from a fixed list, such as a cause or a status code.
    pub fn fail(&mut self, error_type: impl Into<Cow<'static, str>>) {
        self.set("error.type", AttributeValue::Text(error_type.into()));
        if let Some(data) = &mut self.data {
            data.is_error = true;
        }
    }

    /// Ends the operation now.
    pub fn end(mut self) {
        if let Some(data) = &mut self.data {
            data.has_ended = true;
        }
    }

    /// Moves the start of the operation into the past.
    #[must_use]
    pub fn backdated(mut self, ago: Duration) -> Self {
        if let Some(data) = &mut self.data {
            data.start = data.start.checked_sub(ago).unwrap_or(data.start);
        }
        self.started = self.started.checked_sub(ago).unwrap_or(self.started);
        self
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let is_open = |data: &SpanData| !data.has_ended && !data.is_error;
        if self.data.as_deref().is_some_and(is_open) {
            self.fail("canceled");
        }
        if let Some(mut data) = self.data.take() {
            data.duration = self.started.elapsed();
            self.tracer.0.queue.push(*data);
        }
    }
}

// === impl AttributeValue ===

impl AttributeValue {
    fn bounded(self) -> Self {
        match self {
            Self::Text(text) if text.len() > MAX_TEXT => {
                let end = text.floor_char_boundary(MAX_TEXT);
                Self::Text(text.get(..end).unwrap_or_default().to_owned().into())
            }
            value => value,
        }
    }
}

impl From<&'static str> for AttributeValue {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for AttributeValue {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<u16> for AttributeValue {
    fn from(number: u16) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u32> for AttributeValue {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}
