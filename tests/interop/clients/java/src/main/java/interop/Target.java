package interop;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;

/** The server that libpq's own variables name. */
record Target(String host, String port, String user, String database, String sslMode, String rootCertificate) {
    static Target fromEnvironment() {
        Map<String, String> env = System.getenv();
        return new Target(
                env.get("PGHOST"),
                env.get("PGPORT"),
                env.get("PGUSER"),
                env.get("PGDATABASE"),
                env.getOrDefault("PGSSLMODE", "disable"),
                env.get("PGSSLROOTCERT"));
    }

    Properties properties() {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("sslmode", sslMode);
        properties.setProperty("connectTimeout", "20");
        if (rootCertificate != null) {
            properties.setProperty("sslrootcert", rootCertificate);
        }
        return properties;
    }

    Connection connect(Properties more) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://" + host + ":" + port + "/" + database, more);
    }

    Connection connect() throws SQLException {
        return connect(properties());
    }
}
