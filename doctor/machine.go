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

// manifests checks that the manifests can be read.
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

// folder checks that secrets can be stored, and that others cannot read them.
func folder(_ context.Context, s *Subject) Finding {
	info, err := os.Lstat(s.Folder)
	if err != nil {
		above := existing(s.Folder)
		if err := tryWrite(above); err != nil {
			return Finding{Status: Failure, Message: s.Folder + " cannot be created: " + reason(err), Hint: otherFolder(above)}
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Finding{Status: OK, Message: s.Folder + " does not exist yet; apply creates it"}
	}
	switch {
	case err != nil:
		return Finding{Status: Failure, Message: err.Error(), Hint: otherFolder(s.Folder)}
	case !info.IsDir():
		return Finding{Status: Failure, Message: s.Folder + " is not a folder", Hint: "rename or remove the file; apply creates the folder"}
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return Finding{Status: Warning, Message: fmt.Sprintf("%s can be read by others (mode %04o)", s.Folder, info.Mode().Perm()), Hint: "`chmod -R go= '" + s.Folder + "'`"}
	}
	if err := tryWrite(s.Folder); err != nil {
		return Finding{Status: Failure, Message: "secrets cannot be stored in " + s.Folder + ": " + reason(err), Hint: otherFolder(s.Folder)}
	}
	return Finding{Status: OK, Message: filepath.ToSlash(s.Folder) + " can be written to, and read by its owner only"}
}

func otherFolder(dir string) string {
	return "give yourself permission to write to " + dir + ", or run provision in another folder"
}

// existing returns the nearest folder above dir that exists.
func existing(dir string) string {
	for above := filepath.Dir(dir); ; above = filepath.Dir(above) {
		if _, err := os.Lstat(above); err == nil || above == filepath.Dir(above) {
			return above
		}
	}
}

// tryWrite creates a file in a folder and removes it.
func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// reason returns the error of the system without the name of the temporary file.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// terraform checks that the program is installed, if a stack needs it.
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

// proxy shows how requests reach the tenant.
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
