//! Lists in pages.

use serde::de::DeserializeOwned;

use crate::api_request::{ApiRequest, encoded};
use crate::facts::List;
use crate::reader::parse;
use crate::{KubeReader, ReadError, ReadErrorKind, Rule};

/// The maximum number of pages of a list, so that no list is endless.
const MAX_PAGES: usize = 10_000;

/// The pages of a list, of which one at a time is in memory.
pub(crate) struct Pages<'a> {
    reader: &'a KubeReader,
    rule: Rule,
    path: String,
    accept: Option<&'static str>,
    /// The maximum number of objects on the next page.
    limit: usize,
    next: Next,
    read: usize,
}

enum Next {
    First,
    Continue(String),
    Done,
}

impl<'a> Pages<'a> {
    /// A list with at most `limit` objects on a page. `path` may have a query.
    pub(crate) fn new(reader: &'a KubeReader, rule: Rule, path: &str, limit: usize) -> Self {
        let separator = if path.contains('?') { '&' } else { '?' };
        Self {
            reader,
            rule,
            path: format!("{path}{separator}"),
            accept: None,
            limit,
            next: Next::First,
            read: 0,
        }
    }

    /// Asks for this representation of the list.
    pub(crate) fn accept(self, accept: &'static str) -> Self {
        let accept = Some(accept);
        Self { accept, ..self }
    }

    /// Returns whether the API server has more pages.
    pub(crate) fn has_more(&self) -> bool {
        !matches!(self.next, Next::Done)
    }

    /// Reads the next page; `None` after the last one. A page that is too large is read in smaller ones, because a few
    /// objects can be much larger than usual.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<List<T>>, ReadError> {
        let token = match &self.next {
            Next::First => String::new(),
            Next::Continue(token) => format!("&continue={}", encoded(token)),
            Next::Done => return Ok(None),
        };
        self.read += 1;
        if self.read > MAX_PAGES {
            return Err(ReadError {
                rule: self.rule.clone(),
                kind: ReadErrorKind::Other(format!("the list has more than {MAX_PAGES} pages")),
            });
        }
        let page = loop {
            let request = ApiRequest::get(&format!("{}limit={}{token}", self.path, self.limit));
            let request = match self.accept {
                Some(accept) => request.accept(accept),
                None => request,
            };
            match self.reader.send(&self.rule, request).await {
                Err(error) if is_too_large(&error) && self.limit > 1 => self.limit /= 2,
                answer => break answer?,
            }
        };
        let page: List<T> = parse(&self.rule, &page.body)?;
        let token = page.metadata.next.clone();
        self.next = match token.filter(|token| !token.is_empty()) {
            Some(token) => Next::Continue(token),
            None => Next::Done,
        };
        Ok(Some(page))
    }
}

fn is_too_large(error: &ReadError) -> bool {
    matches!(error.kind, ReadErrorKind::TooLarge(_))
}
