package main

import (
	"math/big"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func isGiven(value tftypes.Value) bool {
	return value.IsKnown() && !value.IsNull()
}

// The members of an object or a map; none if it is null or unknown.
func object(value tftypes.Value) map[string]tftypes.Value {
	members := map[string]tftypes.Value{}
	if isGiven(value) && value.As(&members) != nil {
		return map[string]tftypes.Value{}
	}
	return members
}

// The elements of a list or a set; none if it is null or unknown.
func elements(value tftypes.Value) []tftypes.Value {
	var found []tftypes.Value
	if !isGiven(value) || value.As(&found) != nil {
		return nil
	}
	return found
}

// A text, a number or a truth value as a text; empty if it is null or unknown.
func text(value tftypes.Value) string {
	if !isGiven(value) {
		return ""
	}
	var words string
	var number *big.Float
	var isTrue bool
	switch {
	case value.As(&words) == nil:
		return words
	case value.As(&number) == nil:
		return number.Text('f', -1)
	case value.As(&isTrue) == nil && isTrue:
		return "true"
	}
	return "false"
}

func texts(value tftypes.Value) []string {
	var found []string
	for _, element := range elements(value) {
		found = append(found, text(element))
	}
	slices.Sort(found)
	return found
}
