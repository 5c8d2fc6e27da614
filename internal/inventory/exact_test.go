package inventory

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"trueup/internal/errs"
	"trueup/internal/pack"
	"trueup/internal/position"
	"trueup/internal/text"
)

const nobody = "00000000-0000-0000-0000-000000000000"

// suite recognises titles such as "suite 2 part 1".
var suite = func() *Rules {
	rules, violations := compileRules([]Rule{
		{ID: "hotfix", Kind: Update, Name: "suite {number} fix*"},
		{ID: "suite", Kind: Product, Name: "suite {number}*", Product: position.Product{Publisher: "Maker", Family: "Suite", Version: "{number}"}},
	})
	if violations != nil {
		panic(violations)
	}
	return newRules(rules, nil, "suite")
}()

// installed is a row.
type installed struct{ device, publisher, name, version, user string }

// naive counts with maps, as the reference for Read.
type naive struct {
	Devices                 int
	Titles, Products, Users map[string]int // by folded title, and by version of the suite
	ByUser                  map[string][]position.UserPCs
}

func naively(rows []installed) naive {
	type set = map[string]bool
	titles, versions, users := map[string]set{}, map[string]set{}, map[string]set{} // by device
	for _, r := range rows {
		device, title := text.Fold(r.device), Title{r.publisher, r.name, r.version}
		if titles[device] == nil {
			titles[device], versions[device], users[device] = set{}, set{}, set{}
		}
		titles[device][title.fold()] = true
		if d := suite.Recognize(title); d.Kind == Product {
			versions[device][d.Product.Version] = true
		}
		if user := text.Fold(r.user); user != "" && user != nobody {
			users[device][user] = true
		}
	}
	n := naive{len(titles), map[string]int{}, map[string]int{}, map[string]int{}, map[string][]position.UserPCs{}}
	devicesOf := map[string]int{} // by user
	for device := range titles {
		for user := range users[device] {
			devicesOf[user]++
		}
	}
	owned := map[string]map[string]int{}    // devices with a version, by their main user
	people, told := map[string]set{}, false // by version
	for device := range titles {
		for title := range titles[device] {
			n.Titles[title]++
		}
		highest := ""
		for version := range versions[device] {
			highest = max(highest, version) // of one digit
		}
		if len(users[device]) == 0 {
			users[device]["the user of "+device] = true
		} else {
			told = true
		}
		if highest == "" {
			continue
		}
		n.Products[highest]++
		if people[highest] == nil {
			people[highest] = set{}
		}
		main := ""
		for user := range users[device] {
			people[highest][user] = true
			if main == "" || devicesOf[user] > devicesOf[main] || devicesOf[user] == devicesOf[main] && bytes.Compare(keyOf(user), keyOf(main)) < 0 {
				main = user
			}
		}
		if owned[highest] == nil {
			owned[highest] = map[string]int{}
		}
		owned[highest][main]++
	}
	for version, who := range people {
		n.Users[version] = len(who)
		if !told {
			n.Users[version] = 0
			continue
		}
		number := map[int]int{}
		for _, devices := range owned[version] {
			number[devices]++
		}
		for _, devices := range slices.Sorted(maps.Keys(number)) {
			n.ByUser[version] = append(n.ByUser[version], position.UserPCs{PCs: devices, Users: number[devices]})
		}
	}
	return n
}

// keyOf returns the key of a user.
func keyOf(user string) []byte {
	key, _ := appendDevice(nil, []byte(user))
	return key
}

