package interop;

import static interop.Lines.check;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.opensearch.client.opensearch.OpenSearchClient;
import org.opensearch.client.opensearch._types.OpenSearchException;
import org.opensearch.client.opensearch._types.Refresh;
import org.opensearch.client.opensearch._types.SortOptions;
import org.opensearch.client.opensearch._types.SortOrder;
import org.opensearch.client.opensearch._types.Time;
import org.opensearch.client.opensearch.core.SearchRequest;
import org.opensearch.client.opensearch.core.SearchResponse;
import org.opensearch.client.opensearch.core.search.Hit;
import org.opensearch.client.opensearch.core.search.Pit;
import org.opensearch.client.transport.OpenSearchTransport;
import org.opensearch.client.util.ObjectBuilder;

/** opensearch-java's typed requests: it writes the paths, the queries and the bodies itself. */
final class OpenSearchTyped {
    private static final Time MINUTE = Time.of(time -> time.time("60s"));

    private final OpenSearchClient client;
    private final String prefix;
    private final String one;
    private final String two;

    private OpenSearchTyped(OpenSearchTransport transport, String prefix) {
        client = new OpenSearchClient(transport);
        this.prefix = prefix;
        one = prefix + "-typed-1";
        two = prefix + "-typed-2";
    }

    static void run(OpenSearchTransport transport, String prefix) throws Exception {
        new OpenSearchTyped(transport, prefix).run();
    }

    private void run() throws Exception {
        check("typed-create", () -> {
            for (String index : List.of(one, two)) {
                client.indices()
                        .create(create -> create.index(index).settings(set -> set.numberOfReplicas(0).numberOfShards(1)));
            }
            return List.of(client.info().version().number(), exists(one), exists(prefix + "-none"));
        });
        check("typed-documents", this::documents);
        check("typed-bulk", () -> {
            var answer = client.bulk(bulk -> {
                for (int number = 0; number < 10; number++) {
                    String id = number + "/☃";
                    Map<String, Object> document = Map.of("n", number);
                    String index = number % 2 == 0 ? one : two;
                    bulk.operations(each -> each.index(line -> line.index(index).id(id).routing("r").document(document)));
                }
                return bulk.refresh(Refresh.True);
            });
            return List.of(answer.errors(), answer.items().stream().map(item -> item.status()).toList());
        });
        check("typed-search", () -> List.of(
                hits(search(request -> request.index(one, two))),
                hits(search(request -> request.index(prefix + "-typed-*").routing("r,s").q("n:>=4"))),
                client.count(count -> count.index(List.of(one, two))).count()));
        check("typed-scroll", this::scroll);
        check("typed-point-in-time", () -> {
            String id = client.createPit(pit -> pit.index(one).keepAlive(MINUTE)).pitId();
            var found = search(request -> request.pit(Pit.of(pit -> pit.id(id).keepAlive("1m"))));
            return List.of(hits(found), client.deletePit(pit -> pit.pitId(id)).pits().get(0).successful());
        });
        check("typed-aliases", () -> {
            client.indices().updateAliases(update -> update.actions(
                    action -> action.add(add -> add.indices(one, two).alias(prefix + "-typed-alias"))));
            return client.indices().existsAlias(alias -> alias.name(prefix + "-typed-alias")).value();
        });
        check("typed-reindex", () -> {
            String copy = prefix + "-typed-3";
            var done = client.reindex(
                    all -> all.source(from -> from.index(one, two)).dest(to -> to.index(copy)).refresh(Refresh.True));
            var gone = client.deleteByQuery(delete -> delete.index(copy).query(all -> all.matchAll(any -> any)));
            return List.of(done.created(), gone.deleted());
        });
        check("typed-errors", () -> List.of(
                refusal(() -> search(request -> request.index(prefix + "-none"))),
                refusal(() -> client.indices().create(create -> create.index(one))),
                refusal(() -> search(request -> request.index(one).q("n:[")))));
        check("typed-clean-up", () -> List.of(
                client.indices().delete(delete -> delete.index(prefix + "-typed-*")).acknowledged(), exists(one)));
    }

    private Object documents() throws Exception {
        List<Object> saw = new ArrayList<>();
        for (String id : OpenSearchChecks.IDS) {
            client.index(put -> put.index(one).id(id).routing("r/1").document(Map.of("n", 1)));
            client.update(update -> update.index(one).id(id).routing("r/1").doc(Map.of("body", id)), Map.class);
            var found = client.get(get -> get.index(one).id(id).routing("r/1"), Map.class);
            var gone = client.delete(delete -> delete.index(one).id(id).routing("r/1"));
            boolean left = client.exists(exists -> exists.index(one).id(id).routing("r/1")).value();
            saw.add(List.of(found.id(), found.version(), found.source(), gone.result().jsonValue(), left));
        }
        return saw;
    }

    private Object scroll() throws Exception {
        List<Object> pages = new ArrayList<>();
        var first = search(request -> request.index(one, two).size(4).scroll(MINUTE));
        pages.add(hits(first));
        String id = first.scrollId();
        for (int page = 0; page < 2; page++) {
            var next = client.scroll(scroll -> scroll.scrollId(id).scroll(MINUTE), Map.class);
            pages.add(next.hits().hits().stream().map(Hit::id).toList());
        }
        return List.of(pages, client.clearScroll(clear -> clear.scrollId(id)).numFreed());
    }

    private boolean exists(String index) throws Exception {
        return client.indices().exists(exists -> exists.index(index)).value();
    }

    private SearchResponse<Map> search(Function<SearchRequest.Builder, ObjectBuilder<SearchRequest>> with)
            throws IOException {
        SortOptions byNumber = SortOptions.of(sort -> sort.field(field -> field.field("n").order(SortOrder.Asc)));
        return client.search(request -> with.apply(request.sort(byNumber)), Map.class);
    }

    private static List<String> hits(SearchResponse<Map> found) {
        return found.hits().hits().stream().map(Hit::id).toList();
    }

    private static Object refusal(Lines.Check call) throws Exception {
        try {
            return call.run().toString();
        } catch (OpenSearchException refused) {
            return List.of(refused.status(), refused.error().type(), String.valueOf(refused.error().reason()));
        }
    }
}
