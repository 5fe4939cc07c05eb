package interop;

import static interop.Lines.check;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.http.impl.nio.reactor.IOReactorConfig;
import org.opensearch.client.RestClient;
import org.opensearch.client.transport.OpenSearchTransport;

/**
 * The requests that Camunda 8 sends, written from a description of its traffic:
 *
 * <ul>
 *   <li>`exporter`: Zeebe's exporter over the low-level RestClient, with one I/O thread for each partition, the
 *       partitions at once: component template, one index template a value type, bulks with routing, the last one of
 *       nearly 20 MiB
 *   <li>`operate`: the web applications and the archiver over opensearch-java's generic requests: DELETE and GET with
 *       bodies, reindex, tasks and snapshots among them
 *   <li>`ism`: the paths of the index state management alone, both ways
 * </ul>
 *
 * Environment: {@link OpenSearchTarget}, CAMUNDA_PARTITIONS (3) and CAMUNDA_FLUSHES (5 a partition). One JSON line a
 * check, {"check": NAME, "result": VALUE} or {"check": NAME, "error": TEXT}, equal between runs; the exit code is 0.
 */
public final class CamundaTraffic {
    /** What a record can be of; each has an index and a template of its own. */
    private static final List<String> VALUE_TYPES = List.of(
            "authorization", "batch-operation", "checkpoint", "clock", "command-distribution", "compensation-subscription",
            "decision", "decision-evaluation", "decision-requirements", "deployment", "deployment-distribution", "error",
            "escalation", "form", "group", "identity-setup", "incident", "job", "job-batch", "mapping-rule", "message",
            "message-batch", "message-correlation", "message-start-event-subscription", "message-subscription", "process",
            "process-event", "process-instance", "process-instance-batch", "process-instance-creation",
            "process-instance-migration", "process-instance-modification", "process-instance-result",
            "process-message-subscription", "resource-deletion", "role", "signal", "signal-subscription", "tenant", "timer",
            "usage-metric", "user", "user-task", "variable", "variable-document");
    private static final String VERSION = "8.7.0";
    private static final int RECORDS = 1_000;
    private static final int LARGEST = 20 * 1024 * 1024;

    private final String prefix;
    private final String records;

    private CamundaTraffic(String prefix) {
        this.prefix = prefix;
        records = prefix + "-zeebe-record";
    }

    public static void main(String[] arguments) throws Exception {
        OpenSearchTarget target = OpenSearchTarget.fromEnvironment();
        CamundaTraffic traffic = new CamundaTraffic(target.prefix());
        switch (arguments.length > 0 ? arguments[0] : "exporter") {
            case "exporter" -> traffic.exporter(target);
            case "operate" -> {
                try (OpenSearchTransport transport = target.transport(false)) {
                    traffic.operate(Http.over(transport));
                }
            }
            case "ism" -> {
                try (RestClient client = exporterClient(target);
                        OpenSearchTransport transport = target.transport(false)) {
                    traffic.ism("exporter", Http.over(client));
                    traffic.ism("operate", Http.over(transport));
                }
            }
            default -> throw new IllegalArgumentException("exporter, operate or ism");
        }
        System.exit(0);
    }

    // The exporter.

    private static RestClient exporterClient(OpenSearchTarget target) {
        return target.restClient(false, client -> client.setDefaultIOReactorConfig(
                IOReactorConfig.custom().setIoThreadCount(1).setSoKeepAlive(true).build()));
    }

    private void exporter(OpenSearchTarget target) throws Exception {
        int partitions = number("CAMUNDA_PARTITIONS", 3);
        try (RestClient client = exporterClient(target)) {
            Http http = Http.over(client);
            check("start-clean", () -> http.send("DELETE", "/" + records + "_*").status());
            check("component-template", () -> List.of(
                    http.shown("PUT", component(), "{'template':{'settings':{'number_of_shards':1,'number_of_replicas':0}}}"),
                    http.shown("GET", component())));
        }
        List<Map<String, Object>> saw = atOnce(partitions, partition -> export(target, partition));
        for (int partition = 1; partition <= partitions; partition++) {
            for (Map.Entry<String, Object> each : saw.get(partition - 1).entrySet()) {
                check("partition-" + partition + "-" + each.getKey(), each::getValue);
            }
        }
        try (RestClient client = exporterClient(target)) {
            Http http = Http.over(client);
            check("exported", () -> {
                http.send("POST", "/" + records + "_*/_refresh");
                return http.shown("GET", "/" + records + "_*/_count");
            });
            check("routed", () -> http.shown(
                    "POST", "/" + records + "_job*/_count?routing=1", "{'query':{'term':{'partitionId':1}}}"));
            check("clean-up", () -> {
                for (String type : VALUE_TYPES) {
                    http.send("DELETE", template(type));
                }
                return List.of(http.shown("DELETE", component()), http.shown("DELETE", "/" + records + "_*"));
            });
        }
    }

