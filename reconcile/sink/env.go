package sink

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"provision/stack"
)

// maxFile is larger than any file in which a secret is stored.
const maxFile = 16 << 20

// env is a line of a dotenv file. It contains only the value of the secret.
type env struct{ stack.EnvSink }

func (e env) Check(context.Context) error {
	if err := writable(e.File); err != nil {
		return err
	}
	lines, err := e.lines()
	if err != nil {
		return err
	}
	_, err = e.with(lines, "a text that needs quotes")
	return err
}

// Taken describes a line that sets the variable: a line does not show who wrote it.
func (e env) Taken() (what string, err error) {
	lines, err := e.lines()
	if own, _ := parted(lines, e.Key); len(own) > 0 {
		what = "it already sets " + e.Key + ", and provision did not write that line"
	}
	return what, err
}

// Content returns the values of the variable.
func (e env) Content() ([]string, error) {
	lines, err := e.lines()
	own, _ := parted(lines, e.Key)
	return own, err
}

// Text returns the value of the variable.
func (e env) Text(s Secret) string { return s.SecretText }

func (e env) Read(context.Context) (Secret, bool, error) {
	lines, err := e.lines()
	if err != nil {
		return Secret{}, false, err
	}
	// If a name is set twice, programs that read such files use the last one.
	for _, a := range slices.Backward(assignments(lines)) {
		if a.key == e.Key && a.value != "" {
			return Secret{SecretText: a.value}, true, nil
		}
	}
	return Secret{}, false, nil
}

func (e env) Write(_ context.Context, s Secret) error {
	return e.edit(func(lines []string) ([]string, error) { return e.with(lines, s.SecretText) })
}

func (e env) Forget(context.Context) error {
	if _, err := os.Stat(e.File); errors.Is(err, fs.ErrNotExist) {
		_, err := Remove(e.File)
		return err
	}
	return e.edit(func(lines []string) ([]string, error) { return replace(lines, e.Key, ""), nil })
}

// edit changes the lines of the file.
func (e env) edit(change func(lines []string) ([]string, error)) error {
	return Edit(e.File, func() ([]byte, error) {
		lines, err := e.lines()
		if err == nil {
			lines, err = change(lines)
		}
		return []byte(strings.Join(lines, "")), err
	})
}

// with returns lines with a line for the value. A quote that is never closed may include
// the line; then the lines cannot be distinguished.
func (e env) with(lines []string, text string) ([]string, error) {
	after := replace(lines, e.Key, exported(lines, e.Key)+e.Key+"="+dotenvValue(text))
	own, others := parted(after, e.Key)
	if _, before := parted(lines, e.Key); !slices.Equal(own, []string{text}) || !slices.Equal(others, before) {
		return nil, &Error{Where: e.File, Hint: "close the quote in that file", Err: errors.New("it contains an unclosed quote"), File: true}
	}
	return after, nil
}

// exported returns what precedes the name in the first line that sets it, if that is "export ": a shell that reads the
// file then passes the variable on to programs.
func exported(lines []string, key string) string {
	for _, a := range assignments(lines) {
		if a.key == key && exports.MatchString(lines[a.from]) {
			return "export "
		} else if a.key == key {
			return ""
		}
	}
	return ""
}

// parted returns the values of a name, and the other variables.
func parted(lines []string, key string) (own, others []string) {
	for _, a := range assignments(lines) {
		if a.key == key {
			own = append(own, a.value)
		} else {
			others = append(others, a.key+"="+a.value)
		}
	}
	return own, others
}

// lines returns the lines of the file, each with its line end.
func (e env) lines() ([]string, error) {
	raw, err := stack.ReadFile(e.File, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{Where: e.File, Hint: "name a file that can be read and written as the secret's sink", Err: err, File: true}
	}
	return linesOf(string(raw)), nil
}

func linesOf(text string) []string { return slices.Collect(strings.Lines(text)) }

// replace replaces the first line that sets the name, and removes all others; ""
// removes all of them.
func replace(lines []string, key, line string) []string {
	var all []string
	at, end := 0, "\n"
	// The only line may have a \r and no \n yet.
	if len(lines) > 0 && strings.HasSuffix(strings.TrimSuffix(lines[0], "\n"), "\r") {
		end = "\r\n"
	}
	put := func() {
		if line != "" {
			all, line = append(all, line+end), ""
		}
	}
	for _, a := range assignments(lines) {
		all = append(all, lines[at:a.from]...)
		if a.key == key {
			put()
		} else {
			all = append(all, lines[a.from:a.to]...)
		}
		at = a.to
	}
	all = append(all, lines[at:]...)
	if n := len(all); line != "" && n > 0 && !strings.HasSuffix(all[n-1], "\n") {
		all[n-1] = strings.TrimSuffix(all[n-1], "\r") + end
	}
	put()
	return all
}

// assignment is an assignment to a name, in lines from (inclusive) to (exclusive).
type assignment struct {
	key, value string
	from, to   int
}

var exports = regexp.MustCompile(`^\s*export\s`)

var assigns = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*`)

// assignments finds all assignments. A quoted value may span several lines.
func assignments(lines []string) []assignment {
	var all []assignment
	for i := 0; i < len(lines); i++ {
		m := assigns.FindStringSubmatch(strings.TrimRight(lines[i], "\r\n"))
		if m == nil {
			continue
		}
		a := assignment{key: m[1], from: i, to: i + 1}
		rest := strings.TrimPrefix(lines[i], m[0])
		below := strings.Join(append([]string{rest}, lines[i+1:]...), "")
		if value, length := unquote(below); length > 0 {
			a.value = value
			a.to += strings.Count(below[:length], "\n")
		} else {
			value, _, _ := strings.Cut(rest, " #")
			a.value = strings.TrimSpace(value)
		}
		all = append(all, a)
		i = a.to - 1
	}
	return all
}

// unquote returns the text between the quote at the beginning of text and the next one,
// and the length with both quotes. The length is 0 if text does not begin with a quote
// or the quote is never closed: then it is an ordinary character.
func unquote(text string) (value string, length int) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		return "", 0
	}
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			return b.String(), i + 1
		case c == '\\' && quote == '"' && i+1 < len(text):
			i++
			if text[i] == 'n' {
				b.WriteByte('\n')
			} else {
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", 0
}

// plain matches a value that needs no quotes in a shell or in any program that reads
// such files.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./@%+,-][A-Za-z0-9_./@%+,~-]*$`)

func dotenvValue(text string) string {
	switch {
	case plain.MatchString(text):
		return text
	case !strings.ContainsAny(text, "'\n\r"):
		return "'" + text + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`", "\n", `\n`).Replace(text) + `"`
}
