package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"trueup/internal/console/client"
)

// noteMax is the maximum number of characters of the note of an adjustment.
const noteMax = 500

// Colours and icons of the states of adjustments.
var (
	adjustmentTone = map[string]string{"counted": "covered", "ended": "unused", "unmatched": "short"}
	adjustmentIcon = map[string]string{"counted": "covered", "ended": "ends", "unmatched": "short"}
)

func listAdjustments(v *visit) error {
	m, err := send(v, api.listAdjustments, v.call())
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, adjustmentsTemplate(v, m.Items))
}

// adjustmentView is the page on which the adjustment of a product is set.
type adjustmentView struct {
	adjustment        // the stored one; only its product if there is none
	Stored     bool   // whether there is one
	Version    int64  // of all adjustments
	Quantity   string // typed, as the other fields
	Note, End  string
	Theirs     []change
	Errors     formErrors
}

// path returns the address of the page.
func (m *adjustmentView) path() string { return "/console/adjustments/" + url.PathEscape(m.ID) }

// adjustmentOf reads the adjustment of a product, or the names of a product that has none.
func (v *visit) adjustmentOf(id string) (m adjustmentView, err error) {
	list, err := send(v, api.listAdjustments, v.call())
	if err != nil {
		return m, err
	}
	m.Version = list.AdjustmentsVersion
	for _, a := range list.Items {
		if a.ID == id {
			m.adjustment, m.Stored = a, true
			return m, nil
		}
	}
	e, err := send(v, api.explainLicenseInstallation, v.call(), id)
	m.adjustment = adjustment{ID: id, Publisher: e.Row.Publisher, Product: e.Row.Product}
	return m, err
}

func showAdjustment(v *visit) error {
	m, err := v.adjustmentOf(v.r.PathValue("product"))
	if err != nil {
		return err
	}
	if m.Stored {
		m.Quantity, m.Note, m.End = strconv.Itoa(m.adjustment.Quantity), m.adjustment.Note, m.adjustment.End
	}
	return v.render(http.StatusOK, adjustmentTemplate(v, m))
}

// adjustmentBody is an adjustment as the API takes it.
type adjustmentBody struct {
	Quantity any    `json:"quantity,omitempty"`
	Note     string `json:"note"`
	End      string `json:"end,omitempty"`
}

var adjustmentFields = map[string]string{"/quantity": "quantity", "/note": "note", "/end": "end"}

func adjustmentField(pointer string) string { return adjustmentFields[pointer] }

// setAdjustment stores the typed adjustment. With the action end its last day is today.
func setAdjustment(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.r.PathValue("product")
	if form.Get("action") == "end" {
		form.Set("end", v.site.Now().UTC().Format(time.DateOnly))
	}
	saved, err := send(v, api.setAdjustment, v.change(adjustmentBody{number(form.Get("quantity")), form.Get("note"), form.Get("end")}), id)
	if err == nil {
		v.note("console_done_adjusted", "product", saved.Product, "n", v.Signed(saved.Quantity))
		return v.redirect("/console/adjustments")
	}
	var p *client.Problem
	stale := errors.As(err, &p) && p.Status == http.StatusPreconditionFailed
	if !stale && wrongInput(err) == nil {
		return err
	}
	m, err := v.adjustmentOf(id)
	if err != nil {
		return err
	}
	m.Quantity, m.Note, m.End = form.Get("quantity"), form.Get("note"), form.Get("end")
	if stale {
		m.Theirs = m.differences(v)
	} else {
		m.Version, m.Errors = whole(form.Get("version")), v.place(p, adjustmentField)
	}
	return v.render(p.Status, adjustmentTemplate(v, m))
}

// differences returns the fields in which the stored adjustment differs from the typed one.
func (m *adjustmentView) differences(v *visit) []change {
	theirs := ""
	if m.Stored {
		theirs = strconv.Itoa(m.adjustment.Quantity)
	}
	list := []change{}
	for _, c := range []change{
		{v.T("console_licenses"), theirs, m.Quantity},
		{v.T("console_note"), m.adjustment.Note, m.Note},
		{v.T("console_last_day"), m.adjustment.End, m.End},
	} {
		if c.Before != c.After {
			list = append(list, c)
		}
	}
	return list
}

func deleteAdjustment(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	if _, err := send(v, api.deleteAdjustment, v.change(nil), v.r.PathValue("product")); err != nil {
		return err
	}
	v.note("console_done_adjustment_deleted", "product", form.Get("name"))
	return v.redirect("/console/adjustments")
}
