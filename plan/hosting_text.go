package plan

import (
	"fmt"
	"io"

	"provision/internal/display"
)

// text writes the resources that change, with their attributes.
func (h *Hosting) text(w io.Writer, paint func(tint, string) string) {
	for _, r := range h.Resources {
		sign, tint := "~", yellow
		switch r.Action {
		case Create:
			sign, tint = "+", green
		case Delete:
			sign, tint = "-", red
		case Replace:
			sign = "-/+"
		}
		fmt.Fprintf(w, "      %s %s\n", paint(tint, sign), display.Line(r.Address))
		if r.Action == Delete {
			continue
		}
		for _, a := range r.Attributes {
			fmt.Fprintf(w, "          %s: %s\n", display.Line(a.Path), a.text(paint))
		}
	}
	for _, a := range h.ChangedOutputs {
		fmt.Fprintf(w, "      output %s: %s\n", display.Line(a.Path), a.text(paint))
	}
}

func (a HostingAttribute) text(paint func(tint, string) string) string {
	switch {
	case a.Sensitive:
		return "(sensitive)"
	case a.Unknown && a.From == nil:
		return paint(green, "(known after apply)")
	case a.Unknown:
		return paint(red, jsonLine(a.From)) + " → " + paint(green, "(known after apply)")
	case a.From == nil:
		return paint(green, jsonLine(a.To))
	case a.To == nil:
		return paint(red, jsonLine(a.From)) + " → none"
	}
	return paint(red, jsonLine(a.From)) + " → " + paint(green, jsonLine(a.To))
}
