// Command terraform-provider-azurerm replaces the real provider in tests: it accepts
// the documented arguments that the built-in modules use, and creates nothing. Any
// other argument is an error, as with the real provider.
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
