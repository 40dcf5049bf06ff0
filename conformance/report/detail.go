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

// detail is one labelled line about a result.
type detail struct{ label, text string }

// details say what was sent, what came back and what is probably wrong, as far
// as that is of interest: for a pass, only what is worth noting.
func details(r conformance.Result) []detail {
	var lines []detail
	add := func(label, text string) {
		if text != "" {
			lines = append(lines, detail{label, display.Line(text)})
		}
	}
	switch r.Outcome {
	case conformance.Skip:
		add("because", r.Reason)
		add("add", r.Add)
	case conformance.Note:
		add("sent", r.Sends)
	case conformance.Error:
		add("broken", r.Reason)
		if r.Exchange != nil {
			add("sent", sent(r))
		}
	case conformance.Fail, conformance.Known:
		add("sent", sent(r))
		if token := r.Exchange.Token; token != nil {
			add("header", oneLine(token.Header))
			add("claims", oneLine(token.Claims))
		}
		add("got", got(r.Exchange))
		if challenge := r.Exchange.ResponseHeader.Get("WWW-Authenticate"); challenge != "" {
			add("", "WWW-Authenticate: "+challenge)
		}
		add("wrong", r.Reason)
		add("probably", r.Cause)
		if r.Status >= 200 && r.Status <= 299 {
			add(string(r.Severity), r.Gain)
		}
		add("source", r.Source)
		if r.Known != nil {
			add("known", "until "+r.Known.Until+": "+r.Known.Reason)
		}
	}
	add("note", r.Note)
	return lines
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
