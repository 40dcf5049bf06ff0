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

func valuesOf(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}
