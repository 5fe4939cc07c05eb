package interop;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;

/** pgjdbc through whatever PGHOST and its friends name; one JSON line a check. */
public final class Checks {
    private static final int BIG = 16 * 1024 * 1024;

    private final Target target;
    private final Connection connection;

    private Checks(Target target, Connection connection) {
        this.target = target;
        this.connection = connection;
    }

    public static void main(String[] arguments) throws Exception {
        Target target = Target.fromEnvironment();
        boolean passed;
        try (Connection connection = target.connect()) {
            passed = new Checks(target, connection).report().run();
        }
        System.exit(passed ? 0 : 1);
    }

    private Report report() {
        return new Report()
                .add("session", this::session)
                .add("startup-parameters", this::startupParameters)
                .add("extended-query", this::extendedQuery)
                .add("simple-query", this::simpleQuery)
                .add("prepared-statement", this::preparedStatement)
                .add("batch", this::batch)
                .add("batch-error", this::batchError)
                .add("transaction-error", this::transactionError)
                .add("savepoint", this::savepoint)
                .add("notice", this::notice)
                .add("copy-both-ways", this::copyBothWays)
                .add("copy-failure", this::copyFailure)
                .add("cursor-fetch", this::cursorFetch)
                .add("big-row", this::bigRow)
                .add("big-parameter", this::bigParameter)
                .add("listen-notify", this::listenNotify)
                .add("cancel", this::cancel)
                .add("process-id", this::processId)
                .add("query-timeout", this::queryTimeout)
                .add("parallel-sessions", this::parallelSessions);
    }

    private Object[] session() throws SQLException {
        String version = connection.getMetaData().getDatabaseProductVersion();
        return new Object[] {value("select current_user"), value("select current_database()"), version};
    }

    private Object[] startupParameters() throws SQLException {
        Properties properties = target.properties();
        properties.setProperty("ApplicationName", "interop");
        properties.setProperty("options", "-c statement_timeout=12345 -c work_mem=5MB");
        try (Connection other = target.connect(properties)) {
            return new Object[] {
                value(other, "show application_name"), value(other, "show statement_timeout"), value(other, "show work_mem")
            };
        }
    }

