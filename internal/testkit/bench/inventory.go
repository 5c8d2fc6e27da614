package main

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"trueup/internal/inventory"
)

const (
	titlesOfDevice = 100
	titlesOfSlot   = 200 // titles to choose from for each of a device's titles: 20,000 in all
)

// discovered writes AppInvRawData for that many devices: by device, as a fleet manager writes
// it, or by title, so that no two successive rows are of the same device. The popularity of
// titles is realistic: a few are on nearly every device.
func discovered(w io.Writer, devices int, byTitle bool) error {
	out := bufio.NewWriterSize(w, 1<<20)
	fmt.Fprint(out, "ApplicationKey,ApplicationName,ApplicationPublisher,ApplicationShortVersion,ApplicationVersion,DeviceId,DeviceName,"+
		"OSDescription,OSVersion,Platform,UserId,EmailAddress,UserName\r\n")
	titles := make([]string, titlesOfDevice*titlesOfSlot)
	for i := range titles {
		publisher := fmt.Sprintf("Publisher %d", i%700)
		if i%7 == 0 {
			publisher = fmt.Sprintf(`"Publisher %d, Inc."`, i%700)
		}
		titles[i] = fmt.Sprintf("%032x,Product %d for Business (x64),%s,%d.%d,%d.%d.%d.0,", i, i, publisher, i%30, i%10, i%30, i%10, i)
	}
	row := func(device, slot int) {
		// The cube of a uniform number between 0 and 1 is mostly small.
		n := uint64(device*titlesOfDevice+slot+1) * 0x9e3779b97f4a7c15
		n ^= n >> 29
		u := float64(n*0xbf58476d1ce4e5b9>>40) / (1 << 24)
		out.WriteString(titles[slot*titlesOfSlot+int(u*u*u*titlesOfSlot)]) //nolint:errcheck // Flush returns it
		id := strconv.Itoa(1_000_000 + device)
		for _, part := range [...]string{
			"3f2504e0-4f89-41d3-9a0c-03058", id, ",PC-", id, ",Windows,10.0.22631.4460,Windows,7d44a1f2-99aa-4e3b-8e2f-41c0a", id,
			",user", id, "@example.com,User ", id, "\r\n",
		} {
			out.WriteString(part) //nolint:errcheck // Flush returns it
		}
	}
	for i := range devices * titlesOfDevice {
		if byTitle {
			row(i%devices, i/devices)
		} else {
			row(i/titlesOfDevice, i%titlesOfDevice)
		}
	}
	return out.Flush()
}

// counted is the result of counting a file.
type counted struct {
	Milliseconds float64
	Digest       string // of publisher, name, version and devices of each title
	Peak         int    `json:",omitempty"` // maximum memory of the process in bytes
}

// countHere counts a file and prints the result. A number as its name means the output of
// discovered for that many devices. The program runs it when the bench starts it as a separate
// process.
func countHere(ctx context.Context, name string, w io.Writer) error {
	file, err := opened(name)
	if err != nil {
		return err
	}
	defer file.Close()
	begin := time.Now()
	var pcs inventory.PCs
	tally, err := inventory.Read(ctx, file, inventory.Options{PCs: &pcs})
	if err != nil {
		return err
	}
	pcs.Encode() // the object that is stored beside the tally
	c := counted{Milliseconds: milliseconds(time.Since(begin))}
	sum := sha256.New()
	for _, t := range tally.Titles {
		fmt.Fprintf(sum, "%s|%s|%s|%d\n", t.Publisher, t.Name, t.Version, t.Devices)
	}
	c.Digest = hex.EncodeToString(sum.Sum(nil))
	if c.Peak, err = highWater(); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(c)
}

func opened(name string) (io.ReadCloser, error) {
	devices, err := strconv.Atoi(name)
	if err != nil {
		return os.Open(name)
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(discovered(w, devices, false)) }()
	return r, nil
}

// highWater returns the maximum memory of this process so far, in bytes.
func highWater() (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("no VmHWM in /proc/self/status")
}

// duckdbDir contains the program that counts with DuckDB; make bench installs its dependencies.
const duckdbDir = "internal/testkit/bench/duckdb"

