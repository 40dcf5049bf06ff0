package emulator

import (
	"io"
	"net/http"
	"time"
)

// bodyTimeout is the maximum time in which the body of a request must arrive.
const bodyTimeout = 30 * time.Second

// readWithin limits the time in which a request's body arrives, by the machine's
// clock. The time of the answer has no limit, because a fault can delay it.
func readWithin(timeout time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		connection := http.NewResponseController(w)
		if connection.SetReadDeadline(time.Now().Add(timeout)) == nil {
			r.Body = &timedBody{r.Body, func() { _ = connection.SetReadDeadline(time.Time{}) }}
		}
		next.ServeHTTP(w, r)
	})
}

// timedBody removes the time limit after the body has been read.
type timedBody struct {
	io.ReadCloser
	arrived func()
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.arrived()
	}
	return n, err
}
