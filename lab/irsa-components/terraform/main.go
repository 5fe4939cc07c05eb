// A stand-in for the AWS provider of Terraform, for tests of configurations. It has the real provider's schemas and
// some of its validations, reaches no AWS, and invents what AWS would return.
package main

import (
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
)

const address = "registry.terraform.io/hashicorp/aws"

// One program serves all versions: the name of its file, as in `terraform-provider-aws_v6.66.0`, selects the schemas.
func main() {
	_, version, _ := strings.Cut(filepath.Base(os.Args[0]), "_v")
	schemas, err := readSchemas(version)
	if err != nil {
		log.Fatal(err)
	}
	err = tf5server.Serve(address, func() tfprotov5.ProviderServer { return &provider{schemas: schemas} })
	if err != nil {
		log.Fatal(err)
	}
}
