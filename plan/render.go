package plan

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"provision/internal/display"
	"provision/stack"
)

// MarshalJSON encodes an Unknown as an object, so that it cannot be mistaken for a
// text.
func (u Unknown) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"knownAfterApply": string(u)})
}

// Text prints the plan. With details, every changed property has a line.
func (p *Plan) Text(w io.Writer, color, details bool) error {
	b := bufio.NewWriter(w)
	paint := painter(color)
	for _, e := range p.entries() {
		sign, tint := "~", yellow
		switch e.action {
		case Create:
			sign, tint = "+", green
		case Delete, Purge:
			sign, tint = "-", red
		}
		fmt.Fprintf(b, "  %s %s %s%s\n", paint(tint, sign), e.kind, display.Line(e.name), e.remark)
		if !details {
			continue
		}
		for _, c := range e.changes {
			if e.action == Create && expected(c) {
				continue
			}
			fmt.Fprintf(b, "      %s\n", p.change(c, paint))
		}
		if e.hosting != nil {
			e.hosting.text(b, paint)
		}
	}
	for _, f := range p.Files {
		sign, tint, remark := "+", green, ""
		if f.Action == Remove {
			sign, tint = "-", red
		}
		if f.Secret {
			remark = " (contains a secret)"
		}
		fmt.Fprintf(b, "  %s file %s%s\n", paint(tint, sign), display.Line(f.Path), remark)
	}
	if !p.Empty() {
		fmt.Fprintln(b)
	}
	fmt.Fprintln(b, p.Summary())
	if details && len(p.Steps) > 0 {
		if c := p.Cost(); c.Writes > 0 {
			fmt.Fprintln(b, c)
		}
	}
	if note := p.otherStacks(); note != "" {
		fmt.Fprintf(b, "note: %s\n", note)
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(b, "warning: %s\n", display.Line(warning))
	}
	for _, note := range p.Notes {
		fmt.Fprintf(b, "note: %s\n", display.Line(note))
	}
	for _, d := range p.Distrusted {
		fmt.Fprintf(b, "note: apply refuses this: %s\n", display.Line(Distrusted{d}.Error()))
	}
	return b.Flush()
}

// maxNames is the maximum number of other stacks that a plan names.
const maxNames = 5

// otherStacks names the stacks that the tenant contains and that these manifests do not declare. A
// single one may be a former stack of this folder, so otherStacks also describes how to delete it.
func (p *Plan) otherStacks() string {
	var names []string
	only := "" // the last of them
	for _, name := range p.Orphans {
		if !p.environments[name] {
			only, names = name, append(names, display.Line(name))
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) == 1 && p.protected[only]:
		return fmt.Sprintf("the tenant contains stack %s, which these manifests do not declare; it is not changed, and `prevent: [delete]` protects it", names[0])
	case len(names) == 1 && p.DestroyCommand != nil:
		return fmt.Sprintf("the tenant contains stack %s, which these manifests do not declare; it is not changed (`%s` removes it)", names[0], display.Line(p.DestroyCommand(only)))
	case len(names) == 1:
		return fmt.Sprintf("the tenant contains stack %s, which these manifests do not declare; it is not changed", names[0])
	}
	more := ""
	if n := len(names); n > maxNames {
		names, more = names[:maxNames], fmt.Sprintf(" and %d more", n-maxNames)
	}
	return fmt.Sprintf("the tenant contains other stacks, which these manifests do not declare; they are not changed: %s%s", strings.Join(names, ", "), more)
}

// Summary counts the steps of the plan, in one line.
func (p *Plan) Summary() string {
	if p.Empty() && p.foreign() > 0 {
		return "no changes: the tenant matches the manifests; it also has owners or credentials that no manifest names (see the notes)"
	}
	if p.Empty() {
		return "nothing to do: the tenant matches the manifests"
	}
	var create, adopt, change, remove int
	for _, e := range p.entries() {
		switch e.action {
		case Create:
			create++
		case Delete, Purge:
			remove++
		case Adopt:
			adopt++
		default:
			change++
		}
	}
	summary := fmt.Sprintf("plan: %d to create, %d to change, %d to delete", create, change, remove)
	if adopt > 0 {
		summary += fmt.Sprintf(", %d to adopt", adopt)
	}
	for _, action := range []FileAction{Write, Remove} {
		n := 0
		for _, f := range p.Files {
			if f.Action == action {
				n++
			}
		}
		if n > 0 {
			summary += fmt.Sprintf(", %d output %s to %s", n, map[bool]string{true: "file", false: "files"}[n == 1], action)
		}
	}
	return summary
}

// foreign counts the objects that no manifest names and this plan leaves in place.
func (p *Plan) foreign() (n int) {
	for _, f := range p.Foreign {
		if !f.Removed {
			n++
		}
	}
	return n
}

