package interop;

import static interop.Lines.check;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.acm19.aws.interceptor.http.AwsRequestSigningApacheInterceptor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.http.HttpRequest;
import org.apache.http.config.RegistryBuilder;
import org.apache.http.conn.routing.HttpRoute;
import org.apache.http.impl.nio.client.HttpAsyncClientBuilder;
import org.apache.http.impl.nio.conn.PoolingNHttpClientConnectionManager;
import org.apache.http.impl.nio.reactor.DefaultConnectingIOReactor;
import org.apache.http.impl.nio.reactor.IOReactorConfig;
import org.apache.http.nio.conn.NoopIOSessionStrategy;
import org.apache.http.nio.conn.SchemeIOSessionStrategy;
import org.apache.http.nio.conn.ssl.SSLIOSessionStrategy;
import org.apache.http.nio.pool.SocketAddressResolver;
import org.apache.http.nio.reactor.IOReactorException;
import org.apache.http.protocol.HttpContext;
import org.opensearch.client.RestClient;
import org.opensearch.client.transport.OpenSearchTransport;
import org.opensearch.client.transport.aws.AwsSdk2Transport;
import org.opensearch.client.transport.aws.AwsSdk2TransportOptions;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.signer.Aws4Signer;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;

/**
 * Signed requests, the incumbents' own way: `interceptor` (the default) is the acm19 interceptor over the low-level
 * RestClient, `sdk` is opensearch-java's AwsSdk2Transport over the SDK's Apache HttpClient 5. Environment:
 * {@link OpenSearchTarget}, and
 *
 * <ul>
 *   <li>AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN: found by the SDK's default chain
 *   <li>AWS_REGION, OPENSEARCH_SERVICE: the scope (service: es)
 *   <li>TAMPER=1: the last digit of each signature is changed, which shows the refusals
 * </ul>
 *
 * With OPENSEARCH_URL=https://ENDPOINT and OPENSEARCH_DIAL=127.0.0.1:PORT, ENDPOINT is what is signed, what TLS asks for
 * and what the Host header says, without a port; the connections go to PORT. One JSON line a check; the exit code is 0.
 */
public final class OpenSearchSigners {
    private static final String SERVICE = System.getenv().getOrDefault("OPENSEARCH_SERVICE", "es");
    private static final Region REGION = Region.of(System.getenv().getOrDefault("AWS_REGION", "us-east-1"));

    private OpenSearchSigners() {}

    public static void main(String[] arguments) throws Exception {
        OpenSearchTarget target = OpenSearchTarget.fromEnvironment();
        if (arguments.length > 0 && arguments[0].equals("sdk")) {
            try (SdkHttpClient client = sdkClient(target);
                    OpenSearchTransport transport = new AwsSdk2Transport(
                            client, target.url().getHost(), SERVICE, REGION, AwsSdk2TransportOptions.builder().build())) {
                checks(Http.over(transport), target.prefix());
            }
        } else {
            try (RestClient client = target.restClient(false, builder -> signing(target, builder))) {
                checks(Http.over(client), target.prefix());
            }
        }
        System.exit(0);
    }

    private static void checks(Http http, String prefix) throws Exception {
        String index = "/" + prefix + "-signed";
        check("info", () -> http.shown("GET", "/"));
        check("index", () -> http.shown("PUT", index + "/_doc/a%2Fb%2Bc?refresh=true", "{'n':1,'body':'naïve ☃'}"));
        check("get", () -> http.shown("GET", index + "/_doc/a%2Fb%2Bc"));
        check("raw-path", () -> http.shown("GET", index + "," + prefix + "-sig*/_count"));
        String search = index + "/_search?filter_path=hits.hits._id";
        check("query", () -> http.shown("GET", search + "%2Chits.total&q=body%3Ana%C3%AFve"));
        check("query-with-space", () -> http.shown("GET", search + "%2Chits.total&q=n%3A1%20OR%20n%3A2"));
        check("query-not-encoded", () -> http.shown("GET", search + ",hits.total&q=n:1"));
        check("search", () -> http.shown("POST", index + "/_search", "{'query':{'match_all':{}}}"));
        check("bulk", () -> {
            String lines = "{'index':{'routing':'1'}}\n{'n':2}\n".repeat(1000);
            Http.Answer answer = http.send("POST", index + "/_bulk", lines);
            return answer.status() == 200 ? answer.body().path("errors") : answer.shown();
        });
        JsonNode[] scroll = {Lines.JSON.nullNode()};
        check("scroll", () -> {
            String query = "{'size':1,'query':{'term':{'n':1}}}";
            Http.Answer answer = http.send("POST", index + "/_search?scroll=60000ms", query);
            scroll[0] = answer.body().path("_scroll_id");
            return answer.shown();
        });
        check("clear-scroll", () -> http.shown(
                "DELETE", "/_search/scroll", "{'scroll_id':['%s']}".formatted(scroll[0].asText("none"))));
        check("get-with-body", () -> http.shown("GET", index + "/_count", "{'query':{'term':{'n':1}}}"));
        check("special-id", () -> http.shown("GET", index + "/_doc/me@home!*'()"));
        check("delete-index", () -> http.shown("DELETE", index));
    }

