package interop;

import static interop.Lines.check;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.opensearch.client.RestClient;
import org.opensearch.client.transport.OpenSearchTransport;

/**
 * Checks over the low-level RestClient (argument `rest`, the default) or over opensearch-java on Apache HttpClient 5
 * (`java`, which adds those of its typed requests). Environment: {@link OpenSearchTarget}. One JSON line a check,
 * {"check": NAME, "result": VALUE} or {"check": NAME, "error": TEXT}, equal between runs; the exit code is 0.
 */
public final class OpenSearchChecks {
    static final List<String> IDS = List.of(
            "a/b", "100%", "a+b", "me@home", "wow!", "k:v", "two words", "naïve ☃", "a%2Fb", "x=1&y?#;,*", "~'()[]");
    static final String NUMBERS = "'settings':{'number_of_shards':1,'number_of_replicas':0}";
    static final String MAPPINGS =
            "'mappings':{'properties':{'n':{'type':'integer'},'tag':{'type':'keyword'},'body':{'type':'text'}}}";

    private final Http http;
    private final Http compressed;
    private final String prefix;
    private final String one;
    private final String two;

    private OpenSearchChecks(Http http, Http compressed, String prefix) {
        this.http = http;
        this.compressed = compressed;
        this.prefix = prefix;
        one = prefix + "-one";
        two = prefix + "-two";
    }

    public static void main(String[] arguments) throws Exception {
        OpenSearchTarget target = OpenSearchTarget.fromEnvironment();
        if (arguments.length > 0 && arguments[0].equals("java")) {
            try (OpenSearchTransport plain = target.transport(false);
                    OpenSearchTransport compressed = target.transport(true)) {
                new OpenSearchChecks(Http.over(plain), Http.over(compressed), target.prefix()).run();
                OpenSearchTyped.run(plain, target.prefix());
            }
        } else {
            try (RestClient plain = target.restClient(false, client -> client);
                    RestClient compressed = target.restClient(true, client -> client)) {
                new OpenSearchChecks(Http.over(plain), Http.over(compressed), target.prefix()).run();
            }
        }
        System.exit(0);
    }

    static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    static List<String> hits(JsonNode answer) {
        List<String> ids = new ArrayList<>();
        answer.path("hits").path("hits").forEach(hit -> ids.add(hit.path("_id").asText()));
        return ids;
    }

