// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/internal/service"
)

// front is an open listener with its server.
type front struct {
	Front
	listener net.Listener
	server   *http.Server
	grpc     grpcServer // in place of server for ext_authz_grpc
	log      *slog.Logger
}

// maxHeader is how large the header of a request may be: a token of 16 KiB, the
// most that a verifier reads, with room for what comes with it.
const maxHeader = 64 << 10

func (s *Server) openFront(f Front) (*front, error) {
	l, err := listenFront(f)
	if err != nil {
		return nil, err
	}
	o := &front{Front: f, listener: newBounded(l, f.MaxConnections), log: s.log}
	o.server = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(f.Kind, w, r) }),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          loglimit.New(s.requests).ErrorLog(slog.LevelDebug, "connection failed"),
		Protocols:         new(http.Protocols),
	}
	o.server.Protocols.SetHTTP1(true)
	o.server.Protocols.SetHTTP2(true)
	o.server.Protocols.SetUnencryptedHTTP2(true)
	if f.Kind != ProxyFront {
		// No body to wait for, and no stream to answer.
		o.server.ReadTimeout, o.server.WriteTimeout = 30*time.Second, 30*time.Second
	}
	if f.Certificate != "" {
		o.server.TLSConfig = &tls.Config{
			MinVersion: tls.VersionTLS12,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				return s.current.Load().certificates[f.Kind], nil
			},
		}
		if f.RequestClientCertificate {
			// Any or none: rule 7.9 compares it with the token, which an anchor
			// vouches for. A name that nobody has proven counts nowhere.
			o.server.TLSConfig.ClientAuth = tls.RequestClientCert
		}
	}
	if f.Kind == ExtAuthzGRPC {
		o.grpc = s.newGRPC(o)
	}
	return o, nil
}

func (f *front) start(failed chan<- error) {
	go func() {
		var err error
		if f.grpc.Server != nil {
			err = f.grpc.serve(f.listener)
		} else if f.server.TLSConfig != nil {
			err = f.server.ServeTLS(f.listener, "", "")
		} else {
			err = f.server.Serve(f.listener)
		}
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve %s: %w", f.Kind, err)
		}
	}()
}

// close ends the front in an orderly way. After the grace period it cuts off
// requests that are still open: any caller could hold one open.
func (f *front) close(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var err error
	if f.grpc.Server != nil {
		err = f.grpc.shutdown(ctx)
	} else {
		err = f.server.Shutdown(ctx)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		f.log.Warn("requests cut off", "front", string(f.Kind), "after", grace)
		err = f.server.Close()
	}
	// If it never served, the listener is still open.
	if closed := f.listener.Close(); !errors.Is(closed, net.ErrClosed) {
		err = errors.Join(err, closed)
	}
	if err != nil {
		return fmt.Errorf("stop serving %s: %w", f.Kind, err)
	}
	return nil
}

// url returns where this machine reaches the front.
func (f *front) url() string {
	if strings.HasPrefix(f.Address, unixPrefix) {
		return f.Address
	}
	url := service.URL(f.listener.Addr().String())
	if f.Certificate != "" {
		url = "https" + strings.TrimPrefix(url, "http")
	}
	return url
}

func listenFront(f Front) (net.Listener, error) {
	path, unix := strings.CutPrefix(f.Address, unixPrefix)
	if !unix {
		s, err := service.Listen(f.Address, string(f.Kind))
		if err != nil {
			return nil, err
		}
		return s.Listener, nil
	}
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Kind, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Kind, err)
	}
	// As on a loopback address, every user may ask; the directory can say
	// otherwise.
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.Kind, err), l.Close())
	}
	return l, nil
}

// removeStale removes a socket on which nothing listens any more, as a killed
// process leaves it.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and is no socket: remove it, or choose another path", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		_ = conn.Close() // nothing was sent
		return fmt.Errorf("%s is in use: stop what listens there, or choose another path", path)
	case !errors.Is(err, syscall.ECONNREFUSED):
		return err
	}
	return os.Remove(path)
}
