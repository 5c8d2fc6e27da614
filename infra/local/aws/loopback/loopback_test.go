package loopback_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"trueup/infra/local/aws/loopback"
)

func TestOnlyThisMachineByItsOwnNames(t *testing.T) {
	t.Parallel()
	listener, err := loopback.Listen(0, "PORT")
	if err != nil {
		t.Fatal(err)
	}
	server := loopback.Server(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), io.Discard)
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	address := listener.Addr().String()
	if !strings.HasPrefix(address, "127.0.0.1:") {
		t.Errorf("listens on %s", address)
	}
	for host, want := range map[string]int{
		address: 204, "localhost": 204, "localhost:8080": 204, "127.0.0.1": 204, "[::1]:8080": 204, "[::1]": 204,
		"evil.example": 421, "evil.example:8080": 421, "192.0.2.1:8080": 421, "127.0.0.1.evil.example": 421,
	} {
		r, _ := http.NewRequest("GET", "http://"+address, nil)
		r.Host = host
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, response.StatusCode, want)
		}
	}
}

func TestPortInUseSaysWhatToDo(t *testing.T) {
	t.Parallel()
	listener, err := loopback.Listen(0, "PORT")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, err = loopback.Listen(listener.Addr().(*net.TCPAddr).Port, "S3_PORT")
	if err == nil || !strings.Contains(err.Error(), "in use") || !strings.Contains(err.Error(), "S3_PORT=") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}
