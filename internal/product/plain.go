package product

import (
	"slices"
	"strings"
	"sync"
)

// plain returns the words of a name on paper, in normal form, as they are compared when the name
// itself is not known: without punctuation and words like "with", without what the licence is an
// upgrade from ("from SA"), with Microsoft's abbreviations spelled out and its editions in English, and
// with the words of a client access license in one order:
//
//	exchange server - standard cal           exchange server standard cal
//	winsvrcal                                windows server cal
//	windows server cal - 1 user cal          windows server user cal
//	visual studio enterprise w/ msdn         visual studio enterprise msdn
func plain(name string, ofMicrosoft bool) []string {
	var words []string
	written := strings.Fields(name)
	if ofMicrosoft {
		written = translated(written)
	}
	for _, w := range written {
		w = joined(strings.Trim(w, punctuation))
		switch {
		case w == "" || fillers.has(w):
		case ofMicrosoft:
			words = append(words, spelledOut(w)...)
		default:
			words = append(words, w)
		}
	}
	return accessLicense(withoutOrigin(words))
}

// withoutOrigin removes what a licence is an upgrade from, and "upgrade to" in front of what it is for.
func withoutOrigin(words []string) []string {
	if len(words) > 2 && upgrades.has(words[0]) && (words[1] == "to" || words[1] == "for") {
		words = words[2:]
	}
	for i := 1; i < len(words); i++ {
		if words[i] == "from" || upgrades.has(words[i-1]) && origins.has(words[i]) {
			return words[:i]
		}
	}
	return words
}

var (
	upgrades = setOf("upgrade upgrades upgrd upgr upg crossgrade cross-grade trade-up tradeup")
	origins  = setOf("from von vanaf van depuis desde da")
)

const punctuation = "()[]{},;:-–—|\"'"

var fillers = setOf("with w and & + the")

// joined returns a word without "with" before it: w/msdn.
func joined(word string) string {
	if word == "w/o" {
		return "without"
	}
	return strings.TrimPrefix(word, "w/")
}

// spelledOut returns the words that a word of Microsoft's price lists stands for: officestd is
// "office standard". A word that does not consist of abbreviations stays.
func spelledOut(word string) []string {
	if len(word) <= maxAbbreviated && !isNumber(word) {
		if words, ok := segments(word); ok {
			return words
		}
	}
	return []string{word}
}

// maxAbbreviated bounds the length of words that are cut, and so the time for a hostile one.
const maxAbbreviated = 40

// segments cuts a word into abbreviations, longer ones first.
func segments(word string) (words []string, ok bool) {
	if word == "" {
		return nil, true
	}
	for end := min(len(word), longestAbbreviation()); end > 0; end-- {
		full, known := abbreviations()[word[:end]]
		if !known {
			continue
		}
		if rest, ok := segments(word[end:]); ok {
			return append(strings.Fields(full), rest...), true
		}
	}
	return nil, false
}

// abbreviations are the parts of which Microsoft's price lists make names: WinSvrSTDCore, M365E3.
var abbreviations = sync.OnceValue(func() map[string]string {
	all := map[string]string{"ms": "", "microsoft": ""} // the publisher
	for line := range strings.Lines(`
		access azure basic biztalk cal connector core datacenter dynamics enterprise excel exchange external for from gateway
		infopath lync mac manager mobile msdn office online onenote open outlook plus powerpoint professional project publisher
		remote server sharepoint skype sql standard suite visio web windows word workgroup device user bridge
		e1 e3 e4 e5 e7 f1 f3 f5 a1 a3 a5 g1 g3 g5
		m365=365|microsoft365=365|per|for|team|members=members|sales|service|customer|dyn365=dynamics 365|eent=enterprise|esu=extended security updates|win7=windows 7|win8=windows 8|win10=windows 10|win11=windows 11|o365=office 365|office365=office 365|d365=dynamics 365|w365=windows 365|windows365=windows 365|sa|fsa|1|unified
		std=standard|pro=professional|prof=professional|ent=enterprise|dc=datacenter|datactr=datacenter|datacntr=datacenter|prem=premium|ult=ultimate
		svr=server|srv=server|srvr=server|win=windows|vs=visual studio|exchg=exchange|exch=exchange|prjct=project|proj=project|sys=system|ctr=center
		dvc=device|dev=developer|usr=user|cals=cal|ecal=enterprise cal suite|ccal=core cal suite|w=|rmt=remote|rd=remote desktop
		dsktp=desktop|srvcs=services|svcs=services|trml=terminal|mgmt=management|mgr=manager|cnfg=configuration|cnfgmgr=configuration manager|config=configuration
		ops=operations|opsmgr=operations manager|clt=client|ste=suite|ext=external|conn=connector|wkgrp=workgroup|proplus=professional plus
		apps|business|bus=business|essntls=essentials|visualstudio=visual studio|edu=education|sec=security|comp=compliance|ml=management license|mls=management license|rds|bztlk=biztalk
	`) {
		line = strings.TrimSpace(line)
		split := strings.Fields
		if strings.Contains(line, "|") {
			split = func(s string) []string { return strings.Split(s, "|") }
		}
		for _, entry := range split(line) {
			short, full, found := strings.Cut(entry, "=")
			if !found {
				full = short
			}
			all[short] = full
		}
	}
	return all
})

var longestAbbreviation = sync.OnceValue(func() (longest int) {
	for short := range abbreviations() {
		longest = max(longest, len(short))
	}
	return longest
})

// accessLicense puts the words of a client access license in one order: what it gives access to,
// device or user, cal. Other names stay.
func accessLicense(words []string) []string {
	base, found := withoutPhrase(words, "client", "access", "license")
	if !found {
		base = words
	}
	if i := slices.Index(base, "cal"); !found && i < 0 {
		return words
	}
	var device, user bool
	all := make([]string, 0, len(base)+2)
	for i, w := range base {
		kind := strings.TrimSuffix(w, "s")
		switch {
		case w == "cal":
		case kind == "device" || kind == "user":
			device, user = device || kind == "device", user || kind == "user"
		case (isNumber(w) && !isYear(w) || w == "per" || w == "for" || w == "by") && i+1 < len(base) && isHolder(base[i+1]):
		default:
			all = append(all, w)
		}
	}
	switch {
	case device && !user:
		all = append(all, "device")
	case user && !device:
		all = append(all, "user")
	}
	return append(all, "cal")
}

// isHolder reports whether a word says who holds a client access license, or is the license.
func isHolder(word string) bool {
	switch word {
	case "cal", "device", "devices", "user", "users":
		return true
	}
	return false
}

// withoutPhrase removes consecutive words from a list. The last one may be in the plural, and license
// may be written licence.
func withoutPhrase(words []string, phrase ...string) (rest []string, found bool) {
	for i := 0; i+len(phrase) <= len(words); i++ {
		if slices.EqualFunc(words[i:i+len(phrase)], phrase, isForm) {
			return slices.Concat(words[:i], words[i+len(phrase):]), true
		}
	}
	return words, false
}

// isForm reports whether a word is another one, in the singular or the plural and in any spelling.
func isForm(word, of string) bool {
	word = strings.Replace(word, "licence", "license", 1)
	return word == of || strings.TrimSuffix(word, "s") == of
}
