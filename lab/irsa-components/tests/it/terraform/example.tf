# A configuration with everything that the stand-ins for the provider and for modules need to serve.

terraform {
  required_version = ">= 1.5.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "AWS_VERSION"
    }
  }
}

provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = ["111122223333"]

  default_tags {
    tags = { team = "platform" }
  }
}

provider "aws" {
  alias  = "data"
  region = "eu-west-1"

  assume_role {
    role_arn    = "arn:aws:iam::444455556666:role/terraform"
    external_id = "shop"
  }
}

data "aws_caller_identity" "current" {}

data "aws_caller_identity" "data" {
  provider = aws.data
}

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_eks_cluster" "shop" {
  name = "shop"
}

data "aws_iam_openid_connect_provider" "shop" {
  url = data.aws_eks_cluster.shop.identity[0].oidc[0].issuer
}

data "aws_rds_cluster" "archive" {
  provider           = aws.data
  cluster_identifier = "archive"
}

data "aws_opensearch_domain" "logs" {
  domain_name = "logs"
}

resource "aws_db_subnet_group" "orders" {
  name       = "orders"
  subnet_ids = ["subnet-0a", "subnet-0b"]
}

resource "aws_security_group" "orders" {
  name   = "orders"
  vpc_id = "vpc-0a1b"
  tags   = { Name = "orders" }
}

resource "aws_vpc_security_group_ingress_rule" "orders" {
  security_group_id            = aws_security_group.orders.id
  referenced_security_group_id = data.aws_eks_cluster.shop.vpc_config[0].cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_rds_cluster" "orders" {
  cluster_identifier                  = "orders"
  engine                              = "aurora-postgresql"
  engine_version                      = "16.4"
  master_username                     = "admin_user"
  manage_master_user_password         = true
  iam_database_authentication_enabled = true
  storage_encrypted                   = true
  db_subnet_group_name                = aws_db_subnet_group.orders.name
  vpc_security_group_ids              = [aws_security_group.orders.id]

  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = 2
  }
}

resource "aws_rds_cluster_instance" "orders" {
  count = 2

  identifier         = "orders-${count.index}"
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = aws_rds_cluster.orders.engine
  instance_class     = "db.serverless"
}

resource "aws_opensearch_domain" "search" {
  domain_name    = "search"
  engine_version = "OpenSearch_2.5"

  vpc_options {
    subnet_ids = ["subnet-0a"]
  }

  encrypt_at_rest {
    enabled = true
  }

  advanced_security_options {
    enabled = true

    master_user_options {
      master_user_arn = module.api.ROLE_OUTPUT
    }
  }
}

resource "aws_iam_policy" "api" {
  name = "shop-api"
  path = "/shop/"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "rds-db:connect"
      Resource = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:${aws_rds_cluster.orders.cluster_resource_id}/api"
    }]
  })
}

module "api" {
  source  = "terraform-aws-modules/iam/aws//modules/MODULE"
  version = "MODULE_VERSION"

  ROLE_INPUTS

  oidc_providers = {
    shop = {
      provider_arn               = data.aws_iam_openid_connect_provider.shop.arn
      namespace_service_accounts = ["shop:api"]
    }
  }
}

output "account" {
  value = data.aws_caller_identity.data.account_id
}

output "issuer" {
  value = data.aws_eks_cluster.shop.identity[0].oidc[0].issuer
}

output "role" {
  value = module.api.ROLE_OUTPUT
}
