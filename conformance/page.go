package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page is the relevant content of an HTML page: its title, its error and its form.
type page struct {
	title   string
	problem *AADSTSError
	form    *form // the form that asks for a password, or else the first form
}

type form struct {
	method string
	action string
	inputs []input
}

type input struct{ name, kind, value string }

// consentPage is the value of the meta element PageID on the page that asks the user
// for consent. The suite never consents: a test of an API must not change the grants
// of the tenant.
const consentPage = "ConvergedConsent"

const notConsented = 65001

func readPage(body []byte) (*page, error) {
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	p := &page{}
	consent := false
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode && !slices.Contains([]atom.Atom{atom.Script, atom.Style, atom.Title}, n.Parent.DataAtom):
			if refused, ok := parseAADSTS("", n.Data); ok && p.problem == nil {
				p.problem = refused
			}
		case n.DataAtom == atom.Meta && attribute(n, "name") == "PageID":
			consent = attribute(n, "content") == consentPage
		case n.DataAtom == atom.Title && n.FirstChild != nil:
			p.title = strings.TrimSpace(n.FirstChild.Data)
		case n.DataAtom == atom.Form:
			if found := readForm(n); p.form == nil || found.asksPassword() && !p.form.asksPassword() {
				p.form = found
			}
		}
	}
	if consent && p.problem == nil {
		p.problem = &AADSTSError{
			Code:        notConsented,
			Description: "AADSTS65001: consent is missing: the sign-in stops at a page that asks the user for it",
		}
	}
	return p, nil
}

func readForm(n *html.Node) *form {
	f := &form{method: strings.ToUpper(attribute(n, "method")), action: attribute(n, "action")}
	for child := range n.Descendants() {
		if child.DataAtom != atom.Input {
			continue
		}
		in := input{attribute(child, "name"), strings.ToLower(attribute(child, "type")), attribute(child, "value")}
		if in.name != "" {
			f.inputs = append(f.inputs, in)
		}
	}
	return f
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (f *form) asksPassword() bool {
	return slices.ContainsFunc(f.inputs, func(in input) bool { return in.kind == "password" })
}

func (p *page) asksPassword() bool { return p.form != nil && p.form.asksPassword() }

// fill fills in the sign-in form: the user's name into the field before the
// password, hidden fields as they are.
func (p *page) fill(ctx context.Context, base *url.URL, account Account) (*http.Request, error) {
	if p.form.method != http.MethodPost {
		return nil, errors.New("the sign-in form would put the password into an address")
	}
	action, err := base.Parse(p.form.action)
	if err != nil || action.Scheme != base.Scheme || action.Host != base.Host {
		return nil, errors.New("the sign-in form would send the password elsewhere")
	}
	values := make(url.Values)
	named := false
	for _, in := range p.form.inputs {
		switch in.kind {
		case "hidden":
			values.Add(in.name, in.value)
		case "password":
			values.Set(in.name, account.Password)
		case "text", "email", "":
			if !named {
				values.Set(in.name, account.UserPrincipalName)
				named = true
			}
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", base.Scheme+"://"+base.Host)
	return request, nil
}
