# The inputs of `iam-role-for-service-accounts`, without those that create policies.

variable "create" {
  type    = bool
  default = true
}

variable "name" {
  type    = string
  default = ""
}

variable "use_name_prefix" {
  type    = bool
  default = true
}

variable "path" {
  type    = string
  default = "/"
}

variable "description" {
  type    = string
  default = null
}

variable "permissions_boundary" {
  type    = string
  default = null
}

variable "policies" {
  type    = map(string)
  default = {}
}

variable "oidc_providers" {
  type    = any
  default = {}
}

variable "trust_condition_test" {
  type    = string
  default = "StringEquals"
}

variable "max_session_duration" {
  type    = number
  default = null
}

variable "tags" {
  type    = map(string)
  default = {}
}