// entry is the text for one object, with all of its steps.
type entry struct {
	action  Action
	kind    Kind
	name    string
	remark  string
	changes []Change
	hosting *Hosting
}

func (p *Plan) entries() []*entry {
	var all []*entry
	byKey := map[Key]*entry{}
	for _, s := range p.Steps {
		e := byKey[s.Key]
		switch {
		case e != nil && s.Action == Link:
			e.changes = append(e.changes, s.Changes...)
			continue
		case s.Action == Purge && e == nil && s.Kind == ServicePrincipal && byKey[Key{Application, s.Name}] != nil:
			continue // the step of its application already shows it
		case s.Action == Purge && e != nil:
			e.remark = " (and purge from the recycle bin)"
			continue
		}
		e = &entry{action: s.Action, kind: s.Kind, name: cmp.Or(s.Display, s.Name), changes: s.Changes, hosting: s.Hosting}
		if s.Hosting != nil {
			e.remark = ": " + display.Line(s.Hosting.String())
		}
		if s.Action == Purge {
			e.remark = " (purge from the recycle bin)"
		}
		if s.Kind == Secret && s.Action == Update {
			e.remark = " (move its value from " + display.Line(s.Reason) + ")"
		}
		switch s.Action {
		case Replace:
			e.remark = " (replace)"
			if s.Reason != "" {
				e.remark = " (replace: " + display.Line(s.Reason) + ")"
			}
		case Restore:
			e.remark = " (restore from the recycle bin)"
		case Adopt:
			e.remark = " (adopt)"
		}
		byKey[s.Key] = e
		all = append(all, e)
	}
	return all
}

// expected reports whether the plan does not need to show a property of a new object: it
// is empty, repeats the object's name, or is the same for every object of the kind.
func expected(c Change) bool {
	switch c.Path.String() {
	case "accountEnabled", "securityEnabled":
		return c.To == true
	case "userPrincipalName", "mailNickname":
		return true
	}
	value, _ := c.To.(string)
	tag, _ := c.Path.entryOf("tags")
	return empty(c.To) || strings.HasPrefix(tag, stack.MarkPrefix) || strings.HasPrefix(tag, stack.CustomerMark) || strings.HasPrefix(value, stack.MarkPrefix)
}

func (p *Plan) change(c Change, paint func(tint, string) string) string {
	path := display.Line(p.named(c.Path.String()))
	switch {
	case c.Path.isEntry() && c.To == nil:
		return paint(red, "- "+path)
	case c.Path.isEntry():
		return paint(green, "+ "+path)
	case c.From == nil:
		return path + ": " + paint(green, p.value(c.To))
	}
	return path + ": " + paint(red, p.value(c.From)) + " → " + paint(green, p.value(c.To))
}

// guid matches an id.
var guid = regexp.MustCompile(`[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)

// appIDURI matches an identifier URI up to its appId. A name in its place would look like a part of the URI.
var appIDURI = regexp.MustCompile(`api://[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)

const guidLength = 36

// named replaces an id by the displayed name.
func (p *Plan) named(s string) string {
	s = appIDURI.ReplaceAllStringFunc(s, func(uri string) string {
		scheme, appID := uri[:len(uri)-guidLength], uri[len(uri)-guidLength:]
		if name := p.names[appID]; name != "" {
			return scheme + "<appId of " + name + ">"
		}
		return uri
	})
	s = guid.ReplaceAllStringFunc(s, func(id string) string { return cmp.Or(p.names[id], id) })
	return placeholder.ReplaceAllStringFunc(s, func(reference string) string {
		n := needOf(placeholder.FindStringSubmatch(reference))
		return "<" + n.property + " of " + n.key.Name + ">"
	})
}

func (p *Plan) value(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case Unknown:
		return display.Line(p.named(string(v))) + " (known after apply)"
	case string:
		return display.Line(fmt.Sprintf("%q", v))
	}
	return jsonLine(v)
}

type tint string

const (
	red    tint = "31"
	green  tint = "32"
	yellow tint = "33"
)

func painter(color bool) func(tint, string) string {
	return func(t tint, s string) string {
		if !color {
			return s
		}
		return "\x1b[" + string(t) + "m" + s + "\x1b[0m"
	}
}

// BesideAdoption lists the changes of the plan in addition to the adoption of an
// application: its mark and its uniqueName.
func (p *Plan) BesideAdoption() []string {
	all := []string{}
	for _, s := range p.Steps {
		if s.Action != Adopt {
			all = append(all, fmt.Sprintf("%s %s", s.Action, s.Key))
			continue
		}
		for _, c := range s.Changes {
			if _, tag := c.Path.entryOf("tags"); !tag && c.Path.String() != "uniqueName" {
				all = append(all, fmt.Sprintf("change %s of %s", c.Path, s.Key))
			}
		}
	}
	return all
}
