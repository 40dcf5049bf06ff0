package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"provision/conformance"
	"provision/internal/display"
)

// detail is one labelled line about a result or a finding.
type detail struct{ label, text string }

// labelled collects the details that are not empty.
type labelled []detail

func (d *labelled) add(label, text string) {
	if text != "" {
		*d = append(*d, detail{label, display.Line(text)})
	}
}

// details returns the lines about a case that is not described as a part of a finding.
func details(r conformance.Result, notes bool) []detail {
	var d labelled
	switch r.Outcome {
	case conformance.Skip:
		d.add("because", r.Reason)
		d.add("add", r.Add)
	case conformance.Note:
		if notes {
			d.add("sent", r.Sends)
		}
	case conformance.Error:
		d.add("broken", r.Reason)
		if r.Exchange != nil {
			d.add("sent", sent(r))
		}
	case conformance.Fail:
		if r.StatusMet() {
			d.add("wrong", r.Reason) // which the columns do not show
		}
	case conformance.Known:
		d.add("known", "until "+r.Known.Until+": "+r.Known.Reason)
	}
	if notes || r.Outcome != conformance.Pass && r.Outcome != conformance.Note {
		d.add("note", r.Note)
	}
	return d
}

// resultDetails describe the request and the answer.
func resultDetails(r conformance.Result) labelled {
	var d labelled
	if r.Exchange != nil {
		d.add("sent", sent(r))
		if token := r.Exchange.Token; token != nil {
			d.add("header", oneLine(token.Header))
			d.add("claims", oneLine(token.Claims))
		}
		d.add("got", got(r.Exchange))
		if challenge := r.Exchange.ResponseHeader.Get("WWW-Authenticate"); challenge != "" {
			d.add("", "WWW-Authenticate: "+challenge)
		}
	}
	d.add("wrong", r.Reason)
	return d
}

// findingDetails describe the request, the answer and their meaning.
func findingDetails(f conformance.Finding) []detail {
	r := *f.Lead
	d := resultDetails(r)
	d.add("gain", f.Gain)
	d.add("source", r.Source)
	d.add("evidence", caseList(f.Evidence))
	d.add("blocks", caseList(f.Blocked))
	if f.Known {
		d.add("known", "until "+r.Known.Until+": "+r.Known.Reason)
	}
	d.add("note", r.Note)
	d.add("document", f.Document)
	return d
}

// caseList returns the names of some cases by endpoint, limited to a readable number.
func caseList(ids []string) string {
	const most = 6
	if len(ids) == 0 {
		return ""
	}
	text := plural(len(ids), "case") + ": "
	endpoint := ""
	for i, id := range ids[:min(len(ids), most)] {
		of, name, _ := strings.Cut(id, ": ")
		switch {
		case i == 0:
			text += id
		case of != endpoint:
			text += "; " + id
		default:
			text += ", " + name
		}
		endpoint = of
	}
	if len(ids) > most {
		text += fmt.Sprintf(" and %d more", len(ids)-most)
	}
	return text
}

func sent(r conformance.Result) string {
	return fmt.Sprintf("%s %s with %s", r.Exchange.Method, r.Exchange.URL, r.Sends)
}

func got(e *conformance.Exchange) string {
	answer := strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
	if body := display.Line(strings.TrimSpace(e.Body)); body != "" {
		answer += ": " + body
	}
	if e.Truncated {
		answer += "…"
	}
	return answer
}

func oneLine(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return string(raw)
	}
	return b.String()
}
