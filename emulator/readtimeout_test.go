package emulator

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// TestIncompleteBodyTimesOut: the server waits for a body until the timeout. A complete body
// does not limit the time of the handler.
func TestIncompleteBodyTimesOut(t *testing.T) {
	t.Parallel()
	got := make(chan error, 1)
	slow := make(chan struct{})
	server := httptest.NewServer(readWithin(50*time.Millisecond, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if r.URL.Path == "/slow" {
			<-slow
			err = r.Context().Err()
		}
		got <- err
		fmt.Fprintf(w, "%d", len(body))
	})))
	t.Cleanup(server.Close)
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of it"); err != nil {
		t.Fatal(err)
	}
	if err := <-got; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading the body: %v, want that the time is up", err)
	}
	if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil && !answer.Close {
		t.Error("the connection stays open for what is left of the body")
	}
	go func() {
		time.Sleep(150 * time.Millisecond) // three times the timeout of a body
		close(slow)
	}()
	answer, err := http.Post(server.URL+"/slow", "text/plain", strings.NewReader("all of it"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := <-got; err != nil {
		t.Errorf("after the body had arrived: %v", err)
	}
}
