package product

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"trueup/internal/text"
)

// The ids of the rules that no data file has: they apply to the products of all publishers.
const (
	ruleFreeEnding  = "any-free-edition"      // a product whose title says that it is a free edition
	rulePartEnding  = "any-part-of-product"   // a product whose title says that it is a part
	rulePartOfKnown = "any-part-of-family"    // an unknown title that begins with a known product and ends as a part
	ruleForKnown    = "any-extra-for-product" // an unknown title for a known product of its publisher
)

// ownRules are the rules of the code, which no file of the dictionary has.
var ownRules = []string{ruleFreeEnding, rulePartEnding, rulePartOfKnown, ruleForKnown}

// freeEndings are written after the name of a product for an edition that needs no licence. Viewers are
// among them, because publishers give them away for what the product makes.
var freeEndings = []string{
	"free", "free edition", "free version", "freeware", "freeware edition", "lite edition", "community edition", "community",
	"viewer", "reader", "player",
}

// trialEndings are written after the name of a product for its trial. A trial stops by itself, and the program
// that is bought is nearly always installed under a title without the word; if it counted as the product, or as
// undecidable, each test of a program would show up as a missing licence.
var trialEndings = []string{
	"trial", "trial version", "trial edition", "evaluation", "evaluation version", "evaluation edition", "demo", "demo version",
	"testversion", "demoversion", "version d'essai", "version d'évaluation", "proefversie", "demoversie", "versión de prueba", "versão de avaliação",
}

// partEndings are written after the name of a product for a part that is never sold alone. Where the
// product is on the PC, its own title counts. A developer's kit, a library or a module that is sold has a
// row with the word in its pattern.
var partEndings = append([]string{
	"setup client", "minidriver", "license manager", "licence manager", "activex control", "object enabler",
	"language pack", "updater", "autoupdate", "auto update", "liveupdate", "live update", "update manager", "update agent",
	"installer", "uninstaller", "cleanup", "prerequisites", "redistributable", "redistributables", "redist",
	"crash reporter", "login manager", "integration package", "diagnostics", "feedback tool", "profiler", "helper", "toolbar",
	"license server", "licence server", "lizenzserver", "lizenzmanager", "licentieserver", "serveur de licences",
	"documentation", "documentatie", "dokumentation", "documentación", "documentação", "help", "help files",
	"hilfe", "aide", "ayuda", "ajuda", "hulp", "samples", "sample files", "sample data", "examples", "voorbeelden", "beispiele", "exemples",
	"ejemplos", "exemplos", "tutorial", "tutorials", "templates", "content",
	"stuurprogramma", "stuurprogramma's", "treiber", "pilote", "pilotes", "controlador", "controladores", "print processor",
	"add-on", "add-ons", "addon", "module", "modules", "module français", "extensions", "interop",
	"tools", "utilities", "components", "service", "services",
	"runtime", "sdk", "library", "libraries", "русификатор",
	"taalpakket", "sprachpaket", "pack linguistique", "module linguistique", "paquete de idioma", "pacote de idiomas",
}, pluginEndings...)

// clientEndings are written after the name of a product for what is on the PCs of its users. It is a part if the
// product is licensed by servers. If it is licensed by users or PCs, the client is where it is used and counts.
var clientEndings = []string{"client", "clients", "agent", "agents"}

// pluginEndings are parts that may tell the program that they are for: "Planner Add-in for Excel".
var pluginEndings = []string{
	"plug-in", "plug-ins", "plugin", "plugins", "add-in", "add-ins", "addin", "addins", "launcher", "driver", "drivers", "connector", "extension",
	"invoegtoepassing", "complément", "complemento", "suplemento",
}

