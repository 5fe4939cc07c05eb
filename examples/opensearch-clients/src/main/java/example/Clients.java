package example;

import java.net.URI;
import java.util.function.UnaryOperator;
import org.apache.http.impl.nio.client.HttpAsyncClientBuilder;
import org.apache.http.impl.nio.reactor.IOReactorConfig;
import org.opensearch.client.RestClient;
import org.opensearch.client.transport.OpenSearchTransport;
import org.opensearch.client.transport.httpclient5.ApacheHttpClient5TransportBuilder;

/** OpenSearch's clients as the components build them; nothing here signs. */
final class Clients {
    /** The exporter's default for connecting and for answers. */
    private static final int TIMEOUT_MILLIS = 30_000;

    private Clients() {}

    /** Apache HttpClient 5 below opensearch-java. */
    static OpenSearchTransport transport(URI url) {
        var host = new org.apache.hc.core5.http.HttpHost(url.getScheme(), url.getHost(), url.getPort());
        return ApacheHttpClient5TransportBuilder.builder(host).build();
    }

    /** Apache HttpClient 4: one thread, since a partition flushes one bulk after the other. */
    static RestClient restClient(URI url, UnaryOperator<HttpAsyncClientBuilder> change) {
        var host = new org.apache.http.HttpHost(url.getHost(), url.getPort(), url.getScheme());
        IOReactorConfig oneThread =
                IOReactorConfig.custom().setIoThreadCount(1).setSoKeepAlive(true).build();
        return RestClient.builder(host)
                .setRequestConfigCallback(
                        request -> request.setConnectTimeout(TIMEOUT_MILLIS).setSocketTimeout(TIMEOUT_MILLIS))
                .setHttpClientConfigCallback(client -> change.apply(client.setDefaultIOReactorConfig(oneThread)))
                .build();
    }
}
