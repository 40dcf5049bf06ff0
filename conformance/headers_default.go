package conformance

import (
	"encoding/base64"
	"net/http"
)

// defaultCredentials are tokens, passwords and keys of development.
func defaultCredentials(f headerFacts) ([]disguise, error) {
	var all []disguise
	add := func(name, value string) {
		d := oneHeader(http.Header{name: {value}})
		d.rare = len(all) > 0
		all = append(all, d)
	}
	for _, word := range []string{"test", "dev", "admin", "debug", "mock", "fake", "token", "secret", "development", "test-token", "dev-token", "null", "undefined", "anonymous", "12345", "0"} {
		add("Authorization", "Bearer "+word)
	}
	for _, pair := range []string{"admin:admin", "admin:password", "admin:", "test:test", "user:user", "user:password", "root:root", "dev:dev", "guest:guest", "admin:changeme", f.who.name + ":password"} {
		add("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	for _, word := range []string{"test", "dev", "secret", "changeme", "admin", "12345"} {
		d := together("keys that are "+word, each(word, "X-Api-Key", "Api-Key", "Apikey", "X-Functions-Key", "Ocp-Apim-Subscription-Key", "X-Auth-Key", "X-Secret", "X-Internal-Token", "X-Service-Token")...)
		d.rare = true
		all = append(all, d)
	}
	return all, nil
}
