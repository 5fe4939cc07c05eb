//! Routes of Elasticsearch 6 and 7 and of OpenSearch 1: paths with a mapping type.
//!
//! A `POST` may be listed as a read only if all of these versions have the route: a version without it treats the last
//! segment as the ID of a document to write.

use super::{Route, reads, writes};

pub(super) const TYPED: &[Route] = &[
    writes("POST", "/{index}/{type}"),
    reads("HEAD", "/{index}/{type}"),
    reads("GET HEAD", "/{index}/{type}/{id}"),
    writes("POST PUT DELETE", "/{index}/{type}/{id}"),
    writes("POST PUT", "/{index}/{type}/{id}/_create"),
    writes("POST", "/{index}/{type}/{id}/_update"),
    reads("GET HEAD", "/{index}/{type}/{id}/_source"),
    reads("GET POST", "/{index}/{type}/{id}/_explain"),
    reads("GET POST", "/{index}/{type}/{id}/_termvectors"),
    reads("GET POST", "/{index}/{type}/_termvectors"),
    reads("GET POST", "/{index}/{type}/_mtermvectors").names_indices(),
    reads("GET POST", "/{index}/{type}/_search"),
    reads("GET POST", "/{index}/{type}/_search/template"),
    reads("GET POST", "/{index}/{type}/_msearch").names_indices(),
    reads("GET POST", "/{index}/{type}/_msearch/template").names_indices(),
    reads("GET POST", "/{index}/{type}/_mget").names_indices(),
    reads("GET POST", "/{index}/{type}/_count"),
    reads("GET POST", "/{index}/{type}/_validate/query"),
    writes("POST PUT", "/{index}/{type}/_bulk").names_indices(),
    writes("POST", "/{index}/{type}/_delete_by_query"),
    writes("POST", "/{index}/{type}/_update_by_query"),
    reads("GET HEAD", "/{index}/_mapping/{type}"),
    reads("GET", "/{index}/_mapping/{type}/field/{fields}"),
    reads("GET", "/_mapping/{type}"),
    reads("GET", "/_mapping/{type}/field/{fields}"),
    reads("GET", "/{index}/{type}/_mapping"),
    writes("POST PUT", "/{index}/_mapping/{type}"),
    writes("POST PUT", "/{index}/{type}/_mapping"),
    writes("POST PUT", "/_mapping/{type}"),
    // Elasticsearch 6 also accepts GET.
    writes("GET POST", "/_cache/clear"),
    writes("GET POST", "/{index}/_cache/clear"),
    writes("GET POST", "/_flush/synced"),
    writes("GET POST", "/{index}/_flush/synced"),
];
