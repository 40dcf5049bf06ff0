package terraform

import (
	"bytes"
	"encoding/json"
	"strings"
)

// log reads the messages of a command that answers in JSON, one message on each line.
// Reference: https://developer.hashicorp.com/terraform/internals/machine-readable-ui.
type log struct {
	progress func(line string)
	errors   []string // the texts of its diagnostics

	rest []byte // of an incomplete line
}

// message is one line, without the output of provisioners, which can be any text.
type message struct {
	Type       string `json:"type"`
	Message    string `json:"@message"`
	Diagnostic struct {
		Severity string `json:"severity"`
		Summary  string `json:"summary"`
		Detail   string `json:"detail"`
		Address  string `json:"address"`
	} `json:"diagnostic"`
}

func (l *log) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.rest = bytes.Clone(rest)
		var m message
		if json.Unmarshal(line, &m) == nil {
			l.take(m)
		}
	}
}

// outputMark precedes what `provision background start`, the provisioner of local-api,
// wrote when it failed. Terraform puts the whole command before it.
const outputMark = "Output: error: "

func (l *log) take(m message) {
	switch m.Type {
	case "apply_start", "apply_progress", "apply_complete", "apply_errored":
		l.progress(strings.ReplaceAll(m.Message, callPrefix, ""))
	case "diagnostic":
		if d := m.Diagnostic; d.Severity == "error" {
			text := d.Summary
			if _, why, ours := strings.Cut(d.Detail, " background start "); ours && strings.Contains(why, outputMark) {
				_, text, _ = strings.Cut(why, outputMark)
			} else if d.Detail != "" {
				text += ": " + d.Detail
			}
			if d.Address != "" {
				text = strings.ReplaceAll(d.Address, callPrefix, "") + ": " + text
			}
			l.errors = append(l.errors, text)
		}
	}
}
