package conformance

import (
	"bytes"
	"mime"
	"mime/multipart"
	"net/url"
	"testing"
)

// The owner is added to the fields of setup's form, whatever its type.
func TestFieldsAreAddedToForms(t *testing.T) {
	t.Parallel()
	stated := map[string]any{"title": "a", "scan": map[string]any{"filename": "a.txt", "content": "map"}}
	claims := map[string]any{"owner": "x", "user": map[string]any{"id": "y"}}

	body, contentType, err := encodeForm(stated, "multipart/form-data")
	if err != nil {
		t.Fatal(err)
	}
	r, ok := claiming(request{body: body, contentType: contentType}, claims)
	_, parameters, _ := mime.ParseMediaType(r.contentType)
	form, err := multipart.NewReader(bytes.NewReader(r.body), parameters["boundary"]).ReadForm(1 << 10)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if v := url.Values(form.Value); v.Get("title") != "a" || v.Get("owner") != "x" || v.Get("user[id]") != "y" || len(form.File["scan"]) != 1 {
		t.Errorf("multipart: %v", form)
	}

	r, ok = claiming(request{body: []byte("title=a"), contentType: "application/x-www-form-urlencoded"}, claims)
	if v, err := url.ParseQuery(string(r.body)); !ok || err != nil || v.Get("title") != "a" || v.Get("owner") != "x" || v.Get("user[id]") != "y" {
		t.Errorf("urlencoded: %s %v", r.body, err)
	}
}
