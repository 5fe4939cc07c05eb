package interop;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.ClientTlsStrategyBuilder;
import org.apache.http.impl.nio.client.HttpAsyncClientBuilder;
import org.opensearch.client.RestClient;
import org.opensearch.client.transport.OpenSearchTransport;
import org.opensearch.client.transport.httpclient5.ApacheHttpClient5TransportBuilder;

/**
 * The server that the environment names, and the clients of it.
 *
 * <ul>
 *   <li>OPENSEARCH_URL: base URL, http://localhost:9200 or https://NAME
 *   <li>OPENSEARCH_CA_FILE: certificate authorities for https
 *   <li>OPENSEARCH_HEADERS: JSON object, headers of every request
 *   <li>OPENSEARCH_PREFIX: beginning of every name that is made (interop)
 *   <li>OPENSEARCH_DIAL: HOST:PORT that is dialled whatever the URL's host is (the signers only)
 * </ul>
 */
record OpenSearchTarget(URI url, String caFile, Map<String, String> headers, String prefix, String dial) {
    private static final int TIMEOUT_MILLIS = 60_000;

    static OpenSearchTarget fromEnvironment() throws IOException {
        Map<String, String> env = System.getenv();
        return new OpenSearchTarget(
                URI.create(env.getOrDefault("OPENSEARCH_URL", "http://localhost:9200")),
                env.get("OPENSEARCH_CA_FILE"),
                Lines.JSON.readValue(env.getOrDefault("OPENSEARCH_HEADERS", "{}"), new TypeReference<>() {}),
                env.getOrDefault("OPENSEARCH_PREFIX", "interop"),
                env.get("OPENSEARCH_DIAL"));
    }

    InetSocketAddress dialled() {
        int colon = dial.lastIndexOf(':');
        return new InetSocketAddress(dial.substring(0, colon), Integer.parseInt(dial.substring(colon + 1)));
    }

    /** Apache HttpClient 4, asynchronous: what Zeebe's exporter drives. */
    RestClient restClient(boolean compressed, RestClientChange change) {
        org.apache.http.HttpHost host = new org.apache.http.HttpHost(url.getHost(), url.getPort(), url.getScheme());
        return RestClient.builder(host)
                .setDefaultHeaders(headers.entrySet().stream()
                        .map(each -> new org.apache.http.message.BasicHeader(each.getKey(), each.getValue()))
                        .toArray(org.apache.http.Header[]::new))
                .setCompressionEnabled(compressed)
                .setRequestConfigCallback(config -> config.setSocketTimeout(TIMEOUT_MILLIS))
                .setHttpClientConfigCallback(client -> change.to(client.setSSLContext(tls())))
                .build();
    }

    /** Apache HttpClient 5, asynchronous: opensearch-java's default. */
    OpenSearchTransport transport(boolean compressed) {
        var host = new org.apache.hc.core5.http.HttpHost(url.getScheme(), url.getHost(), url.getPort());
        return ApacheHttpClient5TransportBuilder.builder(host)
                .setDefaultHeaders(headers.entrySet().stream()
                        .map(each -> new org.apache.hc.core5.http.message.BasicHeader(each.getKey(), each.getValue()))
                        .toArray(org.apache.hc.core5.http.Header[]::new))
                .setCompressionEnabled(compressed)
                .setHttpClientConfigCallback(client -> client
                        .setConnectionManager(PoolingAsyncClientConnectionManagerBuilder.create()
                                .setTlsStrategy(ClientTlsStrategyBuilder.create().setSslContext(tls()).build())
                                .build()))
                .build();
    }

    SSLContext tls() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trusted(), null);
            return context;
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    /** The authorities of the file, or Java's own (null). */
    TrustManager[] trusted() {
        if (caFile == null) {
            return null;
        }
        try (InputStream file = Files.newInputStream(Path.of(caFile))) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                store.setCertificateEntry("authority-" + store.size(), each);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return factory.getTrustManagers();
        } catch (IOException | GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    @FunctionalInterface
    interface RestClientChange {
        HttpAsyncClientBuilder to(HttpAsyncClientBuilder client);
    }
}
