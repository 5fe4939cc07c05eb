package main

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"
	api "github.com/opensearch-project/opensearch-go/v4/opensearchapi"
)

var (
	prefix  = cmp.Or(os.Getenv("OPENSEARCH_PREFIX"), "interop")
	one     = prefix + "-one"
	two     = prefix + "-two"
	copied  = prefix + "-copy"
	yes, no = true, false
	ids     = []string{
		"a/b", "100%", "a+b", "me@home", "wow!", "k:v", "two words", "naïve ☃", "a%2Fb", "x=1&y?#;,*", "~'()[]",
	}
)

const (
	numbers  = `"settings":{"number_of_shards":1,"number_of_replicas":0}`
	mappings = `"mappings":{"properties":{"n":{"type":"integer"},"tag":{"type":"keyword"},"body":{"type":"text"}}}`
)

func text(format string, values ...any) io.Reader {
	return strings.NewReader(fmt.Sprintf(format, values...))
}

var checks = []struct {
	name string
	run  func(client) any
}{
	{"start-clean", func(c client) any {
		params := api.IndicesDeleteParams{IgnoreUnavailable: &yes}
		return c.do(api.IndicesDeleteReq{Indices: []string{prefix + "-*"}, Params: params})
	}},
	{"info", func(c client) any { return c.do(api.InfoReq{}).at("version", "number") }},
	{"cluster-health", func(c client) any {
		params := api.ClusterHealthParams{WaitForStatus: "yellow", Timeout: 30 * time.Second}
		health := c.do(api.ClusterHealthReq{Params: params})
		return []any{health.at("timed_out"), health.at("number_of_nodes")}
	}},
	{"create-index", func(c client) any {
		return []any{
			c.do(api.IndicesCreateReq{Index: one, Body: text("{%s,%s}", numbers, mappings)}),
			c.do(api.IndicesCreateReq{Index: two, Body: text("{%s}", numbers)}),
			c.do(api.IndicesExistsReq{Indices: []string{one}}),
			c.do(api.IndicesExistsReq{Indices: []string{prefix + "-none"}}),
		}
	}},
	{"documents", documents},
	{"bulk", bulk},
	{"refresh", func(c client) any { return c.do(api.IndicesRefreshReq{Indices: []string{one}}) }},
	{"search", search},
	{"multi-search", func(c client) any {
		lines := text("{\"index\":%q}\n{\"sort\":[\"n\"],\"size\":2}\n{\"index\":\"%s-none\"}\n{}\n{}\n{\"size\":0}\n", one, prefix)
		return c.do(api.MSearchReq{Indices: []string{two}, Body: lines})
	}},
	{"scroll", scroll},
	{"point-in-time", pointInTime},
	{"templates", templates},
	{"aliases", func(c client) any {
		alias := []string{prefix + "-alias"}
		actions := text(`{"actions":[{"add":{"indices":[%q,%q],"alias":%q}}]}`, one, two, alias[0])
		return []any{
			c.do(api.AliasesReq{Body: actions}),
			c.do(raw{"HEAD", "/_alias/" + alias[0], ""}),
			c.do(api.AliasGetReq{Indices: []string{one, two}, Alias: alias}),
		}
	}},
	{"settings", func(c client) any {
		return []any{
			c.do(api.SettingsPutReq{Indices: []string{one}, Body: text(`{"index":{"refresh_interval":"2s"}}`)}),
			c.do(api.SettingsGetReq{Indices: []string{one}, Settings: []string{"index.refresh_interval"}}),
			c.do(raw{"GET", "/" + prefix + "-o*?filter_path=*.aliases,*.mappings", ""}),
		}
	}},
	{"reindex", func(c client) any {
		body := text(`{"source":{"index":[%q,%q]},"dest":{"index":%q}}`, one, two, copied)
		return c.do(api.ReindexReq{Body: body, Params: api.ReindexParams{Refresh: &yes, WaitForCompletion: &yes}})
	}},
	{"update-by-query", func(c client) any {
		body := text(`{"query":{"range":{"n":{"lt":3}}},"script":{"source":"ctx._source.n += params.by","params":{"by":100}}}`)
		params := api.UpdateByQueryParams{Refresh: &yes}
		return c.do(api.UpdateByQueryReq{Indices: []string{copied}, Body: body, Params: params})
	}},
	{"delete-by-query", deleteByQuery},
	{"ingest-pipeline", func(c client) any {
		name := prefix + "-pipeline"
		return []any{
			c.do(api.IngestCreateReq{PipelineID: name, Body: text(`{"description":"none","processors":[]}`)}),
			c.do(api.IngestGetReq{PipelineIDs: []string{name}}),
			c.do(api.IngestDeleteReq{PipelineID: name}),
			c.do(api.IngestCreateReq{PipelineID: name, Body: text(`{"processors":[{"no-such-processor":{}}]}`)}),
		}
	}},
	{"paths", func(c client) any {
		targets := []string{one + "," + two, prefix + "-o*", one + "%2C" + two, prefix + "-%2A", prefix + "-none," + one}
		return each(targets, func(target string) any { return c.do(raw{"GET", "/" + target + "/_count", ""}) })
	}},
	{"query-strings", func(c client) any {
		queries := []string{
			"q=tag:a%2Bb%3Dc", "q=body:text+3", "q=body:(text%20AND%203)", "q=tag:a+b=c", "q=n:1&q=n:2", "q=n:%3E%3D7&",
			"q=n%3A(1%202)", "q=&size=1", "q=n:4&pretty", "q=body:%C3%A9",
		}
		path := "/" + prefix + "-*/_search?sort=n&filter_path=hits.total.value,hits.hits._id&"
		return each(queries, func(query string) any { return c.do(raw{"GET", path + query, ""}) })
	}},
	{"filter-path", func(c client) any {
		params := api.SearchParams{Sort: []string{"n:desc", "_id"}, FilterPath: []string{"hits.hits._id", "hits.hits.sort"}}
		return []any{
			c.do(raw{"GET", "/" + one + "/_search?sort=n&filter_path=hits.total%2C-hits.total.relation,hits.hits.*ource", ""}),
			c.do(api.SearchReq{Indices: []string{one}, Params: params}),
		}
	}},
	{"bodies-with-get-and-delete", func(c client) any {
		found := c.do(raw{"GET", "/" + one + "/_search", `{"query":{"term":{"n":4}}}`})
		return []any{found.hits(), c.do(raw{"DELETE", "/_search/scroll", `{"scroll_id":["bm90LWEtc2Nyb2xs"]}`})}
	}},
	{"errors", func(c client) any {
		return each([]opensearch.Request{
			api.SearchReq{Indices: []string{prefix + "-none"}},
			api.SearchReq{Indices: []string{one}, Body: text(`{"query":{"no_such":{}}}`)},
			api.SearchReq{Indices: []string{one}, Body: text("{not json")},
			api.DocumentGetReq{Index: one, DocumentID: "none"},
			raw{"PUT", "/" + one + "/_create/0%2F%E2%98%83?routing=0", `{"n":0}`},
			api.IndicesCreateReq{Index: one},
			api.IndicesCreateReq{Index: "UPPER"},
			raw{"GET", "/" + one + "/_search?no_such_parameter=1", ""},
			raw{"POST", "/_bulk", "a,b"},
			raw{"DELETE", "/_cluster/health", ""},
		}, func(request opensearch.Request) any { return c.do(request) })
	}},
	{"body-sizes", func(c client) any {
		return each([]int{1_000, 100_000, 1_000_000, 8_000_000}, func(size int) any { return c.ofSize(size) })
	}},
	{"compressed-bodies", compressedBodies},
	{"many-at-once", manyAtOnce},
	{"clean-up", func(c client) any {
		return []any{
			c.do(api.IndicesDeleteReq{Indices: []string{prefix + "-*"}}),
			c.do(api.IndicesExistsReq{Indices: []string{one}}),
		}
	}},
}

