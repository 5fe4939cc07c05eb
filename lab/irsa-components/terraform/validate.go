package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Forms of names, as AWS documents them in the API reference of each service. The real provider checks them, too.
var forms = map[string]*regexp.Regexp{
	"aws_db_instance.engine":               regexp.MustCompile(`^(mariadb|mysql|postgres)$`),
	"aws_db_instance.identifier":           identifier,
	"aws_db_subnet_group.name":             regexp.MustCompile(`^[a-z0-9_ .-]{1,255}$`),
	"aws_iam_policy.description":           regexp.MustCompile(`^[\s\S]{0,1000}$`),
	"aws_iam_policy.name":                  regexp.MustCompile(`^[\w+=,.@-]{1,128}$`),
	"aws_iam_policy.path":                  path,
	"aws_iam_role.description":             regexp.MustCompile(`^[\t\n\r\x{20}-\x{7e}\x{a1}-\x{ff}]{0,1000}$`),
	"aws_iam_role.name":                    regexp.MustCompile(`^[\w+=,.@-]{1,64}$`),
	"aws_iam_role.path":                    path,
	"aws_iam_role_policy_attachment.role":  regexp.MustCompile(`^[\w+=,.@-]{1,64}$`),
	"aws_opensearch_domain.domain_name":    regexp.MustCompile(`^[a-z][0-9a-z-]{2,27}$`),
	"aws_opensearch_domain.engine_version": regexp.MustCompile(`^(OpenSearch|Elasticsearch)_\d+\.\d+$`),
	"aws_rds_cluster.cluster_identifier":   identifier,
	"aws_rds_cluster.engine":               regexp.MustCompile(`^(aurora-mysql|aurora-postgresql|mysql|postgres)$`),
	"aws_rds_cluster_instance.identifier":  identifier,
	"aws_security_group.description":       regexp.MustCompile(`^[0-9A-Za-z_ .:/()#,@\[\]+=&;{}!$*-]{0,255}$`),
	"aws_security_group.name":              regexp.MustCompile(`^.{1,255}$`),
}

var (
	arn        = regexp.MustCompile(`^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:.+$`)
	identifier = regexp.MustCompile(`^[a-z]([0-9a-z]|-[0-9a-z]){0,62}$`)
	path       = regexp.MustCompile(`^/([\x{21}-\x{7e}]*/)?$`)
)

// Attributes that hold a JSON document, or an ARN.
var (
	documents = []string{"access_policies", "assume_role_policy", "policy"}
	arns      = []string{"policy_arn", "role_arn", "permissions_boundary"}
)

// Elements of sets that older versions of the provider refuse, although AWS accepts them.
var refused = map[string]map[string][]string{
	"5.9.0": {
		"aws_db_instance.enabled_cloudwatch_logs_exports": {"iam-db-auth-error"},
		"aws_rds_cluster.enabled_cloudwatch_logs_exports": {"iam-db-auth-error", "instance"},
	},
}

func (p *provider) validate(kind string, config tftypes.Value) []*tfprotov5.Diagnostic {
	var found []*tfprotov5.Diagnostic
	values := object(config)
	refuse := func(name, why string) {
		found = append(found, &tfprotov5.Diagnostic{
			Severity:  tfprotov5.DiagnosticSeverityError,
			Summary:   fmt.Sprintf("%s.%s: %s", kind, name, why),
			Attribute: tftypes.NewAttributePath().WithAttributeName(name),
		})
	}
	for name, value := range values {
		if form := forms[kind+"."+name]; form != nil && isGiven(value) && !form.MatchString(text(value)) {
			refuse(name, fmt.Sprintf("invalid value %q", text(value)))
		}
	}
	for path, elements := range refused[p.schemas.version] {
		name := strings.TrimPrefix(path, kind+".")
		for _, element := range texts(values[name]) {
			if slices.Contains(elements, element) {
				refuse(name, fmt.Sprintf("invalid value %q", element))
			}
		}
	}
	for _, name := range documents {
		if value := values[name]; isGiven(value) && !isDocument(text(value)) {
			refuse(name, "contains an invalid JSON policy")
		}
	}
	for _, name := range arns {
		if value := values[name]; isGiven(value) && !arn.MatchString(text(value)) {
			refuse(name, fmt.Sprintf("%q is an invalid ARN", text(value)))
		}
	}
	return found
}

func isDocument(policy string) bool {
	return strings.HasPrefix(policy, "{") && json.Valid([]byte(policy))
}
