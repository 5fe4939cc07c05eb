//! Projects under `examples/`, built into the cache.
