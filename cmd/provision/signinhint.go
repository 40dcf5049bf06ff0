package main

// signInHints contains, for an AADSTS code, the change of a stack that corrects the refused sign-in. The codes with a
// cause outside of the manifests are only in docs/troubleshooting.md.
var signInHints = map[int]func(*app) string{
	50034:  func(a *app) string { return "create the user: `" + a.command("apply") + "`" },
	50105:  assign,
	501051: assign,
	50126:  func(a *app) string { return "set a new password: `" + a.command("apply", "--reset-passwords") + "`" },
	65001:  consent,
	90094: func(a *app) string {
		return "let an administrator consent, or add the scope with `adminConsent: true` to `permissions` of the client in its manifest and run `" + a.command("apply") + "`"
	},
	700016: func(a *app) string { return "create the application: `" + a.command("apply") + "`" },
	7000222: func(a *app) string {
		return "replace the expired secret: `" + a.command("rotate") + "`"
	},
}

func assign(a *app) string {
	return "assign the user, the group or the application to the API in the manifest, then run `" + a.command("apply") + "`"
}

func consent(a *app) string {
	return "add the scope to `permissions` of the client in its manifest, then run `" + a.command("apply") + "`"
}
