package console

import (
	"io"
	"net/http"
	"net/url"
)

func listImports(v *visit) error {
	c := v.call()
	c.Query = v.only("cursor")
	page, err := send(v, api.listImports, c)
	if err != nil {
		return err
	}
	knowOf(v, page.Items, func(i imported) string { return i.By })
	return v.render(http.StatusOK, importsTemplate(v, page))
}

// importView is what the page of an import shows.
type importView struct {
	imported
	Findings findingPage
}

func showImport(v *visit) error {
	id := v.r.PathValue("id")
	var m importView
	var err error
	if m.imported, err = send(v, api.getImport, v.call(), id); err != nil {
		return err
	}
	v.poll = !m.Final
	if m.Final && m.Errors+m.Warnings > 0 {
		c := v.call()
		c.Query = v.only("severity", "cursor")
		if m.Findings, err = send(v, api.listImportFindings, c, id); err != nil {
			return err
		}
	}
	v.know(m.By)
	return v.render(http.StatusOK, importTemplate(v, m))
}

// verdict returns the code of the sentence that says first whether anything was stored, and its colour.
func (i *imported) verdict() (code, tone string) {
	switch {
	case i.State == "failed":
		return "console_import_failed", "unlicensed"
	case i.DryRun && i.Errors == 0:
		return "console_import_dry", "covered"
	case i.DryRun:
		return "console_import_dry_wrong", "short"
	case i.State == "rejected":
		return "console_import_rejected", "unlicensed"
	case i.Rejected > 0:
		return "console_import_part", "short"
	}
	return "console_import_stored", "covered"
}

// again returns the address at which the corrected file is uploaded, with the same choices.
func (i *imported) again() string {
	return to("/console/agreements/add", "how", byFile, "onError", i.OnError, "group", i.GroupID)
}

// importCopy sends the browser to the annotated copy of an import.
func importCopy(v *visit) error {
	return v.forward("/imports/{id}/annotated", []string{v.r.PathValue("id")}, url.Values{"lang": {string(v.lang)}})
}

// forwarded are the headers of a file of the API that the browser gets.
var forwarded = []string{"Content-Type", "Content-Disposition", "Content-Language", "Content-Security-Policy", "Location"}

// forward responds with a file of the API, or with the address of one.
func (v *visit) forward(path string, values []string, query url.Values) error {
	c := v.call()
	c.Path, c.Query = values, query
	response, err := v.site.api.Open(v.r.Context(), path, c)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	for _, name := range forwarded {
		if value := response.Header.Get(name); value != "" {
			v.w.Header().Set(name, value)
		}
	}
	v.w.WriteHeader(response.StatusCode)
	if _, err := io.Copy(v.w, response.Body); err != nil {
		v.log(http.StatusServiceUnavailable, err) // the answer has begun
	}
	return nil
}
