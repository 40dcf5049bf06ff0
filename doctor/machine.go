package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"provision/stack"
)

func program(_ context.Context, s *Subject) Finding { return Finding{Status: OK, Message: s.Program} }

// manifests says whether the manifests can be read.
func manifests(_ context.Context, s *Subject) Finding {
	var mistakes stack.Mistakes
	switch {
	case errors.As(s.LoadError, &mistakes) && len(mistakes) == 1 && mistakes[0].Pos.Line == 0: // of the folder
		return Finding{Status: Warning, Message: mistakes[0].Pos.File + ": " + mistakes[0].Message, Hint: "name the folder of the manifests: provision doctor DIR"}
	case errors.As(s.LoadError, &mistakes):
		return Finding{Status: Failure, Message: count(len(mistakes), "mistake") + " in " + s.Dir, Hint: "`" + s.Command("validate") + "`"}
	case s.LoadError != nil:
		return Finding{Status: Warning, Message: s.LoadError.Error(), Hint: "name the folder of the manifests: provision doctor DIR"}
	}
	return Finding{Status: OK, Message: count(len(s.Stacks), "stack") + " in " + s.Dir}
}

// folder says whether secrets can be kept, and whether others could read them.
func folder(_ context.Context, s *Subject) Finding {
	info, err := os.Lstat(s.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return Finding{Status: OK, Message: s.Folder + " does not exist yet; apply creates it"}
	}
	switch {
	case err != nil:
		return Finding{Status: Failure, Message: err.Error()}
	case !info.IsDir():
		return Finding{Status: Failure, Message: s.Folder + " is not a folder"}
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return Finding{Status: Warning, Message: fmt.Sprintf("%s can be read by others (mode %04o)", s.Folder, info.Mode().Perm()), Hint: "`chmod -R go= '" + s.Folder + "'`"}
	}
	f, err := os.CreateTemp(s.Folder, ".doctor-*")
	if err != nil {
		return Finding{Status: Failure, Message: "secrets cannot be kept: " + err.Error()}
	}
	f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return Finding{Status: Failure, Message: err.Error()}
	}
	return Finding{Status: OK, Message: filepath.ToSlash(s.Folder) + " can be written to, and read by its owner only"}
}

// terraform says whether the program is there, if a stack needs it.
func terraform(ctx context.Context, s *Subject) Finding {
	documents, required := 0, false
	for _, st := range s.Stacks {
		for _, t := range st.Terraforms {
			documents++
			required = required || !t.Optional
		}
	}
	if documents == 0 {
		return Finding{}
	}
	version, err := s.Terraform(ctx)
	switch {
	case err == nil:
		return Finding{Status: OK, Message: version}
	case required:
		return Finding{Status: Failure, Message: err.Error(), Hint: "install Terraform (https://developer.hashicorp.com/terraform/install), or use --install-terraform"}
	}
	return Finding{Status: Warning, Message: err.Error() + "; --hosting needs it", Hint: "install Terraform (https://developer.hashicorp.com/terraform/install), or use --install-terraform"}
}

// proxy says how the tenant is reached.
func proxy(_ context.Context, s *Subject) Finding {
	if s.Local || s.Proxy == nil {
		return Finding{}
	}
	seen := map[string]bool{}
	way := ""
	for _, origin := range []string{s.Authority, s.Graph} {
		r, err := http.NewRequest(http.MethodGet, origin, nil)
		if err != nil {
			return Finding{Status: Failure, Message: err.Error()}
		}
		via, err := s.Proxy(r)
		if err != nil {
			return Finding{Status: Failure, Message: "the proxy in HTTPS_PROXY: " + err.Error(), Hint: "set it as in HTTPS_PROXY=http://proxy.contoso.example:3128"}
		}
		way = "directly"
		if via != nil {
			way = "through " + (&url.URL{Scheme: via.Scheme, Host: via.Host}).String() // without its password
		}
		seen[way] = true
	}
	if len(seen) > 1 {
		return Finding{Status: Warning, Message: "only one of " + host(s.Authority) + " and " + host(s.Graph) + " is reached through a proxy", Hint: "check HTTPS_PROXY and NO_PROXY"}
	}
	return Finding{Status: OK, Message: host(s.Authority) + " and " + host(s.Graph) + " are reached " + way}
}

func host(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return origin
	}
	return u.Host
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
