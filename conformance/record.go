package conformance

import (
	"encoding/json"
	"net/http"
	"strings"
)

// record is a request as it was sent and the answer as it arrived, with the secrets in
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

// exchange returns the part of the record that may be shown.
func (r *record) exchange() *Exchange {
	if r == nil {
		return nil
	}
	m := newMasker(r.secrets)
	url, _ := m.shown([]byte(address(r.request.URL))) // which may have a value of an answer
	shown := &Exchange{
		Method: r.request.Method, URL: url,
		RequestHeader: m.header(r.header), Token: decoded(r.credential),
	}
	shown.RequestBody, _ = m.shown(r.body)
	if r.status != 0 {
		shown.Status, shown.ResponseHeader = r.status, m.header(r.answerHeader)
		shown.Body, shown.Truncated = m.shown(r.answer)
	}
	return shown
}

// shown returns the beginning of a body, and reports whether there is more.
func (m masker) shown(body []byte) (string, bool) {
	const enough = maxShown + 16<<10 // masked text is shorter
	cut := len(body) > enough
	text := strings.ToValidUTF8(string(body[:min(len(body), enough)]), "\uFFFD")
	if cut {
		text = m.withoutBegun(text)
	}
	text = m.text(text)
	if len(text) <= maxShown {
		return text, cut
	}
	return strings.ToValidUTF8(text[:maxShown], ""), true
}

// withoutBegun removes the beginning of a secret from the end of a text.
func (m masker) withoutBegun(text string) string {
	for _, secret := range m.secrets {
		for n := min(len(secret), len(text)); n > 0; n-- {
			if strings.HasSuffix(text, secret[:n]) {
				text = text[:len(text)-n]
				break
			}
		}
	}
	return text
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
