package conformance

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const masked = "[masked]"

// tokenLike matches text that looks like a JWS or JWE, whether provision made it
// or not.
var tokenLike = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*){0,3}`)

// mask removes from a text the secrets, their parts, their other encodings, and all
// words that look like tokens.
func mask(text string, secrets []string) string { return newMasker(secrets).text(text) }

// masker masks the texts of one exchange.
type masker struct {
	secrets []string
	encoded encodings
}

func newMasker(secrets []string) masker { return masker{secrets, encode(secrets)} }

func (m masker) text(text string) string {
	for _, secret := range m.secrets {
		text = strings.ReplaceAll(text, secret, masked)
		for part := range strings.SplitSeq(secret, ".") {
			text = maskBeginning(text, part)
		}
	}
	if strings.Contains(text, "SECRET") || strings.Contains(text, "s=") { // every match contains one of these texts, and matching is slow
		text = debuggersSecret.ReplaceAllString(text, "${1}${2}${3}"+masked)
	}
	return tokenLike.ReplaceAllString(m.encoded.mask(text), masked)
}

// maskBeginning removes a part of a secret, even if it is truncated.
func maskBeginning(text, part string) string {
	const enough = 20 // shorter ones are words and numbers
	if len(part) <= enough {
		return text
	}
	var b strings.Builder
	for {
		i := strings.Index(text, part[:enough])
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		n := enough
		for n < len(part) && i+n < len(text) && text[i+n] == part[n] {
			n++
		}
		b.WriteString(text[:i] + masked)
		text = text[i+n:]
	}
}

// header masks secrets in every value, and the whole value of cookies and of headers that carry
// credentials.
func (m masker) header(h http.Header) http.Header {
	clean := make(http.Header, len(h))
	for name, values := range h {
		values = slices.Clone(values)
		for i := range values {
			text, cut := m.shown([]byte(values[i]))
			if values[i] = text; cut {
				values[i] += "…"
			}
			switch {
			case name == "Set-Cookie":
				cookie, _, _ := strings.Cut(values[i], "=")
				values[i] = cookie + "=" + masked
			case IsCredential(name, values[i]) && name != "Authorization" && name != "Cookie" && !strings.Contains(values[i], masked):
				values[i] = masked
			}
		}
		clean[name] = values
	}
	return clean
}

// IsCredential reports whether a header probably contains a secret, because of its name
// or because its value is long and random.
func IsCredential(name, value string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(credentialEnds, func(end string) bool { return strings.HasSuffix(name, end) }) ||
		slices.ContainsFunc(credentialParts, func(part string) bool { return strings.Contains(name, part) }) ||
		isRandom(value)
}

var (
	credentialEnds  = []string{"auth", "authentication", "authorization", "key"}
	credentialParts = []string{"api-key", "apikey", "token", "secret", "passw", "cookie", "credential", "session", "signature", "csrf", "xsrf"}
)

// isRandom reports whether a value is a long word with a digit, in the alphabets of
// common encodings.
func isRandom(value string) bool {
	const long = 24
	return len(value) >= long && strings.ContainsAny(value, "0123456789") && !strings.ContainsFunc(value, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("+/_=.-", r))
	})
}

// hide lists the forms of a header's value that must not be shown: the value, and its
// encodings in JSON, in a URL and in base64.
func hide(h http.Header) []string {
	var secrets []string
	for name, values := range h {
		for _, value := range values {
			if len(value) < 4 || !IsCredential(name, value) {
				continue // a shorter text also occurs by chance
			}
			quoted, _ := json.Marshal(value)
			secrets = append(secrets, value, string(quoted[1:len(quoted)-1]), url.QueryEscape(value), url.PathEscape(value),
				base64.StdEncoding.EncodeToString([]byte(value)))
		}
	}
	return secrets
}

// maskedError is an error without secrets and on one line, because errors of a
// transport quote URLs and the output of a faulty server.
type maskedError struct {
	text string
	err  error
}

func (m *maskedError) Error() string { return m.text }
func (m *maskedError) Unwrap() error { return m.err }

func maskError(err error, secrets []string) error {
	text := mask(err.Error(), secrets)
	for _, secret := range secrets { // and the form in a URL
		text = strings.ReplaceAll(text, url.QueryEscape(secret), masked)
	}
	return &maskedError{short(plain(errors.New(text)).Error(), maxQuoted), err}
}

// maxQuoted is how much of a text of the API an error quotes.
const maxQuoted = 300

// short returns the beginning of a text, with an ellipsis if the text is longer.
func short(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