    /** One partition's exporter, with a client of its own: one request at a time. */
    private Map<String, Object> export(OpenSearchTarget target, int partition) throws IOException {
        Map<String, Object> saw = new LinkedHashMap<>();
        try (RestClient client = exporterClient(target)) {
            Http http = Http.over(client);
            List<Integer> templates = new ArrayList<>();
            for (String type : VALUE_TYPES) {
                String body = """
                        {'index_patterns':['%s_%s_%s_*'],'composed_of':['%s-%s'],'priority':20,'template':{
                         'aliases':{'%s-%s':{}},'mappings':{'properties':{'value':{'type':'object','enabled':false}}}}}"""
                        .formatted(records, type, VERSION, records, VERSION, records, type);
                templates.add(http.send("PUT", template(type), body).status());
            }
            saw.put("templates", templates);
            for (int flush = 0; flush < number("CAMUNDA_FLUSHES", 5); flush++) {
                saw.put("flush-" + flush, flushed(http, bulk(partition, flush, RECORDS, 200)));
            }
            String largest = bulk(partition, 1000, RECORDS, LARGEST / RECORDS - 250);
            synchronized (this) { // all at once are more than a small node takes
                saw.put("flush-largest", flushed(http, largest));
            }
        }
        return saw;
    }

    /** A node that is short of memory answers 429, and is asked again. */
    private static Object flushed(Http http, String lines) throws IOException {
        byte[] body = lines.getBytes(StandardCharsets.UTF_8);
        Http.Answer answer = http.send("POST", "/_bulk", body, Http.JSON_TYPE);
        for (int again = 0; again < 50 && answer.status() == 429; again++) {
            answer = http.send("POST", "/_bulk", body, Http.JSON_TYPE);
        }
        return List.of(answer.status(), answer.body().path("errors"), answer.body().path("items").size());
    }

    private String bulk(int partition, int flush, int count, int size) {
        String payload = "é☃\\\"x".repeat(size / 8);
        StringBuilder lines = new StringBuilder(count * (size + 300));
        for (int number = 0; number < count; number++) {
            int position = flush * count + number;
            String type = VALUE_TYPES.get(number % 5 == 0 ? 17 : 27);
            lines.append("{'index':{'_index':'%s_%s_%s_2026-01-02','_id':'%d-%d','routing':'%d'}}\n"
                    .formatted(records, type, VERSION, partition, position, partition));
            lines.append("{'partitionId':%d,'position':%d,'valueType':'%s','recordType':'EVENT','value':{'payload':'%s'}}\n"
                    .formatted(partition, position, type, payload));
        }
        return Http.quoted(lines.toString());
    }

    private String component() {
        return "/_component_template/" + records + "-" + VERSION;
    }

    private String template(String type) {
        return "/_index_template/" + records + "_" + type + "_" + VERSION + "_";
    }

    // The web applications and the archiver.

