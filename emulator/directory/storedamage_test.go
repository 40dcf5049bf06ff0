// bbolt reads pages in a separate goroutine, which races with its rollback if a damaged page
// causes a panic.

//go:build !race

package directory

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestRandomDamageIsAnError overwrites random parts of a store: the process never ends.
func TestRandomDamageIsAnError(t *testing.T) {
	t.Parallel()
	whole := written(t)
	random := rand.New(rand.NewPCG(7, 7))
	damaged := 0
	for range 200 {
		content := append([]byte{}, whole...)
		at := random.IntN(len(content))
		switch random.IntN(4) {
		case 0:
			content[at] ^= byte(1 + random.IntN(255))
		case 1:
			for i := range min(64, len(content)-at) {
				content[at+i] = byte(random.IntN(256))
			}
		case 2:
			page := at / os.Getpagesize() * os.Getpagesize()
			clear(content[page:min(page+os.Getpagesize(), len(content))])
		case 3:
			content = content[:at]
		}
		if err := opened(t, content); err != nil {
			damaged++
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %v", err)
			}
		}
	}
	if damaged < 50 {
		t.Errorf("%d of 200 damages were found, want at least 50", damaged)
	}
}
