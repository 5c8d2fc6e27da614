package report

import (
	"strconv"

	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/inventory"
)

// Searched says which PCs a report of groups of devices is about, and which devices it misses.
type Searched struct {
	Devices   int `json:"devices" doc:"The devices of the groups, each once." example:"240"`
	ByID      int `json:"byId" doc:"Devices that an inventory has by their id." example:"180"`
	ByName    int `json:"byName" doc:"Devices that an inventory has by their name only." example:"55"`
	NotFound  int `json:"notFound" doc:"Devices that are in no list of PCs that was searched. The report misses them." example:"4"`
	Ambiguous int `json:"ambiguous" doc:"Devices whose name several PCs of a source have, and that no other source has. The report misses them." example:"1"`
	PCs       int `json:"pcs" doc:"The PCs that were found, whose installations the report compares with all licences. Two devices may be the same PC." example:"233"`

	Unsearched []inventory.Unsearched `json:"unsearched" doc:"The sources of inventory in which no devices can be looked for."`

	Missed []Missed `json:"-"` // the devices that were not found, in the order of their names
}

// Missed is a device that was not found.
type Missed struct {
	Device device.Device
	Match  inventory.Match
}

// Add adds a device and how it was found.
func (s *Searched) Add(d device.Device, m inventory.Match) {
	switch m {
	case inventory.MatchID:
		s.ByID++
		return
	case inventory.MatchName:
		s.ByName++
		return
	case inventory.MatchAmbiguous:
		s.Ambiguous++
	case inventory.MatchNone:
		s.NotFound++
	}
	s.Missed = append(s.Missed, Missed{d, m})
}

// sentences returns what the report is about and what it misses, in words; nothing for nil.
func (s *Searched) sentences(w Words) []string {
	if s == nil {
		return nil
	}
	said := []string{w.Text("report_searched", errs.Pairs("devices", strconv.Itoa(s.Devices), "pcs", strconv.Itoa(s.PCs), "names", strconv.Itoa(s.ByName)))}
	if missed := s.NotFound + s.Ambiguous; missed > 0 {
		said = append(said, w.Text("report_searched_missed", errs.Pairs("devices", strconv.Itoa(missed), "missing", strconv.Itoa(s.NotFound), "ambiguous", strconv.Itoa(s.Ambiguous))))
	}
	for _, source := range s.Unsearched {
		said = append(said, w.Text(code("report_unsearched", string(source.Reason)), errs.Pairs("source", source.Source, "pcs", strconv.Itoa(source.PCs))))
	}
	return append(said, w.say("report_searched_licenses"), w.say("report_note_users_of_groups"))
}
