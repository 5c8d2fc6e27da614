package e2e_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"trueup/internal/manifest"
)

// released is the commit of the released version: the last one with one stripe per journal.
const released = "3ad782b9345354113748b05597b216fd51bed2f4"

// errNoHistory means that this clone does not have the commit of the released version.
var errNoHistory = errors.New("the commit " + released + " is not in this clone: git fetch --unshallow gets it")

// releasedFunctions builds the functions of the released version, once.
var releasedFunctions = sync.OnceValues(func() (string, error) {
	if err := exec.Command("git", "cat-file", "-e", released+"^{commit}").Run(); err != nil {
		return "", errors.Join(errNoHistory, err)
	}
	newest, err := functions()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(newest, "released")
	source := filepath.Join(dir, "source")
	archive := exec.Command("git", "archive", released, "go.mod", "go.sum", "functions", "internal", "infra")
	archive.Dir = filepath.Join("..", "..", "..")
	content, err := archive.Output()
	if err != nil {
		return "", fmt.Errorf("git archive: %w", err)
	}
	if err := extract(content, source); err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bin")+string(filepath.Separator), "./functions/...")
	build.Dir, build.Env = source, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the released functions: %w: %s", err, out)
	}
	for _, f := range manifest.Functions {
		from := filepath.Join(dir, "bin", f.Name)
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) { // the function was added after the release
			from = filepath.Join(newest, f.Name, "bootstrap")
		}
		if err := os.MkdirAll(filepath.Join(dir, f.Name), 0o700); err != nil {
			return "", err
		}
		if err := os.Link(from, filepath.Join(dir, f.Name, "bootstrap")); err != nil {
			return "", err
		}
	}
	return dir, nil
})

// extract writes the files of a tar archive into a folder.
func extract(archive []byte, dir string) error {
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
}

// releasedOrSkip returns the folder of the released functions. If the clone does not have
// the commit, it skips the test, or fails it when all tests are required.
func releasedOrSkip(t *testing.T) string {
	t.Helper()
	dir, err := releasedFunctions()
	if errors.Is(err, errNoHistory) && os.Getenv("TRUEUP_REQUIRE_DYNAMODB") != "1" {
		t.Skip(err)
	}
	must(t, err)
	return dir
}
