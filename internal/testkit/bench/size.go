package main

import (
	"archive/zip"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"trueup/internal/manifest"
)

// sizes measures the size of each function's upload.
func (b *bench) sizes(context.Context) error {
	for _, f := range manifest.Functions {
		n, err := zipped(filepath.Join(b.deployed, f.Name, "bootstrap"))
		if err != nil {
			return fmt.Errorf("%w: run make build", err)
		}
		b.table.add(row{
			what: "zipped arm64 binary of " + f.Name, value: fmt.Sprintf("%.2f MB", megabytes(n)),
			limits: []limit{{megabytes(n), 5, " MB"}},
		})
	}
	return nil
}

// zipped returns the size of a zip that contains only the file, with the compression of the
// deployment.
func zipped(name string) (int, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	var size counter
	archive := zip.NewWriter(&size)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	entry, err := archive.Create(filepath.Base(name))
	if err != nil {
		return 0, err
	}
	if _, err := entry.Write(data); err != nil {
		return 0, err
	}
	if err := archive.Close(); err != nil {
		return 0, err
	}
	return int(size), nil
}

// counter counts the bytes written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
