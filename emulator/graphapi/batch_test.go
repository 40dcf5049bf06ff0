package graphapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func (tt *tenant) batch(requests string) map[string]object {
	tt.Helper()
	answers := map[string]object{}
	for _, r := range tt.must(200, "POST", "/v1.0/$batch", `{"requests":[`+requests+`]}`).body["responses"].([]any) {
		answer := object(r.(map[string]any))
		answers[answer.text("id")] = answer
	}
	return answers
}

func TestBatch(t *testing.T) {
	t.Parallel()
	tt := start(t)
	answers := tt.batch(`
		{"id":"4","method":"GET","url":"/applications(uniqueName='s.a')?$select=displayName","dependsOn":["1"]},
		{"id":"1","method":"PATCH","url":"/applications(uniqueName='s.a')","headers":{"Content-Type":"application/json","Prefer":"create-if-missing"},"body":{"displayName":"A"}},
		{"id":"2","method":"PATCH","url":"applications(uniqueName='s.b')","headers":{"content-type":"application/json"},"body":{"displayName":"B"}},
		{"id":"3","method":"POST","url":"/applications","headers":{"Content-Type":"application/json"},"body":{"displayName":"C"},"dependsOn":["2"]},
		{"id":"5","method":"GET","url":"/users?$filter=accountEnabled ne true&$count=true","headers":{"ConsistencyLevel":"eventual"}},
		{"id":"6","method":"GET","url":"/users?$filter=accountEnabled ne true&$count=true"},
		{"id":"7","method":"POST","url":"/$batch","headers":{"Content-Type":"application/json"},"body":{"requests":[]}},
		{"id":"8","method":"get","url":"/applications/$count","headers":{"ConsistencyLevel":"eventual"}},
		{"id":"9","method":"POST","url":"/applications","headers":{},"body":{"displayName":"D"}}`)
	long := tt.batch(fmt.Sprintf(`{"id":"1","method":"GET","url":"/users?$filter=displayName eq '%s'"}`, strings.Repeat("x", maxURL)))
	if got := long["1"].at("status"); got != 414.0 {
		t.Errorf("a very long url: %v", long["1"])
	}
	for id, want := range map[string]float64{"1": 201, "2": 404, "3": 424, "4": 200, "5": 200, "6": 400, "7": 400, "8": 200, "9": 400} {
		if got := answers[id].at("status"); got != want {
			t.Errorf("request %s: %v, want %v: %v", id, got, want, answers[id])
		}
	}
	if name := answers["4"].text("body.displayName"); name != "A" {
		t.Errorf("a request does not see what it depends on: %v", answers["4"])
	}
	if code := answers["2"].text("body.error.code"); code != "Request_ResourceNotFound" {
		t.Errorf("the error of an item is %v", answers["2"])
	}
	if location := answers["1"].text("headers.Location"); !strings.HasPrefix(location, origin+"/v1.0/applications/") {
		t.Errorf("the headers of an item are %v", answers["1"]["headers"])
	}
	if names := tt.get("/v1.0/applications").names(); fmt.Sprint(names) != "[A provision administrator]" {
		t.Errorf("the applications are %v", names)
	}
}

func TestBatchesThatGraphRefuses(t *testing.T) {
	t.Parallel()
	tt := start(t)
	item := func(i int) string { return fmt.Sprintf(`{"id":"%d","method":"GET","url":"/users"}`, i) }
	var many []string
	for i := range 21 {
		many = append(many, item(i))
	}
	for name, test := range map[string]struct{ requests, want string }{
		"none":                   {"", "contains no requests"},
		"21":                     {strings.Join(many, ","), "exceeds the limit of 20"},
		"one id twice":           {item(1) + "," + item(1), "more than once"},
		"no url":                 {`{"id":"1","method":"GET"}`, "needs id, method and url"},
		"an absolute url":        {`{"id":"1","method":"GET","url":"https://graph.microsoft.com/v1.0/users"}`, "must be relative"},
		"an unknown dependency":  {`{"id":"1","method":"GET","url":"/users","dependsOn":["2"]}`, "not in the batch"},
		"a dependency on itself": {`{"id":"1","method":"GET","url":"/users","dependsOn":["1"]}`, "circle"},
		"a circle":               {`{"id":"1","method":"GET","url":"/users","dependsOn":["2"]},{"id":"2","method":"GET","url":"/users","dependsOn":["1"]}`, "circle"},
		"a number for an id":     {`{"id":1,"method":"GET","url":"/users"}`, "not a JSON object"},
	} {
		if got := tt.send("admin", "POST", "/v1.0/$batch", `{"requests":[`+test.requests+`]}`).fault(); !strings.HasPrefix(got, "400") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestBatchItemsAreGuarded(t *testing.T) {
	t.Parallel()
	tt := start(t)
	reader := tt.caller("Application.Read.All")
	r := tt.send(reader, "POST", "/v1.0/$batch", `{"requests":[
		{"id":"1","method":"GET","url":"/applications"},
		{"id":"2","method":"POST","url":"/applications","headers":{"Content-Type":"application/json"},"body":{"displayName":"x"}}]}`)
	statuses := map[string]any{}
	for _, a := range r.body["responses"].([]any) {
		statuses[a.(map[string]any)["id"].(string)] = a.(map[string]any)["status"]
	}
	if statuses["1"] != 200.0 || statuses["2"] != 403.0 {
		t.Errorf("the items answer %v", statuses)
	}
}

func FuzzBatch(f *testing.F) {
	f.Add(`{"requests":[{"id":"1","method":"GET","url":"/users?$filter=id eq 'x'"}]}`)
	f.Add(`{"requests":[{"id":"1","method":"POST","url":"/applications","headers":{"Content-Type":"application/json"},"body":{"displayName":"x","api":null}}]}`)
	f.Add(`{"requests":[{"id":"1","method":"PATCH","url":"/applications(uniqueName='x')","headers":{"Prefer":"create-if-missing","Content-Type":"application/json"},"body":"e30="}]}`)
	f.Add(`{"requests":[{"id":"1","method":"GET","url":"/%zz"},{"id":"2","method":"GET","url":"?","dependsOn":["1"]}]}`)
	shared := start(f)
	f.Fuzz(func(t *testing.T, body string) {
		tt := *shared
		tt.TB = t
		r := tt.send("admin", "POST", "/v1.0/$batch", body)
		if r.StatusCode >= 500 {
			t.Fatalf("%q: %s", body, r.raw)
		}
		var answers struct {
			Responses []struct{ Status int }
		}
		if err := json.Unmarshal([]byte(r.raw), &answers); err != nil {
			t.Fatalf("%q is answered with no JSON: %v", body, err)
		}
		for _, a := range answers.Responses {
			if a.Status >= 500 {
				t.Fatalf("%q: %s", body, r.raw)
			}
		}
	})
}
