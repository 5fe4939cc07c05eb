package main

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Attributes whose change replaces a resource, by type (`ForceNew` in the code of the real provider), and from version 6
// on `region`. Of a block, any change does.
var identifying = map[string][]string{
	"aws_cloudwatch_log_group":            {"name", "name_prefix"},
	"aws_cloudwatch_log_resource_policy":  {"policy_name"},
	"aws_db_instance":                     {"db_name", "engine", "identifier", "kms_key_id", "storage_encrypted", "username"},
	"aws_db_subnet_group":                 {"name", "name_prefix"},
	"aws_eks_addon":                       {"addon_name", "cluster_name"},
	"aws_eks_pod_identity_association":    {"cluster_name", "namespace", "service_account"},
	"aws_iam_openid_connect_provider":     {"url"},
	"aws_iam_policy":                      {"description", "name", "name_prefix", "path"},
	"aws_iam_role":                        {"name", "name_prefix", "path"},
	"aws_iam_role_policy":                 {"name", "name_prefix", "role"},
	"aws_iam_role_policy_attachment":      {"policy_arn", "role"},
	"aws_iam_service_linked_role":         {"aws_service_name", "custom_suffix"},
	"aws_launch_template":                 {"name", "name_prefix"},
	"aws_opensearch_domain":               {"domain_name", "encrypt_at_rest"},
	"aws_opensearch_domain_policy":        {"domain_name"},
	"aws_rds_cluster":                     {"cluster_identifier", "database_name", "db_subnet_group_name", "engine", "engine_mode", "kms_key_id", "master_username", "storage_encrypted"},
	"aws_rds_cluster_instance":            {"cluster_identifier", "db_subnet_group_name", "engine", "identifier"},
	"aws_rds_cluster_parameter_group":     {"description", "family", "name", "name_prefix"},
	"aws_security_group":                  {"description", "name", "name_prefix", "vpc_id"},
	"aws_security_group_rule":             {"from_port", "protocol", "security_group_id", "source_security_group_id", "to_port", "type"},
	"aws_vpc_security_group_egress_rule":  {"security_group_id"},
	"aws_vpc_security_group_ingress_rule": {"security_group_id"},
}

var policyARN = regexp.MustCompile(`^arn:[a-z-]+:iam::\d{12}:policy(/|/.+/)([^/]+)$`)

// What AWS has of a role or a policy that was made by hand.
func madeByHand(kind, id string) (map[string]string, error) {
	switch kind {
	case "aws_iam_role":
		return map[string]string{"name": id, "path": "/", "assume_role_policy": `{"Version":"2012-10-17","Statement":[]}`}, nil
	case "aws_iam_policy":
		parts := policyARN.FindStringSubmatch(id)
		if parts == nil {
			return nil, fmt.Errorf("`%s` is not the ARN of a policy", id)
		}
		return map[string]string{
			"arn": id, "path": parts[1], "name": parts[2], "policy": `{"Version":"2012-10-17","Statement":[]}`,
		}, nil
	}
	return nil, fmt.Errorf("the stand-in imports no %s", kind)
}

func (p *provider) ImportResourceState(_ context.Context, r *tfprotov5.ImportResourceStateRequest) (*tfprotov5.ImportResourceStateResponse, error) {
	known, err := madeByHand(r.TypeName, r.ID)
	if err != nil {
		return &tfprotov5.ImportResourceStateResponse{Diagnostics: failure(err)}, nil
	}
	known["id"] = r.ID
	values := map[string]tftypes.Value{}
	members := p.schemas.Resources[r.TypeName]
	for name, m := range members {
		values[name] = absent(m)
		if text, is := known[name]; is {
			values[name] = tftypes.NewValue(tftypes.String, text)
		}
	}
	kind := members.schema().ValueType()
	encoded, err := tfprotov5.NewDynamicValue(kind, tftypes.NewValue(kind, values))
	imported := &tfprotov5.ImportedResource{TypeName: r.TypeName, State: &encoded}
	return &tfprotov5.ImportResourceStateResponse{ImportedResources: []*tfprotov5.ImportedResource{imported}}, err
}

// The value of an attribute or a block that is not set.
func absent(m member) tftypes.Value {
	if m.isBlock() && m.Kind != "single" {
		return tftypes.NewValue(m.valueType(), []tftypes.Value{})
	}
	return tftypes.NewValue(m.valueType(), nil)
}
