package directories

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/sheet"
)

// scratch is a local copy of a file. A file is read twice, and S3 is asked for it once.
type scratch struct{ name string }

// scratch copies a file. It returns errs.TooLarge directory_too_large for one that is larger than its kind
// allows.
func (s *Service) scratch(file intake.File, k kind.Kind) (_ *scratch, err error) {
	tooLarge := errs.New(errs.TooLarge, "directory_too_large", "max", strconv.FormatInt(k.MaxBytes>>20, 10))
	if file.TooLarge() {
		return nil, tooLarge
	}
	copied, err := os.CreateTemp(s.Scratch, "directory-*")
	if err != nil {
		return nil, fmt.Errorf("directories: %w", err)
	}
	c := &scratch{copied.Name()}
	defer func() {
		if err != nil {
			c.remove()
		}
	}()
	n, err := io.Copy(copied, io.LimitReader(file.Body, k.MaxBytes+1))
	switch err = errors.Join(err, copied.Close()); {
	case err != nil:
	case n > k.MaxBytes:
		err = tooLarge
	case n < file.Size:
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// open opens the copy. Close the file.
func (c *scratch) open() (*os.File, error) { return os.Open(c.name) }

// maxStart is how much of a file is compared with files of other kinds: all of a workbook.
const maxStart = 16 << 20

// start returns the start of the copy, or the whole of a workbook.
func (c *scratch) start() ([]byte, error) {
	f, err := c.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	start := make([]byte, sheet.StartBytes)
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if start = start[:n]; !sheet.IsZIP(start) {
		return start, nil
	}
	rest, err := io.ReadAll(io.LimitReader(f, maxStart))
	return slices.Concat(start, rest), err
}

// remove deletes the copy. An error would mean nothing: the folder goes with the process.
func (c *scratch) remove() { _ = os.Remove(c.name) }
