-- What Aurora PostgreSQL has in pg_catalog and PostgreSQL has not (Aurora User Guide, "Aurora PostgreSQL functions
-- reference"). Run once in each database, as superuser.
--
-- The topology comes from two settings of the server, so that it is the same in all databases, and a failover is a
-- new postgresql.conf and a reload:
--   irsa_lab.instance  the instance's own identifier
--   irsa_lab.topology  JSON: [{"server_id": "aurora-1", "session_id": "MASTER_SESSION_ID"}, ...]

SET allow_system_table_mods = on;

CREATE OR REPLACE FUNCTION pg_catalog.aurora_version() RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT pg_catalog.current_setting('server_version') OPERATOR(pg_catalog.||) '.0'
$$;

CREATE OR REPLACE FUNCTION pg_catalog.aurora_db_instance_identifier() RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT pg_catalog.current_setting('irsa_lab.instance')
$$;

-- The row of the instance that is asked has no last_update_timestamp, as since Aurora PostgreSQL 13.9.
CREATE OR REPLACE FUNCTION pg_catalog.aurora_replica_status(
    OUT server_id text,
    OUT session_id text,
    OUT durable_lsn bigint,
    OUT highest_lsn_rcvd bigint,
    OUT current_read_lsn bigint,
    OUT cur_replay_latency_in_usec bigint,
    OUT active_txns bigint,
    OUT is_current boolean,
    OUT last_transport_error integer,
    OUT last_error_timestamp timestamp with time zone,
    OUT last_update_timestamp timestamp with time zone,
    OUT feedback_xmin bigint,
    OUT feedback_epoch integer,
    OUT replica_lag_in_msec double precision,
    OUT log_stream_speed_in_kib_per_second double precision,
    OUT log_buffer_sequence_number bigint,
    OUT oldest_read_view_trx_id bigint,
    OUT oldest_read_view_lsn bigint,
    OUT pending_read_ios bigint,
    OUT read_ios bigint,
    OUT iops integer,
    OUT cpu double precision
) RETURNS SETOF record
LANGUAGE sql STABLE AS $$
    SELECT
        one.server_id,
        one.session_id,
        0::bigint,
        CASE WHEN one.is_writer THEN NULL ELSE 0::bigint END,
        CASE WHEN one.is_writer THEN NULL ELSE 0::bigint END,
        CASE WHEN one.is_writer THEN NULL ELSE 0::bigint END,
        CASE WHEN one.is_writer THEN NULL ELSE 0::bigint END,
        true,
        0,
        NULL::timestamptz,
        CASE WHEN one.is_asked THEN NULL ELSE pg_catalog.now() END,
        NULL::bigint,
        NULL::integer,
        CASE WHEN one.is_writer THEN NULL ELSE one.lag END,
        0::float8,
        0::bigint,
        NULL::bigint,
        NULL::bigint,
        0::bigint,
        0::bigint,
        0,
        1::float8
    FROM (
        SELECT
            server.server_id,
            server.session_id,
            COALESCE(server.replica_lag_in_msec, 0::float8) AS lag,
            server.session_id OPERATOR(pg_catalog.=) 'MASTER_SESSION_ID'::text AS is_writer,
            server.server_id OPERATOR(pg_catalog.=) pg_catalog.aurora_db_instance_identifier() AS is_asked
        FROM pg_catalog.jsonb_to_recordset(pg_catalog.current_setting('irsa_lab.topology')::jsonb)
            AS server(server_id text, session_id text, replica_lag_in_msec float8)
    ) AS one
$$;

-- No cluster of the lab belongs to a global database.
CREATE OR REPLACE FUNCTION pg_catalog.aurora_global_db_instance_status(
    OUT server_id text,
    OUT session_id text,
    OUT aws_region text,
    OUT durable_lsn bigint,
    OUT highest_lsn_rcvd bigint,
    OUT feedback_epoch bigint,
    OUT feedback_xmin bigint,
    OUT oldest_read_view_lsn bigint,
    OUT visibility_lag_in_msec real
) RETURNS SETOF record
LANGUAGE sql STABLE AS $$
    SELECT NULL::text, NULL::text, NULL::text, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::real
    WHERE false
$$;

-- Drivers recognise Aurora by this setting. PostgreSQL does not list settings that no loaded module has declared.
CREATE OR REPLACE VIEW pg_catalog.pg_settings AS
    SELECT * FROM pg_catalog.pg_show_all_settings()
    UNION ALL
    SELECT
        'rds.extensions', 'aurora_stat_utils, pg_stat_statements, plpgsql, rds_tools', NULL, 'Customized Options',
        'Sets the list of extensions that are supported by RDS.', NULL, 'internal', 'string', 'configuration file',
        NULL, NULL, NULL, '', 'aurora_stat_utils, pg_stat_statements, plpgsql, rds_tools', NULL, NULL::integer, false;

RESET allow_system_table_mods;
