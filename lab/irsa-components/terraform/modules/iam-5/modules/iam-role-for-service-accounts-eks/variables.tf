# The inputs of `iam-role-for-service-accounts-eks`, without those for the predefined policies of cluster add-ons.

variable "create_role" {
  type    = bool
  default = true
}

variable "role_name" {
  type    = string
  default = null
}

variable "role_name_prefix" {
  type    = string
  default = null
}

variable "role_path" {
  type    = string
  default = "/"
}

variable "role_description" {
  type    = string
  default = null
}

variable "role_permissions_boundary_arn" {
  type    = string
  default = null
}

variable "role_policy_arns" {
  type    = map(string)
  default = {}
}

variable "oidc_providers" {
  type    = any
  default = {}
}

variable "assume_role_condition_test" {
  type    = string
  default = "StringEquals"
}

variable "allow_self_assume_role" {
  type    = bool
  default = false
}

variable "max_session_duration" {
  type    = number
  default = null
}

variable "force_detach_policies" {
  type    = bool
  default = true
}

variable "tags" {
  type    = map(any)
  default = {}
}
