package position

import (
	"slices"
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
	Licenses int
}

// metricInName returns what a name says that licences are for. A server product has licences for cores,
// for processors and for servers, and one name on paper for each; other products have one metric. It
// is empty if the metric is the product's.
func metricInName(d *product.Dictionary, p Product, name string) product.Metric {
	row, known := d.Of(p)
	if !known || row.Metric != product.MetricCore && row.Metric != product.MetricServer {
		return ""
	}
	words := wordsOf(name)
	switch {
	case slices.ContainsFunc(words, isCoreWord):
		return product.MetricCore
	case slices.ContainsFunc(words, func(w string) bool { return w == "processor" || w == "proc" || w == "cpu" }):
		return MetricProcessor
	case row.Metric == product.MetricServer:
		return ""
	case countServers(words) > countServers(strings.Fields(text.Fold(row.Name()))):
		return product.MetricServer // "SQL Server Standard per server"
	}
	return MetricUnknown
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

// addQuantity adds the licences of a line to those of its metric.
func (r *Row) addQuantity(l Line) {
	metric := l.Metric
	if metric == "" {
		metric = r.Metric
	}
	at := slices.IndexFunc(r.Quantities, func(q Quantity) bool { return q.Metric == metric })
	if at < 0 {
		at = len(r.Quantities)
		r.Quantities = append(r.Quantities, Quantity{Metric: metric})
	}
	r.Quantities[at].Licenses += l.Quantity
}

// sortQuantities puts the quantities in the order of Metrics.
func (r *Row) sortQuantities() {
	slices.SortFunc(r.Quantities, func(a, b Quantity) int { return slices.Index(Metrics, a.Metric) - slices.Index(Metrics, b.Metric) })
}
