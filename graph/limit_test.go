package graph

import (
	"testing"
	"time"
)

// TestWritesArePacedAfterGraphReportsAQuota, and not before.
func TestWritesArePacedAfterGraphReportsAQuota(t *testing.T) {
	t.Parallel()
	now := time.Now()
	free := newLimiter(0)
	for range 400 {
		if pause := free.spend(20, now); pause > 0 {
			t.Fatalf("a pause of %s, and Graph has spoken of no quota", pause)
		}
	}
	for name, learn := range map[string]func(*limiter){
		"a refused write":        func(l *limiter) { l.drain(now) },
		"a share of the quota":   func(l *limiter) { l.ease(0.81, now) },
		"after many have passed": func(l *limiter) { l.ease(0.81, now) },
	} {
		l := newLimiter(0)
		for range 150 {
			l.spend(20, now)
		}
		learn(l)
		if pause := l.spend(20, now); pause < 900*time.Millisecond || pause > 1100*time.Millisecond {
			t.Errorf("%s: a pause of %s for 20 writes, want a second", name, pause)
		}
		if pause := l.spend(20, now.Add(time.Second+time.Millisecond)); pause > 0 {
			t.Errorf("%s: a pause of %s although 20 writes have flowed back", name, pause)
		}
	}
	drained := newLimiter(0)
	drained.drain(now)
	if pause := drained.spend(20, now); pause == 0 {
		t.Error("after a refused write the quota is used up, whatever was counted here")
	}
}

// TestReadsSlowDownByReportedQuota, unless it is the quota of writes.
func TestReadsSlowDownByReportedQuota(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := newLimiter(0)
	if pause := l.ease(0.85, now); pause > 0 {
		t.Errorf("a pause of %s with much left", pause)
	}
	if pause := l.ease(0.95, now); pause < 900*time.Millisecond || pause > 1100*time.Millisecond {
		t.Errorf("a pause of %s at 95%%, want the second in which 10%% flow back", pause)
	}
	for range 146 {
		l.spend(20, now)
	}
	if pause := l.ease(0.96, now); pause > 0 {
		t.Errorf("a pause of %s for the share of writes, which are counted here", pause)
	}
}

// TestConcurrencyGrowsAndHalves.
func TestConcurrencyGrowsAndHalves(t *testing.T) {
	t.Parallel()
	l := newLimiter(0)
	var widths []int
	for _, whole := range []bool{true, true, true, false, false, false, true} {
		l.learn(whole)
		widths = append(widths, l.width())
	}
	want := []int{3, 4, 4, 2, 1, 1, 2}
	for i := range want {
		if widths[i] != want[i] {
			t.Fatalf("widths %v, want %v", widths, want)
		}
	}
	if one := newLimiter(1); one.width() != 1 {
		t.Errorf("width %d, want the requested width", one.width())
	}
}