    private void operate(Http http) throws Exception {
        String list = prefix + "-operate-list-view-8.3.0_";
        String dated = list + "2026-01-02";
        String alias = prefix + "-operate-list-view-8.3.0_alias";
        String all = prefix + "-operate-*";
        check("start-clean", () -> http.send("DELETE", "/" + all).status());
        check("health", () -> http.send("GET", "/_cluster/health").body().path("timed_out"));
        check("schema", () -> List.of(
                http.shown("GET", "/" + all),
                http.send("HEAD", "/" + list).status(),
                http.shown("PUT", "/_component_template/" + prefix + "-operate_template",
                        "{'template':{'settings':{'index':{'number_of_shards':'1','number_of_replicas':'0'}}}}"),
                http.shown("PUT", "/_index_template/" + list + "template",
                        "{'index_patterns':['%s*'],'composed_of':['%s-operate_template'],'template':{'aliases':{'%s':{}}}}"
                                .formatted(list, prefix, alias)),
                http.shown("GET", "/_index_template/" + list + "template"),
                http.shown("PUT", "/" + list, """
                        {'mappings':{'dynamic':'strict','properties':{
                         'key':{'type':'long'},'state':{'type':'keyword'},'joinRelation':{'type':'keyword'}}}}"""),
                http.send("HEAD", "/" + list).status(),
                http.send("HEAD", "/_alias/" + alias).status(),
                http.shown("GET", "/" + all + "/_alias"),
                http.shown("GET", "/" + list + "/_settings/index.number_of_replicas"),
                http.shown("PUT", "/" + list + "," + all + "/_settings", "{'index':{'refresh_interval':'1s'}}"),
                http.shown("PUT", "/_ingest/pipeline/" + prefix + "-operate-set", "{'processors':[]}"),
                http.shown("DELETE", "/_ingest/pipeline/" + prefix + "-operate-set")));
        check("documents", () -> documents(http, list));
        check("bulk", () -> {
            StringBuilder lines = new StringBuilder();
            for (int key = 0; key < 500; key++) {
                lines.append("""
                        {'update':{'_index':'%s','_id':'%d','routing':'%d','retry_on_conflict':3}}
                        {'doc':{'state':'ACTIVE'},'upsert':{'key':%d,'state':'COMPLETED','joinRelation':'processInstance'}}
                        """.formatted(list, key, key / 10, key));
            }
            return flushed(http, Http.quoted(lines.toString()));
        });
        check("refresh", () -> http.shown("POST", "/" + list + "/_refresh"));
        check("search", () -> {
            String query = """
                    {'query':{'bool':{'must':[{'range':{'key':{'lt':100}}}]}},'sort':[{'key':'asc'}],'size':50,
                     'aggs':{'s':{'terms':{'field':'state'}}}}""";
            JsonNode found = http.send("POST", "/" + list + "," + alias + "/_search?ignore_unavailable=true", query).body();
            return List.of(OpenSearchChecks.hits(found).size(), found.path("aggregations"));
        });
        check("count", () -> http.shown("POST", "/" + list + "/_count", "{'query':{'match_all':{}}}"));
        check("scroll", () -> scroll(http, list));
        check("archiver", () -> atOnce(3, partition -> archive(http, list, dated, partition)));
        check("archived", () -> List.of(
                http.send("POST", "/" + list + "," + dated + "/_refresh").status(),
                http.shown("GET", "/" + list + "/_count"),
                http.shown("GET", "/" + dated + "/_count")));
        check("delete-by-query", () -> deleteByQuery(http, dated));
        check("snapshots", () -> {
            String repository = "/_snapshot/" + prefix + "-none";
            String snapshot = repository + "/camunda_operate_1_8.7.0_part_1_of_6";
            return List.of(
                    http.shown("GET", repository),
                    http.shown("GET", snapshot, "{}"),
                    http.shown("PUT", snapshot + "?wait_for_completion=false",
                            "{'indices':'%s','include_global_state':false}".formatted(all)),
                    http.shown("DELETE", snapshot));
        });
        check("clean-up", () -> List.of(
                http.shown("DELETE", "/" + all),
                http.shown("DELETE", "/_index_template/" + list + "template"),
                http.shown("DELETE", "/_component_template/" + prefix + "-operate_template")));
    }

    private static Object documents(Http http, String list) throws IOException {
        String id = "2251799813685249-task%2F1?routing=225";
        String document = "/" + list + "/_doc/" + id;
        return List.of(
                http.shown("PUT", document, "{'key':2251799813685249,'state':'ACTIVE'}"),
                http.shown("GET", document),
                http.send("HEAD", document).status(),
                http.shown("POST", "/" + list + "/_update/" + id + "&refresh=true&retry_on_conflict=3",
                        "{'doc':{'state':'COMPLETED'}}"),
                http.shown("DELETE", document));
    }

