package localtenant

import (
	"fmt"
	"math/rand/v2"
)

// Ports are the ports from which a new local tenant takes one, both ends
// included.
type Ports struct{ From, To int }

// newPorts are below the range of ports that systems assign automatically.
var newPorts = Ports{20000, 29999}

// ParsePorts reads FROM-TO, as PROVISION_PORTS has it; "" is newPorts.
func ParsePorts(s string) (Ports, error) {
	if s == "" {
		return newPorts, nil
	}
	var r Ports
	if n, err := fmt.Sscanf(s, "%d-%d", &r.From, &r.To); n != 2 || err != nil || fmt.Sprintf("%d-%d", r.From, r.To) != s || r.From < 1 || r.To < r.From || r.To > 65535 {
		return r, &Error{fmt.Errorf("PROVISION_PORTS: %q is not a range of ports", s), "write it as FROM-TO, e.g. 20000-29999"}
	}
	return r, nil
}

// Random returns one of the ports.
func (r Ports) Random() int { return r.From + rand.IntN(r.To-r.From+1) }

func (r Ports) String() string { return fmt.Sprintf("%d-%d", r.From, r.To) }
