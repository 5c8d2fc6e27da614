package inventory

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"trueup/internal/text"
)

// Logs of changes and lists with a history have rows of software that is no longer installed. Such
// rows do not count. An earlier row about the same installation does: the order of the rows, and what
// happened before them, are not known.

// statusNames name a column that can say that software is no longer installed, in the form of names.
var statusNames = names{
	"installstatus", "installationstatus", "installstate", "installationstate", "softwarestatus", "softwarestate", "applicationstatus", "changetype",
	"changeaction", "change", "action", "eventtype", "operation", "event", "status", "state",
	"wijziging", "actie", "toestand", "modification", "changement", "statut", "etat", "anderung", "aktion", "zustand",
	"cambio", "accion", "estado",
}

// goneNames name a column with the day on which software was uninstalled, or with a word for whether
// it was.
var goneNames = names{
	"uninstalldate", "uninstalleddate", "uninstallationdate", "uninstalledon", "uninstalledat", "dateuninstalled", "uninstalltime",
	"removaldate", "removeddate", "removedon", "removedat", "dateremoved", "deletiondate", "deleteddate", "deletedon", "deletedat",
	"uninstalled", "isuninstalled", "removed", "isremoved", "deleted", "isdeleted",
	"verwijderdatum", "verwijderdop", "verwijderd", "deinstallatiedatum", "datededesinstallation", "datedesuppression", "desinstallele", "desinstalle", "supprimele", "supprime",
	"deinstallationsdatum", "deinstalliertam", "deinstalliert", "entferntam", "entfernt", "fechadedesinstalacion", "desinstaladoel", "desinstalado", "eliminado",
}

// presentNames name a column that says whether software is installed.
var presentNames = names{"activeinstall", "isinstalled", "currentlyinstalled"}

// removals are values of statusNames, in the form of text.Letters. Verbs such as Uninstall are the
// texts of buttons, too, and say nothing.
var removals = map[string]bool{
	"uninstalled": true, "removed": true, "deleted": true, "notinstalled": true, "nolongerinstalled": true, "softwareremoved": true,
	"softwareuninstalled": true, "applicationremoved": true, "applicationuninstalled": true, "programremoved": true, "programuninstalled": true,
	"uninstallation": true, "removal": true, "uninstallsuccessful": true, "uninstalledsuccessfully": true, "absent": true,
	"verwijderd": true, "gedeinstalleerd": true, "nietgeinstalleerd": true, "softwareverwijderd": true,
	"desinstalle": true, "desinstallee": true, "desinstallation": true, "supprime": true, "supprimee": true,
	"noninstalle": true, "noninstallee": true, "suppression": true,
	"deinstalliert": true, "entfernt": true, "geloscht": true, "nichtinstalliert": true, "softwareentfernt": true,
	"desinstalado": true, "desinstalada": true, "eliminado": true, "eliminada": true, "borrado": true, "borrada": true, "noinstalado": true, "noinstalada": true,
}

// yes are values of goneNames other than days, in the form of text.Letters.
var yes = map[string]bool{
	"true": true, "yes": true, "y": true, "x": true, "1": true, "ja": true, "waar": true, "oui": true, "vrai": true, "wahr": true, "si": true, "verdadero": true,
}

// no are values of presentNames of software that is not installed, in the form of text.Letters.
var no = map[string]bool{"false": true, "no": true, "n": true, "0": true, "nee": true, "non": true, "nein": true, "falsch": true, "onwaar": true, "faux": true}

// isRemoved reports whether the status of software, the day on which it was uninstalled, or a column
// that says whether it is installed, says that it is not.
func isRemoved(status, gone, present []byte) bool {
	if len(present) > 0 && len(present) <= maxColumnName && no[text.Letters(string(present))] {
		return true
	}
	if len(status) > 0 && len(status) <= maxColumnName && removals[text.Letters(string(status))] {
		return true
	}
	if gone = bytes.TrimSpace(gone); len(gone) == 0 || len(gone) > maxColumnName || !named(gone) {
		return false
	}
	word := text.Letters(string(gone))
	return yes[word] || removals[word] || hasDay(string(gone))
}

// noDay matches the years that systems write in place of a day that they do not know: the first or
// last of their calendar.
var noDay = text.Pattern(`\b(0001|1601|1753|1899|1900|1970|9999)`)

// hasDay reports whether a text has a day, in any order of its parts, or a time in seconds or
// milliseconds. A single number of another length is a count. A time before 1970 is one of noDay.
func hasDay(day string) bool {
	numbers := strings.FieldsFunc(day, func(r rune) bool { return !unicode.IsDigit(r) })
	switch {
	case len(numbers) == 0, noDay().MatchString(day), isZero(strings.Join(numbers, "")), strings.Contains(day, "(-"), strings.HasPrefix(day, "-"):
		return false
	case len(numbers) == 1:
		n := len(numbers[0])
		return n == 8 || n == 10 || n == 13 || n == 14
	case slices.ContainsFunc(numbers, func(n string) bool { return len(n) == 4 || len(n) >= 8 }):
		return true
	}
	return len(numbers) >= 3
}
