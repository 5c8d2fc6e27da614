package inventory

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// Lists of package managers, as text. Their packages have other names than installed programs. Those of
// Linux never count; those of Windows and macOS are in what the PC lists as programs, too.
const (
	codeLinux    = "inventory_linux"    // {tool}
	codePackages = "inventory_packages" // {tool}
)

// packageLists are the lists by their first lines: each of them matches every, and one of them matches one,
// if they are not nil.
var packageLists = []struct {
	code, tool string
	every, one func() *regexp.Regexp
}{
	{codeLinux, "dpkg", nil, text.Pattern(`^(\|\|/ \S+|Status: \S+ \S+ (installed|config-files)$|[uihrp][ncHUFWti]R? {2,}[a-z0-9][a-z0-9+.:-]+ +\S*\d\S* +(all|amd64|arm64|armhf|armel|i386|ppc64el|riscv64|s390x)\b)`)},
	{codeLinux, "dpkg", text.Pattern(`^[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?\t(\d\S*)?$`), text.Pattern(`\t\d\S*-\S+$`)},
	{codeLinux, "apt", nil, text.Pattern(`^[a-z0-9][a-z0-9+.-]+/\S+ \S+ \w+ \[`)},
	{codeLinux, "rpm", text.Pattern(`^(\S+-[^-\s]+-[^-\s]+\.(noarch|x86_64|i[3-6]86|aarch64|armv7hl|ppc64le|riscv64|s390x)|gpg-pubkey-\S+)$`), nil},
	{codeLinux, "rpm", nil, text.Pattern(`^Source RPM +: `)},
	{codeLinux, "dnf", nil, text.Pattern(`^\S+\.(noarch|x86_64|i[3-6]86|aarch64|armv7hl|ppc64le|riscv64|s390x) +\S*\d\S* +@?\S+$`)},
	{codeLinux, "apk", text.Pattern(`^[a-z0-9][\w.+-]*-\d\S*-r\d+( .*)?$`), nil},
	{codeLinux, "pacman", text.Pattern(`^[a-z0-9@_+.-]+ \S*\d\S*-\d+(\.\d+)?$`), nil},
	{codeLinux, "pacman", nil, text.Pattern(`^Depends On +: `)},
	{codeLinux, "snap", nil, text.Pattern(`^Name +Version +Rev +Tracking +Publisher +Notes$`)},
	{codePackages, "choco", nil, text.Pattern(`^(Chocolatey v\d\S*|\d+ packages installed\.)$`)},
	{codePackages, "choco", text.Pattern(`^[\w.-]+\|\d[\w.+-]*$`), nil},
	{codePackages, "brew", text.Pattern(`^[a-z0-9][\w.@+-]*( \d\S*)+$`), nil},
}

// packageList says that a text is a list of a package manager; nil for another text. It is known by its
// first lines.
func packageList(head []byte) *errs.Error {
	lines := firstLines(head)
	if len(lines) == 0 {
		return nil
	}
	for _, l := range packageLists {
		if (l.one == nil || slices.ContainsFunc(lines, l.one().MatchString)) &&
			(l.every == nil || !slices.ContainsFunc(lines, func(line string) bool { return !l.every().MatchString(line) })) {
			return errs.New(errs.Invalid, l.code, "tool", l.tool)
		}
	}
	return nil
}

// firstLines returns the whole lines of the start of a text that are not blank, without their ends.
func firstLines(head []byte) (lines []string) {
	for line := range bytes.Lines(head) {
		if len(head) >= sheet.HeadBytes && !bytes.HasSuffix(line, []byte("\n")) {
			break // cut
		}
		if text := strings.TrimRight(string(line), " \r\n"); text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}

// packageProviders are the providers of PowerShell's Get-Package that list no programs: modules,
// libraries and updates, and packages that other providers list as programs.
var packageProviders = []string{"powershellget", "nuget", "msu", "chocolatey", "chocolateyget"}

// isPackageProvider reports whether a cell names one of the packageProviders.
func isPackageProvider(cell []byte) bool {
	return slices.ContainsFunc(packageProviders, func(name string) bool { return strings.EqualFold(name, string(bytes.TrimSpace(cell))) })
}
