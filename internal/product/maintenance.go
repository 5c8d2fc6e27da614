package product

import "strings"

// isMaintenance reports whether a folded name is of the maintenance of a licence alone: later versions and
// support, but no right to another installation. A licence with maintenance is a licence:
//
//	snagit support & maintenance renewal              maintenance alone
//	spss statistics sw subscription & support         maintenance alone
//	production support/subscription for vsphere 7     maintenance alone
//	snagit + maintenance                              a licence
//	plant maintenance                                 a program, unless a product is called plant
//
// Programs are called maintenance, too. Without a word such as renewal beside it, it counts only if the
// other words are the name of a product.
func (d *Dictionary) isMaintenance(publisher, name string) bool {
	if len(name) > maxPhrase || !mentionsMaintenance(name) {
		return false
	}
	words := joinedWords(name)
	for end := len(words); end > 0; end-- {
		if start, isSure := d.maintenance(publisher, words, end); start >= 0 {
			if start > 0 { // "support and subscription (SnS)"
				if first, _ := d.maintenance(publisher, words, start); first >= 0 {
					start = first
				}
			}
			return d.isAlone(publisher, words[:start], words[end:], isSure)
		}
		if !maintenanceTerms.has(words[end-1]) && !isTerm(words, end-1) {
			break
		}
	}
	for end := 1; end <= len(words); end++ { // "maintenance for Snagit"
		start, isSure := d.maintenance(publisher, words, end)
		if start >= 0 && end+1 < len(words) && objects.has(words[end]) && len(withoutTerms(words[:start])) == 0 {
			return isSure || d.isSold(publisher, words[end+1:])
		}
	}
	return false
}

// maxPhrase bounds the length of names in which maintenance is searched, and so the time for a hostile one.
const maxPhrase = 200

// mentionsMaintenance rules out nearly all names quickly.
func mentionsMaintenance(name string) bool {
	for _, part := range []string{"mainten", "onderhoud", "wartung", "pflege", "mantenimiento", "manuten", "support", "s&s", "sns", "upgrade"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// maintenance returns where a phrase for maintenance starts that ends before words[end]; -1 if there is none.
// It is sure if programs are not called so.
func (d *Dictionary) maintenance(publisher string, words []string, end int) (start int, isSure bool) {
	last := words[end-1]
	var before string
	if end > 1 {
		before = words[end-2]
	}
	pair := end > 2 && (before == "and" || conjunctions.has(before))
	switch {
	case pair && (maintenances.has(last) && supports.has(words[end-3]) || supports.has(last) && maintenances.has(words[end-3])):
		return end - 3, true
	case maintenances.has(last):
		return end - 1, len(last) > len("mantenimiento")
	case maintenanceContracts.has(last):
		return end - 1, true
	case before == "upgrade" && (last == "protection" || last == "assurance" || last == "insurance"):
		return end - 2, true
	case last == "sns":
		start = end - 1
	case pair && (last == "support" && words[end-3] == "subscription" || last == "subscription" && words[end-3] == "support" || last == "s" && words[end-3] == "s"):
		start = end - 3
	default:
		return -1, false
	}
	// A subscription with support is a licence. These words are maintenance where a publisher calls it so.
	isSoftware := start > 0 && (words[start-1] == "sw" || words[start-1] == "software")
	isReinstated := end < len(words) && (words[end] == "reinstatement" || words[end] == "reinstate")
	if !isSoftware && !isReinstated && !maintainers.has(publisherStem(publisher)) {
		return -1, false
	}
	return start, true
}

// isAlone reports whether the words around a phrase for maintenance do not join it to a licence.
func (d *Dictionary) isAlone(publisher string, before, after []string, isSure bool) bool {
	rest := withoutTerms(before)
	around := append(before[len(rest):len(before):len(before)], after...)
	isRenewed := false
	for i, w := range around {
		isRenewed = isRenewed || renewals.has(w)
		isSure = isSure || renewals.has(w) || contracts.has(w) || periods.has(w) && i > 0 && isNumber(around[i-1])
	}
	if n := len(rest); isRenewed && n > 1 && licenseWords.has(rest[n-1]) {
		rest = rest[:n-1]
	}
	switch {
	case len(rest) == 0:
		return true
	case isWith(rest):
		return false
	}
	return isSure || d.isSold(publisher, rest)
}

// withoutTerms removes the words at the end that only say which maintenance it is: "annual software".
func withoutTerms(words []string) []string {
	for len(words) > 0 && (renewals.has(words[len(words)-1]) || contracts.has(words[len(words)-1]) || grades.has(words[len(words)-1])) {
		words = words[:len(words)-1]
	}
	return words
}

// isTerm reports whether a word behind a phrase for maintenance says how long it is or for how many: "12
// months", "for 5 users".
func isTerm(words []string, i int) bool {
	w := words[i]
	return renewals.has(w) || contracts.has(w) || grades.has(w) || periods.has(w) || isNumber(w) || objects.has(w) && i+1 < len(words) && isNumber(words[i+1])
}

// isSold reports whether words are the name of a product that needs a licence.
func (d *Dictionary) isSold(publisher string, words []string) bool {
	m, ok := d.lookUp(publisher, strings.Join(words, " "), "")
	return ok && m.Kind != KindFree
}

var (
	maintenances         = setOf("maintenance onderhoud wartung mantenimiento manutenção manutencao manutenzione")
	maintenanceContracts = setOf(`softwaremaintenance wartungsvertrag wartungsverlängerung softwarewartung softwarepflege pflegevertrag softwarepflegevertrag
		onderhoudscontract onderhoudsverlenging softwareonderhoud`)
	supports  = setOf("support soporte suporte supporto assistance assistenza asistencia assistência ondersteuning")
	renewals  = setOf("renewal renewals renew reinstatement reinstate verlängerung renouvellement verlenging renovación renovacion renovação rinnovo")
	contracts = setOf(`plan agreement contract annual annually yearly contrat contrato contratto vertrag jährlich jährliche jaarlijks annuel annuelle annuale only
		subscription`)
	grades = setOf(`sw software basic standard advanced premium premier priority production extended gold silver platinum academic commercial de del di du da do of`)
	// maintenanceTerms stand behind the phrase.
	maintenanceTerms = setOf("and with support service services level per user users seat seats device devices license licenses licence licences authorized")
	objects          = setOf("for für fur voor pour para per")
	maintainers      = setOf("ibm hcl vmware broadcom")
)
