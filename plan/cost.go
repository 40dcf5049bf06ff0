package plan

import (
	"fmt"
	"slices"
	"time"
)

// The limits of Graph: requests in one $batch, and writes of an application in a
// tenant, a number in a burst, and then as many in each window. Source:
// learn.microsoft.com/graph/json-batching,
// learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits.
const (
	batchSize   = 20
	writeQuota  = 3_000
	writeWindow = 150 * time.Second
)

// Cost estimates the writes and the time that a plan requires.
type Cost struct {
	Writes   int           `json:"writes"`
	Requests int           `json:"requests"` // HTTP requests, each a batch
	AtLeast  time.Duration `json:"atLeast"`  // the time that the quota of writes requires
}

// Cost estimates the cost of applying the plan. It groups the writes into waves: a wave
// contains the writes whose dependencies earlier waves have completed.
func (p *Plan) Cost() Cost {
	var c Cost
	waves := map[int]int{} // writes by wave
	first := make([]int, len(p.Steps))
	for i, d := range p.Dependencies() {
		for _, j := range slices.Concat(d.Needs, d.After) {
			first[i] = max(first[i], first[j]+p.Steps[j].writes())
		}
		for n := range p.Steps[i].writes() {
			waves[first[i]+n]++
		}
		c.Writes += p.Steps[i].writes()
	}
	for _, n := range waves {
		c.Requests += (n + batchSize - 1) / batchSize
	}
	if more := c.Writes - writeQuota; more > 0 {
		c.AtLeast = time.Duration(more) * writeWindow / writeQuota
	}
	return c
}

// writes returns the number of writes that the step sends.
func (s Step) writes() int {
	switch {
	case s.Kind == Terraform:
		return 0 // to Microsoft Graph
	case s.Kind == Secret && s.Action == Update:
		return 0 // only its sink changes
	case s.Kind == Secret && s.Action == Replace:
		return 2
	case s.Action == Link || s.Action == Update || s.Action == Adopt:
		return max(1, len(s.Bodies))
	}
	return 1
}

func (c Cost) String() string {
	s := fmt.Sprintf("apply sends about %s in %s", plural(c.Writes, "write"), plural(c.Requests, "request"))
	if c.AtLeast > 0 {
		s += fmt.Sprintf(", which takes at least %s by the write quota of Microsoft Graph", c.AtLeast.Round(time.Second))
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
