package odata

import (
	"reflect"
	"strings"
	"time"
)

// Matches reports whether an object, a struct or a pointer to one, satisfies a filter
// that was checked before. Every object satisfies an empty filter.
func Matches(f Filter, object any) bool {
	return f == nil || evaluate(f, reflect.Indirect(reflect.ValueOf(object)), "", reflect.Value{})
}

// evaluate is Matches for a node. Inside any(), variable is the name of the entry.
func evaluate(n Filter, object reflect.Value, variable string, entry reflect.Value) bool {
	at := func(path []string) reflect.Value {
		root := object
		if variable != "" && path[0] == variable {
			root, path = entry, path[1:]
		}
		v, ok := ValueAt(root, path)
		if !ok {
			return reflect.Value{} // a property that only objects of another kind have
		}
		return v
	}
	switch n := n.(type) {
	case junction:
		if a := evaluate(n.a, object, variable, entry); a == (n.op == "or") {
			return a
		}
		return evaluate(n.b, object, variable, entry)
	case negation:
		return !evaluate(n.a, object, variable, entry)
	case comparison:
		return compare(at(n.path), n.op, n.value)
	case membership:
		v := at(n.path)
		for _, value := range n.values {
			if compare(v, "eq", value) {
				return true
			}
		}
		return false
	case quantifier:
		list := at(n.path)
		if !list.IsValid() || list.Kind() != reflect.Slice {
			return false
		}
		if n.body == nil {
			return list.Len() > 0
		}
		for i := range list.Len() {
			if evaluate(n.body, object, n.variable, list.Index(i)) {
				return true
			}
		}
		return false
	case counting:
		list := at(n.path)
		if !list.IsValid() || list.Kind() != reflect.Slice {
			return false
		}
		return ordered(n.op, compareFloats(float64(list.Len()), n.value))
	}
	return false
}

// compare applies an operator to a property's value and a literal. Like the directory,
// it compares strings in any letter case.
func compare(v reflect.Value, op string, literal any) bool {
	for v.IsValid() && v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer { // null
		switch op {
		case "eq":
			return literal == nil
		case "ne":
			return literal != nil
		}
		return false
	}
	if literal == nil {
		return op == "ne"
	}
	if id, ok := literal.(guid); ok {
		literal = string(id)
	}
	switch value := v.Interface().(type) {
	case string:
		text, ok := literal.(string)
		return ok && compareText(strings.ToLower(value), op, strings.ToLower(text))
	case bool:
		is, ok := literal.(bool)
		return ok && (value == is) == (op == "eq")
	case time.Time:
		instant, ok := literal.(time.Time)
		return ok && ordered(op, value.Compare(instant))
	case int:
		if _, ok := literal.(float64); ok {
			return ordered(op, compareFloats(float64(value), literal))
		}
	}
	return false
}

func compareText(value, op, text string) bool {
	switch op {
	case "startswith":
		return strings.HasPrefix(value, text)
	case "endswith":
		return strings.HasSuffix(value, text)
	}
	return ordered(op, strings.Compare(value, text))
}

func compareFloats(value float64, literal any) int {
	n, _ := literal.(float64)
	switch {
	case value < n:
		return -1
	case value > n:
		return 1
	}
	return 0
}

func ordered(op string, order int) bool {
	switch op {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "ge":
		return order >= 0
	case "le":
		return order <= 0
	}
	return false
}
