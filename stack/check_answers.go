package stack

import (
	"regexp"
	"slices"
	"strings"
)

// checkRefusals checks that the document distinguishes an admitted request from a refusal with a
// status of success: by the content of the answer, or by its status.
func (l *loader) checkRefusals(c *Conformance, e Endpoint, at func(path ...any) Position) {
	refusals := e.Refusals.Or(c.Refusals)
	forms := slices.Concat(refusals.Unauthenticated, refusals.Forbidden, refusals.NotFound)
	success := func(f Expect) bool {
		distinct := e.Expect != nil && e.Expect.Status != 0 && e.Expect.Status != f.Status
		return f.Status == 0 || f.Status < 300 && !distinct
	}
	if e.Public || !slices.ContainsFunc(forms, success) || e.Expect != nil && (len(e.Expect.JSON) > 0 || e.Expect.Contains != "") {
		return
	}
	l.mistakes.add(at("request"), "add content that only an admitted request gets: `expect: {json: {/data: …}}` or `expect: {contains: …}`",
		"endpoint %s: a refusal can have a status of success, and the document does not state how to distinguish it from an admitted request", e.ID())
}

// checkCapture checks that an answer can have each captured part.
func (l *loader) checkCapture(f *Fixture, at func(path ...any) Position) {
	for name, c := range f.Capture {
		l.checkPart("capture "+name, c, func(path ...any) Position { return at(append([]any{"capture", name}, path...)...) })
	}
}

// checkNext checks that an answer can have the part that names the next page.
func (l *loader) checkNext(e Endpoint, at func(path ...any) Position) {
	if e.Next == nil {
		return
	}
	here := func(path ...any) Position { return at(append([]any{"next"}, path...)...) }
	l.checkPart("next", e.Next.Capture, here)
	if !strings.HasPrefix(e.Request, "GET ") {
		l.mistakes.add(here(), "", "next: the pages of a listing are read with GET, not with %s", e.Request)
	}
}

func (l *loader) checkPart(what string, c Capture, at func(path ...any) Position) {
	switch {
	case (c.Pointer == "") == (c.Header == ""):
		l.mistakes.add(at(), "set pointer or header", "%s takes one of pointer and header", what)
	case strings.Trim(c.Header, tokenCharacters) != "":
		l.mistakes.add(at("header"), "", "%q is not a valid header name", c.Header)
	}
	if _, err := regexp.Compile(c.Match); err != nil {
		l.mistakes.add(at("match"), "", "%q is not a regular expression: %v", c.Match, err)
	}
}

// IsForm reports whether a body with this content type is a form, which is written as
// an object.
func IsForm(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	return slices.Contains([]string{"application/x-www-form-urlencoded", "multipart/form-data"}, strings.TrimSpace(kind))
}

// formMistake returns why a body cannot be sent as a form, or "".
func formMistake(body any, contentType string) string {
	members, ok := body.(map[string]any)
	if !ok {
		if _, text := body.(string); text {
			return ""
		}
		return "a form is an object or text"
	}
	for name, value := range members {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, v := range list {
			file, isObject := v.(map[string]any)
			switch {
			case !isObject:
			case !strings.HasPrefix(strings.ToLower(contentType), "multipart/"):
				return "member " + name + " is an object, which only multipart/form-data can have as a file"
			case file["filename"] == nil || file["content"] == nil:
				return "member " + name + " is a file, which needs filename and content"
			}
		}
	}
	return ""
}
