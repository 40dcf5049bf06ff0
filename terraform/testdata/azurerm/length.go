package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// atMost is the maximum length of a text.
type atMost int

// Description describes the rule.
func (n atMost) Description(context.Context) string { return fmt.Sprintf("at most %d characters", n) }

// MarkdownDescription describes the rule.
func (n atMost) MarkdownDescription(ctx context.Context) string { return n.Description(ctx) }

// ValidateString refuses a text that is too long.
func (n atMost) ValidateString(ctx context.Context, r validator.StringRequest, answer *validator.StringResponse) {
	if got := len(r.ConfigValue.ValueString()); got > int(n) {
		answer.Diagnostics.AddAttributeError(r.Path, "Invalid length", fmt.Sprintf("%s, got %d", n.Description(ctx), got))
	}
}
