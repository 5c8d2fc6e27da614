// Package loopback restricts the servers of the local stack to this machine: they listen
// only on 127.0.0.1, and accept only requests whose host is a loopback address or
// localhost. The latter prevents DNS rebinding by web pages: the stack issues tokens to
// every caller.
package loopback

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Listen listens on a port of 127.0.0.1; 0 picks a free one. setting is the name of the
// setting for the port, for the error, which is one line and says what to do.
func Listen(port int, setting string) (net.Listener, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use; stop the program that uses it, or choose another one (%s=…)", port, setting)
	}
	if errors.Is(err, syscall.EACCES) {
		return nil, fmt.Errorf("port %d needs more rights; choose 1024 or higher (%s=…)", port, setting)
	}
	return listener, err
}

// Client returns a client of the API that follows redirects to S3 without the token, which S3 refuses
// beside a presigned address. Go drops it only for another host, and here S3 is another port.
func Client() *http.Client {
	return &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		r.Header.Del("Authorization")
		return nil
	}}
}

// Server returns a server of h for callers on this machine. Its errors, such as panics of
// handlers, are written to errorLog.
func Server(h http.Handler, errorLog io.Writer) *http.Server {
	return &http.Server{
		Handler: only(h), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(errorLog, "", log.LstdFlags),
	}
}

func only(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "The local stack accepts only requests to 127.0.0.1 and localhost.", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}
