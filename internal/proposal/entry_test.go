package proposal_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product/builtin"
	"trueup/internal/proposal"
)

// unknown returns a title that nothing recognised, on a number of PCs.
func unknown(publisher, name, version string, devices int) inventory.Count {
	return inventory.Count{Title: inventory.Title{Publisher: publisher, Name: name, Version: version}, Devices: devices}
}

// source returns the tally of a source.
func source(shape inventory.Shape, titles ...inventory.Count) inventory.Counted {
	return inventory.Counted{Source: string(shape), Tally: &inventory.Tally{Shape: shape, Titles: titles}}
}

// ids returns a function that makes the ids own-1, own-2 and so on.
func ids() func() string {
	n := 0
	return func() string {
		n++
		return "own-" + strconv.Itoa(n)
	}
}

// queueOf returns the queue of tallies of which the titles are unknown by definition.
func queueOf(tallies []inventory.Counted) []proposal.Entry {
	for _, c := range tallies {
		c.Tally.Rules = inventory.StartingRules().ID
	}
	return proposal.Queue(builtin.Products(), tallies, inventory.StartingRules())
}

// TestR6_6_KnownMeanwhile: a rule removes titles from the queue before the file is counted again.
func TestR6_6_KnownMeanwhile(t *testing.T) {
	t.Parallel()
	rules, err := inventory.NewRules([]inventory.Rule{{ID: "own", Kind: inventory.Ignored, Name: "foo*"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	queue := proposal.Queue(builtin.Products(), []inventory.Counted{source(inventory.AppInvRawData, unknown("", "Foo", "", 1), unknown("", "Bar", "", 1))}, rules)
	if len(queue) != 1 || queue[0].Name != "Bar" {
		t.Errorf("%+v", queue)
	}
}

func TestR6_6_VersionsAreFolded(t *testing.T) {
	t.Parallel()
	known := unknown("Microsoft", "Microsoft Visio Professional 2019", "", 50)
	known.Decision.Kind = inventory.Product
	queue := queueOf([]inventory.Counted{
		source(inventory.AppInvRawData,
			known,
			unknown("Contoso", "Foo 1.2", "", 3),
			unknown("Contoso", "foo 1.3 (x64)", "1.3.9", 4),
			unknown("Contoso", "Foo", "1.3.9", 2),
			unknown("Fabrikam", "Foo 1.2", "", 1),
		),
		source(inventory.GLPI, unknown("contoso", "Foo 2019 - nl-nl", "", 1)),
	})
	if len(queue) != 2 {
		t.Fatalf("%+v", queue)
	}
	got := queue[0]
	want := []proposal.Version{{Version: "1.3.9", Devices: 6}, {Version: "1.2", Devices: 3}, {Version: "2019", Devices: 1}}
	if diff := cmp.Diff(want, got.Versions); diff != "" || got.Name != "foo" || got.Publisher != "Contoso" || got.Devices != 10 || got.AllVersions != 3 {
		t.Errorf("%+v\n%s", got, diff)
	}
	if queue[1].Publisher != "Fabrikam" || queue[1].ID == got.ID || len(got.ID) != 16 {
		t.Errorf("%+v", queue[1])
	}
}

func TestR6_6_AtMost20Versions(t *testing.T) {
	t.Parallel()
	var titles []inventory.Count
	for i := range 25 {
		titles = append(titles, unknown("Contoso", "Foo", strconv.Itoa(i), 1+i))
	}
	e := queueOf([]inventory.Counted{source(inventory.AppInvRawData, titles...)})[0]
	if len(e.Versions) != proposal.MaxVersions || e.AllVersions != 25 || e.Versions[0].Version != "24" {
		t.Errorf("%d of %d versions: %+v", len(e.Versions), e.AllVersions, e.Versions)
	}
}

// TestR6_6_RulesTakeTheTitles: an entry's rules take each of its titles, other versions of them, and
// no other title.
func TestR6_6_RulesTakeTheTitles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		titles, also, not []string
		version           string // of the product, of the first title
	}{
		"no version":          {[]string{"Foo"}, nil, []string{"Foo 1", "Foobar"}, ""},
		"a number":            {[]string{"Foo 1.2"}, []string{"foo 3"}, []string{"Foo", "Foo Bar 1.2", "Foo 1.2 Plus"}, "1.2"},
		"a number with a v":   {[]string{"Foo v1.2"}, []string{"Foo v2"}, []string{"Foo x2"}, "1.2"},
		"a year":              {[]string{"Foo 2019"}, []string{"Foo 2021", "Foo 2019 R2"}, []string{"Foo 19"}, "2019"},
		"a release":           {[]string{"Foo 2012 R2"}, []string{"Foo 2016"}, nil, "2012 R2"},
		"a service pack":      {[]string{"Foo 2012 SP1"}, []string{"Foo 2016 sp2"}, []string{"Foo 2012"}, "2012"},
		"two spellings":       {[]string{"Foo 1.2 (x64)", "Foo 1.2"}, []string{"Foo 9 (x64)"}, []string{"Foo 9 (x86)"}, "1.2"},
		"a year inside":       {[]string{"Foo 2019 Client - en-us"}, []string{"Foo 2020 Client - en-us"}, []string{"Foo 2019 Server - en-us"}, "2019"},
		"signs of a pattern":  {[]string{`{Foo} * \ 1.2`}, []string{`{foo} * \ 3`}, []string{`{foo} bar \ 3`}, "1.2"},
		"a GUID":              {[]string{"{90140000-0011}.KB255"}, nil, []string{"90140000-0011.KB255"}, ""},
		"a trade mark":        {[]string{"Foo™ Studio® 7"}, []string{"Foo™ Studio® 8"}, nil, "7"},
		"a very long name":    {[]string{long + " 1.2"}, nil, []string{long[:200]}, ""},
		"a very long word":    {[]string{long[:100] + long2}, nil, []string{"Foo"}, ""},
		"letters that change": {[]string{"Straße İ 4"}, []string{"STRASSE İ 5"}, nil, "4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var titles []inventory.Count
			for _, title := range test.titles {
				titles = append(titles, unknown("Contoso {*}", title, "77.5", 1))
			}
			queue := queueOf([]inventory.Counted{source(inventory.AppInvRawData, titles...)})
			if len(queue) != 1 {
				t.Fatalf("%+v", queue)
			}
			made := queue[0].Rules(inventory.Product, position.Product{Publisher: "Contoso", Family: "Gadget", Version: "{number}"}, ids())
			rules, err := inventory.NewRules(made, nil)
			if err != nil {
				t.Fatalf("%+v: %v", made, err)
			}
			recognize := func(publisher, title string) inventory.Decision {
				return rules.Recognize(inventory.Title{Publisher: publisher, Name: title, Version: "77.5"})
			}
			for i, title := range append(test.titles, test.also...) {
				d := recognize("contoso {*}", title)
				if d.Product.Family != "Gadget" || i == 0 && d.Product.Version != test.version {
					t.Errorf("%q is %+v by %+v", title, d, made)
				}
			}
			for _, title := range test.not {
				if d := recognize("Contoso {*}", title); d.Product.Family == "Gadget" {
					t.Errorf("%q is taken by %+v", title, made)
				}
			}
			if d := recognize("Contoso {x}", test.titles[0]); d.Product.Family == "Gadget" {
				t.Error("a title of another publisher is taken")
			}
		})
	}
}

