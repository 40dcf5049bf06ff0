package main

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// kind is a resource of one schema.
type kind struct {
	name   string
	schema schema.Schema
}

func (k kind) Metadata(_ context.Context, _ resource.MetadataRequest, r *resource.MetadataResponse) {
	r.TypeName = k.name
}

func (k kind) Schema(_ context.Context, _ resource.SchemaRequest, r *resource.SchemaResponse) {
	r.Schema = k.schema
}

// Create answers with what Azure would choose.
func (k kind) Create(ctx context.Context, q resource.CreateRequest, r *resource.CreateResponse) {
	r.State.Raw = q.Plan.Raw
	name := "assignment"
	if _, named := k.schema.Attributes["name"]; named {
		var given types.String
		r.Diagnostics.Append(q.Plan.GetAttribute(ctx, path.Root("name"), &given)...)
		name = given.ValueString()
	}
	computed := map[string]string{
		"id":               "/subscriptions/0/" + strings.TrimPrefix(k.name, "azurerm_") + "/" + name,
		"default_hostname": name + ".azurewebsites.net",
		"vault_uri":        "https://" + name + ".vault.azure.net/",
	}
	for attribute, value := range computed {
		if _, has := k.schema.Attributes[attribute]; has {
			r.Diagnostics.Append(r.State.SetAttribute(ctx, path.Root(attribute), value)...)
		}
	}
	if _, has := k.schema.Blocks["identity"]; has {
		r.Diagnostics.Append(r.State.SetAttribute(ctx, path.Root("identity").AtListIndex(0).AtName("principal_id"), "00000000-0000-0000-0000-00000000000a")...)
	}
}

func (kind) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (kind) Update(_ context.Context, q resource.UpdateRequest, r *resource.UpdateResponse) {
	r.State.Raw = q.Plan.Raw
}

func (kind) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
