package product

import (
	"slices"
	"strings"
)

// Price lists, resellers and portals add to the name of a product how it is sold. These words do
// not change the product, so they are cut from a name that is not known with them.

// sold are qualifiers that are part of no product's name. # stands for digits.
var sold = phrases(`
	# core|# cores|#core|# core license|# core license pack|# core pack|core license|core license pack|core lic|corelic|license pack|lic pack
	# proc|# procs|# processor|# processors|# cpu|per core|per processor|per proc|per server
	# user|# users|# device|# devices|# pc|# pcs|# mac|# macs|# seat|# seats|# seats min|# lic|#lic|# licenses|# licence|# license|# licences|one user|single user|single-user
	per user|per device|per seat|peruser|perusr|perdevice|perdvc|per usr|per dvc|per named user|per pc|per gebruiker|per apparaat|par utilisateur|par appareil|pro benutzer|pro gerät|por usuario|por usuário
	license|licenses|licence|licences|lic|lics|lizenz|lizenzen|licentie|licenties|licencia|licencias|licença|licenças|licenza|license key|user license|device license
	license only|license & software assurance|license software assurance|license/software assurance pack|license & software assurance pack|software assurance|software assurance pack
	sa|sapk|upgrdsapk|upgrdsa|wmdop|licsa|licsapk|lic sa pk|lic/sa|lic/sa pack|lic/sa pk|lic sa pack|lic sapk|lic & sa|l&sa|l & sa|l/sa|la/sa|incl sa|incl. sa|including sa
	alng|sngl|all languages|all language|all lng|all lang|single language|mvl|mlng|lng|olp|olp nl|olv|osv|ovs|nl|no level|nolevel|level #|level a|level b|level c|level d|lvl a|lvl b|lvl c|lvl d
	mpsa|csp|nce|eas|ees|mca|select plus|open license|open licence|open value|open value subscription|enterprise agreement|volume license|volume licence|vl|vlsc|volume
	shrdsvr|subsvl|sub vl|subs vl|pltfrm|qlfd|nonqlfd|prorated|addproduct|additional product|ap|unified|original|fsa|fromsa|from sa|addon|add-on|add on
	subscription|subscriptions|subscription license|subscription licence|subs|subscr|abonnement|abonnements|suscripción|assinatura|subscription renewal|renewal|renew|usl
	annual|annually|yearly|annual commitment|annual term|annual plan|annual subscription|annual billing|annual license|annuel|annuelle|jaarlijks|jährlich|anual
	monthly|monthly commitment|monthly term|monthly plan|monthly subscription|monthly billing|mensuel|maandelijks|monatlich|mensual|mensal
	billed|billed annually|billed yearly|billed monthly|billed triennially|prepaid|upfront|triennial|triennial commitment|commitment|commit|term|com yr|com mth|com y|com m
	# year|# years|# yr|# yrs|# y|#y|#yr|#yrs|#-year|#-years|#year|#years|# jahr|# jahre|# jaar|# an|# ans|# año|# años|# ano|# anos|# anno|one year|two years|three years|one-year|three-year|p#y
	# month|# months|# mo|# mos|# mth|# mths|#m|#mo|#mth|#-month|#-months|#month|#months|# monat|# monate|# monaten|# maand|# maanden|# mois|# mes|# meses|# mese|# mesi|one month|one-month|p#m|p#y p#m
	perpetual|perpetual license|perpetual licence|lifetime|lifetime license|lifetime licence|# vcpu|# vcpus|# gb|# tb|esd|pkc|fpp|download|electronic download|e-license|medialess|media less|box|boxed|retail|retail box|product key|digital|digital license|oem|coa|wcoa|ggwa|getgenuine|get genuine|legalization
	no teams|eea no teams|eea|without teams|commercial|cmmrcl|nonprofit staff pricing|staff pricing|for windows|voor windows|pour windows|für windows|para windows
`)

// soldTo are qualifiers that other products have in their names. They are cut together with the
// others, from names that are not known without those only.
var soldTo = phrases(`
	edu|acdmc|academic|education|educational|educ|faculty|for faculty|student|students|for students|student use benefit|students use benefit|for education|for academic|university|school|teacher
	gov|govt|government|for government|gcc|gcc high|dod|charity|charities|nonprofit|non-profit|for nonprofits|nonprofits|non-profits|npo|donation
	new|full|full version|standalone|stand-alone|single|upgrade|upgrd|upg|upgrade license|upgrade licence|promo|promotion|trade-up|crossgrade
	open|select|ea|enterprise licensing|licensing|team licensing|team|teams|for teams|for enterprise|tlp|clp|vip|eld|ic|ad|multiple platforms|multiple platform|multi platform|multiple|windows|win|win/mac|mac/win|mac & win|mac/windows|windows/mac|multi-user|network|international|int|eu|emea|eurozone|worldwide|multi european languages|multiple languages|multilingual|multilanguage|ml
	english|german|french|dutch|spanish|italian|portuguese|eu english|universal english|international english|for pc|pc|on-premises|on-premise|on premises|edition|version|series
`)

// phrases returns phrases, separated by bars and ends of lines, by their first words. Longer ones come
// first.
func phrases(written string) map[string][][]string {
	all := map[string][][]string{}
	for line := range strings.Lines(written) {
		for phrase := range strings.SplitSeq(line, "|") {
			if words := strings.Fields(phrase); len(words) > 0 {
				words = slices.DeleteFunc(words, func(w string) bool { return fillers[w] })
				all[words[0]] = append(all[words[0]], words)
			}
		}
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b []string) int { return len(b) - len(a) })
	}
	return all
}

// unsold removes qualifiers of the given kinds from the words of a name. The first word stays.
func unsold(words []string, kinds ...map[string][][]string) (rest []string) {
	shapes := make([]string, len(words))
	for i, w := range words {
		shapes[i] = shape(w)
	}
	for i := 0; i < len(words); {
		n := 0
		if i > 0 {
			for _, kind := range kinds {
				n = max(n, qualifier(shapes[i:], kind))
			}
		}
		if n == 0 {
			rest = append(rest, words[i])
		}
		i += max(n, 1)
	}
	return rest
}

// qualifier returns the number of words of the longest phrase at the front of shapes of words.
func qualifier(shapes []string, all map[string][][]string) int {
	for _, phrase := range all[shapes[0]] {
		if len(phrase) <= len(shapes) && slices.Equal(phrase, shapes[:len(phrase)]) {
			return len(phrase)
		}
	}
	return 0
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