// endsAs reports whether the words of one of the endings stand at the end of a stem, before its
// version, and returns the last word and what stands before.
func endsAs(stem string, endings []string) (before, word string, ok bool) {
	stem = withoutVersion(stem)
	for _, ending := range endings {
		if rest, is := strings.CutSuffix(stem, ending); is && len(ending) > len(word) {
			if trimmed := strings.TrimRight(rest, " -–:("); trimmed != rest && trimmed != "" {
				before, word, ok = trimmed, ending, true
			}
		}
	}
	return before, word, ok
}

// withoutVersion cuts numbers, texts in parentheses and the word version from the end of a stem.
func withoutVersion(stem string) string {
	for {
		stem = strings.TrimRight(strings.TrimSpace(stem), ",-–")
		if inside, ok := strings.CutSuffix(stem, ")"); ok {
			stem = inside // "Planner (Trial)", or "Planner Viewer (build 4)"
			if at := strings.LastIndexByte(inside, '('); at > 0 && !endsWithWord(inside) {
				stem = inside[:at]
			}
			continue
		}
		at := strings.LastIndexByte(stem, ' ')
		if at < 0 || !isVersion(stem[at+1:]) {
			return stem
		}
		stem = stem[:at]
	}
}

// endsWithWord reports whether the last word has no digit.
func endsWithWord(s string) bool {
	return !strings.ContainsAny(s[strings.LastIndexAny(s, " (")+1:], "0123456789")
}

func isVersion(word string) bool {
	word = strings.Trim(word, "()[]")
	return word == "version" || word == "v" || word == "build" || startsWithDigit(strings.TrimPrefix(strings.TrimPrefix(word, "sp"), "v"))
}

func startsWithDigit(s string) bool { return s != "" && isDigit(s[0]) }

// count returns how often a word stands in the texts of a pattern.
func (p Pattern) count(word string) (n int) {
	for _, parts := range p {
		for _, part := range parts {
			n += count(part.text, word)
		}
	}
	return n
}

