# Creates the launch templates of managed node groups, as the module does. Options that are given replace the defaults
# as a whole.

locals {
  metadata_options = {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }

  templates = {
    for name, group in var.eks_managed_node_groups : name => try(
      group.metadata_options, var.eks_managed_node_group_defaults.metadata_options, local.metadata_options
    )
    if try(group.use_custom_launch_template, var.eks_managed_node_group_defaults.use_custom_launch_template, true)
  }
}

resource "aws_launch_template" "this" {
  for_each = local.templates

  name_prefix = "${each.key}-"

  metadata_options {
    http_endpoint               = try(each.value.http_endpoint, null)
    http_tokens                 = try(each.value.http_tokens, null)
    http_put_response_hop_limit = try(each.value.http_put_response_hop_limit, null)
  }
}
