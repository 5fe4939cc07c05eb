# Creates the role, its trust policy and the attachments that `iam-role-for-service-accounts` creates.

locals {
  trust = [
    for provider in var.oidc_providers : {
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = provider.provider_arn }
      Condition = {
        (var.trust_condition_test) = {
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
  count = var.create ? 1 : 0

  name                  = var.use_name_prefix ? null : var.name
  name_prefix           = var.use_name_prefix ? "${var.name}-" : null
  path                  = var.path
  description           = var.description
  assume_role_policy    = jsonencode({ Version = "2012-10-17", Statement = local.trust })
  max_session_duration  = var.max_session_duration
  permissions_boundary  = var.permissions_boundary
  force_detach_policies = true
  tags                  = var.tags
}

resource "aws_iam_role_policy_attachment" "additional" {
  for_each = { for key, arn in var.policies : key => arn if var.create }

  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

# Of a policy that the module creates, which it does not here.
resource "aws_iam_role_policy_attachment" "this" {
  count = 0

  role       = aws_iam_role.this[0].name
  policy_arn = "arn:aws:iam::aws:policy/AWSDenyAll"
}