    private void run() throws Exception {
        check("start-clean", () -> http.shown("DELETE", "/" + prefix + "-*?ignore_unavailable=true"));
        check("info", () -> http.send("GET", "/").body().path("version").path("number"));
        check("cluster-health", () -> {
            JsonNode health = http.send("GET", "/_cluster/health?wait_for_status=yellow&timeout=30s").body();
            return List.of(health.path("timed_out"), health.path("number_of_nodes"));
        });
        check("create-index", () -> List.of(
                http.shown("PUT", "/" + one, "{" + NUMBERS + "," + MAPPINGS + "}"),
                http.shown("PUT", "/" + two, "{" + NUMBERS + "}"),
                http.send("HEAD", "/" + one).status(),
                http.send("HEAD", "/" + prefix + "-none").status()));
        check("documents", this::documents);
        check("bulk", this::bulk);
        check("refresh", () -> http.shown("POST", "/" + one + "/_refresh"));
        check("search", this::search);
        check("multi-search", () -> http.send("POST", "/" + two + "/_msearch", Http.quoted(
                "{'index':'" + one + "'}\n{'sort':['n'],'size':2}\n{'index':'" + prefix + "-none'}\n{}\n{}\n{'size':0}\n")
                .getBytes(StandardCharsets.UTF_8), "application/x-ndjson").shown());
        check("scroll", this::scroll);
        check("point-in-time", this::pointInTime);
        check("templates", this::templates);
        check("aliases", () -> List.of(
                http.shown("POST", "/_aliases", "{'actions':[{'add':{'indices':['%s','%s'],'alias':'%s-alias'}}]}"
                        .formatted(one, two, prefix)),
                http.send("HEAD", "/_alias/" + prefix + "-alias").status(),
                http.shown("GET", "/_alias/" + prefix + "-alias")));
        check("settings", () -> List.of(
                http.shown("PUT", "/" + one + "/_settings", "{'index':{'refresh_interval':'2s'}}"),
                http.shown("GET", "/" + one + "/_settings/index.refresh_interval"),
                http.shown("GET", "/" + prefix + "-o*?filter_path=*.aliases,*.mappings")));
        check("reindex", () -> http.shown("POST", "/_reindex?refresh=true&wait_for_completion=true",
                "{'source':{'index':['%s','%s']},'dest':{'index':'%s-copy'}}".formatted(one, two, prefix)));
        check("update-by-query", () -> http.shown("POST", "/" + prefix + "-copy/_update_by_query?refresh=true",
                "{'query':{'range':{'n':{'lt':3}}},'script':{'source':'ctx._source.n += params.by','params':{'by':100}}}"));
        check("delete-by-query", this::deleteByQuery);
        check("ingest-pipeline", () -> {
            String path = "/_ingest/pipeline/" + prefix + "-pipeline";
            return List.of(
                    http.shown("PUT", path, "{'description':'none','processors':[]}"),
                    http.shown("GET", path),
                    http.shown("DELETE", path),
                    http.shown("PUT", path, "{'processors':[{'no-such-processor':{}}]}"));
        });
        check("paths", () -> each(
                List.of(one + "," + two, prefix + "-o*", one + "%2C" + two, prefix + "-%2A", prefix + "-none," + one),
                path -> http.shown("GET", "/" + path + "/_count")));
        check("query-strings", () -> each(
                List.of("q=tag:a%2Bb%3Dc", "q=body:text+3", "q=body:(text%20AND%203)", "q=tag:a+b=c", "q=n:1&q=n:2",
                        "q=n:%3E%3D7&", "q=n%3A(1%202)", "q=&size=1", "q=n:4&pretty", "q=body:%C3%A9"),
                query -> http.shown("GET",
                        "/" + prefix + "-*/_search?sort=n&filter_path=hits.total.value,hits.hits._id&" + query)));
        check("filter-path", () -> List.of(
                http.shown("GET", "/" + one + "/_search?sort=n&filter_path=hits.total%2C-hits.max_score,hits.hits.*ource"),
                http.shown("POST", "/" + one + "/_search?filter_path=hits.hits._id,hits.hits.sort", "{'sort':['n']}")));
        check("bodies-with-get-and-delete", () -> List.of(
                hits(http.send("GET", "/" + one + "/_search", "{'query':{'term':{'n':4}}}").body()),
                http.shown("DELETE", "/_search/scroll", "{'scroll_id':['bm90LWEtc2Nyb2xs']}")));
        check("errors", this::errors);
        check("body-sizes", () -> each(List.of(1_000, 100_000, 1_000_000, 8_000_000), size -> ofSize(http, size)));
        check("compressed-bodies", () -> List.of(
                compressed.shown("PUT", "/" + two + "/_doc/gzip%2F1?refresh=true", "{'n':77}"),
                hits(compressed.send("POST", "/" + two + "/_search", "{'query':{'term':{'n':77}}}").body()),
                ofSize(compressed, 1_001),
                ofSize(compressed, 8_000_001)));
        check("many-at-once", this::manyAtOnce);
        check("clean-up", () -> List.of(
                http.shown("DELETE", "/" + prefix + "-*"), http.send("HEAD", "/" + one).status()));
    }

    private Object documents() throws Exception {
        return each(IDS, id -> {
            String routing = "/" + encoded(id) + "?routing=r%2F1";
            String path = "/" + one + "/_doc" + routing;
            return List.of(
                    http.send("PUT", path, "{'n':1,'tag':'id'}").status(),
                    http.send("POST", "/" + one + "/_update" + routing, "{'doc':{'body':'text'}}").status(),
                    http.shown("GET", path),
                    http.send("HEAD", path).status(),
                    http.send("DELETE", path).body().path("result"),
                    http.send("HEAD", path).status());
        });
    }

