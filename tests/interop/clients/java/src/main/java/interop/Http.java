package interop;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.http.HttpEntity;
import org.apache.http.entity.ByteArrayEntity;
import org.apache.http.entity.ContentType;
import org.apache.http.util.EntityUtils;
import org.opensearch.client.Request;
import org.opensearch.client.Response;
import org.opensearch.client.ResponseException;
import org.opensearch.client.RestClient;
import org.opensearch.client.opensearch._types.OpenSearchException;
import org.opensearch.client.opensearch.generic.Body;
import org.opensearch.client.opensearch.generic.OpenSearchGenericClient;
import org.opensearch.client.opensearch.generic.Requests;
import org.opensearch.client.transport.OpenSearchTransport;

/** Sends a request whose path and query are written out, by one client or another. */
@FunctionalInterface
interface Http {
    String JSON_TYPE = "application/json";

    /** The status and the body: JSON, or a text where it is none. */
    record Answer(int status, JsonNode body) {
        List<Object> shown() {
            return List.of(status, body);
        }
    }

    Answer send(String method, String target, byte[] body, String contentType) throws IOException;

    default Answer send(String method, String target, String body) throws IOException {
        return send(method, target, body == null ? null : quoted(body).getBytes(StandardCharsets.UTF_8), JSON_TYPE);
    }

    default Answer send(String method, String target) throws IOException {
        return send(method, target, null);
    }

    default List<Object> shown(String method, String target, String body) throws IOException {
        return send(method, target, body).shown();
    }

    default List<Object> shown(String method, String target) throws IOException {
        return send(method, target).shown();
    }

    static Http over(RestClient client) {
        return (method, target, body, contentType) -> {
            Request request = new Request(method, target);
            if (body != null) {
                request.setEntity(new ByteArrayEntity(body, ContentType.create(contentType, (String) null)));
            }
            try {
                return answer(client.performRequest(request));
            } catch (ResponseException refused) {
                return answer(refused.getResponse());
            }
        };
    }

    static Http over(OpenSearchTransport transport) {
        OpenSearchGenericClient client = new OpenSearchGenericClient(transport);
        return (method, target, body, contentType) -> {
            var request = Requests.builder().method(method).endpoint(target);
            if (body != null) {
                request.body(Body.from(body, contentType));
            }
            try (var response = client.execute(request.build())) {
                String text = response.getBody().map(Body::bodyAsString).orElse("");
                return new Answer(response.getStatus(), parsed(text));
            } catch (org.opensearch.client.transport.httpclient5.ResponseException refused) {
                // Some refusals the transport keeps for itself: the body is all but the first line of its message.
                String text = refused.getMessage();
                return new Answer(refused.status(), parsed(text.substring(text.indexOf('\n') + 1)));
            } catch (OpenSearchException refused) {
                return new Answer(refused.status(), Lines.JSON.getNodeFactory().textNode(refused.getMessage()));
            }
        };
    }

    /** JSON may be written with single quotes where it holds no apostrophe. */
    static String quoted(String json) {
        return json.replace('\'', '"');
    }

    private static Answer answer(Response response) throws IOException {
        HttpEntity entity = response.getEntity();
        String text = entity == null ? "" : EntityUtils.toString(entity, StandardCharsets.UTF_8);
        return new Answer(response.getStatusLine().getStatusCode(), parsed(text));
    }

    private static JsonNode parsed(String text) {
        try {
            JsonNode node = Lines.JSON.readTree(text);
            return node.isMissingNode() ? Lines.JSON.nullNode() : node;
        } catch (IOException error) {
            return Lines.JSON.getNodeFactory().textNode(text);
        }
    }
}
