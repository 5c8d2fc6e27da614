package position

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"trueup/internal/product"
	"trueup/internal/text"
)

// MetricProcessor is the metric of licences for processors, which a product of the dictionary does not
// have: they are old licences of products that are now licensed by cores.
const MetricProcessor product.Metric = "processor"

// MetricUnknown is the metric of licences of a product that is licensed by cores, if their name does not
// tell: they may be for cores, for processors or for servers.
const MetricUnknown product.Metric = "unknown"

// Metrics lists every metric, in the order of the documentation.
var Metrics = []product.Metric{
	product.MetricDevice, product.MetricUser, product.MetricOS, product.MetricCore, MetricProcessor, product.MetricServer, product.MetricCAL,
	product.MetricService, product.MetricNone, MetricUnknown,
}

// Quantity is a number of licences for one metric.
type Quantity struct {
	Metric   product.Metric
	Pack     int // the cores or processors in each licence, if its name tells: 2 for a "2-Core Pack"; else 0
	Licenses int
}

// metricInName returns what a name says that licences are for, and how many of it each licence has. A
// server product has licences for cores, for processors and for servers, and one name on paper for each;
// other products have one metric. It is empty if the metric is the product's.
func metricInName(d *product.Dictionary, p Product, name string) (metric product.Metric, pack int) {
	row, known := d.Of(p)
	if !known || row.Metric != product.MetricCore && row.Metric != product.MetricServer {
		return "", 0
	}
	words := wordsOf(name)
	switch {
	case slices.ContainsFunc(words, isCoreWord):
		return product.MetricCore, packOf(words, p, isCoreWord)
	case slices.ContainsFunc(words, isProcessorWord):
		return MetricProcessor, packOf(words, p, isProcessorWord)
	case row.Metric == product.MetricServer:
		return "", 0
	case countServers(words) > countServers(strings.Fields(text.Fold(row.Name()))):
		return product.MetricServer, 0 // "SQL Server Standard per server"
	}
	return MetricUnknown, 0
}

// maxPack is the largest number of cores in one licence. A larger number in front of a unit is a year.
const maxPack = 256

// packOf returns how many cores or processors each licence has by its name: "2 Core", "2-Core Pack",
// "2Proc", "16Lic CoreLic"; 0 if it does not tell. A number that is the version of the product is not one.
func packOf(words []string, p Product, isUnit func(string) bool) int {
	for i, w := range words {
		unit := strings.TrimLeft(w, "0123456789")
		number := w[:len(w)-len(unit)]
		if number == "" && i > 0 && isUnit(w) {
			number = words[i-1]
		}
		isLicense := unit == "lic" && number != "" // of cores, in a price list
		if n, err := strconv.Atoi(number); err == nil && (isUnit(unit) || isLicense) && n > 0 && n <= maxPack && number != p.Version {
			return n
		}
	}
	return 0
}

// wordsOf returns the folded words of a name.
func wordsOf(name string) []string {
	return strings.FieldsFunc(text.Fold(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// countServers returns how often words say server.
func countServers(words []string) (n int) {
	for _, w := range words {
		if w == "server" || w == "servers" {
			n++
		}
	}
	return n
}

// isCoreWord reports whether a word of a name says cores: core, 2core, or SQLSvrStdCore of a price list.
func isCoreWord(word string) bool {
	return strings.HasSuffix(word, "core") || strings.HasSuffix(word, "cores") || strings.HasSuffix(word, "corelic")
}

// isProcessorWord reports whether a word of a name says processors: processor, 2proc.
func isProcessorWord(word string) bool {
	return slices.Contains(processorWords, strings.TrimLeft(word, "0123456789"))
}

var processorWords = []string{
	"processor", "processors", "proc", "procs", "cpu", "cpus", "processoren", "prozessor", "prozessoren",
	"processeur", "processeurs", "procesador", "procesadores", "processador", "processadores", //nolint:misspell // French
}

// addQuantity adds the licences of a line to those of its metric.
func (r *Row) addQuantity(l Line) {
	metric := l.Metric
	if metric == "" {
		metric = r.Metric
	}
	at := slices.IndexFunc(r.Quantities, func(q Quantity) bool { return q.Metric == metric && q.Pack == l.Pack })
	if at < 0 {
		at = len(r.Quantities)
		r.Quantities = append(r.Quantities, Quantity{Metric: metric, Pack: l.Pack})
	}
	r.Quantities[at].Licenses += l.Quantity
}

// sortQuantities puts the quantities in the order of Metrics, and packs after single licences.
func (r *Row) sortQuantities() {
	slices.SortFunc(r.Quantities, func(a, b Quantity) int {
		return cmp.Or(slices.Index(Metrics, a.Metric)-slices.Index(Metrics, b.Metric), a.Pack-b.Pack)
	})
}
