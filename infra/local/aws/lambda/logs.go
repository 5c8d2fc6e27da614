package lambda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	longestLine  = 256 << 10 // the service's limit for one log event
	shortestForm = 240       // maximum characters of a line on the console
)

// logFile is the log of one function.
type logFile struct {
	name    string
	now     func() time.Time
	mu      sync.Mutex
	file    *os.File
	console io.Writer
}

func openLog(dir, name string, console io.Writer, now func() time.Time) (*logFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &logFile{name: name, file: f, console: console, now: now}, err
}

func (l *logFile) Close() error { return l.file.Close() }

// line logs one line, complete to the file and in short form to the console.
func (l *logFile) line(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.file.Write(append(line, '\n')) // a full disk does not stop the functions
	if l.console != io.Discard {
		fmt.Fprintf(l.console, "%s: %s\n", l.name, short(line))
	}
}

// report logs the end of an invocation as the service does. Sizes of memory are in MB.
func (l *logFile) report(id string, took time.Duration, memory, used int, r Result) {
	status := "success"
	if r.FunctionError != "" {
		status = "error"
	}
	record := map[string]any{
		"requestId": id, "status": status,
		"metrics": map[string]any{"durationMs": float64(took.Microseconds()) / 1000, "memorySizeMB": memory, "maxMemoryUsedMB": used},
	}
	if r.outOfMemory {
		record["errorType"] = "Runtime.OutOfMemory"
	}
	line, _ := json.Marshal(map[string]any{ // these values always marshal
		"time": l.now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"type": "platform.report", "record": record,
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.file.Write(append(line, '\n')) // a full disk does not stop the functions
	if status == "error" {
		fmt.Fprintf(l.console, "%s: failed: %s\n", l.name, short(r.Payload))
	}
	if r.outOfMemory {
		fmt.Fprintf(l.console, "%s: killed because it used %d of %d MB of memory\n", l.name, used, memory)
	}
}

// short returns the readable form of a structured line: level, message, and the other
// fields.
func short(line []byte) string {
	text := string(line)
	var fields map[string]any
	if json.Unmarshal(line, &fields) == nil {
		var b strings.Builder
		for _, lead := range []string{"level", "msg", "message"} {
			if s, ok := fields[lead].(string); ok {
				b.WriteString(s + " ")
			}
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			switch name {
			case "level", "msg", "message", "time", "timestamp", "requestId", "_aws":
			default:
				fmt.Fprintf(&b, "%s=%v ", name, fields[name])
			}
		}
		text = strings.TrimSpace(b.String())
	}
	text = strings.ReplaceAll(text, "\n", " ")
	if runes := []rune(text); len(runes) > shortestForm {
		text = string(runes[:shortestForm]) + "…"
	}
	return text
}

// lines returns a writer that logs its input line by line.
func (l *logFile) lines() *lineWriter { return &lineWriter{log: l} }

type lineWriter struct {
	log  *logFile
	rest []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		i := bytes.IndexByte(w.rest, '\n')
		if i < 0 && len(w.rest) > longestLine {
			i = longestLine
		}
		if i < 0 {
			return len(p), nil
		}
		w.log.line(slices.Clone(w.rest[:i]))
		w.rest = bytes.TrimPrefix(w.rest[i:], []byte("\n"))
	}
}

func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.log.line(w.rest)
		w.rest = nil
	}
}
