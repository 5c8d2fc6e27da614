package product

import (
	"slices"
	"strings"
	"sync"

	"trueup/internal/text"
)

// translated returns the words of a name, folded, with its words for editions and for client
// access licenses in English:
//
//	office thuisgebruik & zelfstandigen 2019     office home and business 2019
//	project standaard 2019                       project standard 2019
//	windows server 2022 geräte-cal               windows server 2022 device cal
//	licence d'accès client windows server        cal windows server
//
// Microsoft sells some products under local names only, and resellers translate the others.
func translated(words []string) []string {
	if !slices.ContainsFunc(words, func(w string) bool { return translations()[trimmed(w)] != nil }) {
		return words
	}
	all := make([]string, 0, len(words))
	for i := 0; i < len(words); {
		n, english := translationAt(words[i:])
		if n == 0 {
			n, english = 1, words[i:i+1]
		}
		all = append(all, english...)
		i += n
	}
	return all
}

// translation is a phrase without conjunctions, and its words in English.
type translation struct{ words, english []string }

// translationAt returns the length of the longest phrase at the front of words, with its conjunctions, and
// its translation. It is 0 if there is none.
func translationAt(words []string) (length int, english []string) {
	for _, t := range translations()[trimmed(words[0])] {
		if n := t.length(words); n > length {
			length, english = n, t.english
		}
	}
	return length, english
}

// length returns the number of words that the phrase takes at their front; 0 if it does not stand there.
func (t translation) length(words []string) int {
	at := 0
	for i, word := range t.words {
		if i > 0 && at < len(words) && (conjunctions.has(words[at]) || words[at] == "&" || words[at] == "+" || words[at] == "and") {
			at++
		}
		if at == len(words) || trimmed(words[at]) != word {
			return 0
		}
		at++
	}
	return at
}

// trimmed returns a word without the punctuation around it.
func trimmed(word string) string { return strings.Trim(word, punctuation) }

// translations are phrases in Dutch, French, German, Spanish, Portuguese and Italian by their first words.
var translations = sync.OnceValue(func() map[string][]translation {
	all := map[string][]translation{}
	for line := range strings.Lines(`
		licence d'accès client|licences d'accès client|licence d'accès au client|licence d'accès clients|licences d'accès clients = cal
		clientzugriffslizenz|clientzugriffslizenzen|client-zugriffslizenz|client-zugriffslizenzen|client zugriffslizenz|zugriffslizenz|zugriffslizenzen = cal
		clienttoegangslicentie|clienttoegangslicenties|client-toegangslicentie|client-toegangslicenties|client toegangslicentie|client toegangslicenties|toegangslicentie = cal
		licencia de acceso de cliente|licencias de acceso de cliente|licencia de acceso para cliente|licencia de acceso cliente|licencias de acceso cliente = cal
		licença de acesso para cliente|licenças de acesso para cliente|licença de acesso de cliente|licenças de acesso de cliente|licença de acesso do cliente|licenças de acesso do cliente = cal
		licenza di accesso client|licenze di accesso client|licenza d'accesso client|licenza cal|licence cal|lizenz cal|licentie cal|licencia cal|licença cal = cal
		benutzer-cal|benutzer-cals|nutzer-cal|nutzer-cals|user-cal|user-cals|gebruikers-cal|gebruikers-cals|gebruiker-cal = user cal
		geräte-cal|geräte-cals|gerät-cal|device-cal|device-cals|apparaat-cal|apparaat-cals|apparaten-cal|apparaten-cals = device cal
		utilisateur|utilisateurs|benutzer|nutzer|gebruiker|gebruikers|usuario|usuarios|usuário|usuários|utilizador|utilizadores|utente|utenti = user
		par utilisateur|pro benutzer|pro nutzer|per gebruiker|por usuario|por usuário|por utilizador|per utente = per user
		de usuario|de usuário|de utilizador|d'utilisateur|para usuario|para usuário = user
		appareil|appareils|périphérique|périphériques|gerät|geräte|apparaat|apparaten|dispositivo|dispositivos = device
		par appareil|par périphérique|pro gerät|per apparaat|por dispositivo|per dispositivo = per device
		de dispositivo|para dispositivo = device
		services bureau à distance|remotedesktopdienste|extern bureaublad-services|servicios de escritorio remoto|serviços de área de trabalho remota|servizi desktop remoto = remote desktop services
		standaard|estándar|padrão = standard
		professioneel|professionnel|profesional|profissional|professionale = professional
		entreprise = enterprise
		édition|edición|edição|editie|edizione = edition
		thuisgebruik zelfstandigen|famille petite entreprise|famille petites entreprises|famille pme|hogar empresas|hogar pequeña empresa|hogar negocios|casa empresas|casa negócios = home and business
		thuisgebruik student|thuisgebruik studenten|famille étudiant|famille étudiants|hogar estudiante|hogar estudiantes|casa estudante|casa estudantes|casa studenti = home and student
		365 famille|365 familia|365 família = 365 family
		365 personnel|365 pessoal|365 persoonlijk = 365 personal
		famille|thuis = home
		skype voor bedrijven|skype entreprise|skype empresarial|skype para empresas|skype para negocios|skype per le aziende = skype for business
	`) {
		phrases, english, found := strings.Cut(text.Fold(line), " = ")
		if !found {
			continue
		}
		for phrase := range strings.SplitSeq(phrases, "|") {
			words := strings.Fields(phrase)
			all[words[0]] = append(all[words[0]], translation{words, strings.Fields(english)})
		}
	}
	return all
})

// inEnglish returns the title of a product of Microsoft with its edition in English, and without the words
// of how it is sold at its end; empty for other titles.
func inEnglish(folded string) string {
	if !strings.HasPrefix(folded, "microsoft ") {
		return ""
	}
	return strings.Join(withoutSale(translated(strings.Fields(folded))), " ")
}

// withoutSale removes words of how a product is sold from the end of its title: "microsoft office home and
// business 2013 eurozone medialess".
func withoutSale(words []string) []string {
	for len(words) > 2 {
		last := trimmed(words[len(words)-1])
		switch {
		case sales.has(last):
			words = words[:len(words)-1]
		case last == "license" && trimmed(words[len(words)-2]) == "volume":
			words = words[:len(words)-2]
		default:
			return words
		}
	}
	return words
}

// sales are words of boxes and price lists in titles: where and how a product is sold.
var sales = setOf("eurozone emea apac latam medialess retail oem vl mak kms fpp pkc esd nfr 1pc dvd cd")
