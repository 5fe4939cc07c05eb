//! Roles and role mappings of OpenSearch's security plugin.
