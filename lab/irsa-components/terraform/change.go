package main

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Other versions of the provider have other attributes.
func (p *provider) UpgradeResourceState(_ context.Context, r *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	kind := p.schemas.Resources[r.TypeName].schema().ValueType()
	state, err := r.RawState.UnmarshalWithOpts(kind, tfprotov5.UnmarshalOpts{
		ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true},
	})
	if err != nil {
		return nil, err
	}
	encoded, err := tfprotov5.NewDynamicValue(kind, state)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: &encoded}, err
}

// AWS has what is in the state, and values for attributes that the state of another version lacks.
func (p *provider) ReadResource(_ context.Context, r *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	members := p.schemas.Resources[r.TypeName]
	kind := members.schema().ValueType()
	state, err := r.CurrentState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	encoded, err := tfprotov5.NewDynamicValue(kind, p.invented(r.TypeName, members, state))
	return &tfprotov5.ReadResourceResponse{NewState: &encoded}, err
}

func (p *provider) ValidateResourceTypeConfig(_ context.Context, r *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	given, err := r.Config.Unmarshal(p.schemas.Resources[r.TypeName].schema().ValueType())
	if err != nil {
		return nil, err
	}
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: p.validate(r.TypeName, given)}, nil
}

func (p *provider) ValidateDataSourceConfig(context.Context, *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	return &tfprotov5.ValidateDataSourceConfigResponse{}, nil
}

func (p *provider) PlanResourceChange(_ context.Context, r *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	members := p.schemas.Resources[r.TypeName]
	kind := members.schema().ValueType()
	proposed, err := r.ProposedNewState.Unmarshal(kind)
	if err != nil || proposed.IsNull() {
		return &tfprotov5.PlanResourceChangeResponse{PlannedState: r.ProposedNewState}, err
	}
	config, err := r.Config.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	prior, err := r.PriorState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	planned := p.complete(members, p.withTags(members, proposed, config), func(name string, m member) tftypes.Value {
		if name == "region" {
			return tftypes.NewValue(tftypes.String, p.region)
		}
		return tftypes.NewValue(m.valueType(), tftypes.UnknownValue)
	})
	encoded, err := tfprotov5.NewDynamicValue(kind, planned)
	return &tfprotov5.PlanResourceChangeResponse{PlannedState: &encoded, RequiresReplace: replaced(r.TypeName, prior, planned)}, err
}

func (p *provider) ApplyResourceChange(_ context.Context, r *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	members := p.schemas.Resources[r.TypeName]
	kind := members.schema().ValueType()
	planned, err := r.PlannedState.Unmarshal(kind)
	if err != nil || planned.IsNull() {
		return &tfprotov5.ApplyResourceChangeResponse{NewState: r.PlannedState}, err
	}
	encoded, err := tfprotov5.NewDynamicValue(kind, p.invented(r.TypeName, members, planned))
	return &tfprotov5.ApplyResourceChangeResponse{NewState: &encoded}, err
}

func (p *provider) ReadDataSource(_ context.Context, r *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	members := p.schemas.Data[r.TypeName]
	kind := members.schema().ValueType()
	config, err := r.Config.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	encoded, err := tfprotov5.NewDynamicValue(kind, p.invented(r.TypeName, members, config))
	return &tfprotov5.ReadDataSourceResponse{State: &encoded}, err
}

// Sets what the configuration leaves out and the provider computes, also in nested blocks.
func (p *provider) complete(members body, value tftypes.Value, give func(string, member) tftypes.Value) tftypes.Value {
	if !isGiven(value) {
		return value
	}
	values := object(value)
	for _, name := range members.names() {
		m := members[name]
		switch {
		case m.isBlock():
			values[name] = p.completeBlocks(m, values[name], func(inner string, m member) tftypes.Value {
				return give(name+"."+inner, m)
			})
		case m.isComputed() && !isGiven(values[name]):
			values[name] = give(name, m)
		}
	}
	return tftypes.NewValue(value.Type(), values)
}

func (p *provider) completeBlocks(m member, value tftypes.Value, give func(string, member) tftypes.Value) tftypes.Value {
	if m.Kind == "single" {
		return p.complete(m.Body, value, give)
	}
	if !isGiven(value) {
		return value
	}
	blocks := elements(value)
	for at, block := range blocks {
		blocks[at] = p.complete(m.Body, block, give)
	}
	return tftypes.NewValue(value.Type(), blocks)
}

// Sets `tags_all`: the tags of the provider, and those of the resource.
func (p *provider) withTags(members body, proposed, config tftypes.Value) tftypes.Value {
	values, given := object(proposed), object(config)
	if _, has := members["tags_all"]; !has || !given["tags_all"].IsNull() {
		return proposed
	}
	kind := tftypes.Map{ElementType: tftypes.String}
	if given["tags"].IsFullyKnown() {
		tags := maps.Clone(p.defaultTags)
		if tags == nil {
			tags = map[string]tftypes.Value{}
		}
		maps.Copy(tags, object(given["tags"]))
		values["tags_all"] = tftypes.NewValue(kind, tags)
	} else {
		values["tags_all"] = tftypes.NewValue(kind, tftypes.UnknownValue)
	}
	return tftypes.NewValue(proposed.Type(), values)
}

func replaced(kind string, prior, planned tftypes.Value) []*tftypes.AttributePath {
	var paths []*tftypes.AttributePath
	before, after := object(prior), object(planned)
	for _, name := range append(identifying[kind], "region") {
		old, has := before[name]
		if has && !old.Equal(after[name]) {
			paths = append(paths, tftypes.NewAttributePath().WithAttributeName(name))
		}
	}
	return paths
}