var (
	long  = repeat("long name ", 40)
	long2 = repeat(`{é}`, 150)
)

func repeat(s string, n int) (all string) {
	for range n {
		all += s
	}
	return all
}

func TestR6_6_LinuxPackagesAreApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		shape                    inventory.Shape
		publisher, name, version string
		linux                    bool
	}{
		{inventory.GLPI, "", "libfoo1", "1.2-3ubuntu4", true},
		{inventory.GLPI, "", "bash", "5.1.8-6.el9", true},
		{inventory.GLPI, "", "gir1.2-atk-1.0", "1:2.38.0-1", true},
		{inventory.Osquery, "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>", "adduser", "3.118ubuntu5", true},
		{inventory.GLPI, "Fedora Project", "kernel-core", "6.8.5", true},
		{inventory.GLPI, "Jane Doe <jane@example.org>", "vim", "2:9.1", true},
		{inventory.GLPI, "", "vim", "9.1", false}, // nothing tells it
		{inventory.GLPI, "", "Foo Bar", "1.2-3ubuntu4", false},
		{inventory.GLPI, "Contoso", "libfoo1", "1.2-3ubuntu4", false},
		{inventory.AppInvRawData, "", "libfoo1", "1.2-3ubuntu4", false}, // Intune has Windows PCs
	} {
		e := queueOf([]inventory.Counted{source(test.shape, unknown(test.publisher, test.name, test.version, 1))})[0]
		if e.Linux != test.linux {
			t.Errorf("%s %q %q %q: %v", test.shape, test.publisher, test.name, test.version, e.Linux)
		}
	}
	both := queueOf([]inventory.Counted{
		source(inventory.GLPI, unknown("", "libfoo1", "1.2-3ubuntu4", 1)), source(inventory.AppInvRawData, unknown("", "libfoo1", "1.2", 1)),
	})
	if len(both) != 2 || both[0].ID == both[1].ID {
		t.Errorf("a package and a Windows title are one entry: %+v", both)
	}
}

