package inventory

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"trueup/internal/position"
)

// TestManyVersionsOnOneDevice counts thousands of versions of one product on a device, as only a
// forged file has them: not every version may be compared with every other.
func TestManyVersionsOnOneDevice(t *testing.T) {
	t.Parallel()
	rules, violations := compileRules([]Rule{{ID: "p", Kind: Product, Name: "thing", Product: position.Product{Publisher: "Maker", Family: "Thing", Version: "{major}"}}})
	if violations != nil {
		t.Fatal(violations)
	}
	var file strings.Builder
	file.WriteString("ApplicationName,ApplicationPublisher,ApplicationVersion,DeviceId,DeviceName,OSDescription,Platform\n")
	for i := range 20_000 {
		fmt.Fprintf(&file, "Thing,Maker,%d.0,d1,pc,,\n", 10_000+i)
	}
	begin := time.Now()
	tally, err := Read(t.Context(), strings.NewReader(file.String()), Options{Rules: newRules(rules, nil, "many"), Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if len(tally.Titles) != 20_000 || tally.Devices != 1 {
		t.Errorf("%d titles on %d devices", len(tally.Titles), tally.Devices)
	}
}

func TestR6_1_Platforms(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]string{
		"Kiosk": "", "iOS": "iOS", "iOS 17.1": "iOS", "iPadOS": "iOS", "openSUSE Leap": "Linux", "SUSE Linux": "Linux", "macOS 14": "macOS", "Windows 11 Pro": "",
	} {
		if got := systemOf(told, "", "").platform; got != want {
			t.Errorf("%s is %q, want %q", told, got, want)
		}
	}
}

// TestR6_7_EditionInALaterRow takes the edition of Windows from a row that is not the first of a PC.
func TestR6_7_EditionInALaterRow(t *testing.T) {
	t.Parallel()
	const file = "ApplicationName,ApplicationPublisher,ApplicationVersion,DeviceId,DeviceName,OSDescription,OSVersion,Platform\n" +
		"A,B,1,d1,pc,,,Windows\nC,D,1,d1,pc,Windows 11 Enterprise,10.0,Windows\nE,F,1,d1,pc,Windows 11 Enterprise,10.0,Windows\n"
	tally, err := Read(t.Context(), strings.NewReader(file), Options{Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if len(tally.Products) != 1 || tally.Products[0].Product.Family != "Windows" || tally.Products[0].Devices != 1 {
		t.Errorf("%+v", tally.Products)
	}
}

func TestR6_7_EditionWithItsBuild(t *testing.T) {
	t.Parallel()
	for told, want := range map[string][2]string{
		"Windows 11 Enterprise 23H2 10.0.22631.4460":       {"Windows 11 Enterprise", "10.0.22631.4460"},
		"Microsoft Windows 11 Enterprise 10.0.22631":       {"Microsoft Windows 11 Enterprise", "10.0.22631"},
		"Windows Server 2022 Standard 21H2 10.0.20348.587": {"Windows Server 2022 Standard", "10.0.20348.587"},
		"Windows 10 Enterprise LTSC 2021":                  {"Windows 10 Enterprise LTSC 2021", ""},
		"Windows 8.1 Pro":                                  {"Windows 8.1 Pro", ""},
	} {
		if got := systemOf("windows", told, ""); string(got.name) != want[0] || string(got.version) != want[1] {
			t.Errorf("%s: %q %q", told, got.name, got.version)
		}
	}
}