    // The interceptor, over Apache HttpClient 4.

    private static HttpAsyncClientBuilder signing(OpenSearchTarget target, HttpAsyncClientBuilder client) {
        client.addInterceptorLast(new AwsRequestSigningApacheInterceptor(
                SERVICE, Aws4Signer.create(), DefaultCredentialsProvider.create(), REGION));
        if (isTampering()) {
            client.addInterceptorLast((HttpRequest request, HttpContext context) ->
                    request.setHeader("Authorization", tampered(request.getFirstHeader("Authorization").getValue())));
        }
        return target.dial() == null ? client : client.setConnectionManager(dialling(target));
    }

    private static PoolingNHttpClientConnectionManager dialling(OpenSearchTarget target) {
        SocketAddressResolver<HttpRoute> resolver = new SocketAddressResolver<>() {
            @Override
            public SocketAddress resolveLocalAddress(HttpRoute route) {
                return null;
            }

            @Override
            public SocketAddress resolveRemoteAddress(HttpRoute route) {
                return target.dialled();
            }
        };
        try {
            return new PoolingNHttpClientConnectionManager(
                    new DefaultConnectingIOReactor(IOReactorConfig.DEFAULT),
                    null,
                    RegistryBuilder.<SchemeIOSessionStrategy>create()
                            .register("http", NoopIOSessionStrategy.INSTANCE)
                            .register("https", new SSLIOSessionStrategy(target.tls()))
                            .build(),
                    resolver);
        } catch (IOReactorException error) {
            throw new IllegalStateException(error);
        }
    }

    // The SDK's own client, over Apache HttpClient 5.

    private static SdkHttpClient sdkClient(OpenSearchTarget target) {
        Apache5HttpClient.Builder builder = Apache5HttpClient.builder();
        if (target.caFile() != null) {
            builder.tlsTrustManagersProvider(target::trusted);
        }
        if (target.dial() != null) {
            builder.dnsResolver(new Dialling(target.dialled()));
        }
        return isTampering() ? new Tampering(builder.build()) : builder.build();
    }

    /** Every name resolves to the address that is dialled. */
    record Dialling(InetSocketAddress address) implements DnsResolver {
        @Override
        public InetAddress[] resolve(String host) {
            return new InetAddress[] {address.getAddress()};
        }

        @Override
        public List<InetSocketAddress> resolve(String host, int port) {
            return List.of(address);
        }

        @Override
        public String resolveCanonicalHostname(String host) throws UnknownHostException {
            return host;
        }
    }

    private record Tampering(SdkHttpClient inner) implements SdkHttpClient {
        @Override
        public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
            SdkHttpRequest signed = request.httpRequest();
            String header = signed.firstMatchingHeader("Authorization").orElseThrow();
            SdkHttpRequest changed = signed.toBuilder().putHeader("Authorization", tampered(header)).build();
            return inner.prepareRequest(HttpExecuteRequest.builder()
                    .request(changed)
                    .contentStreamProvider(request.contentStreamProvider().orElse(null))
                    .build());
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    private static boolean isTampering() {
        return !System.getenv().getOrDefault("TAMPER", "").isEmpty();
    }

    private static String tampered(String authorization) {
        int last = authorization.length() - 1;
        return authorization.substring(0, last) + (authorization.charAt(last) == '0' ? '1' : '0');
    }
}