// documents escapes the ids itself: the client writes them into the path as they are.
func documents(c client) any {
	const route = "r/1"
	return each(ids, func(name string) any {
		id := url.PathEscape(name)
		put, change := text(`{"n":1,"tag":"id"}`), text(`{"doc":{"body":%q}}`, name)
		exists := api.DocumentExistsReq{Index: one, DocumentID: id, Params: api.DocumentExistsParams{Routing: route}}
		gone := api.DocumentDeleteReq{Index: one, DocumentID: id, Params: api.DocumentDeleteParams{Routing: route}}
		return []any{
			c.do(api.IndexReq{Index: one, DocumentID: id, Body: put, Params: api.IndexParams{Routing: route}}).status,
			c.do(api.UpdateReq{Index: one, DocumentID: id, Body: change, Params: api.UpdateParams{Routing: route}}).status,
			c.do(api.DocumentGetReq{Index: one, DocumentID: id, Params: api.DocumentGetParams{Routing: route}}),
			c.do(exists).status,
			c.do(gone).at("result"),
			c.do(exists).status,
		}
	})
}

func bulk(c client) any {
	var lines strings.Builder
	for number := range 10 {
		index := []string{one, two}[number%2]
		fmt.Fprintf(&lines, "{\"index\":{\"_index\":%q,\"_id\":\"%d/☃\",\"routing\":\"%d\"}}\n", index, number, number%3)
		fmt.Fprintf(&lines, "{\"n\":%d,\"tag\":\"a+b=c\",\"body\":\"text %d\"}\n", number, number)
	}
	fmt.Fprintf(&lines, "{\"delete\":{\"_index\":%q,\"_id\":\"none\"}}\n", one)
	done := c.bulk(lines.String())
	items, _ := done.at("items").([]any)
	return []any{done.at("errors"), each(items, func(item any) any {
		var saw any
		for _, operation := range item.(map[string]any) {
			fields := operation.(map[string]any)
			saw = []any{fields["_id"], fields["status"]}
		}
		return saw
	})}
}

