package directory

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"trueup/internal/directory/columns"
	"trueup/internal/sheet"
)

// service is a service of a subscription, or of a licence.
type service struct {
	ID        string `json:"servicePlanId"`
	Name      string `json:"servicePlanName"`
	AppliesTo string `json:"appliesTo"`
	Status    string `json:"provisioningStatus"`
}

// objects reads the objects of a file of JSON.
type objects struct{ *reading }

// Is implements columns.Sink.
func (o objects) Is(kind Kind) error { return o.is(kind) }

// Flawed implements columns.Sink.
func (o objects) Flawed(line int) error { return o.flawed(line, "directory_row_object") }

// Object implements columns.Sink.
func (o objects) Object(h *columns.Header, object *columns.Object) error {
	o.record.reset(object.Line)
	o.record.fill(h, false, func(column int) string { return object.Values[column] })
	o.record.lists(object)
	return o.deliver()
}

// lists reads the lists of an object. One that is not what its key says is left out.
func (r *record) lists(o *columns.Object) {
	for _, list := range o.Licenses {
		if refs, ok := licenseRefs(list); ok {
			if r.licenses == nil {
				r.licenses = []LicenseRef{} // also of a user without licences
			}
			r.licenses = append(r.licenses, refs...)
		}
	}
	for _, list := range o.Services {
		var services []service
		if json.Unmarshal(list, &services) == nil {
			r.services = append(r.services, services...)
		}
	}
	for _, list := range o.Members {
		var members []map[string]json.RawMessage
		if json.Unmarshal(list, &members) != nil {
			continue
		}
		for _, m := range members {
			h, member := columns.MemberOf(m)
			var one record
			one.fill(&h, false, func(column int) string { return member.Values[column] })
			r.members = append(r.members, one)
		}
	}
}

// licenseRefs reads a list of licences of Graph. ok is false if it is another list.
func licenseRefs(list []byte) (refs []LicenseRef, ok bool) {
	var licenses []struct {
		SKU        string    `json:"skuId"`
		PartNumber string    `json:"skuPartNumber"`
		Off        []string  `json:"disabledPlans"`
		Services   []service `json:"servicePlans"`
	}
	if json.Unmarshal(list, &licenses) != nil {
		return nil, false
	}
	for _, l := range licenses {
		ref := LicenseRef{SKU: strings.ToLower(strings.TrimSpace(l.SKU)), PartNumber: strings.TrimSpace(l.PartNumber), Off: []string{}}
		for _, off := range l.Off {
			ref.Off = append(ref.Off, strings.ToLower(off))
		}
		for _, s := range l.Services {
			if strings.EqualFold(s.Status, "Disabled") {
				ref.Off = append(ref.Off, strings.ToLower(s.ID))
			}
		}
		slices.Sort(ref.Off)
		ref.Off = slices.Compact(ref.Off)
		if ref.SKU != "" || ref.PartNumber != "" {
			refs = append(refs, ref)
		}
	}
	return refs, true
}

// readJSON reads pages, arrays and objects.
func (r *reading) readJSON(content io.Reader) error {
	d, err := columns.ReadJSON(content, objects{r})
	switch {
	case errors.Is(err, columns.ErrJSON):
		return r.stop(d.Line, "directory_json")
	case err != nil:
		return err
	case r.Kind == "" && d.Answer:
		return r.stop(0, "directory_answer")
	case r.Kind == "":
		return r.unknown()
	}
	if d.Part {
		r.Part = true
		r.add(sheet.Finding{Severity: sheet.SeverityWarning, Code: "directory_part"})
	}
	return nil
}
