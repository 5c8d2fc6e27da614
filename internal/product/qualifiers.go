package product

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Price lists, resellers and portals add to the name of a product how it is sold. These words do
// not change the product, so they are cut from a name that is not known with them.

// qualifiers are part of no product's name. # stands for digits.
var qualifiers = sync.OnceValue(func() map[string][][]string { return phrases(counted(units) + sold) })

// sold are qualifiers besides units.
const sold = `
	# core license|# core license pack|# core pack|#core license|core license|core license pack|core lic|corelic|license pack|lic pack
	#-core pack|#-core license pack|#-core licence pack|#-core license|#-core licence|#-core lic|#-core pk|#core pack|#core license pack|#core lic|#core pk|# core pk|# core packs|#-core packs|core pack|core packs
	#-pack|#pack|# pack|#-pk|#pk|# processor license|# proc license|#-processor license|#-proc license|#-processor pack|# processor pack|base license|base licence|#-core base license|# core base license
	license|licenses|licence|licences|lic|lics|lizenz|lizenzen|licentie|licenties|licencia|licencias|licença|licenças|licenza|license key|user license|device license
	license only|license & software assurance|license software assurance|license/software assurance pack|license & software assurance pack|software assurance|software assurance pack
	sa|sapk|upgrdsapk|upgrdsa|wmdop|licsa|licsapk|lic sa pk|lic/sa|lic/sa pack|lic/sa pk|lic sa pack|lic sapk|lic & sa|l&sa|l & sa|l/sa|la/sa|+sa
	incl|incl.|including|inkl|inkl.|inclusief|incl sa|incl. sa|including sa|met sa|mit sa|avec sa|con sa|com sa|without sa|no sa|incl software assurance|incl. software assurance|including software assurance
	met software assurance|mit software assurance|avec software assurance|con software assurance|com software assurance|without software assurance|no software assurance
	alng|sngl|all languages|all language|all lng|all lang|single language|mvl|mlng|lng|olp|olp nl|olv|osv|ovs|nl|no level|nolevel|level #|level a|level b|level c|level d|lvl a|lvl b|lvl c|lvl d
	mpsa|csp|nce|eas|ees|mca|select plus|open license|open licence|open value|open value subscription|enterprise agreement|volume license|volume licence|vl|vlsc|volume
	shrdsvr|subsvl|sub vl|subs vl|pltfrm|qlfd|nonqlfd|prorated|addproduct|additional product|ap|unified|original|fsa|fromsa|from sa|addon|add-on|add on
	subscription|subscriptions|subscription license|subscription licence|subs|subscr|abonnement|abonnements|suscripción|assinatura|subscription renewal|renewal|renew|usl
	annual|annually|yearly|annual commitment|annual term|annual plan|annual subscription|annual billing|annual license|annuel|annuelle|jaarlijks|jährlich|anual
	monthly|monthly commitment|monthly term|monthly plan|monthly subscription|monthly billing|mensuel|maandelijks|monatlich|mensual|mensal
	billed|billed annually|billed yearly|billed monthly|billed triennially|prepaid|upfront|triennial|triennial commitment|commitment|commit|term|com yr|com mth|com y|com m
	authorized user|authorised user|named user|floating user|concurrent user|concurrent session|registered user|single install|sw subscription & support|software subscription & support
	maintenance|maintenance & support|support & maintenance|wartung|onderhoud|mantenimiento|manutenção|manutenzione|support & subscription|subscription & support|basic support & subscription|production support & subscription|sns|basic sns|production sns
	upgrade protection|upgrade protection program|update protection|smart protection|#-day subscription|#-day|# days|# day
	lifetime maintenance|à vie|licence à vie|licence perpétuelle|perpétuelle|unbefristet|dauerlizenz|lebenslang|lebenslange lizenz|levenslang|levenslange licentie|eeuwigdurend|perpetua|licencia perpetua|de por vida|vitalicia|perpétua|licença perpétua
	yr#|year #|jaar #|jahr #|année #|año #
	one year|two years|three years|one-year|three-year|one month|one-month|p#y|p#m|p#y p#m
	perpetual|perpetual license|perpetual licence|lifetime|lifetime license|lifetime licence|esd|pkc|fpp|download|electronic download|e-license|medialess|media less|box|boxed|retail|retail box|product key|digital|digital license|oem|coa|wcoa|ggwa|getgenuine|get genuine|legalization
	no teams|eea no teams|eea|without teams|commercial|cmmrcl|nonprofit staff pricing|staff pricing|for windows|voor windows|pour windows|für windows|para windows
`