func search(c client) any {
	sorted := api.SearchParams{Sort: []string{"n"}}
	routed := api.SearchParams{Sort: []string{"n"}, Routing: []string{"0", "1"}}
	return []any{
		c.do(api.SearchReq{Indices: []string{one}, Body: text(`{"query":{"range":{"n":{"gte":4}}},"sort":["n"]}`)}),
		c.do(api.SearchReq{Indices: []string{one, two}, Params: sorted}).hits(),
		c.do(api.SearchReq{Indices: []string{prefix + "-*"}, Params: routed}).hits(),
		c.do(api.IndicesCountReq{Indices: []string{one, two}, Body: text(`{"query":{"term":{"tag":"a+b=c"}}}`)}),
	}
}

func scroll(c client) any {
	params := api.SearchParams{Scroll: time.Minute}
	page := c.do(api.SearchReq{Indices: []string{prefix + "-*"}, Body: text(`{"size":4,"sort":["n"]}`), Params: params})
	pages := []any{}
	for len(page.hits()) > 0 {
		pages = append(pages, page.hits())
		params := api.ScrollGetParams{Scroll: time.Minute}
		page = c.do(api.ScrollGetReq{ScrollID: fmt.Sprint(page.at("_scroll_id")), Params: params})
	}
	id := fmt.Sprint(page.at("_scroll_id"))
	return []any{
		pages,
		c.do(api.ScrollDeleteReq{Body: text(`{"scroll_id":[%q]}`, id)}),
		c.do(api.ScrollGetReq{ScrollID: id}).status,
	}
}

func pointInTime(c client) any {
	params := api.PointInTimeCreateParams{KeepAlive: time.Minute}
	point := c.do(api.PointInTimeCreateReq{Indices: []string{one}, Params: params})
	id := fmt.Sprint(point.at("pit_id"))
	body := text(`{"pit":{"id":%q,"keep_alive":"1m"},"sort":["n"],"size":2}`, id)
	return []any{c.do(api.SearchReq{Body: body}).hits(), c.do(api.PointInTimeDeleteReq{PitID: []string{id}})}
}

