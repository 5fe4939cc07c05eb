package example;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.opensearch.client.opensearch.OpenSearchClient;
import org.opensearch.client.opensearch._types.Conflicts;
import org.opensearch.client.opensearch._types.Refresh;
import org.opensearch.client.opensearch._types.Time;
import org.opensearch.client.opensearch._types.query_dsl.Query;
import org.opensearch.client.opensearch.core.BulkResponse;
import org.opensearch.client.transport.OpenSearchTransport;

/**
 * Operate over opensearch-java: its schema, what it imports of Zeebe's records, list view, scrolls and archiver.
 *
 * <p>Variables: CAMUNDA_OPERATE_OPENSEARCH_URL and CAMUNDA_OPERATE_ZEEBEOPENSEARCH_URL (8.3: …_ELASTICSEARCH_URL and
 * …_ZEEBEELASTICSEARCH_URL), CAMUNDA_OPERATE_OPENSEARCH_AWSENABLED and CAMUNDA_OPERATE_OPENSEARCH_INDEXPREFIX.
 */
final class Operate implements Application {
    private static final int INSTANCES = 500;
    private static final Time MINUTE = Time.of(time -> time.time("60s"));

    private final OpenSearchTransport transport;
    private final OpenSearchTransport zeebeTransport;
    private final OpenSearchClient client;
    private final OpenSearchClient zeebe;
    private final String component;
    private final String listView;
    private final String alias;
    private final String dated;

    Operate(Map<String, String> environment) {
        boolean signs = Boolean.parseBoolean(environment.get("CAMUNDA_OPERATE_OPENSEARCH_AWSENABLED"));
        transport = transport(url(environment, "CAMUNDA_OPERATE_"), signs);
        zeebeTransport = transport(url(environment, "CAMUNDA_OPERATE_ZEEBE"), signs);
        client = new OpenSearchClient(transport);
        zeebe = new OpenSearchClient(zeebeTransport);
        String prefix = environment.getOrDefault("CAMUNDA_OPERATE_OPENSEARCH_INDEXPREFIX", "operate");
        component = prefix + "_template";
        listView = prefix + "-list-view-8.3.0_";
        alias = listView + "alias";
        dated = listView + "2026-01-02";
    }

    private static URI url(Map<String, String> environment, String prefix) {
        String of83 = environment.getOrDefault(prefix + "ELASTICSEARCH_URL", "http://localhost:9200");
        return URI.create(environment.getOrDefault(prefix + "OPENSEARCH_URL", of83));
    }

    private static OpenSearchTransport transport(URI url, boolean signs) {
        return signs ? Signing.transport(url) : Clients.transport(url);
    }

    @Override
    public void start(Steps steps) throws Steps.Failed {
        steps.must("health", () -> client.cluster().health().timedOut() ? "timed out" : "healthy");
        steps.must("component-template", () -> client.cluster()
                .putComponentTemplate(put -> put.name(component)
                        .template(state -> state.settings(set -> set.numberOfShards(1).numberOfReplicas(0))))
                .acknowledged());
        steps.must("index-template", () -> client.indices()
                .putIndexTemplate(put -> put.name(listView + "template")
                        .indexPatterns(listView + "*")
                        .composedOf(component)
                        .template(template -> template.aliases(alias, any -> any)))
                .acknowledged());
        steps.must("index", () -> {
            if (!client.indices().exists(exists -> exists.index(listView)).value()) {
                client.indices()
                        .create(create -> create.index(listView)
                                .mappings(of -> of.properties("key", key -> key.long_(any -> any))
                                        .properties("state", state -> state.keyword(any -> any))));
            }
            return client.indices().existsAlias(exists -> exists.index(listView).name(alias)).value();
        });
    }

    @Override
    public void work(Steps steps) {
        steps.run("settings", () -> client.indices()
                .putSettings(put -> put.index(listView, listView + "*").settings(set -> set.refreshInterval(MINUTE)))
                .acknowledged());
        steps.run("import", () -> zeebe.search(
                        search -> search.index("zeebe-record*").routing("1").size(1).allowNoIndices(true), Map.class)
                .timedOut());
        steps.run("bulk", () -> bulk(INSTANCES));
        steps.run("update", this::update);
        steps.run("count", () -> client.count(count -> count.index(alias)).count());
        List<String> scrolls = new ArrayList<>();
        steps.run("scroll", () -> scroll(scrolls));
        steps.run("clear-scroll", () -> client.clearScroll(clear -> clear.scrollId(scrolls)).succeeded());
        steps.run("archive", this::archive);
        steps.run("alias", () -> client.indices()
                .updateAliases(update -> update.actions(
                        action -> action.remove(remove -> remove.index(dated).alias(alias))))
                .acknowledged());
        steps.run("tidy-up", () -> client.indices().delete(delete -> delete.index(listView + "*")).acknowledged()
                && client.indices().deleteIndexTemplate(delete -> delete.name(listView + "template")).acknowledged()
                && client.cluster().deleteComponentTemplate(delete -> delete.name(component)).acknowledged());
    }

    @Override
    public void request(int number) throws IOException {
        switch (number % 3) {
            case 0 -> bulk(10);
            case 1 -> client.search(search -> search.index(alias).size(10), Map.class);
            default -> client.count(count -> count.index(alias));
        }
    }

    @Override
    public void close() throws IOException {
        transport.close();
        zeebeTransport.close();
    }

    /** The importer writes a batch of process instances, each to the shard of its process. */
    private int bulk(int instances) throws IOException {
        BulkResponse answer = client.bulk(bulk -> {
            for (int key = 0; key < instances; key++) {
                String id = Integer.toString(key);
                Map<String, Object> instance = Map.of("key", key, "state", key % 2 == 0 ? "COMPLETED" : "ACTIVE");
                bulk.operations(each -> each.index(
                        line -> line.index(listView).id(id).routing("225").document(instance)));
            }
            return bulk.refresh(Refresh.True);
        });
        if (answer.errors()) {
            throw new IOException("a bulk has errors: " + answer.items().get(0).error());
        }
        return answer.items().size();
    }

    private Object update() throws IOException {
        return client.update(
                        update -> update.index(listView).id("1").routing("225").retryOnConflict(3)
                                .doc(Map.of("state", "CANCELED")).refresh(Refresh.True),
                        Map.class)
                .result()
                .jsonValue();
    }

    /** Pages of two hundred; the scrolls are to be cleared, else OpenSearch keeps them for a minute. */
    private int scroll(List<String> scrolls) throws IOException {
        var page = client.search(search -> search.index(alias).size(200).scroll(MINUTE), Map.class);
        int instances = 0;
        while (!page.hits().hits().isEmpty()) {
            instances += page.hits().hits().size();
            String id = page.scrollId();
            page = client.scroll(scroll -> scroll.scrollId(id).scroll(MINUTE), Map.class);
        }
        scrolls.add(page.scrollId());
        return instances;
    }

    /** What has completed moves to the index of its day. */
    private Object archive() throws IOException {
        Query completed = Query.of(
                query -> query.term(term -> term.field("state").value(value -> value.stringValue("COMPLETED"))));
        var copied = client.reindex(all -> all.conflicts(Conflicts.Proceed)
                .source(from -> from.index(listView).query(completed))
                .dest(to -> to.index(dated))
                .waitForCompletion(true));
        var deleted = client.deleteByQuery(
                delete -> delete.index(listView).query(completed).conflicts(Conflicts.Proceed).refresh(Refresh.True));
        return List.of(copied.created(), deleted.deleted());
    }
}
