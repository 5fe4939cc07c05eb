package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// schema.py writes these files and describes their format.
//
//go:embed schemas/*.json
var files embed.FS

// The schemas of a version of the provider.
type schemas struct {
	version   string
	Resources map[string]body
	Data      map[string]body
}

// The members of a resource, a data source, a block or an object.
type body map[string]member

// An attribute, or a nested block.
type member struct {
	Flags string
	Type  string
	Kind  string
	Min   int64
	Max   int64
	Body  body
}

// The part of the provider's configuration that tests use.
const configuration = `{
	"region": "optional string",
	"profile": "optional string",
	"allowed_account_ids": "optional set(string)",
	"assume_role": {"kind": "list", "max": 1, "body": {
		"role_arn": "optional string", "external_id": "optional string", "session_name": "optional string"}},
	"default_tags": {"kind": "list", "max": 1, "body": {"tags": "optional map(string)"}}
}`

// Modules name themselves here (`provider_meta`).
const meta = `{"user_agent": "optional list(string)"}`

func readSchemas(version string) (*schemas, error) {
	text, err := files.ReadFile("schemas/" + version + ".json")
	if err != nil {
		return nil, fmt.Errorf("there are no schemas of version `%s`", version)
	}
	read := &schemas{version: version}
	return read, json.Unmarshal(text, read)
}

func parse(text string) body {
	members := body{}
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		panic(err) // A constant of this program.
	}
	return members
}

func (m *member) UnmarshalJSON(text []byte) error {
	var words string
	if json.Unmarshal(text, &words) == nil {
		at := strings.LastIndex(words, " ")
		m.Flags, m.Type = words[:at], words[at+1:]
		return nil
	}
	type plain member
	return json.Unmarshal(text, (*plain)(m))
}

func (m member) isBlock() bool    { return m.Flags == "" }
func (m member) isComputed() bool { return strings.Contains(m.Flags, "computed") }

func (m member) valueType() tftypes.Type {
	if m.Body == nil {
		return simpleType(m.Type)
	}
	attributes := map[string]tftypes.Type{}
	for name, inner := range m.Body {
		attributes[name] = inner.valueType()
	}
	object := tftypes.Object{AttributeTypes: attributes}
	switch m.Kind {
	case "set":
		return tftypes.Set{ElementType: object}
	case "list":
		return tftypes.List{ElementType: object}
	}
	return object
}

func simpleType(name string) tftypes.Type {
	collection, element, isCollection := strings.Cut(strings.TrimSuffix(name, ")"), "(")
	switch {
	case isCollection && collection == "list":
		return tftypes.List{ElementType: simpleType(element)}
	case isCollection && collection == "set":
		return tftypes.Set{ElementType: simpleType(element)}
	case isCollection:
		return tftypes.Map{ElementType: simpleType(element)}
	case name == "bool":
		return tftypes.Bool
	case name == "number":
		return tftypes.Number
	}
	return tftypes.String
}

func (b body) names() []string {
	return slices.Sorted(maps.Keys(b))
}

func (b body) block() *tfprotov5.SchemaBlock {
	block := &tfprotov5.SchemaBlock{}
	for _, name := range b.names() {
		m := b[name]
		if m.isBlock() {
			block.BlockTypes = append(block.BlockTypes, m.nested(name))
			continue
		}
		block.Attributes = append(block.Attributes, &tfprotov5.SchemaAttribute{
			Name:     name,
			Type:     m.valueType(),
			Required: strings.Contains(m.Flags, "required"),
			Optional: strings.Contains(m.Flags, "optional"),
			Computed: m.isComputed(),
		})
	}
	return block
}

func (m member) nested(name string) *tfprotov5.SchemaNestedBlock {
	nesting := map[string]tfprotov5.SchemaNestedBlockNestingMode{
		"single": tfprotov5.SchemaNestedBlockNestingModeSingle,
		"list":   tfprotov5.SchemaNestedBlockNestingModeList,
		"set":    tfprotov5.SchemaNestedBlockNestingModeSet,
	}[m.Kind]
	return &tfprotov5.SchemaNestedBlock{
		TypeName: name, Block: m.Body.block(), Nesting: nesting, MinItems: m.Min, MaxItems: m.Max,
	}
}

func (b body) schema() *tfprotov5.Schema {
	return &tfprotov5.Schema{Block: b.block()}
}

func all(bodies map[string]body) map[string]*tfprotov5.Schema {
	found := map[string]*tfprotov5.Schema{}
	for name, one := range bodies {
		found[name] = one.schema()
	}
	return found
}
