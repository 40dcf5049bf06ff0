package conformance

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// The value of a long body is kept until other long bodies have followed.
func TestLongBodiesAreParsedOnce(t *testing.T) {
	t.Parallel()
	var kept parsedBodies
	long := func(n int) []byte {
		return fmt.Appendf(nil, `{"n":%d,"text":%q}`, n, strings.Repeat("x", longBody))
	}
	read := func(n int) uintptr {
		value, err := kept.read(long(n))
		if err != nil || lacks("", map[string]any{"n": n}, value) != "" {
			t.Errorf("body %d: %.40v %v", n, value, err)
		}
		return reflect.ValueOf(value).Pointer()
	}
	first := read(1)
	if again := read(1); again != first {
		t.Error("the second read parsed the body again")
	}
	for n := range maxKept {
		read(10 + n)
	}
	if len(kept.last) != maxKept {
		t.Errorf("%d bodies are kept", len(kept.last))
	}
	if again := read(1); again == first {
		t.Error("the first body is still kept")
	}
	for range 2 {
		if value, err := kept.read([]byte(`{"a":`)); err == nil {
			t.Errorf("%v", value)
		}
	}
}
