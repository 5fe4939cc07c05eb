package main

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A resource or a data source whose values are being invented.
type thing struct {
	*provider
	kind   string
	values map[string]tftypes.Value
	seed   string
	depth  int
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// The letters of generated IDs.
var letters = map[string]string{
	"digits": "0123456789",
	"hex":    "0123456789abcdef",
	"lower":  "abcdefghijklmnopqrstuvwxyz234567",
	"upper":  "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
	"HEX":    "0123456789ABCDEF",
}

// Sets everything that is computed. The same resource has the same values in every run and as a data source.
func (p *provider) invented(kind string, members body, value tftypes.Value) tftypes.Value {
	values := object(value)
	one := &thing{provider: p, kind: kind, values: values, seed: value.String()}
	for _, name := range names[kind] {
		if known := text(values[name]); known != "" {
			one.seed = known
			break
		}
	}
	return p.complete(members, value, func(name string, m member) tftypes.Value { return one.value(name, m) })
}

func (t *thing) value(name string, m member) tftypes.Value {
	kind := m.valueType()
	switch {
	case kind.Is(tftypes.String):
		return tftypes.NewValue(kind, t.text(name))
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, t.text(name) == "true")
	case kind.Is(tftypes.Number):
		number, err := strconv.ParseInt(t.text(name), 10, 64)
		if err != nil {
			number = 0
		}
		return tftypes.NewValue(kind, big.NewFloat(float64(number)))
	case kind.Is(tftypes.Map{}):
		return tftypes.NewValue(kind, map[string]tftypes.Value{})
	case m.Body != nil && t.hasMembers(name):
		return tftypes.NewValue(kind, []tftypes.Value{t.object(name, m)})
	case m.Body == nil && t.text(name) != "":
		return tftypes.NewValue(kind, []tftypes.Value{tftypes.NewValue(tftypes.String, t.text(name))})
	}
	return tftypes.NewValue(kind, []tftypes.Value{})
}

func (t *thing) object(name string, m member) tftypes.Value {
	kinds, values := map[string]tftypes.Type{}, map[string]tftypes.Value{}
	for inner, one := range m.Body {
		kinds[inner] = one.valueType()
		values[inner] = t.value(name+"."+inner, one)
	}
	return tftypes.NewValue(tftypes.Object{AttributeTypes: kinds}, values)
}

// Whether there is a template for a member of this collection of objects.
func (t *thing) hasMembers(name string) bool {
	// A data source lacks the attribute.
	if condition, has := t.values[onlyIf[t.kind+"."+name]]; has && text(condition) != "true" {
		return false
	}
	for path := range templates[t.kind] {
		if strings.HasPrefix(path, name+".") {
			return true
		}
	}
	return false
}

// The value of an attribute as a text: as given, or from its template.
func (t *thing) text(name string) string {
	if known := text(t.values[name]); known != "" {
		return known
	}
	template := templates[t.kind][name]
	if name == "region" {
		template = t.provider.region
	}
	if t.depth++; t.depth > 20 {
		return "" // A template that needs itself.
	}
	defer func() { t.depth-- }()
	return placeholder.ReplaceAllStringFunc(template, func(found string) string {
		return t.part(strings.Trim(found, "{}"))
	})
}

// A part in braces: a fact of the provider, a generated ID as in `upper:17`, or an attribute.
func (t *thing) part(name string) string {
	switch name {
	case "account":
		return t.account
	case "region":
		return t.regionOf()
	case "partition", "dns":
		return partition(t.regionOf(), name)
	case "zone":
		return generated("lower", 12, t.account+t.regionOf())
	case "db-instance":
		// The data source has a different name for the identifier.
		if known := text(t.values["db_instance_identifier"]); known != "" {
			return known
		}
		return t.text("identifier")
	case "issuer":
		return strings.TrimPrefix(t.text("url"), "https://")
	case "issuer-of-arn":
		_, issuer, _ := strings.Cut(t.text("arn"), ":oidc-provider/")
		return issuer
	case "search-or-vpc":
		if len(elements(t.values["vpc_options"])) > 0 {
			return "vpc"
		}
		return "search"
	}
	if set, length, isGenerated := strings.Cut(name, ":"); isGenerated {
		count, _ := strconv.Atoi(length)
		return generated(set, count, strings.Join([]string{t.kind, t.account, t.regionOf(), t.seed, set}, "\n"))
	}
	if name == "path" && text(t.values[name]) == "" {
		return "/"
	}
	return t.text(name)
}

// From version 6 of the provider on, a resource may have a region of its own.
func (t *thing) regionOf() string {
	if own := text(t.values["region"]); own != "" {
		return own
	}
	return t.provider.region
}

func partition(region, name string) string {
	found := map[string]string{"partition": "aws", "dns": "amazonaws.com"}
	switch {
	case strings.HasPrefix(region, "cn-"):
		found = map[string]string{"partition": "aws-cn", "dns": "amazonaws.com.cn"}
	case strings.HasPrefix(region, "us-gov-"):
		found["partition"] = "aws-us-gov"
	}
	return found[name]
}

func generated(set string, length int, seed string) string {
	alphabet, made := letters[set], strings.Builder{}
	for at := 0; at < length; at++ {
		digest := sha256.Sum256(fmt.Appendf(nil, "%s\n%d", seed, at))
		made.WriteByte(alphabet[int(digest[0])%len(alphabet)])
	}
	return made.String()
}
