package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.http.impl.nio.client.HttpAsyncClientBuilder;
import org.opensearch.client.Request;
import org.opensearch.client.RestClient;

/**
 * Zeebe's exporter of one partition over the low-level client: templates, then bulks of records with their routing.
 *
 * <p>Variables: ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL, …_ARGS_AWS_ENABLED, …_ARGS_AWS_REGION (else AWS_REGION) and
 * …_ARGS_INDEX_PREFIX.
 */
final class ZeebeExporter implements Application {
    private static final String ARGUMENTS = "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_";
    private static final String VERSION = "8.3.0";
    private static final List<String> VALUE_TYPES = List.of("deployment", "job", "process-instance", "variable");
    private static final int RECORDS_PER_BULK = 1_000;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final RestClient client;
    private final String prefix;
    private final String component;
    private final String records;

    ZeebeExporter(Map<String, String> environment) {
        URI url = URI.create(environment.getOrDefault(ARGUMENTS + "URL", "http://localhost:9200"));
        boolean signs = Boolean.parseBoolean(environment.get(ARGUMENTS + "AWS_ENABLED"));
        String region = environment.getOrDefault(ARGUMENTS + "AWS_REGION", environment.get("AWS_REGION"));
        UnaryOperator<HttpAsyncClientBuilder> signing = builder -> Signing.intercept(builder, region);
        client = Clients.restClient(url, signs ? signing : UnaryOperator.identity());
        prefix = environment.getOrDefault(ARGUMENTS + "INDEX_PREFIX", "zeebe-record");
        component = "/_component_template/" + prefix + "-" + VERSION;
        records = "/" + prefix + "_*";
    }

    @Override
    public void start(Steps steps) throws Steps.Failed {
        steps.must("component-template", () -> acknowledged("PUT", component, """
                {"template": {"settings": {"number_of_shards": 1, "number_of_replicas": 0}}}"""));
        steps.must("index-templates", () -> {
            for (String type : VALUE_TYPES) {
                acknowledged("PUT", template(type), """
                        {"index_patterns": ["%1$s_%2$s_%3$s_*"], "composed_of": ["%1$s-%3$s"], "priority": 20,
                         "template": {"aliases": {"%1$s-%2$s": {}},
                          "mappings": {"properties": {"value": {"type": "object", "enabled": false}}}}}"""
                        .formatted(prefix, type, VERSION));
            }
            return VALUE_TYPES.size();
        });
    }

    @Override
    public void work(Steps steps) {
        steps.run("bulks", () -> {
            int exported = 0;
            for (int flush = 0; flush < 5; flush++) {
                exported += bulk(flush, RECORDS_PER_BULK);
            }
            return exported;
        });
        steps.run("count", () -> {
            send("POST", records + "/_refresh", null);
            return send("POST", records + "/_count?routing=1", """
                    {"query": {"term": {"partitionId": 1}}}""").path("count").asInt();
        });
        steps.run("tidy-up", () -> {
            for (String type : VALUE_TYPES) {
                acknowledged("DELETE", template(type), null);
            }
            return acknowledged("DELETE", component, null) && acknowledged("DELETE", records, null);
        });
    }

    @Override
    public void request(int number) throws IOException {
        if (number % 2 == 0) {
            bulk(number, 20);
        } else {
            send("GET", records + "/_count", null);
        }
    }

    @Override
    public void close() throws IOException {
        client.close();
    }

    /** A flush: a line for where it goes and one for the record, over and over. */
    private int bulk(int flush, int size) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int number = 0; number < size; number++) {
            String type = VALUE_TYPES.get(number % VALUE_TYPES.size());
            int position = flush * size + number;
            lines.append("""
                    {"index": {"_index": "%s_%s_%s_2026-01-02", "_id": "1-%d", "routing": "1"}}
                    {"partitionId": 1, "position": %d, "value": {"payload": "%s"}}
                    """.formatted(prefix, type, VERSION, position, position, "x".repeat(200)));
        }
        JsonNode answer = send("POST", "/_bulk", lines.toString());
        if (answer.path("errors").asBoolean()) {
            throw new IOException("a bulk has errors: " + answer.at("/items/0/index/error"));
        }
        return answer.path("items").size();
    }

    private boolean acknowledged(String method, String path, String body) throws IOException {
        return send(method, path, body).path("acknowledged").asBoolean();
    }

    private JsonNode send(String method, String path, String body) throws IOException {
        Request request = new Request(method, path);
        if (body != null) {
            request.setJsonEntity(body);
        }
        return JSON.readTree(client.performRequest(request).getEntity().getContent());
    }

    private String template(String type) {
        return "/_index_template/" + prefix + "_" + type + "_" + VERSION + "_";
    }
}
