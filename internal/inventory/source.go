package inventory

import (
	"slices"
	"strings"
)

// sourcePlatforms are the platforms of the tables of osquery from which Fleet takes software, by the
// first word of the table's name: apps, deb_packages.
var sourcePlatforms = map[string]string{
	"apps": "macOS", "pkg": "macOS", "ios": "iOS", "ipados": "iOS", "android": "Android",
	"deb": "Linux", "rpm": "Linux", "portage": "Linux", "pacman": "Linux", "apk": "Linux",
}

// packageEndings are the last words of the tables of osquery with packages of programming
// languages, package managers, browsers and editors.
var packageEndings = []string{"_packages", "_extensions", "_addons", "_plugins", "_gems", "_modules", "_binaries"}

// sourceOf says which platform a source of software tells, and whether it has packages. Packages
// are parts of other software, or a second list of what programs has.
func sourceOf(source string) (platform string, packages bool) {
	source = strings.ToLower(strings.TrimSpace(source))
	word, _, _ := strings.Cut(source, "_")
	if platform = sourcePlatforms[word]; platform != "" {
		return platform, false
	}
	return "", slices.ContainsFunc(packageEndings, func(ending string) bool { return strings.HasSuffix(source, ending) })
}

// tableOf returns the table that a query of osqueryd reads, if its name ends in the name of a table
// that is not programs, such as pack/inventory/python_packages.
func tableOf(query string) string {
	table := query[strings.LastIndexAny(query, "/.:")+1:]
	for cut := true; cut; _, table, cut = strings.Cut(table, "_") { // pack_inventory_python_packages
		platform, packages := sourceOf(table)
		if strings.Count(table, "_") == 1 && (packages || platform != "" && strings.HasSuffix(table, "_packages")) {
			return table
		}
	}
	return ""
}

// leaveOut counts a row of packages, which is no row of the inventory.
func (r *reading) leaveOut(source string) {
	if r.packages == nil {
		r.packages = map[string]int{}
	}
	source = strings.ToLower(strings.TrimSpace(source))
	if _, known := r.packages[source]; !known && len(r.packages) == maxSources {
		r.morePackages++
		return
	}
	r.packages[source]++
}

// maxSources is the number of sources of packages that are told apart.
const maxSources = MaxNotes / 2