// bases say for what each licence counts. They are cut after the others, because they are part of a few
// products' names: "Windows E3 per User" and "Windows E3 per Device".
var bases = sync.OnceValue(func() map[string][][]string { return phrases(soldBy) })

const soldBy = `
	per core|per processor|per proc|per cpu|per socket|per technician|per server|# seats min|one user|single user|single-user
	per user|per device|per seat|peruser|perusr|perdevice|perdvc|per usr|per dvc|per named user|per pc|per gebruiker|per apparaat|par utilisateur|par appareil|pro benutzer|pro gerät|por usuario|por usuário
`

// looseQualifiers are parts of the names of other products. They are cut together with the others,
// from names that are not known without those only.
var looseQualifiers = sync.OnceValue(func() map[string][][]string { return phrases(soldLoosely) })

const soldLoosely = `
	edu|acdmc|academic|education|educational|educ|faculty|for faculty|student|students|for students|student use benefit|students use benefit|for education|for academic|university|school|teacher
	gov|govt|government|for government|gcc|gcc high|dod|charity|charities|nonprofit|non-profit|for nonprofit|nonprofits|non-profits|npo|donation
	users|devices|seats|new|full|full version|standalone|stand-alone|single|promo|promotion
	upgrade|upgrades|upgrd|upgr|upg|upgrade license|upgrade licence|upgrade version|version upgrade|product upgrade|competitive upgrade|trade-up|trade up|tradeup|crossgrade|cross-grade|cross grade|mise à niveau|actualización|atualização|aggiornamento
	open|select|ea|enterprise licensing|licensing|team licensing|team|teams|for teams|for enterprise|tlp|clp|vip|eld|ic|ad|multiple platforms|multiple platform|multi platform|multiple|windows|win|win/mac|mac/win|mac & win|mac/windows|windows/mac|multi-user|network|international|int|eu|emea|eurozone|worldwide|multi european languages|multiple languages|multilingual|multilanguage|ml
	english|german|french|dutch|spanish|italian|portuguese|eu english|universal english|international english|for pc|pc|on-premises|on-premise|on premises|edition|version|series|release|enterprise license|business license
`

// units are counted by numbers of licences and lengths of terms: 5 users, 5-user, 5user, for 5 users.
const units = `core cores proc procs processor processors processoren prozessor prozessoren processeur processeurs procesador procesadores processador processadores cpu cpus vcpu vcpus
	user users device devices pc pcs mac macs seat seats computer computers workstation workstations install installs installation installations
	lic lics license licenses licence licences lizenz lizenzen licentie licenties licencia licencias licença licenças licenza licenze
	gebruiker gebruikers utilisateur utilisateurs benutzer nutzer usuario usuarios usuário usuários utente utenti
	apparaat apparaten appareil appareils poste postes gerät geräte arbeitsplatz arbeitsplätze dispositivo dispositivos werkplek werkplekken
	year years yr yrs y jahr jahre jaar jaren an ans année années año años ano anos anno anni
	month months mo mos mth mths m monat monate monaten maand maanden mois mes meses mês mese mesi gb tb`

// counted returns phrases of numbers of each unit.
func counted(units string) string {
	var all strings.Builder
	for unit := range strings.FieldsSeq(units) {
		fmt.Fprintf(&all, "# %[1]s|#-%[1]s|#%[1]s|for # %[1]s\n", unit)
	}
	return all.String()
}

