package conformance

import (
	"encoding/json"
	"net/http"
	"strings"
)

// record is a request as it went and the answer as it came, with the secrets in
// them.
type record struct {
	request    *http.Request
	header     http.Header // of the request
	body       []byte
	secrets    []string
	credential credential

	status       int // 0: no answer came
	answerHeader http.Header
	answer       []byte
}

// exchange is the part of the record that may be shown.
func (r *record) exchange() *Exchange {
	if r == nil {
		return nil
	}
	m := newMasker(r.secrets)
	shown := &Exchange{
		Method: r.request.Method, URL: m.text(address(r.request.URL)),
		RequestHeader: m.header(r.header), Token: decoded(r.credential),
	}
	shown.RequestBody, _ = m.shown(r.body)
	if r.status != 0 {
		shown.Status, shown.ResponseHeader = r.status, m.header(r.answerHeader)
		shown.Body, shown.Truncated = m.shown(r.answer)
	}
	return shown
}

// shown is the beginning of a body.
func (m masker) shown(body []byte) (string, bool) {
	text := m.text(strings.ToValidUTF8(string(body), "\uFFFD"))
	if len(text) <= maxShown {
		return text, false
	}
	return strings.ToValidUTF8(text[:maxShown], ""), true
}

func decoded(c credential) *Decoded {
	if len(c.secrets) == 0 {
		return nil
	}
	token, _, err := decode(c.secrets[0])
	if err != nil {
		return nil
	}
	return &Decoded{Header: json.RawMessage(token.Header), Claims: json.RawMessage(token.Payload)}
}
