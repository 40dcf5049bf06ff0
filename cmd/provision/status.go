package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"provision/plan"
	"provision/status"
)

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use:   "status [DIR]",
		Short: "Show what the stacks of a tenant own, who can sign in, and what expires",
		Long: `status lists the stacks of the tenant, or the stacks of the manifests at or below DIR:
the objects that each stack owns, the users who can sign in with their roles and the file
that contains their passwords, the secrets and certificates with the number of days until
they expire, and the last sign-ins if the caller may read the log (AuditLog.Read.All). Without DIR it needs no
manifests. It changes nothing, and prints no password and no secret.`,
		Example: "  provision status\n  provision status manifests/ --target staging\n  provision status --target production -o json | jq '.result.stacks[].credentials[] | select(.state != \"ok\")'",
		Args:    maxOneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			var names []string
			if len(args) > 0 {
				stacks, err := a.load(args)
				if err != nil {
					return err
				}
				for _, s := range stacks {
					names = append(names, s.Name)
				}
			}
			c, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer c.close()
			return a.giveStatus(cmd.Context(), c, names)
		},
	}
}

// signInsNotKnown is the reason if this command itself serves the local tenant: the log of
// the tenant ends with the process that serves it.
const signInsNotKnown = "not known: the local tenant keeps its sign-in log only while `provision emulator` runs"

func (a *app) giveStatus(ctx context.Context, c *connection, names []string) error {
	read := names
	if len(read) == 0 {
		state, err := c.readBy(ctx, c.reader(), nil, nil)
		if err != nil {
			return err
		}
		read = stacksOf(state)
	}
	state, err := c.readBy(ctx, c.reader(), nil, read)
	if err != nil {
		return err
	}
	kept, err := keptOf(c)
	if err != nil {
		return err
	}
	stacks := status.Of(state, names, kept, a.now())
	unread := signInsNotKnown
	if !c.serves {
		if unread, err = status.ReadSignIns(ctx, c.graph, stacks); err != nil {
			return err
		}
	}
	if stacks == nil {
		stacks = []status.Stack{}
	}
	a.give("stacks", stacks)
	signIns := "read"
	if unread != "" {
		signIns = unread
	}
	a.give("signIns", signIns)
	for _, s := range stacks {
		a.showStatus(s, unread)
	}
	if len(stacks) == 0 {
		fmt.Fprintln(a.stdout, "the tenant has no stack")
	}
	if unread != "" && len(stacks) > 0 {
		fmt.Fprintf(a.stdout, "last sign-ins: %s\n", unread)
	}
	return nil
}

// stacksOf returns the stacks that own something in a state.
func stacksOf(state *plan.State) []string {
	names := map[string]bool{}
	for _, o := range state.Objects {
		if o.Stack != "" {
			names[o.Stack] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// keptOf returns the credentials of the target that this machine stores.
func keptOf(c *connection) (status.Kept, error) {
	kept := status.Kept{Secrets: map[string]string{}, Retiring: map[string]time.Time{}, Passwords: map[string]string{}}
	secrets, err := c.keep.KeptSecrets()
	if err != nil {
		return kept, err
	}
	for _, s := range secrets {
		kept.Secrets[s.KeyID] = s.Where
		for _, r := range s.Retiring {
			kept.Retiring[strings.ToLower(r.KeyID)] = r.Until
		}
	}
	passwords, err := c.keep.Passwords()
	for upn := range passwords {
		kept.Passwords[upn] = c.keep.PasswordFile()
	}
	return kept, err
}

// showStatus prints a stack.
func (a *app) showStatus(s status.Stack, unread string) {
	title := "stack " + s.Name
	if s.Environment != "" {
		title += " (environment " + s.Environment + ")"
	}
	if s.Expires != nil {
		word := "expires"
		if s.Expires.Before(a.now()) {
			word = "expired"
		}
		title += ", " + word + " " + s.Expires.UTC().Format("2006-01-02 15:04 UTC")
	}
	fmt.Fprintln(a.stdout, title)
	if len(s.Owns) == 0 {
		fmt.Fprint(a.stdout, "  owns nothing in this tenant\n\n")
		return
	}
	var owns []string
	for _, kind := range plan.Kinds() {
		if n := s.Owns[string(kind)]; n > 0 {
			owns = append(owns, count(n, words(string(kind))))
		}
	}
	fmt.Fprintf(a.stdout, "  owns %s\n", strings.Join(owns, ", "))
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	signedIn := func(last *time.Time) string {
		switch {
		case unread != "":
			return ""
		case last == nil:
			return "no sign-in"
		}
		return "last sign-in " + last.Format(time.DateOnly)
	}
	for _, o := range s.Objects {
		row := []string{o.Kind, o.Name, o.DisplayName, o.AppID}
		if o.AppID != "" {
			row = append(row, signedIn(o.LastSignIn))
		}
		writeRow(w, row...)
	}
	for _, u := range s.Users {
		enabled, password := "can sign in", "password not stored here"
		if !u.Enabled {
			enabled = "disabled"
		}
		if u.Password != "" {
			password = "password in " + u.Password
		}
		writeRow(w, "user", u.UserPrincipalName, enabled, password, signedIn(u.LastSignIn), strings.Join(u.Roles, "; "))
	}
	for _, c := range s.Credentials {
		kept := ""
		if c.Kind == "secret" {
			kept = "not stored here"
			switch {
			case c.Kept != "":
				kept = "kept in " + c.Kept
			case c.Retires != nil:
				kept = fmt.Sprintf("rotated (keyId %s): the first apply or rotate after %s UTC revokes it", c.KeyID, c.Retires.UTC().Format(time.DateTime))
			}
		}
		writeRow(w, c.Kind, c.Application, c.Name, validity(c), kept)
	}
	w.Flush()
	fmt.Fprintln(a.stdout)
}

// writeRow writes one line of a table without the empty cells at its end.
func writeRow(w *tabwriter.Writer, cells ...string) {
	for i := range cells {
		cells[i] = strings.Map(func(r rune) rune {
			if r == '\t' || r == '\n' || r == '\r' || r == '\v' || r == '\f' {
				return ' '
			}
			return r
		}, cells[i])
	}
	fmt.Fprintln(w, strings.TrimRight("  "+strings.Join(cells, "\t"), "\t "))
}

// validity describes how long a credential is valid.
func validity(c status.Credential) string {
	if c.Expires == nil {
		return ""
	}
	date := c.Expires.Format(time.DateOnly)
	switch c.State {
	case "expired":
		return "warning: expired on " + date
	case "expires soon":
		return fmt.Sprintf("warning: expires on %s, in %s", date, count(*c.Days, "day"))
	}
	return fmt.Sprintf("expires on %s, in %s", date, count(*c.Days, "day"))
}

// words separates the words of a kind: service principal.
func words(kind string) string {
	var b strings.Builder
	for _, r := range kind {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
