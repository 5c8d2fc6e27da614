package product_test

import (
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestCanonicalR5_0 names products as earlier releases named them.
func TestCanonicalR5_0(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for before, want := range map[product.Product]product.Product{
		{Publisher: "WinZip", Family: "WinZip", Version: "27.0"}:                                      {Publisher: "Corel", Family: "WinZip", Version: "27"},
		{Publisher: "Microsoft", Family: "Windows Server - Device CAL", Version: "2022"}:              {Publisher: "Microsoft", Family: "Windows Server CAL", Edition: "Device", Version: "2022"},
		{Publisher: "Adobe", Family: "Acrobat", Version: "DC"}:                                        {Publisher: "Adobe", Family: "Acrobat", Version: "DC"},
		{Publisher: "Microsoft", Family: "Office", Edition: "Professional Plus", Version: "2016"}:     {Publisher: "Microsoft", Family: "Office", Edition: "Professional Plus", Version: "2016"},
		{Publisher: "Dockside Systems", Family: "Berth Planner", Version: "8"}:                        {Publisher: "Dockside Systems", Family: "Berth Planner", Version: "8"},
		{Publisher: "win.rar", Family: "WinRAR", Version: "6.24"}:                                     {Publisher: "RARLAB", Family: "WinRAR", Version: "6"},
		{Publisher: "Microsoft Corporation", Family: "Microsoft 365 Apps", Edition: "for enterprise"}: {Publisher: "Microsoft", Family: "Microsoft 365 Apps", Edition: "for enterprise"},
		{Publisher: "Microsoft", Family: "Visio Std Education"}:                                       {Publisher: "Microsoft", Family: "Visio Std Education"}, // similar words are not enough
		{Publisher: "Microsoft", Family: "Visio Standard for students"}:                               {Publisher: "Microsoft", Family: "Visio Standard for students"},
		{Publisher: "MICROSOFT", Family: "visio professional", Version: "2019"}:                       {Publisher: "Microsoft", Family: "Visio", Edition: "Professional", Version: "2019"},
	} {
		if got := d.Canonical(before); got != want {
			t.Errorf("%+v is %+v, want %+v", before, got, want)
		}
		if got := d.Ruled(before); got != want {
			t.Errorf("%+v is %+v in a rule, want %+v", before, got, want)
		}
	}
}

// TestCanonicalChangesNoProductR5_0 checks every product of the dictionary in every known version.
func TestCanonicalChangesNoProductR5_0(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	for i := range d.Rows {
		row := &d.Rows[i]
		versions := append([]string{""}, row.Known...)
		for _, build := range row.Builds {
			versions = append(versions, build)
		}
		for _, version := range versions {
			if row.Scheme == product.SchemeNone {
				version = ""
			}
			p := product.Product{Publisher: row.Publisher, Family: row.Family, Edition: row.Edition, Version: version}
			if got := d.Canonical(p); got != p {
				t.Errorf("%s: %+v becomes %+v", row.ID, p, got)
			}
		}
	}
}