func TestR6_6_LikelihoodIsExplained(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		publisher, name string
		devices         int
		likelihood      int
		facts           []proposal.Fact
	}{
		{"Adobe Systems Incorporated", "Unheard Of", 1, 70, []proposal.Fact{proposal.PublisherPaid}},
		{"Adobe", "Unheard Of", 10, 85, []proposal.Fact{proposal.PublisherPaid, proposal.Widespread}},
		{"Adobe", "Unheard SDK", 1, 40, []proposal.Fact{proposal.PublisherPaid, proposal.LooksLikeNoise}},
		{"Contoso", "Unheard Of", 1, 50, []proposal.Fact{proposal.PublisherGiven}},
		{"VideoLAN", "Unheard Of", 1, 10, []proposal.Fact{proposal.PublisherFree}},
		{"", "Unheard Of", 1, 30, []proposal.Fact{proposal.PublisherNone}},
		{"", "微信", 1, 30, []proposal.Fact{proposal.PublisherNone}},
		{"", "vs_unheard_of", 1, 0, []proposal.Fact{proposal.PublisherNone, proposal.LooksLikeNoise}},
		{"", "{90140000-0011-0000-0000-0000000FF1CE}.X", 1, 0, []proposal.Fact{proposal.PublisherNone, proposal.LooksLikeNoise}},
		{"Contoso", "Foo KB123456", 1, 20, []proposal.Fact{proposal.PublisherGiven, proposal.LooksLikeNoise}},
		{"Contoso", "Foo Treiber", 1, 20, []proposal.Fact{proposal.PublisherGiven, proposal.LooksLikeNoise}},
	} {
		e := queueOf([]inventory.Counted{source(inventory.AppInvRawData, unknown(test.publisher, test.name, "", test.devices))})[0]
		if diff := cmp.Diff(test.facts, e.Facts); diff != "" || e.Likelihood != test.likelihood {
			t.Errorf("%q of %q: %d %v", test.name, test.publisher, e.Likelihood, e.Facts)
		}
	}
}

// TestR6_6_Order: a likely product on few PCs comes before noise on many.
func TestR6_6_Order(t *testing.T) {
	t.Parallel()
	var got []string
	for _, e := range queueOf([]inventory.Counted{source(inventory.AppInvRawData,
		unknown("", "vs_part", "", 900), unknown("Contoso", "Gadget Update", "", 9), unknown("Contoso", "Gadget", "", 4), unknown("Adobe", "Gadget", "", 4),
	)}) {
		got = append(got, e.Publisher+" "+e.Name)
	}
	if diff := cmp.Diff([]string{" vs_part", "Adobe Gadget", "Contoso Gadget", "Contoso Gadget Update"}, got); diff != "" {
		t.Error(diff)
	}
}
