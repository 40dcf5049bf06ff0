package display

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func TestLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"plain", "Contoso Orders (Größe: 10 µm) 日本語", "Contoso Orders (Größe: 10 µm) 日本語"},
		{"empty", "", ""},
		{"line breaks", "a\nb\r\nc\u2028d\u0085e", `a\u000ab\u000d\u000ac\u2028d\u0085e`},
		{"tab", "a\tb", `a\u0009b`},
		{"escape sequence", "\x1b]0;title\a\x1b[2J", `\u001b]0;title\u0007\u001b[2J`},
		{"C1", "\u009b31m", `\u009b31m`},
		{"bidi", "abc\u202egpj.exe\u2066\u200f", `abc\u202egpj.exe\u2066\u200f`},
		{"invisible", "a\u200bb\u00adc\ufe0fd\u3164\U000e0041", `a\u200bb\u00adc\ufe0fd\u3164\udb40\udc41`},
		{"no UTF-8", "a\x9b\xffb", "a\ufffd\ufffdb"},
		{"GitHub command", "::error::x", `:\u003aerror::x`},
		{"GitHub command after spaces", " \u00a0::add-mask::x", ` ` + "\u00a0" + `:\u003aadd-mask::x`},
		{"GitHub command, old form", "name ##[add-path]/tmp", `name ##\u005badd-path]/tmp`},
		{"Azure command", "x ##vso[task.setvariable variable=a]b", `x ##vso\u005btask.setvariable variable=a]b`},
		{"Azure command in capitals", "##VSO[task.complete]", `##VSO\u005btask.complete]`},
		{"more number signs", "####[error]", `####\u005berror]`},
		{"separated by an ignored character", "#\u200d#vso\u00ad[x]", `#\u200d#vso\u00ad[x]`},
		{"colons inside a line", "GET /a::b at http://[::1]:80", "GET /a::b at http://[::1]:80"},
		{"not a mark", "#[x] ##v[x] ##vs [", "#[x] ##v[x] ##vs ["},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := Line(test.text); got != test.want {
				t.Errorf("Line(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}

// A Writer produces the same bytes, however the text is split into writes.
func TestWriterOutputDoesNotDependOnSplits(t *testing.T) {
	t.Parallel()
	text := "  ::error::a\nb ::c\n::\n##vso[x] é\u202e ##[y]\x1b[31mred\x1b[0m\x1b[2J\n\t::warning x::"
	want := "  :\\u003aerror::a\nb ::c\n:\\u003a\n##vso\\u005bx] é\\u202e ##\\u005by]\x1b[31mred\x1b[0m\\u001b[2J\n\t:\\u003awarning x::"
	for cut := range len(text) + 1 {
		var b bytes.Buffer
		w := NewWriter(&b, true)
		for _, part := range []string{text[:cut], text[cut:]} {
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatalf("Write = %d, %v", n, err)
			}
		}
		if b.String() != want {
			t.Fatalf("cut at %d: %q, want %q", cut, b.String(), want)
		}
	}
}

func TestWriterWithoutColors(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if _, err := NewWriter(&b, false).Write([]byte("\x1b[31mred\x1b[0m")); err != nil {
		t.Fatal(err)
	}
	if want := `\u001b[31mred\u001b[0m`; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// A JSON document keeps its meaning.
func FuzzWriterKeepsJSON(f *testing.F) {
	f.Add("##vso[a]\u202e\u2028\U000e0041\x7f")
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "")
		raw, err := json.MarshalIndent(map[string]string{"value": s}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := NewWriter(&b, false).Write(raw); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatalf("%q: %v", b.Bytes(), err)
		}
		if got["value"] != s {
			t.Errorf("%q, want %q", got["value"], s)
		}
	})
}

// FuzzHarmless checks the displayed text with the parsing rules of both runners.
func FuzzHarmless(f *testing.F) {
	for _, s := range []string{"::error::x", "\u3000::set-output name=a::b", "a ##[group]b", "##vso[task.setvariable variable=x]y",
		"a\r::debug::b", "\x1b[31m::error::", "#\u200b#[error]", ":\u200d:error::", "a\xf0\x9f", "##\xe2vso["} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		w := NewWriter(&b, true)
		for _, chunk := range []string{s[:len(s)/2], s[len(s)/2:], "\n"} {
			if _, err := w.Write([]byte(chunk)); err != nil {
				t.Fatal(err)
			}
		}
		for _, shown := range []string{b.String(), Line(s)} {
			for _, line := range regexp.MustCompile("\r\n|\r|\n").Split(shown, -1) {
				if gitHubCommand(line) || gitHubOldCommand(line) || azureCommand(line) {
					t.Errorf("%q is shown as %q, which is a command", s, shown)
				}
			}
		}
		if strings.ContainsFunc(Line(s), func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q has control characters in a line: %q", s, Line(s))
		}
	})
}

// ignored are characters that a culture-sensitive comparison ignores.
func ignored(line string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) || unicode.IsControl(r) && r != '\t' && r != 0x1b {
			return -1
		}
		return r
	}, line)
}

// gitHubCommand follows ActionCommand.TryParseV2 in actions/runner, for a command with any name:
// it is at the beginning of the line, after optional white space, and ends with another "::".
func gitHubCommand(line string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeftFunc(ignored(line), unicode.IsSpace), "::")
	return ok && strings.Contains(rest, "::")
}

// gitHubOldCommand follows ActionCommand.TryParse in actions/runner: "##[" anywhere, and "]"
// after it.
func gitHubOldCommand(line string) bool {
	_, rest, ok := strings.Cut(ignored(line), "##[")
	return ok && strings.Contains(rest, "]")
}

// azureCommand follows Command.TryParse in microsoft/azure-pipelines-agent: "##vso[" anywhere,
// and "]" after it. The comparison ignores case, to be safe.
func azureCommand(line string) bool {
	_, rest, ok := strings.Cut(strings.ToLower(ignored(line)), "##vso[")
	return ok && strings.Contains(rest, "]")
}

// TestShellQuote: a shell reads the word from the quoted form, which Line does not change.
func TestShellQuote(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("bash")
	if err != nil {
		if os.Getenv("PROVISION_TEST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip("bash is not on PATH")
	}
	for _, word := range []string{
		"plain/word.env", "", "two words", "it's", "$(id)`id`;~#", "-x", `a\nb`, "Größe",
		"a\nb", "a\tb'c\\d", "\x1b[31mred", "a\u202eb", "a\x9b\xffb", "::error::x", "##vso[task.complete]", "a ##[error]1",
	} {
		quoted := ShellQuote(word)
		if Line("run "+quoted) != "run "+quoted {
			t.Errorf("%q is quoted as %s, which is shown differently", word, quoted)
		}
		out, err := exec.Command(shell, "-c", "printf %s "+quoted).Output()
		if err != nil || string(out) != word {
			t.Errorf("bash reads %s as %q (%v), want %q", quoted, out, err, word)
		}
	}
}