// inventories measures counting an inventory: against DuckDB with one thread, from an archive
// against the file in it, and the memory used.
func (b *bench) inventories(ctx context.Context) error {
	devices := b.size(100_000, 200)
	name := filepath.Join(b.scratch, "inventory.csv")
	for _, order := range []string{"by title", "by device"} { // the last one is also compressed
		if err := written(name, func(w io.Writer) error { return discovered(w, devices, order == "by title") }); err != nil {
			return err
		}
		if err := b.againstDuckDB(ctx, name, fmt.Sprintf("count %d rows of inventory, %s, against DuckDB", devices*titlesOfDevice, order)); err != nil {
			return err
		}
	}
	if err := b.packed(ctx, name, "the same by device as ZIP, against the file itself"); err != nil {
		return err
	}

	few, err := b.memoryOf(ctx, devices)
	if err != nil {
		return err
	}
	many, err := b.memoryOf(ctx, 3*devices)
	if err != nil {
		return err
	}
	b.table.add(row{
		what:  fmt.Sprintf("memory of counting %d devices, against %d", 3*devices, devices),
		value: fmt.Sprintf("%.1f MB", megabytes(many)), floor: fmt.Sprintf("%.1f MB", megabytes(few)),
		limits: []limit{{float64(many) / float64(few), 1.2, "×"}}, // the list of PCs grows with them (ADR 0039)
	})
	return nil
}

// memoryOf returns the peak memory of counting that many devices, in bytes: the least of some
// counts, because it depends on when the garbage collector runs.
func (b *bench) memoryOf(ctx context.Context, devices int) (least int, err error) {
	for i := range b.size(3, 1) {
		var c counted
		if err := b.count(ctx, strconv.Itoa(devices), &c); err != nil {
			return 0, err
		}
		if i == 0 || c.Peak < least {
			least = c.Peak
		}
	}
	return least, nil
}

// againstDuckDB compares a count with DuckDB's, which must have the same result.
func (b *bench) againstDuckDB(ctx context.Context, name, what string) error {
	var subject, floor counted
	middle, err := medians(ctx, b.size(3, 1),
		told(&subject, func() error { return b.count(ctx, name, &subject) }),
		told(&floor, func() error {
			node := exec.CommandContext(ctx, "node", "count.js", name)
			node.Dir = duckdbDir
			return answered(node, &floor)
		}),
	)
	if err != nil {
		return err
	}
	if subject.Digest != floor.Digest {
		return fmt.Errorf("%s: it counts something else", what)
	}
	b.table.add(row{
		what: what, value: show(middle[0]), floor: show(middle[1]),
		limits: []limit{ratio(middle[0], middle[1], 0.8), {megabytes(subject.Peak), 256, " MB"}},
	})
	return nil
}

// told measures the duration that a process reports, without its start.
func told(c *counted, do func() error) timed {
	return func(context.Context) (time.Duration, error) {
		err := do()
		return time.Duration(c.Milliseconds * float64(time.Millisecond)), err
	}
}

// count counts a file in a separate process, to measure the memory of counting alone.
func (b *bench) count(ctx context.Context, name string, c *counted) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return answered(exec.CommandContext(ctx, program, "-count", name), c)
}

func answered(command *exec.Cmd, c *counted) error {
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	return json.Unmarshal(output, c)
}

// packed compares counting from an archive with counting the file in it. An archive is unpacked while
// earlier rows are counted, which takes longer.
func (b *bench) packed(ctx context.Context, name, what string) error {
	packed := name + ".zip"
	err := written(packed, func(w io.Writer) error {
		archive := zip.NewWriter(w)
		entry, err := archive.Create("AppInvRawData.csv")
		if err != nil {
			return err
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		if _, err := io.Copy(entry, file); err != nil {
			return err
		}
		return archive.Close()
	})
	if err != nil {
		return err
	}
	counting := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			file, err := os.Open(name)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = inventory.Read(ctx, file, inventory.Options{Scratch: b.scratch, PCs: new(inventory.PCs)})
			return err
		}
	}
	middle, err := medians(ctx, b.size(3, 1), took(counting(packed)), took(counting(name)))
	if err != nil {
		return err
	}
	b.table.add(row{what: what, value: show(middle[0]), floor: show(middle[1]), limits: []limit{ratio(middle[0], middle[1], 1.2)}})
	return nil
}

func written(name string, write func(io.Writer) error) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return write(file)
}
