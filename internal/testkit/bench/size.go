package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"

	"trueup/internal/manifest"
)

// sizes measures the size of each function's upload.
func (b *bench) sizes(ctx context.Context) error {
	for _, f := range manifest.Functions {
		n, err := zipped(ctx, filepath.Join(b.deployed, f.Name, "bootstrap"))
		if err != nil {
			return fmt.Errorf("%w: run make build", err)
		}
		most := 5.0
		if f.Name == "console" {
			most = 4 // people wait for its start and that of another function, one after the other
		}
		b.table.add(row{
			what: "zipped arm64 binary of " + f.Name, value: fmt.Sprintf("%.2f MB", megabytes(n)),
			limits: []limit{{megabytes(n), most, " MB"}},
		})
	}
	return nil
}

// zipped returns the size of a file with the compression of the deployment, as make size measures
// it. Package compress/flate compresses less.
func zipped(ctx context.Context, name string) (int, error) {
	out, err := exec.CommandContext(ctx, "gzip", "-9c", name).Output()
	if err != nil {
		return 0, fmt.Errorf("gzip %s: %w", name, err)
	}
	return len(out), nil
}
