package lambda_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"trueup/infra/local/aws/lambda"
)

// TestR3_9_MessagesAreDeliveredAFewAtATime: the event source has a maximum concurrency.
func TestR3_9_MessagesAreDeliveredAFewAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "calls")
	h, _ := start(t, dir, lambda.Function{
		Queue: &lambda.Queue{AtOnce: 2, Hidden: time.Minute, Deliveries: 5},
	})
	for range 6 {
		if _, err := h.Send("probe", fmt.Appendf(nil, `{"do":"sleep","for":200,"file":%q}`, file)); err != nil {
			t.Fatal(err)
		}
	}
	most := 0
	eventually(t, "all are delivered", func() bool {
		most = max(most, len(h.PIDs("probe")))
		return h.Pending() == 0
	})
	if n := len(calls(file)); n != 6 || most != 2 {
		t.Errorf("%d deliveries, %d at once", n, most)
	}
}

// TestR3_9_AMessageThatFails: it is delivered again, as often as the queue says, and is a dead
// letter then, as it was sent.
func TestR3_9_AMessageThatFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "calls")
	h, _ := start(t, dir, lambda.Function{
		Queue: &lambda.Queue{AtOnce: 2, Hidden: time.Minute, Deliveries: 5}, Retries: 1,
	})
	body := fmt.Appendf(nil, `{"do":"error","file":%q}`, file)
	if _, err := h.Send("probe", body); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it fails on every delivery", func() bool { return h.Pending() == 0 })
	letters, err := h.DeadLetters()
	if err != nil || len(letters) != 1 || !bytes.Equal(letters[0].RequestPayload, body) {
		t.Fatalf("%v, %v", letters, err)
	}
	if n := len(calls(file)); n != 5 {
		t.Errorf("%d deliveries", n)
	}
	if _, err := h.Send("unknown", body); !errors.Is(err, lambda.ErrNotFound) {
		t.Errorf("a queue that is not there: %v", err)
	}
}

// TestR3_9_AMessageIsHidden: with the delays of the service, a failed message is not delivered
// again before its visibility timeout has passed, also not after a restart.
func TestR3_9_AMessageIsHidden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "calls")
	run := func(hidden time.Duration) *lambda.Host {
		h, err := lambda.Start(lambda.Options{
			Functions: []lambda.Function{{
				Name: "probe", Binary: probe, Timeout: 10 * time.Second,
				Queue: &lambda.Queue{AtOnce: 2, Hidden: hidden, Deliveries: 2},
			}},
			Dir: dir, Logs: filepath.Join(dir, "logs"), Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { stop(h, time.Second) })
		return h
	}
	h := run(2 * time.Second)
	begun := time.Now()
	if _, err := h.Send("probe", fmt.Appendf(nil, `{"do":"error","file":%q}`, file)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is delivered", func() bool { return len(calls(file)) == 1 })
	time.Sleep(500 * time.Millisecond)
	stop(h, time.Second)
	again := run(2 * time.Second)
	eventually(t, "it is delivered again", func() bool { return again.Pending() == 0 })
	if took := time.Since(begun); len(calls(file)) != 2 || took < 2*time.Second {
		t.Errorf("%d deliveries in %v", len(calls(file)), took)
	}
}

// TestR16_1_ThrottledMessage: a message that gets no execution within its visibility timeout counts
// as delivered, without a call of the function.
func TestR16_1_ThrottledMessage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "calls")
	h, err := lambda.Start(lambda.Options{
		Functions: []lambda.Function{{
			Name: "probe", Binary: probe, Timeout: 30 * time.Second,
			Queue: &lambda.Queue{AtOnce: 2, Hidden: 500 * time.Millisecond, Deliveries: 3},
		}}, Executions: 1,
		Dir: dir, Logs: filepath.Join(dir, "logs"), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(h, time.Second) })
	occupy := func(ms int) (free func()) {
		var running sync.WaitGroup
		before := len(calls(file))
		running.Go(func() {
			if _, err := h.Invoke(context.Background(), "probe", fmt.Appendf(nil, `{"do":"sleep","for":%d,"file":%q}`, ms, file)); err != nil {
				t.Error(err)
			}
		})
		eventually(t, "the only execution is taken", func() bool { return len(calls(file)) == before+1 })
		return running.Wait
	}
	body := fmt.Appendf(nil, `{"file":%q}`, file)

	free := occupy(800) // longer than one delivery, shorter than three
	if _, err := h.Send("probe", body); err != nil {
		t.Fatal(err)
	}
	free()
	eventually(t, "it is delivered", func() bool { return h.Pending() == 0 })
	if letters, err := h.DeadLetters(); err != nil || len(letters) != 0 || len(calls(file)) != 2 {
		t.Errorf("%d calls, %v, %v", len(calls(file)), letters, err)
	}

	free = occupy(3000)
	begun := time.Now()
	if _, err := h.Send("probe", body); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it was delivered three times", func() bool { return h.Pending() == 0 })
	took := time.Since(begun)
	letters, err := h.DeadLetters()
	if err != nil || len(letters) != 1 || !bytes.Equal(letters[0].RequestPayload, body) {
		t.Errorf("%v, %v", letters, err)
	}
	free()
	if len(calls(file)) != 3 || took < 1500*time.Millisecond {
		t.Errorf("%d calls, a dead letter after %v", len(calls(file)), took)
	}
}

// TestR16_1_AccountLimit: beyond the limit, callers are refused, and asynchronous calls wait.
func TestR16_1_AccountLimit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "calls")
	h, err := lambda.Start(lambda.Options{
		Functions: []lambda.Function{{Name: "probe", Binary: probe, Timeout: 30 * time.Second}}, Executions: 2,
		Dir: dir, Logs: filepath.Join(dir, "logs"), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(h, time.Second) })
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() {
			if _, err := h.Invoke(context.Background(), "probe", fmt.Appendf(nil, `{"do":"sleep","for":2000,"file":%q}`, file)); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "two run", func() bool { return len(calls(file)) == 2 })
	if _, err := h.Invoke(context.Background(), "probe", []byte(`{}`)); !errors.Is(err, lambda.ErrThrottled) {
		t.Errorf("the third: %v", err)
	}
	if _, err := h.InvokeAsync("probe", fmt.Appendf(nil, `{"file":%q}`, file)); err != nil {
		t.Fatal(err)
	}
	running.Wait()
	eventually(t, "the asynchronous call is made", func() bool { return len(calls(file)) == 3 && h.Pending() == 0 })
}
