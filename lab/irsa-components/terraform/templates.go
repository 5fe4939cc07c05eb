package main

// The attributes that identify a resource of a type: generated IDs depend on the first one that is set.
var names = map[string][]string{
	"aws_db_instance":                 {"identifier", "db_instance_identifier"},
	"aws_db_subnet_group":             {"name"},
	"aws_eks_cluster":                 {"name"},
	"aws_iam_openid_connect_provider": {"url", "arn"},
	"aws_iam_policy":                  {"name", "arn"},
	"aws_iam_role":                    {"name"},
	"aws_opensearch_domain":           {"domain_name"},
	"aws_rds_cluster":                 {"cluster_identifier"},
	"aws_rds_cluster_instance":        {"identifier"},
	"aws_security_group":              {"id", "name"},
	"aws_subnet":                      {"id"},
	"aws_vpc":                         {"id"},
}

// Collections of objects that exist only if an attribute is true.
var onlyIf = map[string]string{
	"aws_db_instance.master_user_secret": "manage_master_user_password",
	"aws_rds_cluster.master_user_secret": "manage_master_user_password",
}

// What AWS would return, by type and attribute. In braces: an attribute of the same resource, a fact of the provider, or
// a generated ID: its letters and its length. Everything without a template is empty, zero or false.
var templates = map[string]map[string]string{
	"aws_caller_identity": {
		"id":         "{account}",
		"account_id": "{account}",
		"arn":        "arn:{partition}:sts::{account}:assumed-role/terraform/session",
		"user_id":    "AROA{upper:17}:session",
	},
	"aws_cloudwatch_log_group": {
		"id":   "{name}",
		"name": "{name_prefix}{digits:26}",
		"arn":  "arn:{partition}:logs:{region}:{account}:log-group:{name}",
	},
	"aws_cloudwatch_log_resource_policy": {"id": "{policy_name}"},
	"aws_db_instance": {
		"id":                               "{resource_id}",
		"identifier":                       "{identifier_prefix}{digits:26}",
		"resource_id":                      "db-{upper:26}",
		"address":                          "{db-instance}.{zone}.{region}.rds.{dns}",
		"endpoint":                         "{address}:{port}",
		"port":                             "5432",
		"arn":                              "arn:{partition}:rds:{region}:{account}:db:{identifier}",
		"db_instance_arn":                  "{arn}",
		"hosted_zone_id":                   "Z{upper:13}",
		"engine_version_actual":            "{engine_version}",
		"status":                           "available",
		"master_user_secret.kms_key_id":    "{master_user_secret_kms_key_id}",
		"master_user_secret.secret_arn":    "{secret}",
		"master_user_secret.secret_status": "active",
		"master_user_secret_kms_key_id":    key,
		"secret":                           "arn:{partition}:secretsmanager:{region}:{account}:secret:rds!{resource_id}-{lower:6}",
	},
	"aws_db_subnet_group": {
		"id":     "{name}",
		"name":   "{name_prefix}{digits:26}",
		"arn":    "arn:{partition}:rds:{region}:{account}:subgrp:{name}",
		"vpc_id": "vpc-{hex:17}",
	},
	"aws_eks_addon": {
		"id":  "{cluster_name}:{addon_name}",
		"arn": "arn:{partition}:eks:{region}:{account}:addon/{cluster_name}/{addon_name}/{hex:8}",
	},
	"aws_eks_cluster": {
		"id":                                   "{name}",
		"arn":                                  "arn:{partition}:eks:{region}:{account}:cluster/{name}",
		"endpoint":                             "https://{HEX:32}.gr7.{region}.eks.{dns}",
		"identity.oidc.issuer":                 "https://oidc.eks.{region}.{dns}/id/{HEX:32}",
		"role_arn":                             "arn:{partition}:iam::{account}:role/{name}-cluster",
		"status":                               "ACTIVE",
		"version":                              "1.33",
		"vpc_config.cluster_security_group_id": "sg-{hex:17}",
		"vpc_config.vpc_id":                    "vpc-{hex:17}",
	},
	"aws_eks_pod_identity_association": {
		"id":              "{association_id}",
		"association_id":  "a-{lower:17}",
		"association_arn": "arn:{partition}:eks:{region}:{account}:podidentityassociation/{cluster_name}/{association_id}",
	},
	"aws_iam_openid_connect_provider": {
		"id":              "{arn}",
		"arn":             "arn:{partition}:iam::{account}:oidc-provider/{issuer}",
		"url":             "{issuer-of-arn}",
		"client_id_list":  "sts.amazonaws.com",
		"thumbprint_list": "{hex:40}",
	},
	"aws_iam_policy": {
		"id":        "{arn}",
		"name":      "{name_prefix}{digits:26}",
		"arn":       "arn:{partition}:iam::{account}:policy{path}{name}",
		"policy_id": "ANPA{upper:17}",
	},
	"aws_iam_role": {
		"id":          "{name}",
		"name":        "{name_prefix}{digits:26}",
		"arn":         "arn:{partition}:iam::{account}:role{path}{name}",
		"unique_id":   "AROA{upper:17}",
		"create_date": "2026-01-01T00:00:00Z",
	},
	"aws_iam_role_policy": {
		"id":   "{role}:{name}",
		"name": "{name_prefix}{digits:26}",
	},
	"aws_iam_role_policy_attachment": {"id": "{role}-{digits:26}"},
	"aws_iam_service_linked_role": {
		"id":        "{arn}",
		"name":      "AWSServiceRoleFor{upper:8}",
		"path":      "/aws-service-role/{aws_service_name}/",
		"arn":       "arn:{partition}:iam::{account}:role/aws-service-role/{aws_service_name}/{name}",
		"unique_id": "AROA{upper:17}",
	},
	"aws_launch_template": {
		"id":              "lt-{hex:17}",
		"name":            "{name_prefix}{digits:26}",
		"arn":             "arn:{partition}:ec2:{region}:{account}:launch-template/{id}",
		"default_version": "1",
		"latest_version":  "1",
	},
	"aws_opensearch_domain": {
		"id":                                "{arn}",
		"arn":                               "arn:{partition}:es:{region}:{account}:domain/{domain_name}",
		"domain_id":                         "{account}/{domain_name}",
		"endpoint":                          "{search-or-vpc}-{domain_name}-{lower:26}.{region}.es.{dns}",
		"dashboard_endpoint":                "{endpoint}/_dashboards",
		"kibana_endpoint":                   "{endpoint}/_plugin/kibana/",
		"engine_version":                    "OpenSearch_2.19",
		"advanced_security_options.enabled": "true",
		"encryption_at_rest.enabled":        "true",
		"node_to_node_encryption.enabled":   "true",
		"created":                           "true",
	},
	"aws_opensearch_domain_policy": {"id": "esd-policy-{domain_name}"},
	"aws_partition": {
		"id":                 "{partition}",
		"dns_suffix":         "{dns}",
		"reverse_dns_prefix": "com.amazonaws",
	},
	"aws_rds_cluster": {
		"id":                                  "{cluster_identifier}",
		"cluster_identifier":                  "{cluster_identifier_prefix}{digits:26}",
		"cluster_resource_id":                 "cluster-{upper:26}",
		"arn":                                 "arn:{partition}:rds:{region}:{account}:cluster:{cluster_identifier}",
		"endpoint":                            "{cluster_identifier}.cluster-{zone}.{region}.rds.{dns}",
		"reader_endpoint":                     "{cluster_identifier}.cluster-ro-{zone}.{region}.rds.{dns}",
		"port":                                "5432",
		"hosted_zone_id":                      "Z{upper:13}",
		"engine_version_actual":               "{engine_version}",
		"iam_database_authentication_enabled": "true",
		"master_user_secret.kms_key_id":       "{master_user_secret_kms_key_id}",
		"master_user_secret.secret_arn":       "{secret}",
		"master_user_secret.secret_status":    "active",
		"master_user_secret_kms_key_id":       key,
		"secret":                              "arn:{partition}:secretsmanager:{region}:{account}:secret:rds!{cluster_resource_id}-{lower:6}",
	},
	"aws_rds_cluster_instance": {
		"id":                    "{identifier}",
		"identifier":            "{identifier_prefix}{digits:26}",
		"dbi_resource_id":       "db-{upper:26}",
		"arn":                   "arn:{partition}:rds:{region}:{account}:db:{identifier}",
		"endpoint":              "{identifier}.{zone}.{region}.rds.{dns}",
		"port":                  "5432",
		"engine_version_actual": "{engine_version}",
	},
	"aws_rds_cluster_parameter_group": {
		"id":   "{name}",
		"name": "{name_prefix}{digits:26}",
		"arn":  "arn:{partition}:rds:{region}:{account}:cluster-pg:{name}",
	},
	"aws_region": {
		"id":       "{region}",
		"name":     "{region}",
		"region":   "{region}",
		"endpoint": "ec2.{region}.{dns}",
	},
	"aws_security_group": {
		"id":       "sg-{hex:17}",
		"name":     "{name_prefix}{digits:26}",
		"arn":      "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
		"owner_id": "{account}",
		"vpc_id":   "vpc-{hex:17}",
	},
	"aws_security_group_rule": {
		"id":                     "sgrule-{digits:10}",
		"security_group_rule_id": "sgr-{hex:17}",
	},
	"aws_subnet": {
		"id":         "subnet-{hex:17}",
		"arn":        "arn:{partition}:ec2:{region}:{account}:subnet/{id}",
		"vpc_id":     "vpc-{hex:17}",
		"cidr_block": "10.0.0.0/24",
	},
	"aws_vpc": {
		"id":         "vpc-{hex:17}",
		"arn":        "arn:{partition}:ec2:{region}:{account}:vpc/{id}",
		"cidr_block": "10.0.0.0/16",
	},
	"aws_vpc_security_group_egress_rule":  rule,
	"aws_vpc_security_group_ingress_rule": rule,
}

const key = "arn:{partition}:kms:{region}:{account}:key/{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"

var rule = map[string]string{
	"id":                     "{security_group_rule_id}",
	"security_group_rule_id": "sgr-{hex:17}",
	"arn":                    "arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}",
}
