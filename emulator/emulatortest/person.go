package emulatortest

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
)

var (
	formAction  = regexp.MustCompile(`<form [^>]*action="([^"]*)"`)
	hiddenField = regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`)
)

// FillForms opens an address as the browser of a person does, with its own session,
// and sends one form after another with the given fields. It returns the last page.
func FillForms(transport http.RoundTripper, address string, forms ...url.Values) (page string, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Transport: transport, Jar: jar}
	response, err := browser.Get(address)
	for _, fields := range forms {
		if page, err = read(response, err); err != nil {
			return page, err
		}
		action := formAction.FindStringSubmatch(page)
		if action == nil {
			return page, fmt.Errorf("%s has no form", response.Request.URL.Path)
		}
		to, err := response.Request.URL.Parse(html.UnescapeString(action[1]))
		if err != nil {
			return page, err
		}
		for _, hidden := range hiddenField.FindAllStringSubmatch(page, -1) {
			fields.Set(hidden[1], html.UnescapeString(hidden[2]))
		}
		if response, err = browser.PostForm(to.String(), fields); err != nil {
			return page, err
		}
	}
	return read(response, err)
}

// read returns the body of a response.
func read(response *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
