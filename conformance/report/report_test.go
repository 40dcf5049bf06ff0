package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"provision/conformance"
)

// feed sends two runs with every outcome to a handler.
func feed(t *testing.T, h conformance.Handler) {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	results := []conformance.Result{
		{
			Case:    conformance.Case{ID: "GET /health: public", Endpoint: "GET /health", Name: "public", Group: conformance.Authentication, Sends: "no token"},
			Outcome: conformance.Pass, Status: 200, Duration: 1234 * time.Microsecond,
			Exchange: &conformance.Exchange{Method: "GET", URL: "https://api.example/health", Status: 200},
		},
		{
			Case: conformance.Case{
				ID: "GET /secure: wrong-audience", Endpoint: "GET /secure", Name: "wrong-audience", Group: conformance.Claims, Severity: conformance.High,
				Sends: "a token for another API", Expect: conformance.Expect{Status: 401},
				Source: "RFC 7519, section 4.1.3", Gain: "any token is good here", Flaw: "the API does not check the audience (aud)",
			},
			Outcome: conformance.Fail, Status: 200, Duration: 3 * time.Millisecond,
			Reason: "expected 401, got 200", Cause: "the API does not check the audience (aud)",
			Exchange: &conformance.Exchange{
				Method: "GET", URL: "https://api.example/secure", Status: 200,
				RequestHeader:  http.Header{"Authorization": {"Bearer [masked]"}},
				Token:          &conformance.Decoded{Header: json.RawMessage("{\n\"alg\":\"RS256\"}"), Claims: json.RawMessage(`{"aud": "other", "name":"<b>\u001b[2J"}`)},
				ResponseHeader: http.Header{"Www-Authenticate": {"Bearer\x1b[31m"}},
				Body:           "{\"x\":\"\x1b[2J\u202eevil\"}\r\n\x00", Truncated: true,
			},
		},
		{
			Case:    conformance.Case{ID: "GET /secure: wrong-role", Endpoint: "GET /secure", Name: "wrong-role", Group: conformance.Authorization, Expect: conformance.Expect{Status: 403}},
			Outcome: conformance.Skip, Reason: "no user is declared with another role", Add: "roleAssignments: [{role: Reader, users: [NAME]}]",
		},
		{
			Case:    conformance.Case{ID: "GET /secure: no-role", Endpoint: "GET /secure", Name: "no-role", Group: conformance.Authorization, Expect: conformance.Expect{Status: 403}},
			Outcome: conformance.Error, Reason: "get a token of user nob: AADSTS50126: wrong password",
		},
		{
			Case:    conformance.Case{ID: "GET /secure: garbage", Endpoint: "GET /secure", Name: "garbage", Group: conformance.Authentication, Sends: "a text that is not a token", Expect: conformance.Expect{Status: 401, Tolerates: []int{400}}},
			Outcome: conformance.Note, Status: 400, Duration: 400 * time.Microsecond, Note: "400 where 401 is better",
			Exchange: &conformance.Exchange{Method: "GET", URL: "https://api.example/secure", Status: 400},
		},
	}
	known := results[1]
	known.ID, known.Name, known.Severity, known.Outcome = "GET /secure: wrong-issuer", "wrong-issuer", conformance.Medium, conformance.Known
	known.Known = &conformance.KnownFailure{Reason: "API-17", Until: "2026-12-31"}
	known.Means, known.Finding = conformance.CauseIssuer, "issuer"
	results = append(results, conformance.Result{
		Case:    conformance.Case{ID: "GET /secure: id-token", Endpoint: "GET /secure", Name: "id-token", Group: conformance.Claims, Expect: conformance.Expect{Status: 401}},
		Outcome: conformance.Blocked, Status: 200, Reason: "expected 401, got 200", Finding: "audience",
		Exchange: &conformance.Exchange{Method: "GET", URL: "https://api.example/secure", Status: 200},
	}, known)
	for i := range results {
		if r := &results[i]; r.Severity == "" {
			r.Severity = conformance.Low
		}
		if e := results[i].Exchange; e != nil && e.RequestHeader == nil {
			e.RequestHeader = http.Header{"Accept": {"application/json"}}
		}
		results[i].File, results[i].Line = "manifests/shop api/conformance.yaml", 10+i
	}
	results[1].Means, results[1].Finding = conformance.CauseAudience, "audience"
	finding := conformance.Finding{
		ID: "audience", Cause: conformance.CauseAudience, Severity: conformance.High, Title: "the API does not check the audience (aud)", Gain: "any token is good here",
		Evidence: []string{"GET /secure: wrong-audience"}, Blocked: []string{"GET /secure: id-token"}, Endpoints: []string{"GET /secure"},
		Remedies: []conformance.Remedy{{Library: "FastAPI, PyJWT", Line: "jwt.decode(token, audience=AUDIENCE)"}, {Library: "go-oidc", Line: "oidc.Config{ClientID: audience}"}},
		Rerun:    "provision verify --only 'GET /secure: wrong-audience'", Lead: &results[1],
	}
	knownFinding := finding
	knownFinding.ID, knownFinding.Cause, knownFinding.Severity, knownFinding.Known = "issuer", conformance.CauseIssuer, conformance.Medium, true
	knownFinding.Evidence, knownFinding.Blocked, knownFinding.Remedies, knownFinding.Lead = []string{"GET /secure: wrong-issuer"}, nil, nil, &results[6]
	knownFinding.Rerun = "provision verify --only 'GET /secure: wrong-issuer'"
	for _, name := range []string{"secure", "again"} {
		plan := conformance.Plan{Name: name, Resource: "api", URL: "https://api.example"}
		for _, r := range results {
			plan.Cases = append(plan.Cases, r.Case)
		}
		check(h.Begin(plan))
		for _, r := range results {
			check(h.Result(r))
		}
		check(h.End(conformance.Summary{
			Planned: 7, Passed: 1, Noted: 1, Failed: 1, Known: 1, Blocked: 1, Skipped: 1, Errors: 1, FailedBySeverity: map[conformance.Severity]int{conformance.High: 1},
			Findings: []conformance.Finding{finding, knownFinding}, FindingsBySeverity: map[conformance.Severity]int{conformance.High: 1}, Duration: 1500 * time.Millisecond, Unproven: []string{"GET /secure"},
		}))
	}
}

