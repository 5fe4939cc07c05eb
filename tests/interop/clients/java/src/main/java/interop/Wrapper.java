package interop;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/**
 * The incumbent's own way: the AWS JDBC wrapper signs the token itself, with credentials of the SDK's default chain.
 * The endpoint's name is resolved by the JVM, so the caller maps it to the lab by jdk.net.hosts.file.
 */
public final class Wrapper {
    private Wrapper() {}

    public static void main(String[] arguments) {
        Target target = Target.fromEnvironment();
        Report report = new Report()
                .add("credentials", Wrapper::credentials)
                .add("session", () -> session(target));
        System.exit(report.run() ? 0 : 1);
    }

    /** The access key that the default chain ends with; the key's id is no secret. */
    private static Object[] credentials() {
        try (DefaultCredentialsProvider chain = DefaultCredentialsProvider.create()) {
            AwsCredentials credentials = chain.resolveCredentials();
            return new Object[] {credentials.accessKeyId()};
        }
    }

    private static Object[] session(Target target) throws SQLException {
        Properties properties = target.properties();
        properties.setProperty("wrapperPlugins", "iam");
        String signedPort = System.getenv("IRSA_SIGN_PORT");
        if (signedPort != null) {
            properties.setProperty("iamDefaultPort", signedPort);
        }
        String url = "jdbc:aws-wrapper:postgresql://" + target.host() + ":" + target.port() + "/" + target.database();
        try (Connection connection = DriverManager.getConnection(url, properties);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select current_user, current_database()")) {
            row.next();
            return new Object[] {row.getString(1), row.getString(2)};
        }
    }
}
