package localtenant

import "testing"

func TestParsePorts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Ports{"": newPorts, "443-443": {443, 443}, "1-65535": {1, 65535}} {
		if got, err := ParsePorts(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"8443", "2-1", "0-1", "1-65536", "a-b", "1-2-3", " 1-2", "01-2"} {
		if got, err := ParsePorts(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
