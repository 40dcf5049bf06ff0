package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestMaskEncodedSecrets: in whatever encoding an API returns a token, no six bytes of it can be
// decoded from the results.
func TestMaskEncodedSecrets(t *testing.T) {
	t.Parallel()
	token := "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJhZGEtb2lkIiwibm9uY2UiOiI1NTU1NTU1In0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbi1-_w"
	lines := func(s string, width int, separator string) string {
		var b strings.Builder
		for i := 0; i < len(s); i += width {
			b.WriteString(s[i:min(i+width, len(s))] + separator)
		}
		return b.String()
	}
	for before := range 4 {
		inner := strings.Repeat("x", before) + token
		std, raw := base64.StdEncoding.EncodeToString([]byte(inner)), base64.RawURLEncoding.EncodeToString([]byte(inner))
		digits := hex.EncodeToString([]byte(inner))
		for name, text := range map[string]string{
			"base64":                     std,
			"base64, more after it":      base64.StdEncoding.EncodeToString([]byte(inner + " and more")),
			"base64 in lines":            lines(std, 76, "\n"),
			"base64 in JSON lines":       strings.ReplaceAll(lines(std, 76, "\n"), "\n", `\n`),
			"base64 with escaped slash":  strings.ReplaceAll(std, "/", `\/`),
			"base64 in a URL":            url.QueryEscape(std),
			"base64url":                  raw,
			"base64url, padded":          base64.URLEncoding.EncodeToString([]byte(inner)),
			"base64, cut off":            std[:len(std)/2],
			"hex":                        digits,
			"hex in capitals":            strings.ToUpper(digits),
			"hex with colons":            lines(digits, 2, ":"),
			"hex with spaces":            lines(digits, 2, " "),
			"hex escapes":                `\x` + strings.TrimSuffix(lines(digits, 2, `\x`), `\x`),
			"hex, cut off":               digits[:len(digits)/2],
			"percent-encoded throughout": "%" + strings.TrimSuffix(lines(digits, 2, "%"), "%"),
		} {
			got := mask(`{"echo":"`+text+`"}`, []string{token})
			if !strings.Contains(got, masked) || !strings.HasPrefix(got, `{"echo":"`) {
				t.Errorf("%s, %d before it: %s", name, before, got)
			}
			for _, decoded := range decodings(got) {
				for i := 0; i+6 <= len(token); i++ {
					if bytes.Contains(decoded, []byte(token[i:i+6])) {
						t.Fatalf("%s, %d before it: %q can be read from %s", name, before, token[i:i+6], got)
					}
				}
			}
		}
	}
	for _, harmless := range []string{"", "nothing of it", base64.StdEncoding.EncodeToString([]byte(strings.Repeat("other text ", 20))), strings.Repeat("6f7468", 40)} {
		if got := mask(harmless, []string{token}); got != harmless {
			t.Errorf("%q becomes %q", harmless, got)
		}
	}
}

// decodings returns all readings of the runs of digits in a text, at every offset.
func decodings(text string) (all [][]byte) {
	for _, run := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("{}[]\",= ", r) }) {
		run = strings.NewReplacer(`\n`, "", `\/`, "/", `\x`, "", "\n", "", ":", "", "%2B", "+", "%2F", "/", "%3D", "").Replace(run)
		for offset := range min(4, len(run)) {
			for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				decoded, _ := encoding.DecodeString(run[offset:]) // the part that can be decoded
				all = append(all, decoded)
			}
			decoded, _ := hex.DecodeString(strings.ReplaceAll(run[offset:], "%", ""))
			all = append(all, decoded)
		}
	}
	return all
}

// If an API returns tokens in other encodings, the results contain no part of them.
func TestResultsHoldNoEncodedSecrets(t *testing.T) {
	t.Parallel()
	s := startTenant(t)
	api := validator{issuer: s.issuer(), flaw: "role"}
	r := run(t, quickstart(s, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		w.Header().Set("X-Echo", base64.StdEncoding.EncodeToString([]byte(authorization)))
		w.WriteHeader(api.status(authorization))
		_, _ = fmt.Fprintf(w, `{"status":"ok","a":%q,"b":"%x"}`, base64.RawURLEncoding.EncodeToString([]byte(authorization)), authorization)
	}))))
	all, err := json.Marshal(r.results)
	if err != nil {
		t.Fatal(err)
	}
	for _, decoded := range decodings(string(all)) {
		if bytes.Contains(decoded, []byte("eyJ")) && bytes.Contains(decoded, []byte(".eyJ")) {
			t.Fatalf("a token can be read from the results: %s", decoded)
		}
	}
	if !strings.Contains(string(all), masked) {
		t.Error("nothing is masked")
	}
}
