// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/stapledtest"
)

// TestReloadUnderLoad: while files are replaced and signals reload them, no
// request is refused that every policy allows, none is let in that no policy
// allows, and a broken file changes nothing and is in the log.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { io.Copy(rw, r.Body) }))
	defer upstream.Close()
	w := newWorld(t)
	const line = "  - {prefix: /, callers: any, upstream: %q}\n"
	first := fmt.Sprintf("forward_auth: 127.0.0.1:0\nproxy: 127.0.0.1:0\nanchors: [root.pem]\naudience: billing\nroutes:\n"+line, upstream.URL)
	second := strings.Replace(first, "[root.pem]", "[more.pem, root.pem]", 1)
	second = strings.Replace(second, "callers: any", "callers: "+ordersName, 1)
	second = strings.Replace(second, "routes:\n", fmt.Sprintf("routes:\n  - {path: /other, callers: https://other.internal, upstream: %q}\n", upstream.URL), 1)
	w.writeAnchor("more.pem", stapledtest.NewCA(t))
	w.start(first)

	ctx, stop := context.WithCancel(t.Context())
	signals, followed := make(chan os.Signal), make(chan struct{})
	go func() {
		defer close(followed)
		w.Follow(ctx, w.file, signals)
	}()
	clients := w.clients(ctx)
	for i := range 45 {
		before, failed := w.current.Load(), strings.Count(w.log.String(), "configuration not reloaded")
		broken := i%3 == 2
		w.write("gateway.yaml", [...]string{second, first, first + "routse: []\n"}[i%3])
		signals <- syscall.SIGHUP
		w.until("the reload", func() bool {
			if broken {
				return strings.Count(w.log.String(), "configuration not reloaded") > failed
			}
			return w.current.Load() != before
		})
		if n := len(w.current.Load().cfg.Routes); broken && n != 1 {
			t.Errorf("a broken file changed the configuration: %d routes", n)
		}
		asked := clients.asked.Load()
		w.until("requests under it", func() bool { return clients.asked.Load() >= asked+8 })
	}
	stop()
	clients.Wait()
	<-followed
	t.Logf("%d requests", clients.asked.Load())
	if wrong := clients.wrong.Load(); wrong != nil {
		t.Errorf("%s: %s", *wrong, w.log)
	}
}

// clients ask again and again until the context ends.
type clients struct {
	sync.WaitGroup
	asked atomic.Int64
	wrong atomic.Pointer[string]
}

func (w *world) clients(ctx context.Context) *clients {
	c := new(clients)
	good, bad := w.token("billing", nil), w.token("other", nil)
	for _, front := range []string{"forward_auth", "proxy"} {
		for _, row := range []struct {
			token string
			want  int
		}{{good, http.StatusOK}, {good, http.StatusOK}, {bad, http.StatusUnauthorized}} {
			c.Go(func() {
				for ctx.Err() == nil {
					if err := askOnce(w.Ready().Fronts[front], row.token, row.want); err != nil {
						text := fmt.Sprintf("%s: %v", front, err)
						c.wrong.Store(&text)
					}
					c.asked.Add(1)
				}
			})
		}
	}
	return c
}

func askOnce(front, token string, want int) error {
	r, err := http.NewRequest("POST", front+"/a", strings.NewReader("hello"))
	if err != nil {
		return err
	}
	r.Header = http.Header{
		"Authorization": {"Bearer " + token}, "X-Forwarded-Method": {"POST"}, "X-Forwarded-Uri": {"/a"},
		"X-Forwarded-Host": {"billing.internal"}, "X-Forwarded-Proto": {"https"},
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != want {
		return fmt.Errorf("got %d, want %d", answer.StatusCode, want)
	}
	return nil
}

// until waits for a condition.
func (w *world) until(what string, ok func() bool) {
	w.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("no sign of %s: %s", what, w.log)
		}
	}
}