    private Object bulk() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int number = 0; number < 10; number++) {
            String index = number % 2 == 0 ? one : two;
            lines.append("{'index':{'_index':'%s','_id':'%d/☃','routing':'%d'}}\n".formatted(index, number, number % 3))
                    .append("{'n':%d,'tag':'a+b=c','body':'text %d'}\n".formatted(number, number));
        }
        lines.append("{'delete':{'_index':'%s','_id':'none'}}\n".formatted(one));
        JsonNode answer = http.send("POST", "/_bulk?refresh=true", lines.toString()).body();
        List<Object> items = new ArrayList<>();
        answer.path("items")
                .forEach(item -> item.forEach(each -> items.add(List.of(each.path("_id"), each.path("status")))));
        return List.of(answer.path("errors"), items);
    }

    private Object search() throws IOException {
        return List.of(
                http.shown("POST", "/" + one + "/_search", "{'query':{'range':{'n':{'gte':4}}},'sort':['n']}"),
                hits(http.send("POST", "/" + one + "," + two + "/_search", "{'sort':['n']}").body()),
                hits(http.send("POST", "/" + prefix + "-*/_search?routing=0,1", "{'sort':['n']}").body()),
                http.shown("POST", "/" + one + "," + two + "/_count", "{'query':{'term':{'tag':'a+b=c'}}}"));
    }

    private Object scroll() throws IOException {
        JsonNode page = http.send("POST", "/" + prefix + "-*/_search?scroll=60000ms", "{'size':4,'sort':['n']}").body();
        List<Object> pages = new ArrayList<>();
        while (!hits(page).isEmpty()) {
            pages.add(hits(page));
            String body = "{'scroll_id':%s,'scroll':'60s'}".formatted(page.path("_scroll_id"));
            page = http.send("POST", "/_search/scroll", body).body();
        }
        String id = page.path("_scroll_id").toString();
        return List.of(
                pages,
                http.shown("DELETE", "/_search/scroll", "{'scroll_id':[" + id + "]}"),
                http.send("POST", "/_search/scroll", "{'scroll_id':" + id + "}").status());
    }

    private Object pointInTime() throws IOException {
        JsonNode id = http.send("POST", "/" + one + "/_search/point_in_time?keep_alive=1m").body().path("pit_id");
        String search = "{'pit':{'id':%s,'keep_alive':'1m'},'sort':['n'],'size':2}".formatted(id);
        return List.of(
                hits(http.send("POST", "/_search", search).body()),
                http.shown("DELETE", "/_search/point_in_time", "{'pit_id':[" + id + "]}"));
    }

    private Object templates() throws IOException {
        String component = "/_component_template/" + prefix + "-template";
        String template = "/_index_template/" + prefix + "-template";
        return List.of(
                http.shown("PUT", component, "{'template':{'settings':{'number_of_replicas':0}," + MAPPINGS + "}}"),
                http.shown("PUT", template, "{'index_patterns':['%s-made-*'],'composed_of':['%s-template'],'priority':20}"
                        .formatted(prefix, prefix)),
                http.shown("GET", component),
                http.shown("GET", "/_index_template/" + prefix + "-temp*"),
                http.shown("PUT", "/" + prefix + "-made-1"),
                http.shown("GET", "/" + prefix + "-made-1/_mapping"),
                http.shown("DELETE", template),
                http.shown("DELETE", component),
                http.send("HEAD", template).status());
    }

    private Object deleteByQuery() throws IOException {
        String path = "/" + prefix + "-copy/_delete_by_query?";
        List<Object> first = http.shown("POST", path + "refresh=true", "{'query':{'range':{'n':{'gte':100}}}}");
        String unwatched = path + "refresh=true&wait_for_completion=false";
        JsonNode task = http.send("POST", unwatched, "{'query':{'match_all':{}}}").body().path("task");
        JsonNode done = http.send("GET", "/_tasks/" + task.asText() + "?wait_for_completion=true&timeout=30s").body();
        return List.of(first, done.path("completed"), done.path("response").path("deleted"));
    }

    private Object errors() throws IOException {
        return List.of(
                http.shown("POST", "/" + prefix + "-none/_search", "{}"),
                http.shown("POST", "/" + one + "/_search", "{'query':{'no_such':{}}}"),
                http.shown("POST", "/" + one + "/_search", "{not json"),
                http.shown("GET", "/" + one + "/_doc/none"),
                http.shown("PUT", "/" + one + "/_create/0%2F%E2%98%83?routing=0", "{'n':0}"),
                http.shown("PUT", "/" + one),
                http.shown("PUT", "/UPPER"),
                http.shown("GET", "/" + one + "/_search?no_such_parameter=1"),
                http.send("POST", "/_bulk", "a,b".getBytes(StandardCharsets.UTF_8), "text/csv").shown(),
                http.shown("DELETE", "/_cluster/health"));
    }

    private List<Object> ofSize(Http by, int size) throws IOException {
        int count = Math.max(1, size / 100_000);
        String text = Integer.toHexString(size).repeat(size / count / 5 + 1);
        StringBuilder lines = new StringBuilder();
        for (int number = 0; number < count; number++) {
            lines.append("{'index':{'_index':'%s-big','_id':'%d-%d'}}\n".formatted(prefix, size, number))
                    .append("{'body':'%s'}\n".formatted(text));
        }
        JsonNode answer = by.send("POST", "/_bulk?refresh=true", lines.toString()).body();
        String last = "{'query':{'ids':{'values':['%d-%d']}}}".formatted(size, count - 1);
        JsonNode found = by.send("POST", "/" + prefix + "-big/_search", last).body();
        String back = found.path("hits").path("hits").path(0).path("_source").path("body").asText();
        return List.of(answer.path("items").size(), answer.path("errors"), back.length(), back.equals(text));
    }

    private Object manyAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(32);
        try {
            String query = "{'query':{'term':{'n':4}}}";
            List<Future<Integer>> found = new ArrayList<>();
            for (int number = 0; number < 32; number++) {
                found.add(threads.submit(() -> hits(http.send("POST", "/" + one + "/_search", query).body()).size()));
            }
            int sum = 0;
            for (Future<Integer> each : found) {
                sum += each.get();
            }
            return sum;
        } finally {
            threads.shutdown();
        }
    }

    @FunctionalInterface
    private interface Step<T> {
        Object of(T item) throws IOException;
    }

    private static <T> List<Object> each(List<T> items, Step<T> step) throws IOException {
        List<Object> saw = new ArrayList<>();
        for (T item : items) {
            saw.add(step.of(item));
        }
        return saw;
    }
}
