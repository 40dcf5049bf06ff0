package graphapi

import (
	"testing"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	tt := start(t)
	app := tt.newApplication(`{"displayName":"A","uniqueName":"s.a","api":{"requestedAccessTokenVersion":2}}`)
	sp := tt.newServicePrincipal(app)
	t.Log(app, sp)
	l := tt.must(200, "GET", "/v1.0/applications?$filter=appId eq '"+app.text("appId")+"'&$select=id,displayName", "")
	t.Log(l.raw)
	l = tt.must(200, "GET", "/v1.0/applications?$top=1", "")
	t.Log(l.raw)
	t.Log(tt.send("admin", "PATCH", "/v1.0/applications/"+app.text("id"), `{"foo":1}`).raw)
	t.Log(tt.send("admin", "GET", "/v1.0/applicationsx/"+app.text("id"), ``).raw)
	t.Log(tt.send("admin", "GET", "/v1.0/applications(uniqueName='s.a')/owners", ``).raw)
	t.Log(tt.send("x", "GET", "/v1.0/applications(uniqueName='s.a')/owners", ``).raw)
}
