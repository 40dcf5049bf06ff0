package stack

import (
	"fmt"
	"strconv"
	"strings"
)

// immutable reports whether the subject contains the ids of owner and repository, which do not
// change when either is renamed.
func (g GitHub) immutable() bool {
	_, owner, _, repository := g.parts()
	return g.Subjects == "immutable" || g.Subjects == "" && owner != "" && repository != ""
}

// Immutable reports whether the manifest contains the ids of owner and repository, so that the
// immutable form of the subject is known.
func (g GitHub) Immutable() bool {
	_, owner, _, repository := g.parts()
	return owner != "" && repository != ""
}

// Names returns the names of the owner and of the repository, without ids.
func (g GitHub) Names() (owner, repository string) {
	owner, _, repository, _ = g.parts()
	return owner, repository
}

// parts splits OWNER@ID/NAME@ID. An id may also be set as a separate property.
func (g GitHub) parts() (owner, ownerID, name, nameID string) {
	owner, name, _ = strings.Cut(g.Repository, "/")
	owner, ownerID, _ = strings.Cut(owner, "@")
	name, nameID, _ = strings.Cut(name, "@")
	if g.OwnerID != 0 {
		ownerID = strconv.FormatInt(g.OwnerID, 10)
	}
	if g.RepositoryID != 0 {
		nameID = strconv.FormatInt(g.RepositoryID, 10)
	}
	return owner, ownerID, name, nameID
}

// subject returns the claim sub of the workflow's tokens. Its immutable form contains the
// ids of owner and repository. Sources:
// docs.github.com/actions/reference/openid-connect-reference,
// learn.microsoft.com/entra/workload-id/workload-identities-github-immutable-subjects.
func (g GitHub) subject(immutable bool) string {
	owner, ownerID, name, nameID := g.parts()
	prefix := "repo:" + owner + "/" + name + ":"
	if immutable {
		prefix = fmt.Sprintf("repo:%s@%s/%s@%s:", owner, ownerID, name, nameID)
	}
	switch {
	case g.Environment != "":
		return prefix + "environment:" + g.Environment
	case g.Branch != "":
		return prefix + "ref:refs/heads/" + g.Branch
	case g.Tag != "":
		return prefix + "ref:refs/tags/" + g.Tag
	}
	return prefix + "pull_request"
}

func (l *loader) checkGitHub(f FederatedCredential, at Position) bool {
	g := *f.GitHub
	_, owner, _, repository := g.parts()
	inName := strings.Contains(g.Repository, "@")
	switch {
	case !g.oneOf():
		l.mistakes.add(at, "set one of environment, branch, tag and pullRequest", "github does not state which runs of %s are trusted", g.Repository)
	case inName && (g.OwnerID != 0 || g.RepositoryID != 0):
		l.mistakes.add(at, "remove ownerId and repositoryId, or the ids in repository", "%s states the ids twice", f.Name)
	case (owner == "") != (repository == ""):
		l.mistakes.add(at, "set ownerId and repositoryId: gh api repos/OWNER/NAME --jq '.owner.id, .id' shows them", "the immutable subject of %s requires the ids of both owner and repository", g.Repository)
	case g.Subjects != "" && g.Subjects != "name" && owner == "":
		l.mistakes.add(at, "set ownerId and repositoryId: gh api repos/OWNER/NAME --jq '.owner.id, .id' shows them", "subjects: %s requires the ids of owner and repository", g.Subjects)
	default:
		return true
	}
	return false
}

// oneOf reports whether exactly one property selects the trusted runs.
func (g GitHub) oneOf() bool {
	n := 0
	for _, stated := range []bool{g.Environment != "", g.Branch != "", g.Tag != "", g.PullRequest} {
		if stated {
			n++
		}
	}
	return n == 1
}
