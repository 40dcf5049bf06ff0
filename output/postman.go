package output

import "github.com/google/uuid"

// PostmanEnvironment returns an environment in Postman's import format.
func PostmanEnvironment(name string, lines []Variable) any {
	type value struct {
		Key     string `json:"key"`
		Value   string `json:"value"`
		Type    string `json:"type"`
		Enabled bool   `json:"enabled"`
	}
	values := make([]value, len(lines))
	for i, l := range lines {
		values[i] = value{l.Name, l.Value, "default", true}
		if l.Secret {
			values[i].Type = "secret"
		}
	}
	return map[string]any{
		"id": uuid.NewSHA1(uuid.NameSpaceURL, []byte("provision:"+name)).String(), "name": name,
		"values": values, "_postman_variable_scope": "environment",
	}
}
