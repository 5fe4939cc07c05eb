# The inputs for managed node groups, of which only the options for the instance metadata service are declared.

variable "eks_managed_node_groups" {
  type = map(object({
    use_custom_launch_template = optional(bool, true)

    metadata_options = optional(object({
      http_endpoint               = optional(string, "enabled")
      http_protocol_ipv6          = optional(string)
      http_put_response_hop_limit = optional(number, 1)
      http_tokens                 = optional(string, "required")
      instance_metadata_tags      = optional(string)
    }), {})
  }))
  default = {}
}
