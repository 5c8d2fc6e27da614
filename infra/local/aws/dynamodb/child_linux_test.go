package dynamodb_test

import (
	"bufio"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	engine "trueup/infra/local/aws/dynamodb"
)

// The engine must end when its parent is killed without stopping it. The parent is this
// test, run as a child process.
func TestEngineDiesWithItsParent(t *testing.T) {
	const child = "TRUEUP_TEST_ENGINE_PARENT"
	if os.Getenv(child) != "" {
		fmt.Println("url", start(t, engine.Options{}).URL)
		select {}
	}
	parent := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEngineDiesWithItsParent$")
	parent.Env = append(os.Environ(), child+"=1")
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	address := ""
	for lines := bufio.NewScanner(stdout); address == "" && lines.Scan(); {
		if at, found := strings.CutPrefix(lines.Text(), "url "); found {
			u, err := url.Parse(at)
			if err != nil {
				t.Fatal(err)
			}
			address = u.Host
		}
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	if address == "" {
		if os.Getenv("TRUEUP_REQUIRE_DYNAMODB") == "1" {
			t.Fatal("the engine did not start")
		}
		t.Skip("the engine did not start: it or Java is missing")
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close()
		if time.Now().After(deadline) {
			t.Fatalf("the engine still listens on %s", address)
		}
	}
}
