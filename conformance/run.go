package conformance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Run executes the suite's cases and passes their results to the handler, in the order of Expand.
// It returns an error only if there are no cases, if the target cannot be reached, or if the
// handler cannot write.
func Run(ctx context.Context, s *Suite, h Handler) (Summary, error) {
	suite := *s
	suite.Concurrency = cmp.Or(max(s.Concurrency, 0), 4)
	suite.Timeout = cmp.Or(s.Timeout, 30*time.Second)
	if suite.Clock == nil {
		suite.Clock = time.Now
	}
	all, err := suite.expand()
	if err != nil {
		return Summary{}, err
	}
	chosen, err := suite.selected(all)
	if err != nil {
		return Summary{}, err
	}
	begin := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := newRunner(&suite, all, chosen)
	if err := r.share(ctx); err != nil {
		return Summary{}, err
	}
	defer r.unshare()
	defer r.state.close(ctx)
	if e, ok := suite.lifecycleEndpoint(); ok && suite.Changes.Keys != nil && slices.ContainsFunc(chosen, func(c Case) bool { return c.stage == stageLifecycle && c.Endpoint == e.id }) {
		r.state.publish(e)
	}
	if err := r.probe(ctx); err != nil {
		return Summary{}, err
	}
	r.avoidSurplus(ctx)
	r.opening(ctx)
	r.avoidSurplus(ctx) // with the valid token
	plan := Plan{Name: suite.Document.Name, Resource: suite.Resource.Name, URL: suite.Target.URL, Cases: chosen, Stopped: r.isHalted()}
	if err := h.Begin(plan); err != nil {
		return Summary{}, fmt.Errorf("report: %w", err)
	}
	summary := Summary{Planned: len(chosen), Began: begin}
	r.start(ctx)
	defer r.running.Wait()
	defer cancel() // first, so that the wait is short
	g := newGrouping(&suite)
	g.stopped = plan.Stopped != ""
	results := r.unasked() // they explain the other failures
	g.group(results)
	var open []*Result // open are those whose endpoint has more to come
	groupOpen := func() error {
		g.groupAll(open)
		for _, result := range open {
			suite.Baseline.apply(result, suite.Clock())
			summary.count(*result)
			if err := h.Result(*result); err != nil {
				return fmt.Errorf("report: %w", err)
			}
		}
		open = nil
		return nil
	}
	for _, c := range chosen {
		if len(open) > 0 && r.isHalted() == "" && (open[0].Endpoint != c.Endpoint || open[0].stage < stageLifecycle && c.stage >= stageLifecycle) {
			if err := groupOpen(); err != nil {
				return summary, err
			}
		}
		result := <-r.slots[c.ID]
		if err := ctx.Err(); err != nil {
			return summary, fmt.Errorf("verify %s: %w", suite.Target.URL, err)
		}
		open, results = append(open, &result), append(results, &result)
	}
	if err := groupOpen(); err != nil {
		return summary, err
	}
	summary.Duration = time.Since(begin)
	summary.Unproven = r.unproven()
	for _, result := range results {
		if result.Outcome == Skip && result.Add != "" && !suite.excuses(result.Case) {
			summary.Undeclared++
		}
	}
	for _, e := range r.state.endpoints {
		if !e.public {
			summary.Protected++
		}
	}
	summary.found(g.summary(results))
	if err := h.End(summary); err != nil {
		return summary, fmt.Errorf("report: %w", err)
	}
	return summary, nil
}
