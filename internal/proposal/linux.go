package proposal

import (
	"slices"
	"strings"

	"trueup/internal/inventory"
	"trueup/internal/text"
)

// distributions are words in the publishers of packages of Linux distributions.
var distributions = []string{
	"ubuntu", "canonical", "debian", "fedora project", "red hat", "centos", "rocky", "almalinux", "opensuse", "suse ", "oracle america", "arch linux", "linux mint", "raspberry",
}

var (
	packageName    = text.Pattern(`^[a-z0-9][a-z0-9+._:-]*$`)
	packageVersion = text.Pattern(`^([0-9]+:)?[0-9][A-Za-z0-9.+~_^:-]*-[0-9][A-Za-z0-9.+~_]*$`) // 1:2.34-0ubuntu3.2, 5.1.8-6.el9
	maintainer     = text.Pattern(`<[^<> ]+@[^<> ]+>`)                                          // as Debian's packages name theirs
)

// isLinux reports whether a title is a package of a Linux distribution. Intune lists no Linux PCs.
// The others do not tell the system, so the title has to: by the publisher, or by name and version
// without one.
func isLinux(shape inventory.Shape, t inventory.Title) bool {
	if shape == inventory.AppInvRawData || shape == inventory.AppInvAggregate || !packageName().MatchString(t.Name) {
		return false
	}
	publisher := text.Fold(t.Publisher)
	switch {
	case maintainer().MatchString(publisher):
		return true
	case publisher != "":
		return slices.ContainsFunc(distributions, func(d string) bool { return strings.Contains(publisher+" ", d) })
	}
	return packageVersion().MatchString(t.Version)
}