const table = `secure: 7 cases for api at https://api.example

GET /health              expected  got
  ok     public          2xx       200     1 ms

GET /secure              expected  got
  FAIL   wrong-audience  401       200     3 ms
  skip   wrong-role      403
         because  no user is declared with another role
         add      roleAssignments: [{role: Reader, users: [NAME]}]
  ERROR  no-role         403
         broken   get a token of user nob: AADSTS50126: wrong password
  note   garbage         401       400     0 ms
  block  id-token        401       200     0 ms
  known  wrong-issuer    401       200     3 ms
         known    until 2026-12-31: API-17

GET /secure: no caller was admitted, so its refusals prove nothing
`

const summaryLine = `1 passed, 1 failed (1 finding: 1 high), 1 blocked, 1 skipped, 1 known to fail, 1 note, 1 error in 1.5 s; --notes shows the notes
`

const findings = `finding %d, high: the API does not check the audience (aud)
  sent     GET https://api.example/secure with a token for another API
  header   {"alg":"RS256"}
  claims   {"aud":"other","name":"<b>\u001b[2J"}
  got      200 OK: {"x":"\u001b[2J\u202eevil"}\u000d\u000a\u0000…
           WWW-Authenticate: Bearer\u001b[31m
  wrong    expected 401, got 200
  gain     any token is good here
  source   RFC 7519, section 4.1.3
  evidence 1 case: GET /secure: wrong-audience
  blocks   1 case: GET /secure: id-token
  missing  FastAPI, PyJWT  jwt.decode(token, audience=AUDIENCE)
           go-oidc         oidc.Config{ClientID: audience}
  again    provision verify --only 'GET /secure: wrong-audience'

finding %d, medium: the API does not check the audience (aud)
  sent     GET https://api.example/secure with a token for another API
  header   {"alg":"RS256"}
  claims   {"aud":"other","name":"<b>\u001b[2J"}
  got      200 OK: {"x":"\u001b[2J\u202eevil"}\u000d\u000a\u0000…
           WWW-Authenticate: Bearer\u001b[31m
  wrong    expected 401, got 200
  gain     any token is good here
  source   RFC 7519, section 4.1.3
  evidence 1 case: GET /secure: wrong-issuer
  known    until 2026-12-31: API-17
  again    provision verify --only 'GET /secure: wrong-issuer'

`

const total = `all 2 documents: 2 passed, 2 failed (2 findings: 2 high), 2 blocked, 2 skipped, 2 known to fail, 2 notes, 2 errors in 3.0 s; --notes shows the notes
`

func TestText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	text := NewText(&b, false)
	feed(t, text)
	if err := text.Close(); err != nil {
		t.Fatal(err)
	}
	want := table + summaryLine + "\n" + strings.Replace(table, "secure: 7", "again: 7", 1) + summaryLine + "\n" +
		"block: the case proves nothing until the finding that blocks it is fixed\n\n" + fmt.Sprintf(findings+findings, 1, 2, 3, 4) + total
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestColoredText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	feed(t, NewText(&b, true))
	text := b.String()
	if !strings.Contains(text, "\x1b[1;31mFAIL \x1b[0m") {
		t.Errorf("no colour:\n%q", text)
	}
	for _, code := range []string{bold, faint, reset, marks["pass"].color, marks["note"].color, marks["fail"].color, marks["skip"].color, marks["error"].color, marks["known"].color, marks["blocked"].color} {
		text = strings.ReplaceAll(text, code, "")
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("the target's own codes came through:\n%q", text)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		j := NewJSON(w)
		feed(t, j)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same results gave other bytes")
	}
	var document Document
	decoder := json.NewDecoder(&first)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	if document.Version != 2 || len(document.Runs) != 2 || len(document.Runs[1].Findings) != 2 || document.Summary.Planned != 14 || document.Runs[1].Summary.Failed != 1 {
		t.Errorf("document %+v", document)
	}
	failed := document.Runs[1].Results[1]
	if failed.ID != "GET /secure: wrong-audience" || failed.Outcome != conformance.Fail || failed.Severity != conformance.High ||
		failed.Status != 200 || failed.Milliseconds != 3 || failed.Expect.Status != 401 || failed.Exchange.Token == nil {
		t.Errorf("result %+v", failed)
	}
}

func TestEmptyJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := NewJSON(&b).Close(); err != nil || !strings.Contains(b.String(), `"runs": []`) {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	j := NewJUnit(&b)
	feed(t, j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"time,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Tests int    `xml:"tests,attr"`
			Cases []struct {
				Name      string `xml:"name,attr"`
				ClassName string `xml:"classname,attr"`
				File      string `xml:"file,attr"`
				Line      int    `xml:"line,attr"`
				Time      string `xml:"time,attr"`
				Failure   *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"skipped"`
				Output string `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	if got.Tests != 14 || got.Failures != 2 || got.Errors != 2 || got.Skipped != 6 || got.Time != "0.015" || len(got.Suites) != 4 {
		t.Fatalf("totals %+v", got)
	}
	secure := got.Suites[1]
	if secure.Name != "secure: GET /secure" || secure.Tests != 6 || got.Suites[3].Name != "again: GET /secure" {
		t.Errorf("suites %q %d, %q", secure.Name, secure.Tests, got.Suites[3].Name)
	}
	failed := secure.Cases[0]
	if failed.Name != "GET /secure: wrong-audience" || failed.ClassName != "secure" || failed.File != "manifests/shop api/conformance.yaml" || failed.Line != 11 || failed.Time != "0.003" || failed.Failure == nil ||
		failed.Failure.Message != "expected 401, got 200: the API does not check the audience (aud)" ||
		!strings.Contains(failed.Failure.Text, "sent     GET https://api.example/secure") {
		t.Errorf("failed case %+v", failed)
	}
	if secure.Cases[1].Skipped == nil || secure.Cases[2].Error == nil || !strings.Contains(secure.Cases[3].Output, "400 where 401") {
		t.Errorf("cases %+v", secure.Cases)
	}
	if known := secure.Cases[5].Skipped; known == nil || known.Message != "known to fail until 2026-12-31: API-17" || !strings.Contains(known.Text, "wrong    expected 401, got 200") {
		t.Errorf("known %+v", known)
	}
	if blocked := secure.Cases[4].Skipped; blocked == nil || blocked.Message != "blocked by the finding at GET /secure: wrong-audience: the API does not check the audience (aud)" {
		t.Errorf("blocked %+v", blocked)
	}
	// GitLab ignores the second of two cases with the same name.
	names := map[string]bool{}
	for _, suite := range got.Suites {
		for _, c := range suite.Cases {
			if names[c.ClassName+"/"+c.Name] {
				t.Errorf("two cases are called %s/%s", c.ClassName, c.Name)
			}
			names[c.ClassName+"/"+c.Name] = true
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestReportsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"text":  NewText(full{}, false).Begin(conformance.Plan{}),
		"json":  NewJSON(full{}).Close(),
		"junit": NewJUnit(full{}).Close(),
		"sarif": NewSARIF(full{}).Close(),
		"html":  NewHTML(full{}).Close(),
		"known": NewBaseline(full{}, time.Now()).Close(),
		"step": func() error {
			g := NewGitHub(&bytes.Buffer{}, full{})
			feed(t, g)
			return g.Close()
		}(),
	} {
		if err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Passed cases of a family share a line; every other result has its own line.
func TestTextOfManyCases(t *testing.T) {
	t.Parallel()
	plan := conformance.Plan{Name: "secure", Resource: "api", URL: "https://api.example"}
	for i := range 45 {
		c := conformance.Case{Endpoint: "GET /secure", Name: fmt.Sprintf("case-%d", i), Group: conformance.Signature, Expect: conformance.Expect{Status: 401}}
		if i > 40 {
			c.Group = conformance.Claims
		}
		plan.Cases = append(plan.Cases, c)
	}
	for verbose, want := range map[bool]string{
		false: `
GET /secure              expected  got
  note   signature       1 case            1 ms
  ok     signature       40 cases          1 ms
  ok     claims          4 cases           1 ms

44 passed, 0 failed, 0 skipped, 1 note in 0 ms; --notes shows the notes
`, true: "  ok     case-44         401       401     1 ms\n"} {
		var b bytes.Buffer
		text := NewText(&b, false)
		text.Verbose = verbose
		_ = text.Begin(plan)
		for i, c := range plan.Cases {
			r := conformance.Result{Case: c, Outcome: conformance.Pass, Status: 401, Duration: time.Millisecond}
			if i == 7 {
				r.Outcome, r.Status, r.Note = conformance.Note, 400, "correct APIs differ"
			}
			_ = text.Result(r)
		}
		_ = text.End(conformance.Summary{Passed: 44, Noted: 1})
		_ = text.Close()
		if !strings.Contains(b.String(), want) {
			t.Errorf("verbose %t:\n%s\nwant in it:\n%s", verbose, b.String(), want)
		}
	}
}
