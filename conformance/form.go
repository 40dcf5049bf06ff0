package conformance

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// encodeForm encodes the members of a form, in the order of their names; a member may be
// a list of values and, in multipart/form-data, a file. The type that is sent has
// the boundary.
func encodeForm(members map[string]any, contentType string) (body []byte, sent string, err error) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, "", fmt.Errorf("contentType %s: %w", contentType, err)
	}
	if kind != "multipart/form-data" {
		values := url.Values{}
		for name, value := range members {
			for _, v := range valuesOf(value) {
				values.Add(name, fmt.Sprint(v))
			}
		}
		return []byte(values.Encode()), contentType, nil
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		for _, v := range valuesOf(members[name]) {
			if err := writePart(w, name, v); err != nil {
				return nil, "", err
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

func writePart(w *multipart.Writer, name string, value any) error {
	file, isFile := value.(map[string]any)
	if !isFile {
		return w.WriteField(name, fmt.Sprint(value))
	}
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "%0D", "\n", "%0A")
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, escape.Replace(name), escape.Replace(fmt.Sprint(file["filename"]))))
	kind, _ := file["contentType"].(string)
	header.Set("Content-Type", cmp.Or(kind, "application/octet-stream"))
	part, err := w.CreatePart(header)
	if err == nil {
		_, err = fmt.Fprint(part, file["content"])
	}
	return err
}

// withFields adds fields to an encoded form. The members of an object are fields such as owner[id].
func withFields[V any](r request, members map[string]V) (request, bool) {
	kind, parameters, err := mime.ParseMediaType(r.contentType)
	if err != nil {
		return r, false
	}
	fields := url.Values{}
	for name, value := range members {
		object, _ := any(value).(map[string]any)
		for inner, v := range object {
			fields.Set(name+"["+inner+"]", fmt.Sprint(v))
		}
		if object == nil {
			fields.Set(name, fmt.Sprint(value))
		}
	}
	if kind != "multipart/form-data" {
		r.body = bytes.Join([][]byte{r.body, []byte(fields.Encode())}, []byte("&"))
		return r, true
	}
	end := bytes.LastIndex(r.body, []byte("--"+parameters["boundary"]+"--"))
	var more bytes.Buffer
	w := multipart.NewWriter(&more)
	if end < 0 || w.SetBoundary(parameters["boundary"]) != nil {
		return r, false
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := w.WriteField(name, fields.Get(name)); err != nil {
			return r, false
		}
	}
	if err := w.Close(); err != nil {
		return r, false
	}
	r.body = slices.Concat(r.body[:end], more.Bytes())
	return r, true
}

func valuesOf(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}
