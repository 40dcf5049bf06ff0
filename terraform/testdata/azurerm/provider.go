package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type azurerm struct{}

func newProvider() provider.Provider { return azurerm{} }

func (azurerm) Metadata(_ context.Context, _ provider.MetadataRequest, r *provider.MetadataResponse) {
	r.TypeName = "azurerm"
}

// Schema has the block that the real provider requires.
func (azurerm) Schema(_ context.Context, _ provider.SchemaRequest, r *provider.SchemaResponse) {
	r.Schema = schema.Schema{Blocks: map[string]schema.Block{"features": schema.ListNestedBlock{}}}
}

// ValidateConfig refuses a configuration without the block, as the real provider does.
// Source: github.com/hashicorp/terraform-provider-azurerm, internal/provider/features.go.
func (azurerm) ValidateConfig(ctx context.Context, q provider.ValidateConfigRequest, r *provider.ValidateConfigResponse) {
	var features types.List
	r.Diagnostics.Append(q.Config.GetAttribute(ctx, path.Root("features"), &features)...)
	if !features.IsUnknown() && len(features.Elements()) != 1 {
		r.Diagnostics.AddError("Insufficient features blocks", "At least 1 \"features\" blocks are required.")
	}
}

func (azurerm) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (azurerm) Resources(context.Context) []func() resource.Resource {
	var all []func() resource.Resource
	for name, s := range schemas {
		all = append(all, func() resource.Resource { return kind{name, s} })
	}
	return all
}

func (azurerm) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return clientConfig{} }}
}

// clientConfig is who is signed in.
type clientConfig struct{}

func (clientConfig) Metadata(_ context.Context, _ datasource.MetadataRequest, r *datasource.MetadataResponse) {
	r.TypeName = "azurerm_client_config"
}

func (clientConfig) Schema(_ context.Context, _ datasource.SchemaRequest, r *datasource.SchemaResponse) {
	r.Schema = dataschema.Schema{Attributes: map[string]dataschema.Attribute{
		"tenant_id": dataschema.StringAttribute{Computed: true}, "object_id": dataschema.StringAttribute{Computed: true}}}
}

func (clientConfig) Read(ctx context.Context, _ datasource.ReadRequest, r *datasource.ReadResponse) {
	for name, value := range map[string]string{"tenant_id": "00000000-0000-0000-0000-000000000001", "object_id": "00000000-0000-0000-0000-000000000002"} {
		r.Diagnostics.Append(r.State.SetAttribute(ctx, path.Root(name), value)...)
	}
}
