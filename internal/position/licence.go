package position

import (
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/product"
	"trueup/internal/text"
)

var foldedVolumePublisher = text.Fold(agreement.VolumePublisher)

// Entitled returns the licences of an entitlement, named as the dictionary does, and whether its
// term includes the calendar's day. source is the pair or the statement; agreementID is empty for
// a statement.
func Entitled(d *product.Dictionary, e entitlement.Entitlement, source Source, agreementID string, c day.Calendar) (Line, bool) {
	publisher := e.Publisher
	if text.Collapse(publisher) == "" {
		publisher = agreement.VolumePublisher
	}
	line := Line{
		Product:  d.Named(publisher, e.Family, e.Version),
		Quantity: e.Effective,
		// Statements are known to list more assured than effective licences.
		SA:        min(e.ActiveSA, e.Effective),
		Source:    source,
		Agreement: agreementID,
	}
	line.Metric, line.Pack = metricInName(d, line.Product, e.Family)
	line.Subscription = isSubscription(e.Family) || isSubscription(e.Type)
	if line.SA > 0 && e.SAOn(c.Today) == 0 {
		line.SAEnded = e.SAEnd
	}
	return line, Counts(agreement.Terms{Start: e.Start, End: e.End}, c)
}

// Bought returns the licences of an agreement of type other for its product title, named as the
// dictionary does, and whether they count on the calendar's day.
func Bought(d *product.Dictionary, a agreement.Agreement, c day.Calendar) (Line, bool) {
	line := Line{
		Product:   d.Named(a.Publisher, a.ProductTitle, ""),
		Quantity:  a.Licenses,
		Source:    Source{Kind: KindAgreement, ID: a.ID, Text: a.Name},
		Agreement: a.ID,
	}
	line.Metric, line.Pack = metricInName(d, line.Product, a.ProductTitle)
	line.Subscription = isSubscription(a.ProductTitle)
	return line, a.Type == agreement.TypeOther && Counts(a.Terms, c)
}

// isSubscription reports whether a name or a type of licences says that they are a subscription. A name
// may have a version nevertheless, which is the one of the day of the purchase: "AutoCAD 2023
// subscription". A perpetual licence may come with a subscription to its maintenance: "AutoCAD 2014 New
// SLM + Subscription", "SPSS Statistics 25 License + SW Subscription & Support".
func isSubscription(name string) bool {
	name, _, _ = strings.Cut(text.Fold(name), "+")
	words := wordsOf(name)
	for i, w := range words {
		if slices.Contains(subscriptions, w) && (i == len(words)-1 || words[i+1] != "support") {
			return true
		}
	}
	return false
}

var subscriptions = []string{
	"subscription", "subscriptions", "subscr", "subs", "subsvl", "usl",
	"abonnement", "abonnements", "jaarabonnement", "abo", "abbonamento", "suscripción", "suscripcion", "assinatura", "subscrição",
}

// Counts reports whether licences on these terms count on the calendar's day.
func Counts(t agreement.Terms, c day.Calendar) bool {
	status := t.Status(c)
	return status != agreement.StatusNotStarted && status != agreement.StatusExpired
}

// withoutPublisher removes the publisher from the front of a folded name.
func withoutPublisher(publisher, name string) string {
	if rest, found := strings.CutPrefix(name, publisher+" "); found && publisher != "" {
		return rest
	}
	return name
}
