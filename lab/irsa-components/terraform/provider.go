package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The account of a provider whose configuration names none.
const defaultAccount = "111122223333"

var regions = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)

// A configured provider. Terraform calls none of the embedded interface's methods.
type provider struct {
	tfprotov5.ProviderServer
	schemas     *schemas
	region      string
	account     string
	defaultTags map[string]tftypes.Value
}

func (p *provider) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	return &tfprotov5.GetMetadataResponse{}, nil
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return &tfprotov5.GetProviderSchemaResponse{
		Provider:          parse(configuration).schema(),
		ProviderMeta:      parse(meta).schema(),
		ResourceSchemas:   all(p.schemas.Resources),
		DataSourceSchemas: all(p.schemas.Data),
	}, nil
}

func (p *provider) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) PrepareProviderConfig(_ context.Context, r *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func (p *provider) ConfigureProvider(_ context.Context, r *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	given, err := r.Config.Unmarshal(parse(configuration).schema().ValueType())
	if err != nil {
		return nil, err
	}
	if err := p.configure(object(given)); err != nil {
		return &tfprotov5.ConfigureProviderResponse{Diagnostics: failure(err)}, nil
	}
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (p *provider) configure(given map[string]tftypes.Value) error {
	p.region = text(given["region"])
	if !regions.MatchString(p.region) {
		return fmt.Errorf("invalid AWS Region: `%s`", p.region)
	}
	allowed := texts(given["allowed_account_ids"])
	p.account = defaultAccount
	if roles := elements(given["assume_role"]); len(roles) > 0 {
		parts := strings.Split(text(object(roles[0])["role_arn"]), ":")
		if len(parts) != 6 || parts[2] != "iam" {
			return fmt.Errorf("assume_role: not the ARN of a role")
		}
		p.account = parts[4]
	} else if len(allowed) > 0 {
		p.account = allowed[0]
	}
	if len(allowed) > 0 && !slices.Contains(allowed, p.account) {
		return fmt.Errorf("AWS account ID not allowed: %s", p.account)
	}
	for _, tags := range elements(given["default_tags"]) {
		p.defaultTags = object(object(tags)["tags"])
	}
	return nil
}

func failure(err error) []*tfprotov5.Diagnostic {
	return []*tfprotov5.Diagnostic{{Severity: tfprotov5.DiagnosticSeverityError, Summary: err.Error()}}
}
