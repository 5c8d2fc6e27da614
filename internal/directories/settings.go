package directories

import (
	"slices"
	"strconv"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/intake/kind"
	"trueup/internal/text"
)

// Names of the user metadata that an upload may carry.
const (
	MetaFile        = "directory-file" // id of the record of an announced file
	MetaMissing     = "missing"
	MetaAcknowledge = "acknowledge"
	MetaLicenses    = "licenses"
	MetaConfirm     = "confirm"
)

// Settings are what the metadata of an upload asks for.
type Settings struct {
	// Delete deletes the users or devices that a complete list lacks, and users that it states to be deleted:
	// "missing: delete", which needs "acknowledge: service-data" for users.
	Delete bool
	// Adopt assigns the licences that the file states: "licenses: adopt". Replace also takes back what it
	// does not state: "licenses: replace", which needs "acknowledge: service-data".
	Adopt, Replace bool
	// Lower sets a quantity that is lower than the number of assigned licences: "acknowledge: conflict".
	Lower bool
	// Confirmed is the number of users or devices that may be deleted, or of members that may leave a group,
	// although they are many: "confirm: 250".
	Confirmed int
}

// Metadata returns the metadata of an upload that asks for the settings, with the acknowledgements that
// they need: the inverse of what a receiver reads.
func (s Settings) Metadata() map[string]string {
	metadata := map[string]string{}
	var acknowledged []string
	if s.Delete {
		metadata[MetaMissing] = deleteMissing
	}
	switch {
	case s.Replace:
		metadata[MetaLicenses] = replaceAll
	case s.Adopt:
		metadata[MetaLicenses] = adoptLicenses
	}
	if s.Confirmed > 0 {
		metadata[MetaConfirm] = strconv.Itoa(s.Confirmed)
	}
	if s.Delete || s.Replace {
		acknowledged = append(acknowledged, serviceData)
	}
	if s.Lower {
		acknowledged = append(acknowledged, belowAssigned)
	}
	if len(acknowledged) > 0 {
		metadata[MetaAcknowledge] = strings.Join(acknowledged, ",")
	}
	return metadata
}

// Values of metadata.
const (
	deleteMissing  = "delete"
	adoptLicenses  = "adopt"
	replaceAll     = "replace"
	serviceData    = "service-data"
	belowAssigned  = "conflict"
	maxConfirmable = 100_000
)

// parseSettings reads metadata. Unknown values are errors: an admin who writes one expects something. Other
// names are ignored, because programs add their own.
func parseSettings(k kind.Kind, metadata map[string]string) (s Settings, err error) {
	value := func(name string) string { return strings.ToLower(strings.TrimSpace(metadata[name])) }
	unknown := func(name, allowed string) error {
		return errs.New(errs.Invalid, "directory_setting", "name", name, "value", text.Quote(metadata[name]), "allowed", allowed)
	}
	var acknowledged []string
	for _, word := range strings.FieldsFunc(value(MetaAcknowledge), func(c rune) bool { return c == ',' || c == ' ' || c == ';' }) {
		if word != serviceData && word != belowAssigned {
			return s, unknown(MetaAcknowledge, serviceData+", "+belowAssigned)
		}
		acknowledged = append(acknowledged, word)
	}
	s.Lower = slices.Contains(acknowledged, belowAssigned)
	switch value(MetaMissing) {
	case "", "keep":
	case deleteMissing:
		s.Delete = true
	default:
		return s, unknown(MetaMissing, deleteMissing)
	}
	switch value(MetaLicenses) {
	case "", "report":
	case adoptLicenses:
		s.Adopt = true
	case replaceAll:
		s.Adopt, s.Replace = true, true
	default:
		return s, unknown(MetaLicenses, adoptLicenses+", "+replaceAll)
	}
	if confirm := value(MetaConfirm); confirm != "" {
		if s.Confirmed, err = strconv.Atoi(confirm); err != nil || s.Confirmed < 0 || s.Confirmed > maxConfirmable {
			return Settings{}, unknown(MetaConfirm, "0-100000")
		}
	}
	// Devices have no service data.
	if (s.Delete || s.Replace) && k.Name != kind.Devices.Name && !slices.Contains(acknowledged, serviceData) {
		return s, errs.New(errs.Invalid, "directory_acknowledgement")
	}
	return s, nil
}
