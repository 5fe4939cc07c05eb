package example;

import io.github.acm19.aws.interceptor.http.AwsRequestSigningApacheInterceptor;
import java.net.URI;
import org.apache.http.impl.nio.client.HttpAsyncClientBuilder;
import org.opensearch.client.transport.OpenSearchTransport;
import org.opensearch.client.transport.aws.AwsSdk2Transport;
import org.opensearch.client.transport.aws.AwsSdk2TransportOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.signer.Aws4Signer;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;

/** The components' own way. This is the only class that knows AWS's libraries: without them it is never loaded. */
final class Signing {
    private static final Logger LOG = LoggerFactory.getLogger(Signing.class);
    private static final String SERVICE = "es";

    private Signing() {}

    /**
     * Operate's: the transport of opensearch-java over the SDK's HTTP client. Without credentials Operate warns and goes
     * on unsigned.
     */
    static OpenSearchTransport transport(URI url) {
        AwsCredentialsProvider credentials = DefaultCredentialsProvider.builder().build();
        try {
            credentials.resolveCredentials();
        } catch (RuntimeException nobody) {
            LOG.warn("AWS not configured due to: {}", nobody.getMessage());
            return Clients.transport(url);
        }
        Region region = DefaultAwsRegionProviderChain.builder().build().getRegion();
        var options = AwsSdk2TransportOptions.builder().setCredentials(credentials).build();
        return new AwsSdk2Transport(Apache5HttpClient.create(), url.getAuthority(), SERVICE, region, options);
    }

    /** The exporter's: each request passes an interceptor. Credentials are looked for when the first one does. */
    static HttpAsyncClientBuilder intercept(HttpAsyncClientBuilder client, String region) {
        return client.addInterceptorLast(new AwsRequestSigningApacheInterceptor(
                SERVICE, Aws4Signer.create(), DefaultCredentialsProvider.builder().build(), Region.of(region)));
    }
}
