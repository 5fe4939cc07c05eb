package main

import (
	"encoding/json"
	"os"
	"regexp"
)

var masked = map[string]bool{
	"took": true, "_seq_no": true, "_primary_term": true, "task": true, "_scroll_id": true, "scroll_id": true, "pit_id": true,
	"creation_time": true, "creation_date": true, "node": true, "uuid": true, "cluster_uuid": true, "index_uuid": true,
	"throttled_millis": true, "throttled_until_millis": true, "name": true,
}

var (
	indexUUID = regexp.MustCompile(`/[\w-]{22}\]`)
	address   = regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`)
)

// mask takes out what differs from run to run.
func mask(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, each := range value {
			if value[key] = mask(each); masked[key] {
				value[key] = "*"
			}
		}
	case []any:
		for index, each := range value {
			value[index] = mask(each)
		}
	case string:
		return address.ReplaceAllString(indexUUID.ReplaceAllString(value, "/*]"), "*")
	}
	return value
}

func line(check string, saw any) error {
	lines := json.NewEncoder(os.Stdout)
	lines.SetEscapeHTML(false)
	// By way of JSON, so that only maps, lists and plain values are left to mask.
	text, err := json.Marshal(saw)
	if err != nil {
		return lines.Encode(map[string]any{"check": check, "error": err.Error()})
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return err
	}
	return lines.Encode(map[string]any{"check": check, "result": mask(plain)})
}
