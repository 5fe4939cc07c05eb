// Command opensearch drives opensearch-go against the server that OPENSEARCH_URL names; one JSON line a check.
//
//	OPENSEARCH_URL      base URL, http://localhost:9200 or https://NAME
//	OPENSEARCH_CA_FILE  certificate authorities for https
//	OPENSEARCH_HEADERS  JSON object: headers of every request
//	OPENSEARCH_PREFIX   beginning of every name that is made (interop)
//
// Output: {"check": NAME, "result": VALUE}, equal between runs; the exit code is 0. A request that fails in the client shows
// as ["error", TEXT] where its answer would be.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/opensearch-project/opensearch-go/v4"
)

func main() {
	client, err := connect(false)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, check := range checks {
		if err := line(check.name, check.run(client)); err != nil {
			os.Exit(1)
		}
	}
}

type client struct{ *opensearch.Client }

func connect(compressed bool) (client, error) {
	config := opensearch.Config{
		Addresses:           []string{cmp.Or(os.Getenv("OPENSEARCH_URL"), "http://localhost:9200")},
		Header:              http.Header{},
		DisableRetry:        true,
		CompressRequestBody: compressed,
	}
	headers := map[string]string{}
	if err := json.Unmarshal([]byte(cmp.Or(os.Getenv("OPENSEARCH_HEADERS"), "{}")), &headers); err != nil {
		return client{}, err
	}
	for name, value := range headers {
		config.Header.Set(name, value)
	}
	if file := os.Getenv("OPENSEARCH_CA_FILE"); file != "" {
		authorities, err := os.ReadFile(file)
		if err != nil {
			return client{}, err
		}
		config.CACert = authorities
	}
	inner, err := opensearch.NewClient(config)
	return client{inner}, err
}

// raw is a request whose path and query are written out.
type raw struct{ method, target, body string }

func (r raw) GetRequest() (*http.Request, error) {
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	return opensearch.BuildRequest(r.method, r.target, body, nil, nil)
}

type answer struct {
	status any
	body   any
}

// do sends a request: the status and the body, or what broke.
func (c client) do(request opensearch.Request) answer {
	response, err := c.Do(context.Background(), request, nil)
	if err != nil {
		return answer{"error", err.Error()}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{"error", err.Error()}
	}
	var body any
	if len(text) > 0 && json.Unmarshal(text, &body) != nil {
		body = string(text)
	}
	return answer{response.StatusCode, body}
}

func (a answer) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{a.status, a.body})
}

// at follows keys through objects.
func (a answer) at(keys ...string) any {
	value := a.body
	for _, key := range keys {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	return value
}

func (a answer) hits() []any {
	found := []any{}
	hits, _ := a.at("hits", "hits").([]any)
	for _, hit := range hits {
		found = append(found, hit.(map[string]any)["_id"])
	}
	return found
}