    private static Object scroll(Http http, String list) throws IOException {
        String query = "{'size':200,'query':{'match_all':{}}}";
        JsonNode page = http.send("POST", "/" + list + "/_search?scroll=60000ms", query).body();
        List<Integer> pages = new ArrayList<>();
        while (!OpenSearchChecks.hits(page).isEmpty()) {
            pages.add(OpenSearchChecks.hits(page).size());
            String body = "{'scroll':'60000ms','scroll_id':%s}".formatted(page.path("_scroll_id"));
            page = http.send("POST", "/_search/scroll", body).body();
        }
        String ids = "{'scroll_id':[%s]}".formatted(page.path("_scroll_id"));
        return List.of(pages, http.shown("DELETE", "/_search/scroll", ids));
    }

    /** One partition's archiver moves a hundred of its own instances into a dated index. */
    private static Object archive(Http http, String list, String dated, int partition) throws IOException {
        String query = "'query':{'range':{'key':{'gte':%d,'lt':%d}}}".formatted(partition * 100, partition * 100 + 100);
        JsonNode found = http.send("POST", "/" + list + "/_search", "{" + query + ",'size':100,'_source':false}").body();
        String reindex = "/_reindex?wait_for_completion=true&slices=auto&scroll=60000ms&requests_per_second=-1";
        String copy = "{'conflicts':'proceed','source':{'index':['%s'],'size':100,%s},'dest':{'index':'%s'}}";
        JsonNode copied = http.send("POST", reindex, copy.formatted(list, query, dated)).body();
        String delete = "/" + list + "/_delete_by_query?slices=auto&conflicts=proceed";
        JsonNode deleted = http.send("POST", delete, "{" + query + "}").body();
        return List.of(OpenSearchChecks.hits(found).size(), copied.path("created"), deleted.path("deleted"));
    }

    private static Object deleteByQuery(Http http, String dated) throws IOException {
        String delete = "/" + dated + "/_delete_by_query?wait_for_completion=false";
        JsonNode started = http.send("POST", delete, "{'query':{'match_all':{}}}").body();
        String task = "/_tasks/" + started.path("task").asText();
        JsonNode done = http.send("GET", task).body();
        while (!done.path("completed").asBoolean(true)) {
            done = http.send("GET", task).body();
        }
        return List.of(done.path("completed"), done.path("response").path("deleted"));
    }

    // Index state management.

    private void ism(String way, Http http) throws Exception {
        String policy = "/_plugins/_ism/policies/" + records + "-retention-policy";
        String states = """
                {'policy':{'description':'retention','default_state':'initial','states':[
                 {'name':'initial','actions':[],
                  'transitions':[{'state_name':'deleted','conditions':{'min_index_age':'30d'}}]},
                 {'name':'deleted','actions':[{'delete':{}}],'transitions':[]}],
                 'ism_template':{'index_patterns':['%s_*'],'priority':1}}}""".formatted(records);
        String added = "{'policy_id':'%s-retention-policy'}".formatted(records);
        String several = "%s_job,%s_timer%%2C%s-operate-*".formatted(records, records, prefix);
        check(way + "-policy", () -> List.of(
                http.shown("GET", policy),
                http.shown("GET", policy, "{}"),
                http.shown("PUT", policy, states),
                http.shown("PUT", policy + "?if_seq_no=7&if_primary_term=1", states)));
        check(way + "-add", () -> http.shown("POST", "/_plugins/_ism/add/" + records + "_*", added));
        check(way + "-add-list", () -> http.shown("POST", "/_plugins/_ism/add/" + several, added));
        check(way + "-remove", () -> http.shown("POST", "/_plugins/_ism/remove/" + records + "_*"));
        check(way + "-delete", () -> List.of(http.shown("DELETE", policy), http.shown("DELETE", policy, "{}")));
    }

    @FunctionalInterface
    private interface Work<T> {
        T of(int partition) throws IOException;
    }

    private static <T> List<T> atOnce(int partitions, Work<T> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(partitions);
        try {
            List<Callable<T>> all = new ArrayList<>();
            for (int partition = 1; partition <= partitions; partition++) {
                int number = partition;
                all.add(() -> work.of(number));
            }
            List<T> saw = new ArrayList<>();
            for (Future<T> each : threads.invokeAll(all)) {
                saw.add(each.get());
            }
            return saw;
        } finally {
            threads.shutdown();
        }
    }

    private static int number(String variable, int otherwise) {
        return Integer.parseInt(System.getenv().getOrDefault(variable, Integer.toString(otherwise)));
    }
}
