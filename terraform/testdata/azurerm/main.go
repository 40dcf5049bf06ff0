// Command terraform-provider-azurerm stands in for the real provider in tests: it
// takes the arguments that the built-in modules use, as they are documented, and
// makes nothing. Any other argument is a mistake, as it is for the real provider.
//
// Source: https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

func main() {
	err := providerserver.Serve(context.Background(), newProvider, providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/azurerm"})
	if err != nil {
		log.Fatal(err)
	}
}
