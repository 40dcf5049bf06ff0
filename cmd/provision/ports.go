package main

import (
	"fmt"
	"math/rand/v2"
)

// portRange is the ports from which a new local tenant takes one, both ends
// included.
type portRange struct{ from, to int }

// newPorts lie below the range from which systems give out ports by themselves.
var newPorts = portRange{20000, 29999}

// parsePorts reads FROM-TO, as PROVISION_PORTS has it; "" is newPorts.
func parsePorts(s string) (portRange, error) {
	if s == "" {
		return newPorts, nil
	}
	var r portRange
	if n, err := fmt.Sscanf(s, "%d-%d", &r.from, &r.to); n != 2 || err != nil || fmt.Sprintf("%d-%d", r.from, r.to) != s || r.from < 1 || r.to < r.from || r.to > 65535 {
		return r, hint(usagef("PROVISION_PORTS: %q is not a range of ports", s), "write it as FROM-TO, e.g. 20000-29999")
	}
	return r, nil
}

func (r portRange) random() int { return r.from + rand.IntN(r.to-r.from+1) }