func templates(c client) any {
	name, made := prefix+"-template", prefix+"-made-1"
	component := text(`{"template":{"settings":{"number_of_replicas":0},%s}}`, mappings)
	template := text(`{"index_patterns":["%s-made-*"],"composed_of":[%q],"priority":20}`, prefix, name)
	return []any{
		c.do(api.ComponentTemplateCreateReq{ComponentTemplate: name, Body: component}),
		c.do(api.IndexTemplateCreateReq{IndexTemplate: name, Body: template}),
		c.do(api.ComponentTemplateGetReq{ComponentTemplate: name}),
		c.do(api.IndexTemplateGetReq{IndexTemplates: []string{prefix + "-temp*"}}),
		c.do(api.IndicesCreateReq{Index: made}),
		c.do(raw{"GET", "/" + made + "/_mapping", ""}),
		c.do(api.IndexTemplateDeleteReq{IndexTemplate: name}),
		c.do(api.ComponentTemplateDeleteReq{ComponentTemplate: name}),
		c.do(api.IndexTemplateExistsReq{IndexTemplate: name}).status,
	}
}

func deleteByQuery(c client) any {
	first := c.do(api.DocumentDeleteByQueryReq{
		Indices: []string{copied}, Body: text(`{"query":{"range":{"n":{"gte":100}}}}`),
		Params: api.DocumentDeleteByQueryParams{Refresh: &yes},
	})
	started := c.do(api.DocumentDeleteByQueryReq{
		Indices: []string{copied}, Body: text(`{"query":{"match_all":{}}}`),
		Params: api.DocumentDeleteByQueryParams{Refresh: &yes, WaitForCompletion: &no},
	})
	params := api.TasksGetParams{WaitForCompletion: &yes, Timeout: 30 * time.Second}
	done := c.do(api.TasksGetReq{TaskID: fmt.Sprint(started.at("task")), Params: params})
	return []any{first, done.at("completed"), done.at("response", "deleted")}
}

func compressedBodies(client) any {
	c, err := connect(true)
	if err != nil {
		return err.Error()
	}
	return []any{
		c.do(raw{"PUT", "/" + two + "/_doc/gzip%2F1?refresh=true", `{"n":77}`}),
		c.do(api.SearchReq{Indices: []string{two}, Body: text(`{"query":{"term":{"n":77}}}`)}).hits(),
		c.ofSize(1_001),
		c.ofSize(8_000_001),
	}
}

func manyAtOnce(c client) any {
	var sum int
	var lock sync.Mutex
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			found := c.do(api.SearchReq{Indices: []string{one}, Body: text(`{"query":{"term":{"n":4}}}`)})
			lock.Lock()
			defer lock.Unlock()
			sum += len(found.hits())
		})
	}
	group.Wait()
	return sum
}

func (c client) bulk(lines string) answer {
	return c.do(api.BulkReq{Body: strings.NewReader(lines), Params: api.BulkParams{Refresh: "true"}})
}

// ofSize sends a bulk of about so many bytes and reads its last document back.
func (c client) ofSize(size int) any {
	count := max(1, size/100_000)
	content := strings.Repeat(fmt.Sprintf("%08d", size), size/count/8+1)
	var lines strings.Builder
	for number := range count {
		fmt.Fprintf(&lines, "{\"index\":{\"_index\":\"%s-big\",\"_id\":\"%d-%d\"}}\n", prefix, size, number)
		fmt.Fprintf(&lines, "{\"body\":%q}\n", content)
	}
	done := c.bulk(lines.String())
	items, _ := done.at("items").([]any)
	found := c.do(raw{"GET", fmt.Sprintf("/%s-big/_doc/%d-%d", prefix, size, count-1), ""})
	return []any{len(items), done.at("errors"), len(content), found.at("_source", "body") == content}
}

func each[T any](items []T, step func(T) any) []any {
	saw := []any{}
	for _, item := range items {
		saw = append(saw, step(item))
	}
	return saw
}