// TestCountsAreExactR6_3 compares with maps, for rows in any order, repeated, with several
// spellings, and in several files of an archive. Memory is limited, so that records go to the
// scratch file.
func TestCountsAreExactR6_3(t *testing.T) {
	t.Parallel()
	scratch := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		device := rapid.Custom(func(t *rapid.T) string {
			id := fmt.Sprintf("3f2504e0-4f89-41d3-9a0c-0305e82c33%02x", rapid.IntRange(0, 20).Draw(t, "device"))
			return rapid.SampledFrom([]string{id, strings.ToUpper(id), id[:8], "PC " + id[34:], "  " + id}).Draw(t, "spelling")
		})
		row := rapid.Custom(func(t *rapid.T) installed {
			name := fmt.Sprintf("Suite %d %s", rapid.IntRange(0, 3).Draw(t, "suite"), rapid.SampledFrom([]string{"", "part", "Part", "FIX", "Größe", "GRÖSSE", `"x"`, "a,b"}).Draw(t, "name"))
			user := rapid.SampledFrom([]string{"", "", " ", nobody, "ann", "ANN", "bob", "cy", "3f2504e0-4f89-41d3-9a0c-0305e82c3300"}).Draw(t, "user")
			return installed{
				device.Draw(t, "device"), rapid.SampledFrom([]string{"Maker", "MAKER ", "Other, Inc.", ""}).Draw(t, "publisher"),
				name, rapid.SampledFrom([]string{"", "1.0", "2"}).Draw(t, "version"), user,
			}
		})
		rows := rapid.SliceOfN(row, 0, 300).Draw(t, "rows")
		if rapid.Bool().Draw(t, "by device") {
			slices.SortStableFunc(rows, func(a, b installed) int { return strings.Compare(a.device, b.device) })
		}
		parts := rapid.IntRange(1, 4).Draw(t, "parts")
		room := rapid.SampledFrom([]int{1, 40, 100, partitionBytes}).Draw(t, "room")

		var pcs PCs
		r := &reading{ctx: t.Context(), options: Options{Rules: suite, PCs: &pcs}, counter: newCounter(scratch)}
		for _, s := range []*spill{r.counter.installed, r.counter.owners, r.counter.shares, r.counter.called} {
			s.room = room
		}
		defer func() { _ = r.counter.close() }()
		for i := range parts {
			var file bytes.Buffer
			w := csv.NewWriter(&file)
			_ = w.Write([]string{"DeviceId", "ApplicationPublisher", "ApplicationName", "ApplicationVersion", "UserId", "DeviceName"})
			for _, row := range rows[i*len(rows)/parts : (i+1)*len(rows)/parts] {
				_ = w.Write([]string{row.device, row.publisher, row.name, row.version, row.user, "name of " + row.device})
			}
			w.Flush()
			if err := r.readPlain(&file); err != nil {
				t.Fatal(err)
			}
		}
		tally, err := r.finish()
		if err != nil {
			t.Fatal(err)
		}

		got := naive{tally.Devices, map[string]int{}, map[string]int{}, map[string]int{}, map[string][]position.UserPCs{}}
		for _, c := range tally.Titles {
			got.Titles[c.fold()] += c.Devices
		}
		for _, p := range tally.Products {
			got.Products[p.Product.Version] += p.Devices
			got.Users[p.Product.Version] += p.Users
			if p.ByUser != nil {
				got.ByUser[p.Product.Version] = p.ByUser
			}
		}
		if tally.Rows != len(rows) || tally.BadRows != 0 {
			t.Errorf("%d rows of %d, %d bad", tally.Rows, len(rows), tally.BadRows)
		}
		if diff := cmp.Diff(naively(rows), got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}

		decoded, err := Decode(tally.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tally, decoded); diff != "" {
			t.Errorf("decoded (-want +got):\n%s", diff)
		}
		selectsExactly(t, &pcs, tally, rows)
	})
}

