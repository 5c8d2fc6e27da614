package inventory

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"

	"trueup/internal/errs"
	"trueup/internal/text"
)

// archiveMark is the start of a ZIP archive that is not empty.
const archiveMark = "PK\x03\x04"

// Limits of an archive. Intune compresses about 20 times; the maximum of deflate is 1032 times.
const (
	MaxArchiveBytes = 2 << 30  // compressed
	maxRatio        = 200      // uncompressed to compressed, of the whole archive
	ratioFrom       = 64 << 20 // uncompressed bytes from which the ratio is checked
	maxEntries      = 100_000  // enough for a file for each device
	maxFileName     = 256      // reported bytes of a name inside the archive
)

// seekable is a file with random access. An archive needs it, because its directory is at the
// end.
type seekable interface {
	io.Reader
	io.ReaderAt
	io.Seeker
}

// isArchive reports whether a file is an archive with random access.
func isArchive(file io.Reader) bool {
	f, ok := file.(seekable)
	if !ok {
		return false
	}
	start := make([]byte, len(archiveMark))
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil || at != 0 {
		return false
	}
	_, err = f.ReadAt(start, 0)
	return err == nil && string(start) == archiveMark
}

// spillArchive reads an archive that arrives as a stream: it is copied to a scratch file first.
// Decompressing the stream directly would need no such file, but would ignore the directory at
// the end, which is authoritative.
func (r *reading) spillArchive(file io.Reader) (err error) {
	scratch, err := os.CreateTemp(r.options.Scratch, "inventory-")
	if err != nil {
		return fmt.Errorf("inventory: scratch file: %w", err)
	}
	defer func() { err = errors.Join(err, scratch.Close(), os.Remove(scratch.Name())) }()
	if _, err := io.Copy(scratch, &limited{ctx: r.ctx, file: file, left: MaxArchiveBytes}); err != nil {
		return err
	}
	return r.readArchive(scratch)
}

// readArchive reads every file of an archive. Each file that is not an inventory is a bad row
// without a line number. An archive without any inventory is of an unsupported format.
func (r *reading) readArchive(file io.Reader) error {
	f := file.(seekable)
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	if size > MaxArchiveBytes {
		return errs.New(errs.Invalid, "inventory_size")
	}
	archive, err := zip.NewReader(io.NewSectionReader(f, 0, size), size) // places outside the file are its end
	switch {
	case damaged(err), errors.Is(err, io.EOF):
		return errs.Wrap(err, errs.Invalid, "inventory_archive")
	case err != nil:
		return fmt.Errorf("inventory: %w", err)
	case len(archive.File) > maxEntries:
		return errs.New(errs.Invalid, "inventory_bomb")
	}
	archive.RegisterDecompressor(zip.Deflate, r.inflate)
	unpacked := &growth{most: max(ratioFrom, size*maxRatio)}
	files := filesOf(archive)
	lists := make([]listFile, len(files))
	for i, entry := range files {
		lists[i] = newListFile(entry.Name)
		if isWorkbookPart(entry.Name) {
			return errs.New(errs.Invalid, "inventory_workbook")
		}
	}
	byFolder := namedByFolder(lists)
	var why error = errs.New(errs.Invalid, "inventory_format") // of an archive without any inventory
	for i, entry := range files {
		r.inside, r.pc = entry.Name[:min(len(entry.Name), maxFileName)], lists[i].pc(byFolder[text.Fold(lists[i].base)])
		before, remarks := r.tally, r.remarks.clone()
		err := r.readEntry(entry, unpacked)
		switch {
		case r.isOther(err): // its rows do not count, and it is one bad row
			r.tally = before
			if errs.CodeOf(err) != "inventory_nothing" { // such as the last page, which has no link to a next one
				r.remarks = remarks
			}
			r.row(0, rowFile)
			if errs.CodeOf(why) == "inventory_format" {
				why = err
			}
		case err != nil:
			return err
		}
	}
	if r.tally.Shape == "" {
		return why
	}
	return nil
}

// filesOf returns the files of an archive that a person put in it. Some programs write backslashes:
// ..\list.csv is a list and not a hidden file. A name is only ever reported, so it may point anywhere.
func filesOf(archive *zip.Reader) (files []*zip.File) {
	for _, entry := range archive.File {
		name := strings.ReplaceAll(entry.Name, `\`, "/")
		if !strings.HasSuffix(name, "/") && !strings.HasPrefix(path.Base(name), ".") && !strings.HasPrefix(name, "__MACOSX/") {
			files = append(files, entry)
		}
	}
	return files
}

// isWorkbookPart recognises a part of an XLSX file and of an OpenDocument file.
func isWorkbookPart(name string) bool {
	return name == "[Content_Types].xml" || name == "META-INF/manifest.xml"
}

// others are the codes of files that are not an inventory.
var others = []string{
	"inventory_format", "inventory_workbook", "inventory_page", "inventory_packed",
	"inventory_nothing", "inventory_answer", "inventory_document", "inventory_developer", codeLinux, codePackages, codeNoTitle, codeNoDevice,
}

// isOther reports whether the error is about a file that is not an inventory.
func (r *reading) isOther(err error) bool {
	code := errs.CodeOf(err)
	return slices.Contains(others, code) || code != "" && code == r.misfiled
}

// inflate returns a decompressor of a file. Reusing one for all files of an archive saves memory.
func (r *reading) inflate(packed io.Reader) io.ReadCloser {
	if r.inflater == nil {
		r.inflater = flate.NewReader(packed)
		return r.inflater
	}
	_ = r.inflater.(flate.Resetter).Reset(packed, nil) // cannot fail without a dictionary
	return r.inflater
}

// readEntry reads a file of an archive.
func (r *reading) readEntry(entry *zip.File, unpacked *growth) error {
	const encrypted = 1
	if entry.Flags&encrypted != 0 {
		return errs.New(errs.Invalid, "inventory_archive")
	}
	file, err := entry.Open()
	if damaged(err) || errors.Is(err, io.EOF) {
		return errs.Wrap(err, errs.Invalid, "inventory_archive")
	}
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	defer file.Close()
	limited := &limited{ctx: r.ctx, file: &inflated{file: file, growth: unpacked}, left: MaxBytes}
	ahead := &large{file: limited}
	defer ahead.stop()
	return r.readPlain(ahead)
}

// growth counts the uncompressed bytes of an archive.
type growth struct{ bytes, most int64 }

// inflated reads a file of an archive. It limits the growth and gives damage an error code.
type inflated struct {
	file io.Reader
	*growth
}

func (i *inflated) Read(p []byte) (int, error) {
	n, err := i.file.Read(p)
	if i.bytes += int64(n); i.bytes > i.most {
		return 0, errs.New(errs.Invalid, "inventory_bomb")
	}
	if damaged(err) {
		return n, errs.Wrap(err, errs.Invalid, "inventory_archive")
	}
	return n, err
}

// damaged reports whether an error is caused by the content of an archive, and not by reading it.
func damaged(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrAlgorithm) || errors.Is(err, zip.ErrChecksum) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &corrupt)
}