// count returns how often a word stands in a text with no letter or digit beside it.
func count(s, word string) (n int) {
	last := utf8.RuneError
	for {
		at := strings.Index(s, word)
		if at < 0 || word == "" {
			return n
		}
		if at > 0 {
			last, _ = utf8.DecodeLastRuneInString(s[:at])
		}
		s = s[at+len(word):]
		if next, _ := utf8.DecodeRuneInString(s); !isLetterOrDigit(last) && !isLetterOrDigit(next) {
			n++
		}
		last, _ = utf8.DecodeLastRuneInString(word)
	}
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// ending returns what the end of a title says of a product that a star took it for: that it is a
// free edition or a part. ok is false if it says nothing, or the rule itself has the words.
func (f *found) ending(d *Dictionary, stem string) (m Match, ok bool) {
	if f.rule.Kind != KindProduct && f.rule.Kind != KindUndecidable || len(f.alternative.name) == 1 {
		return Match{}, false
	}
	row := &d.Rows[f.rule.Row]
	switch {
	case f.tookEnd(stem, stem, trialEndings), f.tookEnd(stem, stem, freeEndings) && !d.isOfHost(stem, freeEndings):
		return Match{Rule: ruleFreeEnding, Kind: KindFree}, true
	case f.tookEnd(stem, stem, partEndings), row.isOfServers() && f.tookEnd(stem, stem, clientEndings), f.tookEnd(beforeHost(stem), stem, pluginEndings):
		return Match{Rule: rulePartEnding, Kind: KindComponent, Of: row}, true
	}
	return Match{}, false
}

// tookEnd reports whether a text, which is the front of a stem, has one of the endings, and a star took it: the
// stem has its first word more often than the pattern.
func (f *found) tookEnd(front, stem string, endings []string) bool {
	_, ending, is := endsAs(front, endings)
	word := firstWord(ending)
	return is && count(stem, word) > f.alternative.name.count(word)
}

// serverEndings are written after the name of a product for users or PCs for the server that it has. That is another
// product, or comes with the licences of the users: the name does not tell.
var serverEndings = []string{"server"}

// isServer reports whether a star of the pattern of a product for users or PCs took the word for a server. "Endpoint
// Security for Windows Server" is for one, and is none.
func (f *found) isServer(d *Dictionary, stem string) bool {
	if f.rule.Kind != KindProduct || len(f.alternative.name) == 1 {
		return false
	}
	metric := d.Rows[f.rule.Row].Metric
	return (metric == MetricUser || metric == MetricDevice) && beforeHost(stem) == "" && f.tookEnd(stem, stem, serverEndings)
}

// isOfServers reports whether licences of the product are counted by its servers.
func (r *Row) isOfServers() bool { return r.Metric == MetricCore || r.Metric == MetricServer }

// beforeHost returns what stands in front of the program that a title is for; empty if it is for none.
func beforeHost(stem string) string {
	at := -1
	for _, p := range hostPrepositions {
		at = max(at, strings.LastIndex(stem, p))
	}
	return stem[:max(at, 0)]
}

// paidEndings are written after the name of a free program for an edition that is sold.
var paidEndings = []string{
	"pro", "professional", "premium", "enterprise", "ultimate", "business", "corporate",
	"pro edition", "professional edition", "premium edition", "enterprise edition", "ultimate edition", "business edition", "corporate edition",
}

// isSold reports whether a star of a free program's pattern took an edition that is sold: "Winamp Pro".
// What that is, no rule says. Publishers that make nothing to license have such names, too.
func (f *found) isSold(stem string) bool {
	if !f.rule.isAnyones() || len(f.alternative.name) == 1 {
		return false
	}
	return f.tookEnd(stem, stem, paidEndings)
}

// client looks a title that no rule knows up without the word client: "Lotus Notes Client" is Lotus Notes. Only
// products for users and PCs count. Agents stay unknown: many do a task besides the product. It returns the title
// without the word, too.
func (d *Dictionary) client(stem string, by detected) (best found, rest string) {
	name := withoutVersion(stem)
	before, word, ok := endsAs(name, clientEndings)
	if !ok || strings.HasPrefix(word, "agent") {
		return found{}, stem
	}
	rest = before + stem[len(name):]
	best = d.best(rest, by)
	if best.rule == nil || best.rule.Kind != KindProduct && best.rule.Kind != KindUndecidable || d.Rows[best.rule.Row].isOfServers() {
		return found{}, stem
	}
	return best, rest
}

// isOfHost reports whether the ending of a title belongs to the name of another program, for which it is: "ReSharper
// in Visual Studio Community 2022". In "Toad for SAP ASE Viewer" it does not.
func (d *Dictionary) isOfHost(stem string, endings []string) bool {
	at, preposition := -1, ""
	for _, p := range hostPrepositions {
		if i := strings.LastIndex(stem, p); i > at {
			at, preposition = i, p
		}
	}
	if at <= 0 {
		return false
	}
	_, ending, _ := endsAs(stem, endings)
	host := d.best(Stem(stem[at+len(preposition):]), detected{publisher: -1})
	return host.rule != nil && host.alternative.name.count(firstWord(ending)) > 0
}

// hostPrepositions stand in front of the name of the program that a title is for.
var hostPrepositions = []string{" for ", " in ", " voor ", " für ", " pour ", " para ", " per "}

// part returns what an unknown title is a part of.
func (d *Dictionary) part(stem string, by detected) (m Match, ok bool) {
	if d.isFamily(withoutVersion(stem), by) {
		return Match{}, false // "Glary Utilities" has a part in its name and is none
	}
	if before, word, is := endsAs(stem, slices.Concat(partEndings, clientEndings)); is {
		row, ok := d.begins(before, by)
		if ok && (!slices.Contains(clientEndings, word) || row != nil && row.isOfServers()) {
			return Match{Rule: rulePartOfKnown, Kind: KindComponent, Of: row}, true
		}
	}
	if before, _, is := endsAs(stem, trialEndings); is {
		if _, ok := d.begins(before, by); ok {
			return Match{Rule: ruleFreeEnding, Kind: KindFree}, true
		}
	}
	if extra, name, is := strings.Cut(stem, " for "); is && by.publisher >= 0 && isExtra(extra) {
		if row, ok := d.paid(name, by.publisher); ok {
			return Match{Rule: ruleForKnown, Kind: KindComponent, Of: row}, true
		}
	}
	return Match{}, false
}

// extraEndings are more parts that are named after the product that they are for: "Name Checker for
// Revit".
var extraEndings = []string{
	"checker", "monitor", "importer", "exporter", "loader", "interoperability", "provider", "adapter", "wizard", "pack", "kit", "toolkit",
}

// isExtra reports whether what stands in front of "for" is the name of a part. Other programs for a product
// are sold: "Backup for Exchange".
func isExtra(name string) bool {
	_, _, is := endsAs("a "+name, slices.Concat(partEndings, clientEndings, extraEndings)) // the ending may be the whole text
	return is
}

// paid reports whether a name is of a product of a publisher that needs a licence, with or without a
// version. The row is nil if the name does not tell which product.
func (d *Dictionary) paid(name string, publisher int) (*Row, bool) {
	for _, n := range []string{name, withoutVersion(name)} {
		for _, find := range []lookup{d.paper, d.familyPaper} {
			m, ok := d.written(find, publisher, n, "")
			switch {
			case !ok || m.Kind == KindFree:
			case m.Kind == KindProduct:
				return m.Row, true
			default:
				return nil, true
			}
		}
	}
	return nil, false
}

// isFamily reports whether a product has a name, with or without its publisher.
func (d *Dictionary) isFamily(name string, by detected) bool {
	return len(d.families()[name]) > 0 || len(d.families()[d.withoutPublisher(by.publisher, name)]) > 0
}

// minFamily is the length of the name of a product by which it is known without its publisher.
const minFamily = 6

// begins reports whether a text begins with the name of a product that needs a licence, or is the
// name of its publisher. The row is nil if several products have the name.
func (d *Dictionary) begins(name string, by detected) (*Row, bool) {
	if by.publisher >= 0 {
		return d.beginsAt(d.withoutPublisher(by.publisher, name), by.publisher)
	}
	if by.folded != "" {
		return nil, false // an unknown maker of something for a known product
	}
	if first := firstWord(name); first != name {
		if i, ok := d.publishers[first]; ok {
			name = d.withoutPublisher(i, name)
		}
	}
	for len(name) >= minFamily {
		if rows := d.families()[name]; len(rows) > 0 {
			return d.only(rows), true
		}
		at := strings.LastIndexByte(name, ' ')
		if at < 0 {
			break
		}
		name = strings.TrimRight(name[:at], " -–:,")
	}
	return nil, false
}

// beginsAt is begins for a name without its publisher: a product of the publisher has its first word.
func (d *Dictionary) beginsAt(name string, publisher int) (*Row, bool) {
	var rows []int
	for _, i := range d.papersOf(publisher).rows {
		if family := text.Fold(d.Rows[i].Family); d.Rows[i].Kind != KindFree && firstWord(family) == firstWord(name) {
			rows = append(rows, i)
		}
	}
	isPublisher := d.publishers[name] == publisher && publisherStem(d.Publishers[publisher].Name) == name
	return d.only(rows), len(rows) > 0 || isPublisher
}

// only returns the row if there is one.
func (d *Dictionary) only(rows []int) *Row {
	if len(rows) != 1 {
		return nil
	}
	return &d.Rows[rows[0]]
}

// families returns the indexes of the products by their families, in normal form. They are collected
// on first use.
func (d *Dictionary) families() map[string][]int {
	d.named.once.Do(func() {
		d.named.rows = map[string][]int{}
		for i := range d.Rows {
			if row := &d.Rows[i]; row.Kind != KindFree {
				name := Stem(text.Fold(row.Family))
				d.named.rows[name] = append(d.named.rows[name], i)
			}
		}
	})
	return d.named.rows
}
