# Creates the role, its trust policy and the attachments that `iam-role-for-service-accounts-eks` creates.

locals {
  trust = [
    for provider in var.oidc_providers : {
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = provider.provider_arn }
      Condition = {
        (var.assume_role_condition_test) = {
          "${replace(provider.provider_arn, "/^.*provider//", "")}:sub" = [
            for account in provider.namespace_service_accounts : "system:serviceaccount:${account}"
          ]
          "${replace(provider.provider_arn, "/^.*provider//", "")}:aud" = "sts.amazonaws.com"
        }
      }
    }
  ]
}

resource "aws_iam_role" "this" {
  count = var.create_role ? 1 : 0

  name                  = var.role_name
  name_prefix           = var.role_name_prefix
  path                  = var.role_path
  description           = var.role_description
  assume_role_policy    = jsonencode({ Version = "2012-10-17", Statement = local.trust })
  max_session_duration  = var.max_session_duration
  permissions_boundary  = var.role_permissions_boundary_arn
  force_detach_policies = var.force_detach_policies
  tags                  = var.tags

  lifecycle {
    precondition {
      condition     = !var.allow_self_assume_role
      error_message = "The stand-in for this module lacks `allow_self_assume_role`."
    }
  }
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = { for key, arn in var.role_policy_arns : key => arn if var.create_role }

  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}
