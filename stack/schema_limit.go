package stack

import (
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// limitMistake describes a value that is outside of a limit of the schema, such as a length or a range.
func limitMistake(what string, k jsonschema.ErrorKind) (text, hint string) {
	switch k := k.(type) {
	case *kind.MinLength:
		if k.Got == 0 {
			return what + " is empty", ""
		}
		return fmt.Sprintf("%s has %s", what, plural(k.Got, "character")), fmt.Sprintf("use at least %d", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("%s has %s", what, plural(k.Got, "character")), fmt.Sprintf("use at most %d", k.Want)
	case *kind.MinItems:
		if k.Got == 0 {
			return what + " is an empty list", "add an entry, or remove the list if it is optional"
		}
		return fmt.Sprintf("%s has %s", what, plural(k.Got, "entry")), fmt.Sprintf("list at least %d", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("%s has %s", what, plural(k.Got, "entry")), fmt.Sprintf("keep at most %d", k.Want)
	case *kind.UniqueItems:
		return fmt.Sprintf("%s[%d] repeats %s[%d]", what, max(k.Duplicates[0], k.Duplicates[1]), what, min(k.Duplicates[0], k.Duplicates[1])), "remove one of the two"
	case *kind.Minimum:
		return fmt.Sprintf("%s cannot be %s", what, k.Got.RatString()), fmt.Sprintf("use at least %s", k.Want.RatString())
	case *kind.Maximum:
		return fmt.Sprintf("%s cannot be %s", what, k.Got.RatString()), fmt.Sprintf("use at most %s", k.Want.RatString())
	case *kind.Const:
		return fmt.Sprintf("%s cannot be %v", what, k.Got), fmt.Sprintf("write %v", k.Want)
	}
	return fmt.Sprintf("%s: %s", what, k.LocalizedString(message.NewPrinter(language.English))), ""
}

// plural returns a number with a noun: 1 entry, 2 entries.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
