package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestOrdersCountTheSame: the files in both orders have the same rows.
func TestOrdersCountTheSame(t *testing.T) {
	t.Parallel()
	var digests []string
	for _, byTitle := range []bool{false, true} {
		var file, output bytes.Buffer
		if err := discovered(&file, 30, byTitle); err != nil {
			t.Fatal(err)
		}
		if rows := bytes.Count(file.Bytes(), []byte("\r\n")) - 1; rows != 30*titlesOfDevice {
			t.Errorf("%d rows", rows)
		}
		name := filepath.Join(t.TempDir(), "inventory.csv")
		if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := countHere(t.Context(), name, &output); err != nil {
			t.Fatal(err)
		}
		var c counted
		if err := json.Unmarshal(output.Bytes(), &c); err != nil || c.Digest == "" || c.Peak < 1<<20 {
			t.Fatalf("%+v, %v", c, err)
		}
		digests = append(digests, c.Digest)
	}
	if digests[0] != digests[1] {
		t.Error("the order of rows changes the counts")
	}
}