    private Object[] extendedQuery() throws SQLException {
        String text = "select ?::int8 + 1, ?::text || '!', encode(?::bytea, 'hex'), ?::int[]::text";
        try (PreparedStatement statement = connection.prepareStatement(text)) {
            statement.setLong(1, 41);
            statement.setString(2, "naïve ☃");
            statement.setBytes(3, new byte[] {0, (byte) 0xff});
            statement.setArray(4, connection.createArrayOf("int4", new Integer[] {1, 2, 3}));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Object[] {row.getLong(1), row.getString(2), row.getString(3), row.getString(4)};
            }
        }
    }

    private Object[] simpleQuery() throws SQLException {
        Properties properties = target.properties();
        properties.setProperty("preferQueryMode", "simple");
        try (Connection other = target.connect(properties);
                Statement statement = other.createStatement()) {
            List<String> seen = new ArrayList<>();
            boolean rows = statement.execute("select 1; select 'two'; select 3 where false");
            while (rows) {
                ResultSet result = statement.getResultSet();
                seen.add(result.next() ? result.getString(1) : "none");
                rows = statement.getMoreResults();
            }
            return seen.toArray();
        }
    }

    /** Past prepareThreshold (5) the driver names its statement on the server. */
    private Object[] preparedStatement() throws SQLException {
        int total = 0;
        try (PreparedStatement statement = connection.prepareStatement("select ?::int * 2")) {
            for (int number = 0; number < 200; number++) {
                statement.setInt(1, number);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    total += row.getInt(1);
                }
            }
        }
        return new Object[] {
            total, value("select count(*) from pg_prepared_statements where statement like '%* 2'")
        };
    }

    private Object[] batch() throws SQLException {
        execute("create temp table batched (id int, body text)");
        int inserted = 0;
        try (PreparedStatement statement = connection.prepareStatement("insert into batched values (?, ?)")) {
            for (int number = 0; number < 5000; number++) {
                statement.setInt(1, number);
                statement.setString(2, "body " + number);
                statement.addBatch();
            }
            for (int count : statement.executeBatch()) {
                inserted += count;
            }
        }
        return new Object[] {inserted, value("select sum(id) from batched")};
    }

    private Object[] batchError() throws SQLException {
        execute("create temp table unique_ids (id int primary key)");
        try (Statement statement = connection.createStatement()) {
            for (int number : new int[] {1, 2, 2, 3}) {
                statement.addBatch("insert into unique_ids values (" + number + ")");
            }
            String refusal = refusal(statement::executeBatch);
            return new Object[] {refusal, value("select count(*) from unique_ids")};
        }
    }

    private Object[] transactionError() throws SQLException {
        connection.setAutoCommit(false);
        try {
            return new Object[] {refusal(() -> execute("select 1 / 0")), refusal(() -> execute("select 1"))};
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    private Object[] savepoint() throws SQLException {
        connection.setAutoCommit(false);
        try {
            execute("create temp table saved (id int) on commit drop");
            execute("insert into saved values (1)");
            var savepoint = connection.setSavepoint("half");
            String refusal = refusal(() -> execute("insert into saved values ('x')"));
            connection.rollback(savepoint);
            return new Object[] {refusal, value("select count(*) from saved")};
        } finally {
            connection.commit();
            connection.setAutoCommit(true);
        }
    }

    private Object[] notice() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("do $$ begin raise notice 'heard'; end $$");
            return new Object[] {statement.getWarnings().getMessage()};
        }
    }

    private Object[] copyBothWays() throws Exception {
        execute("create temp table copied (id int, body text)");
        StringBuilder lines = new StringBuilder();
        for (int number = 0; number < 50_000; number++) {
            lines.append(number).append("\tline ").append(number).append('\n');
        }
        long inserted = copies().copyIn("copy copied from stdin", bytes(lines.toString()));
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (OutputStream sink = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
            copies().copyOut("copy (select * from copied order by id) to stdout", sink);
        }
        return new Object[] {inserted, HexFormat.of().formatHex(digest.digest())};
    }

    private Object[] copyFailure() throws Exception {
        execute("create temp table refused (id int)");
        String refusal = refusal(() -> copies().copyIn("copy refused from stdin", bytes("not a number\n".repeat(10_000))));
        return new Object[] {refusal, value("select count(*) from refused")};
    }

    /** A fetch size keeps a portal open over several Execute messages. */
    private Object[] cursorFetch() throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(100);
            int sum = 0;
            try (ResultSet rows = statement.executeQuery("select generate_series(1, 1000)")) {
                while (rows.next()) {
                    sum += rows.getInt(1);
                }
            }
            return new Object[] {sum};
        } finally {
            connection.commit();
            connection.setAutoCommit(true);
        }
    }

    private Object[] bigRow() throws Exception {
        String body = value("select repeat('0123456789abcdef', " + BIG / 16 + ")");
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(body.getBytes(StandardCharsets.UTF_8));
        return new Object[] {body.length(), HexFormat.of().formatHex(digest)};
    }

    private Object[] bigParameter() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("select length(b), md5(b) from (select ?::text) t(b)")) {
            statement.setString(1, "fedcba9876543210".repeat(BIG / 16));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Object[] {row.getInt(1), row.getString(2)};
            }
        }
    }

    private Object[] listenNotify() throws SQLException {
        // A database's channels are for all its sessions: other clients' checks may run in this one.
        String channel = "interop_" + value("select pg_backend_pid()");
        execute("listen " + channel);
        try (Connection other = target.connect()) {
            for (int number = 0; number < 3; number++) {
                value(other, "select pg_notify('" + channel + "', '" + number + "')");
            }
        }
        List<String> heard = new ArrayList<>();
        while (heard.size() < 3) {
            for (PGNotification each : connection.unwrap(PGConnection.class).getNotifications(20_000)) {
                heard.add(each.getParameter());
            }
        }
        execute("unlisten *");
        return heard.toArray();
    }

    private Object[] cancel() throws Exception {
        int backend = connection.unwrap(PGConnection.class).getBackendPID();
        try (Statement statement = connection.createStatement()) {
            CompletableFuture<Void> cancelled = CompletableFuture.runAsync(() -> cancelOnceRunning(statement, backend));
            String refusal = refusal(() -> statement.execute("select pg_sleep(60)"));
            cancelled.get();
            return new Object[] {refusal, value("select 'alive'")};
        }
    }

    private void cancelOnceRunning(Statement statement, int backend) {
        String running = "select count(*) from pg_stat_activity where pid = " + backend
                + " and state = 'active' and query like 'select pg_sleep%'";
        try (Connection other = target.connect()) {
            while (value(other, running).equals("0")) {
                Thread.onSpinWait();
            }
            statement.cancel();
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private Object[] processId() throws SQLException {
        int backend = connection.unwrap(PGConnection.class).getBackendPID();
        return new Object[] {value("select pg_backend_pid()").equals(Integer.toString(backend))};
    }

    private Object[] queryTimeout() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            return new Object[] {refusal(() -> statement.execute("select pg_sleep(60)")), value("select 'alive'")};
        }
    }

    private Object[] parallelSessions() throws SQLException {
        List<Connection> connections = new ArrayList<>();
        try {
            Set<String> backends = new HashSet<>();
            for (int number = 0; number < 20; number++) {
                connections.add(target.connect());
                backends.add(value(connections.get(number), "select pg_backend_pid()"));
            }
            return new Object[] {backends.size()};
        } finally {
            for (Connection each : connections) {
                each.close();
            }
        }
    }

    private CopyManager copies() throws SQLException {
        return connection.unwrap(PGConnection.class).getCopyAPI();
    }

    private void execute(String text) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(text);
        }
    }

    private String value(String text) throws SQLException {
        return value(connection, text);
    }

    private static String value(Connection connection, String text) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(text)) {
            row.next();
            return row.getString(1);
        }
    }

    private static InputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @FunctionalInterface
    private interface Attempt {
        void run() throws Exception;
    }

    /** The SQLSTATE that an attempt is refused with. */
    private static String refusal(Attempt attempt) {
        try {
            attempt.run();
        } catch (SQLException refused) {
            return refused.getSQLState();
        } catch (Exception other) {
            throw new IllegalStateException(other);
        }
        throw new IllegalStateException("no error");
    }
}
