package odata

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// Rule lists the operators of $filter for a property: by default, and only with advanced query
// capabilities. A property without a rule cannot be filtered.
type Rule struct {
	ByDefault []string // operators; "null" is a comparison with null
	Advanced  []string
	GUID      bool // also accepts a GUID without quotes
}

// maxAlternatives is the maximum number of alternatives in a filter, joined by or and
// listed by in.
const maxAlternatives = 15

// checker checks a parsed filter against the properties and operators that a resource
// supports.
type checker struct {
	resource     Resource
	advanced     bool
	alternatives int
}

// CheckFilter refuses a filter that the resource does not support.
func (r Resource) CheckFilter(n Filter, advanced bool) error {
	c := &checker{resource: r, advanced: advanced}
	if err := c.check(n, "", nil); err != nil {
		return err
	}
	if c.alternatives > maxAlternatives {
		return unsupportedQuery("Too many child clauses specified in search filter expression containing 'OR' operators: %d. Max allowed: %d.",
			c.alternatives, maxAlternatives)
	}
	return nil
}

// check checks a node of a filter. Inside any(), variable is an entry of list.
func (c *checker) check(n Filter, variable string, list []string) error {
	switch n := n.(type) {
	case junction:
		if n.op == "or" {
			if c.alternatives == 0 {
				c.alternatives = 1
			}
			c.alternatives++
		}
		if err := c.check(n.a, variable, list); err != nil {
			return err
		}
		return c.check(n.b, variable, list)
	case negation:
		if !c.advanced {
			return unsupportedQuery("Filter operator 'Not' is not supported.")
		}
		return c.check(n.a, variable, list)
	case comparison:
		return c.property(n.path, variable, list, n.op, n.value)
	case membership:
		c.alternatives += len(n.values)
		for _, value := range n.values {
			if err := c.property(n.path, variable, list, "in", value); err != nil {
				return err
			}
		}
		return nil
	case quantifier:
		if variable != "" {
			return unsupportedQuery("A lambda expression inside another is not supported.")
		}
		if t, err := c.typeOf(n.path); err != nil {
			return err
		} else if t.Kind() != reflect.Slice {
			return badSyntax("Invalid filter clause: Any/All may only be used following a collection.")
		}
		if n.body == nil {
			return c.needAdvanced(n.path)
		}
		return c.check(n.body, n.variable, n.path)
	case counting:
		if t, err := c.typeOf(n.path); err != nil {
			return err
		} else if _, isNumber := n.value.(float64); !isNumber || t.Kind() != reflect.Slice {
			return badSyntax("Invalid filter clause: $count must follow a collection and be compared with a number.")
		}
		return c.needAdvanced(n.path)
	}
	return nil
}

func (c *checker) needAdvanced(path []string) error {
	if !c.advanced {
		return c.unsupported(strings.Join(path, "/"))
	}
	return nil
}

func (c *checker) unsupported(property string) error {
	return unsupportedQuery("Unsupported or invalid query filter clause specified for property '%s' of resource '%s'.", property, c.resource.Name)
}

// typeOf returns the type of a property of any of the kind's structs.
func (c *checker) typeOf(path []string) (reflect.Type, error) {
	for _, t := range c.resource.Structs {
		if at, ok := typeAt(t, path); ok {
			return at, nil
		}
	}
	return nil, badSyntax("Invalid filter clause: Could not find a property named '%s' on type '%s'.", strings.Join(path, "/"), c.resource.Type)
}

func (c *checker) property(path []string, variable string, list []string, op string, value any) error {
	if variable != "" {
		if path[0] != variable {
			return badSyntax("Invalid filter clause: '%s' is not the lambda expression's variable '%s'.", path[0], variable)
		}
		path = append(slices.Clone(list), path[1:]...)
	}
	t, err := c.entryType(path, list)
	if err != nil {
		return err
	}
	name := strings.Join(path, "/")
	rule, ok := c.resource.Filters[name]
	if !ok || t.Kind() == reflect.Slice {
		return c.unsupported(name)
	}
	if err := fits(t, value, rule, op); err != nil {
		return err
	}
	need := []string{op}
	if value == nil {
		need = append(need, "null")
	}
	for _, op := range need {
		switch {
		case slices.Contains(rule.ByDefault, op) && (op != "eq" || value != nil):
		case slices.Contains(rule.ByDefault, op) || slices.Contains(rule.Advanced, op):
			if !c.advanced && op == "ne" {
				return unsupportedQuery("Filter operator 'NotEqualsMatch' is not supported.")
			}
			if !c.advanced {
				return c.unsupported(name)
			}
		default:
			return c.unsupported(name)
		}
	}
	return nil
}

// entryType is typeOf for a path that begins with the list of a lambda.
func (c *checker) entryType(path, list []string) (reflect.Type, error) {
	if list == nil {
		return c.typeOf(path)
	}
	t, err := c.typeOf(list)
	if err != nil {
		return nil, err
	}
	t, ok := typeAt(t.Elem(), path[len(list):])
	if !ok {
		return nil, badSyntax("Invalid filter clause: Could not find a property named '%s'.", strings.Join(path, "/"))
	}
	return t, nil
}

// fits refuses to compare a property with a literal of another type.
func fits(t reflect.Type, value any, rule Rule, op string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	ok := false
	switch value.(type) {
	case nil:
		ok = true
	case guid:
		ok = rule.GUID
	case string:
		ok = t.Kind() == reflect.String
	case bool:
		ok = t.Kind() == reflect.Bool
	case float64:
		ok = t.Kind() == reflect.Int
	case time.Time:
		ok = t == timeType
	}
	if !ok {
		return badSyntax("Invalid filter clause: A binary operator with incompatible types was detected for operator kind '%s'.", op)
	}
	return nil
}