// phrases returns phrases, separated by bars and ends of lines, by their first words. Longer ones come
// first.
func phrases(written string) map[string][][]string {
	all := map[string][][]string{}
	for line := range strings.Lines(written) {
		for phrase := range strings.SplitSeq(line, "|") {
			if words := strings.Fields(phrase); len(words) > 0 {
				words = slices.DeleteFunc(words, func(w string) bool { return fillers.has(w) })
				all[words[0]] = append(all[words[0]], words)
			}
		}
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b []string) int { return len(b) - len(a) })
	}
	return all
}

// reading is one way to read the words of a name.
type reading struct {
	words []string
	// number is a number before a unit that is read as part of the name: 11 of "acrobat pro 11
	// licenses". Empty if there is none.
	number string
}

// readings returns the ways to read a name, the likeliest first: as it is, without qualifiers, without
// bases, and without loose qualifiers. A number before a unit may belong to the name ("visio plan 2 license"),
// so it is cut only from a name that is not known with it.
func readings(words []string) (all []reading) {
	add := func(r reading) {
		if !slices.ContainsFunc(all, func(known reading) bool { return slices.Equal(known.words, r.words) }) {
			all = append(all, r)
		}
	}
	add(reading{words: words})
	named, number := withoutUnits(words)
	for _, kinds := range [][]map[string][][]string{{qualifiers()}, {qualifiers(), bases()}, {qualifiers(), bases(), looseQualifiers()}} {
		if number != "" {
			add(reading{withoutQualifiers(named, kinds...), number})
		}
		add(reading{words: withoutQualifiers(words, kinds...)})
	}
	return all
}

// withoutUnits removes the units after numbers from the words of a name, and returns the last of these
// numbers; empty if there is none.
func withoutUnits(words []string) (rest []string, number string) {
	shapes := shapesOf(words)
	for i := 0; i < len(words); i++ {
		rest = append(rest, words[i])
		if i > 0 && shapes[i] == "#" {
			if n := qualifierLength(shapes[i:], qualifiers()); n > 0 {
				number = words[i]
				i += n - 1
			}
		}
	}
	return rest, number
}

// withoutQualifiers removes qualifiers of the given kinds from the words of a name. The first word
// stays.
func withoutQualifiers(words []string, kinds ...map[string][][]string) (rest []string) {
	shapes := shapesOf(words)
	for i := 0; i < len(words); {
		n := 0
		if i > 0 {
			n = qualifierLength(shapes[i:], kinds...)
		}
		if n == 0 {
			rest = append(rest, words[i])
		}
		i += max(n, 1)
	}
	return rest
}

// qualifierLength returns the number of words of the longest phrase at the front of shapes of words.
// The unit after a number may be the beginning of another phrase: "5 license only".
func qualifierLength(shapes []string, kinds ...map[string][][]string) (n int) {
	for _, kind := range kinds {
		for _, phrase := range kind[shapes[0]] {
			if len(phrase) <= len(shapes) && slices.Equal(phrase, shapes[:len(phrase)]) {
				n = max(n, len(phrase))
				break
			}
		}
	}
	if n > 0 && shapes[0] == "#" {
		n = max(n, 1+qualifierLength(shapes[1:], kinds...))
	}
	return n
}

// shapesOf returns the shape of each word.
func shapesOf(words []string) []string {
	shapes := make([]string, len(words))
	for i, w := range words {
		shapes[i] = shape(w)
	}
	return shapes
}

// shape returns a word with # for each run of digits. Years are not numbers of anything: they stay.
func shape(word string) string {
	if !strings.ContainsAny(word, "0123456789") || isYear(word) {
		return word
	}
	var b strings.Builder
	for i, r := range word {
		digit := r >= '0' && r <= '9'
		switch {
		case !digit:
			b.WriteRune(r)
		case i == 0 || word[i-1] < '0' || word[i-1] > '9':
			b.WriteByte('#')
		}
	}
	return b.String()
}
