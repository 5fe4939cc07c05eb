package xa;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.XAConnection;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.postgresql.xa.PGXADataSource;

/**
 * A transaction in two phases, with the stock driver's XA data source: {@code prepare} leaves two branches prepared in
 * the database, {@code commit} finds them there and commits them, from other connections. Each prints how many are
 * prepared at its end, and how many rows can be seen. {@code seen} looks whether somebody else has committed so.
 */
public final class TwoPhases {
    private static final String PREPARED = "pg_prepared_xacts WHERE owner = current_user";
    /** Sessions that did so last. */
    private static final String COMMITTED = "pg_stat_activity WHERE query LIKE 'COMMIT PREPARED%'";

    private TwoPhases() {}

    /** A branch of this program's one transaction. */
    private record Branch(byte number) implements Xid {
        @Override
        public int getFormatId() {
            return 1;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return "two-phases".getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {number};
        }
    }

    public static void main(String[] arguments) throws SQLException, XAException {
        PGXADataSource database = new PGXADataSource();
        database.setUrl(arguments[1]);
        database.setUser(arguments[2]);
        switch (arguments[0]) {
            case "prepare" -> {
                createTable(database);
                prepare(database, new Branch((byte) 1));
                prepare(database, new Branch((byte) 2));
                print(database, PREPARED, "two_phases");
            }
            case "commit" -> {
                commitAll(database);
                print(database, PREPARED, "two_phases");
            }
            default -> print(database, COMMITTED, "login_audit");
        }
    }

    private static void print(PGXADataSource database, String from, String table) throws SQLException {
        System.out.println(count(database, from) + " transactions, " + count(database, table) + " rows");
    }

    private static void createTable(PGXADataSource database) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE two_phases (branch integer PRIMARY KEY)");
        }
    }

    private static void prepare(PGXADataSource database, Branch branch) throws SQLException, XAException {
        XAConnection connection = database.getXAConnection();
        try {
            XAResource resource = connection.getXAResource();
            resource.start(branch, XAResource.TMNOFLAGS);
            try (Statement statement = connection.getConnection().createStatement()) {
                statement.execute("INSERT INTO two_phases VALUES (" + branch.number() + ")");
            }
            resource.end(branch, XAResource.TMSUCCESS);
            resource.prepare(branch);
        } finally {
            connection.close();
        }
    }

    private static void commitAll(PGXADataSource database) throws SQLException, XAException {
        XAConnection connection = database.getXAConnection();
        try {
            XAResource resource = connection.getXAResource();
            for (Xid found : resource.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN)) {
                resource.commit(found, false);
            }
        } finally {
            connection.close();
        }
    }

    private static long count(PGXADataSource database, String from) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM " + from)) {
            row.next();
            return row.getLong(1);
        }
    }
}
