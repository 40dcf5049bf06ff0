package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"provision/stack"
)

// Severity is the severity of a violation.
type Severity string

const (
	Critical Severity = "critical" // a path to the whole tenant
	High     Severity = "high"     // somebody else can act as the application or its users
	Medium   Severity = "medium"   // a mistake elsewhere becomes an attack
	Low      Severity = "low"      // a problem could stay unnoticed, or nobody is responsible
)

// Severities lists all severities, the worst first.
var Severities = []Severity{Critical, High, Medium, Low}

// Rule is a rule for application registrations.
type Rule struct {
	ID       string
	Severity Severity
	Reason   string // the consequence of the violation
	Fix      string
	Source   string
	// Violates and Clean are examples of the `spec` of an application in a manifest:
	// one with a violation of the rule, and one without.
	Violates, Clean string
	// Live rules concern data that only a tenant contains, and have no examples.
	Live bool

	find func(subject) []place
}

// subject is an application that a rule checks.
type subject struct {
	*stack.Application
	stack *stack.Stack
	all   *index
	now   time.Time
}

// place is the property of an application that violates a rule.
type place struct {
	path []any  // of the property, below spec
	says string // the problem at this place
}

func at(says string, path ...any) place { return place{path, says} }

// Violation is a place of a manifest that a rule forbids.
type Violation struct {
	Rule        string         `json:"rule"`
	Severity    Severity       `json:"severity"`
	Stack       string         `json:"stack"`
	Application string         `json:"application"`
	AppID       string         `json:"appId,omitempty"` // of a live registration
	Position    stack.Position `json:"position,omitzero"`
	Message     string         `json:"message"`
	Reason      string         `json:"reason"`
	Fix         string         `json:"fix"`
	Source      string         `json:"source"`
	Excepted    string         `json:"excepted,omitempty"` // the reason and date of the exception; "" if no exception applies
	Expired     string         `json:"expired,omitempty"`  // the reason and date of an exception that has expired
}

// Rules returns all rules, in the order of their ids.
func Rules() []Rule {
	all := slices.Concat(clientRules, credentialRules, exposureRules, permissionRules, hygieneRules)
	slices.SortFunc(all, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Check finds the violations of the stacks' applications, in the order of the
// manifests and then of the rules. Registrations that the stacks only refer to are
// left out. An exception from a rule that does not exist is an error.
func Check(stacks []*stack.Stack, now time.Time) ([]Violation, error) {
	rules, known := Rules(), map[string]bool{}
	for _, r := range rules {
		known[r.ID] = true
	}
	seen := newIndex(stacks)
	var all []Violation
	for _, s := range stacks {
		for _, e := range s.Exceptions {
			if !known[e.Rule] {
				return nil, fmt.Errorf("%s: stack %s has an exception from rule %q, which does not exist", e.Pos, s.Name, e.Rule)
			}
		}
		for _, a := range s.Applications {
			for _, e := range a.Exceptions {
				if !known[e.Rule] {
					return nil, fmt.Errorf("%s: application %s/%s has an exception from rule %q, which does not exist", e.Pos, s.Name, a.Name, e.Rule)
				}
			}
			if a.Existing {
				continue
			}
			for _, r := range rules {
				valid, expired := exception(a, r.ID, now)
				for _, found := range r.find(subject{a, s, seen, now}) {
					all = append(all, Violation{
						Rule: r.ID, Severity: r.Severity, Stack: s.Name, Application: a.Name, Position: a.Place(found.path...),
						Message: found.says, Reason: r.Reason, Fix: r.Fix, Source: r.Source, Excepted: valid, Expired: expired,
					})
				}
			}
		}
	}
	return all, nil
}

// CheckLive finds the violations of registrations that were read from a tenant. They are
// known by their display names and appIds, and have no position.
func CheckLive(registrations *stack.Stack, now time.Time) ([]Violation, error) {
	all, err := Check([]*stack.Stack{registrations}, now)
	called := map[string]*stack.Application{}
	for _, a := range registrations.Applications {
		called[a.Name] = a
	}
	for i := range all {
		a := called[all[i].Application]
		all[i].Stack, all[i].Application, all[i].AppID = "", a.DisplayName, a.Adopt
	}
	return all, err
}

// New returns the violations of declared that the tenant does not have yet. live are the violations
// of the live registrations, and appIDs their appIds by STACK/APPLICATION.
func New(declared, live []Violation, appIDs map[string]string) (all []Violation) {
	type one struct{ rule, appID, says string }
	of := func(v Violation, appID string) one {
		if strings.HasPrefix(v.Rule, "secret-") || strings.HasPrefix(v.Rule, "certificate-") {
			return one{v.Rule, appID, ""} // the name of a credential in the tenant can differ
		}
		return one{v.Rule, appID, v.Message}
	}
	count := map[one]int{}
	for _, v := range live {
		count[of(v, v.AppID)]++
	}
	for _, v := range declared {
		k := of(v, appIDs[v.Stack+"/"+v.Application])
		if count[k] > 0 {
			count[k]--
			continue
		}
		all = append(all, v)
	}
	return all
}

// exception returns the exception from a rule that is valid, or one that has expired.
func exception(a *stack.Application, rule string, now time.Time) (valid, expired string) {
	for _, e := range a.Exceptions {
		expires, ok := e.Expires()
		text := fmt.Sprintf("%s (until %s)", e.Reason, e.Until)
		switch {
		case !ok || e.Rule != rule:
		case now.Before(expires):
			return text, ""
		default:
			expired = text
		}
	}
	return "", expired
}

// index contains the data of all stacks that rules need.
type index struct {
	held    map[string]bool            // "STACK/APPLICATION ROLE": a principal has the role
	needed  map[string]map[string]bool // by "STACK/APPLICATION": the scopes and roles that its endpoints require
	tenants map[string]bool            // "STACK/APPLICATION": its API admits other tenants
}

func newIndex(stacks []*stack.Stack) *index {
	n := &index{map[string]bool{}, map[string]map[string]bool{}, map[string]bool{}}
	for _, s := range stacks {
		for _, a := range s.Applications {
			for _, assigned := range a.RoleAssignments {
				n.held[s.Name+"/"+a.Name+" "+assigned.Role] = true
			}
			for _, p := range a.Permissions {
				for _, role := range p.Roles {
					n.held[reference(s, p.Resource)+" "+role] = true
				}
			}
		}
		for _, c := range s.Conformances {
			name := s.Name + "/" + c.Resource
			if n.needed[name] == nil {
				n.needed[name] = map[string]bool{}
			}
			n.tenants[name] = n.tenants[name] || !c.Tenants.Home()
			for _, e := range c.Endpoints {
				for _, r := range e.Requires.Alternatives() {
					for _, value := range slices.Concat(r.Scopes, r.AnyScope, r.AllRoles, r.AnyRole) {
						n.needed[name][value] = true
					}
				}
			}
		}
	}
	return n
}
