package main

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	// forcesNew are required arguments whose change replaces the resource.
	forcesNew = schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}}
	planName  = schema.StringAttribute{Required: true, PlanModifiers: forcesNew.PlanModifiers, Validators: []validator.String{atMost(60)}}
	required  = schema.StringAttribute{Required: true}
	optional  = schema.StringAttribute{Optional: true}
	flag      = schema.BoolAttribute{Optional: true}
	number    = schema.Int64Attribute{Optional: true}
	texts     = schema.MapAttribute{Optional: true, ElementType: types.StringType}
	computed  = schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
)

type attributes = map[string]schema.Attribute

func block(a attributes, blocks map[string]schema.Block) schema.Block {
	return schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: a, Blocks: blocks}}
}

var identity = block(attributes{"type": required, "principal_id": computed}, nil)

var site = block(attributes{
	"always_on": flag, "app_command_line": optional, "ftps_state": optional, "health_check_path": optional,
	"health_check_eviction_time_in_min": number, "http2_enabled": flag, "minimum_tls_version": optional,
}, map[string]schema.Block{"application_stack": block(attributes{"python_version": optional, "node_version": optional}, nil)})

// schemas are the arguments that the modules use.
var schemas = map[string]schema.Schema{
	"azurerm_resource_group": {Attributes: attributes{"id": computed, "name": forcesNew, "location": forcesNew, "tags": texts}},
	"azurerm_service_plan": {Attributes: attributes{"id": computed, "name": planName, "resource_group_name": forcesNew, "location": forcesNew,
		"os_type": forcesNew, "sku_name": required, "tags": texts}},
	"azurerm_linux_web_app": {Attributes: attributes{"id": computed, "default_hostname": computed,
		"name": forcesNew, "resource_group_name": forcesNew, "location": forcesNew, "service_plan_id": required, "https_only": flag,
		"ftp_publish_basic_authentication_enabled": flag, "webdeploy_publish_basic_authentication_enabled": flag,
		"app_settings": texts, "tags": texts}, Blocks: map[string]schema.Block{"identity": identity, "site_config": site}},
	"azurerm_linux_function_app": {Attributes: attributes{"id": computed, "default_hostname": computed,
		"name": forcesNew, "resource_group_name": forcesNew, "location": forcesNew, "service_plan_id": required, "https_only": flag,
		"storage_account_name": optional, "storage_uses_managed_identity": flag, "functions_extension_version": optional,
		"ftp_publish_basic_authentication_enabled": flag, "webdeploy_publish_basic_authentication_enabled": flag,
		"app_settings": texts, "tags": texts}, Blocks: map[string]schema.Block{"identity": identity, "site_config": site}},
	"azurerm_storage_account": {Attributes: attributes{"id": computed, "name": forcesNew, "resource_group_name": forcesNew, "location": forcesNew,
		"account_tier": forcesNew, "account_replication_type": required, "allow_nested_items_to_be_public": flag,
		"https_traffic_only_enabled": flag, "min_tls_version": optional, "tags": texts}},
	"azurerm_role_assignment": {Attributes: attributes{"id": computed, "scope": forcesNew, "role_definition_name": forcesNew,
		"principal_id": forcesNew, "principal_type": optional}},
	"azurerm_key_vault": {Attributes: attributes{"id": computed, "vault_uri": computed, "name": forcesNew, "resource_group_name": forcesNew,
		"location": forcesNew, "tenant_id": required, "sku_name": required, "rbac_authorization_enabled": schema.BoolAttribute{Required: true},
		"purge_protection_enabled":   schema.BoolAttribute{Optional: true, PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplaceIfConfigured()}},
		"soft_delete_retention_days": number, "tags": texts}},
}
