package interop;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.ClientTlsStrategyBuilder;
import org.apache.hc.core5.http.HttpHost;
import org.opensearch.client.transport.OpenSearchTransport;
import org.opensearch.client.transport.aws.AwsSdk2Transport;
import org.opensearch.client.transport.aws.AwsSdk2TransportOptions;
import org.opensearch.client.transport.httpclient5.ApacheHttpClient5TransportBuilder;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;

/**
 * Load from opensearch-java, for <code>cargo xtask bench opensearch</code>: WAY OPERATION CLIENTS SECONDS.
 *
 * <p>WAY is <code>unsigned</code> or <code>irsa</code> (Apache HttpClient 5, nothing signed) or <code>self-signing</code> (the AWS
 * transport); OPERATION is <code>search</code> (a small one) or <code>bulk</code> (1 MiB). Environment: {@link OpenSearchTarget} and
 * AWS's own variables. Output: one JSON line of requests, seconds and percentiles.
 */
public final class OpenSearchLoad {
    /** The compiler of the JVM needs longer to warm up than a connection. */
    private static final Duration WARM_UP = Duration.ofSeconds(2);

    private static final String SEARCH = "{\"query\":{\"match_all\":{}}}";
    private static final byte[] BULK = bulk();

    private OpenSearchLoad() {}

    public static void main(String[] arguments) throws Exception {
        int clients = Integer.parseInt(arguments[2]);
        OpenSearchTarget target = OpenSearchTarget.fromEnvironment();
        try (OpenSearchTransport transport =
                arguments[0].equals("self-signing") ? signing(target, clients) : plain(target, clients)) {
            Http http = Http.over(transport);
            run(http, arguments[1], clients, WARM_UP);
            long begun = System.nanoTime();
            long[] times = run(http, arguments[1], clients, Duration.ofSeconds(Long.parseLong(arguments[3])));
            report(times, (System.nanoTime() - begun) / 1e9);
        }
        System.exit(0);
    }

    /** The time of each request of all clients, sorted. */
    private static long[] run(Http http, String operation, int clients, Duration length) throws Exception {
        long until = System.nanoTime() + length.toNanos();
        Callable<long[]> client = () -> {
            LongStream.Builder times = LongStream.builder();
            for (long begun = System.nanoTime(); begun < until; begun = System.nanoTime()) {
                send(http, operation);
                times.add(System.nanoTime() - begun);
            }
            return times.build().toArray();
        };
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        List<long[]> all = new ArrayList<>();
        for (Future<long[]> times : threads.invokeAll(java.util.Collections.nCopies(clients, client))) {
            all.add(times.get());
        }
        threads.shutdown();
        return all.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    }

    private static void send(Http http, String operation) throws Exception {
        Http.Answer answer = operation.equals("bulk")
                ? http.send("POST", "/_bulk", BULK, Http.JSON_TYPE)
                : http.send("POST", "/orders/_search?size=1", SEARCH.getBytes(StandardCharsets.UTF_8), Http.JSON_TYPE);
        if (answer.status() != 200) {
            throw new IllegalStateException("refused: " + answer);
        }
    }

    private static void report(long[] times, double seconds) throws Exception {
        Map<String, Object> line = Map.of(
                "requests", times.length,
                "seconds", seconds,
                "p50_ms", at(times, 0.5) / 1e6,
                "p99_ms", at(times, 0.99) / 1e6);
        System.out.println(Lines.JSON.writeValueAsString(line));
    }

    private static double at(long[] times, double share) {
        return times[(int) (share * (times.length - 1))];
    }

    private static byte[] bulk() {
        String pair = "{\"index\":{\"_index\":\"orders\"}}\n{\"text\":\"" + "x".repeat(1000) + "\"}\n";
        return pair.repeat(1024 * 1024 / pair.length()).getBytes(StandardCharsets.UTF_8);
    }

    private static OpenSearchTransport plain(OpenSearchTarget target, int clients) {
        var manager = PoolingAsyncClientConnectionManagerBuilder.create()
                .setTlsStrategy(ClientTlsStrategyBuilder.create().setSslContext(target.tls()).build())
                .setMaxConnPerRoute(clients)
                .setMaxConnTotal(clients);
        if (target.url().getScheme().equals("https")) {
            manager.setDnsResolver(new OpenSearchSigners.Dialling(target.dialled()));
        }
        HttpHost host = new HttpHost(target.url().getScheme(), target.url().getHost(), target.url().getPort());
        return ApacheHttpClient5TransportBuilder.builder(host)
                .setHttpClientConfigCallback(client -> client.setConnectionManager(manager.build()))
                .build();
    }

    private static OpenSearchTransport signing(OpenSearchTarget target, int clients) {
        SdkHttpClient client = Apache5HttpClient.builder()
                .maxConnections(clients)
                .tlsTrustManagersProvider(target::trusted)
                .dnsResolver(new OpenSearchSigners.Dialling(target.dialled()))
                .build();
        return new AwsSdk2Transport(
                client,
                target.url().getHost(),
                "es",
                Region.of(System.getenv("AWS_REGION")),
                AwsSdk2TransportOptions.builder().build());
    }
}
