# Creates the launch templates of managed node groups, as the module does.

resource "aws_launch_template" "this" {
  for_each = { for name, group in var.eks_managed_node_groups : name => group if group.use_custom_launch_template }

  name_prefix = "${each.key}-"

  metadata_options {
    http_endpoint               = each.value.metadata_options.http_endpoint
    http_protocol_ipv6          = each.value.metadata_options.http_protocol_ipv6
    http_put_response_hop_limit = each.value.metadata_options.http_put_response_hop_limit
    http_tokens                 = each.value.metadata_options.http_tokens
    instance_metadata_tags      = each.value.metadata_options.instance_metadata_tags
  }
}