// selectsExactly checks that groups of devices have the numbers of the tally, and each device its own.
func selectsExactly(t *rapid.T, pcs *PCs, tally *Tally, rows []installed) {
	decoded, err := DecodePCs(pcs.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pcs, decoded, cmp.AllowUnexported(PCs{}, pc{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("decoded PCs (-want +got):\n%s", diff)
	}
	groups := map[string][]installed{"all": rows}
	for _, r := range rows {
		groups[text.Fold(r.device)] = append(groups[text.Fold(r.device)], r)
	}
	for name, of := range groups {
		var sought []Sought
		for _, r := range of {
			sought = append(sought, Sought{ID: r.device})
			if rapid.Bool().Draw(t, "by name") {
				sought[len(sought)-1] = Sought{Name: "name of " + r.device}
			}
		}
		want := naively(of)
		got := Select([]Indexed{{Counted{Tally: tally}, decoded}}, sought)
		products := map[string]int{}
		for _, line := range got.Lines {
			products[line.Product.Version] += line.Quantity
		}
		if got.PCs != want.Devices || !maps.Equal(products, want.Products) {
			t.Errorf("%s: %d PCs with %v, want %d with %v", name, got.PCs, products, want.Devices, want.Products)
		}
		if name == "all" && got.LeftOut.UnknownDevices != tally.UnknownDevices {
			t.Errorf("%d PCs have unknown titles, want %d", got.LeftOut.UnknownDevices, tally.UnknownDevices)
		}
	}
}

// TestRunNumbersWrap: the counter of runs overflows.
func TestRunNumbersWrap(t *testing.T) {
	t.Parallel()
	c := newCounter(t.TempDir())
	c.runs = ^uint32(0) - 2
	for range 3 {
		for device := range 3 {
			if flaw, err := c.add(&install{device: []byte{'a' + byte(device)}, name: []byte("A")}); flaw != "" || err != nil {
				t.Fatal(flaw, err)
			}
		}
	}
	got, err := c.count(products{of: []int32{-1}}, nil)
	if err != nil || got.devices != 3 || got.titles[0] != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

// FuzzDocuments checks that splitting a file into documents ends, and loses no document of a file
// of lines.
func FuzzDocuments(f *testing.F) {
	f.Add(`{"a":"}\""}`)
	f.Add("[{\"a\":1},{\"b\":[2]}]\n{\"c\":3}")
	f.Add("{\n{}\n\"\n{\"")
	f.Fuzz(func(t *testing.T, file string) {
		r := &reading{ctx: t.Context(), options: Options{Rules: suite}, counter: newCounter(t.TempDir())}
		err := r.readDocuments(bufio.NewReader(strings.NewReader(file)))
		if err != nil && errs.CodeOf(err) != "inventory_format" || r.tally.Rows > len(file) || r.tally.BadRows > r.tally.Rows {
			t.Errorf("%v, %d rows of %d bytes", err, r.tally.Rows, len(file))
		}
		// A document on its own line after it is still found, unless it is inside another value.
		if strings.ContainsAny(file, "{[\"") {
			return
		}
		r = &reading{ctx: t.Context(), options: Options{Rules: suite}, counter: newCounter(t.TempDir())}
		_ = r.readDocuments(bufio.NewReader(strings.NewReader(file + "\n" + `{"hostIdentifier":"h","columns":{"name":"A"}}`)))
		if r.tally.Shape != Osquery && strings.Count(file, "\n") < unknownDocuments-2 && !strings.Contains(file, ",") {
			t.Errorf("the last line was lost: %+v", r.tally)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(tallyFormat))
	tally := &Tally{
		Shape: GLPI, Rules: "r", Rows: 3, BadRows: 1, Bad: []BadRow{{Line: 1, Code: rowColumns, Args: map[string]string{"a": "b"}}}, Devices: 2,
		Titles:         []Count{{Title: Title{"P", "N", "1"}, Devices: 2, Decision: Decision{Kind: Product, Rule: "x"}}},
		Products:       []ProductCount{{position.Product{Publisher: "P", Family: "N"}, 2, 1, []position.UserPCs{{PCs: 2, Users: 1}}}},
		OtherPlatforms: []PlatformCount{{"iOS", 1}},
	}
	f.Add(tally.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if body := len(tallyFormat) + 4; len(b) > body {
			w := pack.Sealing(tallyFormat, len(b))
			w.Raw(b[body:])
			b = w.Sealed() // otherwise the checksum rejects everything
		}
		tally, err := Decode(b)
		if (tally == nil) == (err == nil) {
			t.Fatalf("%v, %v", tally, err)
		}
		if err == nil {
			if again, err := Decode(tally.Encode()); err != nil || !cmp.Equal(tally, again) {
				t.Errorf("%v: %s", err, cmp.Diff(tally, again))
			}
		}
	})
}

func TestDecodeRefusesDamage(t *testing.T) {
	t.Parallel()
	whole := (&Tally{Shape: GLPI, Rows: 3, Titles: []Count{{Title: Title{"P", "N", "1"}, Devices: 2}}}).Encode()
	if _, err := Decode(whole); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x10
		if _, err := Decode(damaged); !errors.Is(err, errTally) {
			t.Errorf("byte %d: %v", i, err)
		}
		if _, err := Decode(whole[:i]); !errors.Is(err, errTally) {
			t.Errorf("%d bytes: %v", i, err)
		}
	}
}
