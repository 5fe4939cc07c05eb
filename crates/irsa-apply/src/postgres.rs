//! Users and databases of a PostgreSQL cluster.
