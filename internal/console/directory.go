package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"trueup/internal/access"
)

// directoryPage is what the page of directory files shows: the form and the files.
type directoryPage struct {
	directoryFilePage
	Form   formPage
	Errors formErrors
}

func listDirectoryFiles(v *visit) error {
	return v.showDirectory(http.StatusOK, v.directoryForm(), formErrors{})
}

func (v *visit) showDirectory(status int, form formPage, e formErrors) error {
	c := v.call()
	c.Query = v.only("cursor")
	m := directoryPage{Form: form, Errors: e}
	var err error
	if m.directoryFilePage, err = send(v, people.listDirectoryFiles, c); err != nil {
		return err
	}
	for _, f := range m.Items {
		v.poll = v.poll || !f.Final
	}
	knowOf(v, m.Items, func(f directoryFile) string { return f.By })
	return v.render(status, directoryTemplate(v, m))
}

// Values of acknowledge that the form has a tick for.
const conflictBegins = "conflict"

// directoryForm returns the form that uploads a list, with what the person's roles allow.
func (v *visit) directoryForm() formPage {
	var lists []string
	if v.may(access.ManageUsers) {
		lists = append(lists, "users", "devices")
	}
	if v.may(access.Buy) {
		lists = append(lists, "subscriptions")
	}
	acknowledge := textInput("acknowledge", v.T("console_acknowledge"), "")
	acknowledge.Ticks = true
	acknowledge.Options = []option{{Value: serviceData, Label: v.T("console_acknowledge_data")}, {Value: conflictBegins, Label: v.T("console_acknowledge_conflict")}}
	return formPage{Fields: []input{
		selection("list", v.T("console_list"), "", v.options("console_list_", lists...)),
		selection("licenses", v.T("console_file_licenses"), "", v.options("console_file_licenses_", "report", "adopt", "replace")),
		selection("missing", v.T("console_file_missing"), "", v.options("console_file_missing_", "keep", "delete")),
		hinted(textInput("group", v.T("console_file_group"), ""), v.T("console_file_group_hint")),
		hinted(digits("confirm", v.T("console_file_confirm"), ""), v.T("console_file_confirm_hint")),
		acknowledge,
	}}
}

// announced returns the body that announces a file. Choices that are not about its list are left out.
func announced(m *formPage, form url.Values, name string, size any) map[string]any {
	body := m.filled()
	body["fileName"], body["size"] = name, size
	if ticked := form["acknowledge"]; len(ticked) > 0 {
		body["acknowledge"] = ticked
	}
	if m.value("list") != "users" || m.value("licenses") == "report" {
		delete(body, "licenses")
	}
	if m.value("list") == "subscriptions" || m.value("missing") == "keep" {
		delete(body, "missing")
	}
	return body
}

// uploadDirectory sends a list to the bucket, as the API says. The module asks for the address instead,
// without the file, when a file is larger than the function can receive.
func uploadDirectory(v *visit) error {
	large := !strings.HasPrefix(v.r.Header.Get("Content-Type"), "multipart/")
	m := v.directoryForm()
	var f file
	var err error
	if large {
		_, err = v.form()
	} else {
		f, err = v.file()
	}
	m.read(v.r.PostForm)
	if errors.Is(err, errNoFile) {
		var e formErrors
		e.add("file", v.T("console_trouble_no_file_text"))
		return v.showDirectory(http.StatusUnprocessableEntity, m, e)
	}
	if err != nil {
		return err
	}
	name, size := f.name, any(len(f.content))
	if large {
		name, size = v.r.PostForm.Get("fileName"), number(v.r.PostForm.Get("size"))
	}
	created, err := send(v, people.createDirectoryFile, v.change(announced(&m, v.r.PostForm, name, size)))
	if p := wrongInput(err); p != nil {
		return v.showDirectory(p.Status, m, v.place(p, func(pointer string) string {
			if slices.Contains([]string{"/fileName", "/size"}, pointer) {
				return "file"
			}
			return m.fieldOf(pointer)
		}))
	}
	if err != nil {
		return err
	}
	if large {
		v.w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(v.w).Encode(created.Upload)
	}
	if err := v.site.api.Put(v.r.Context(), created.Upload, f.content); err != nil {
		return err
	}
	return v.redirect("/console/directory/" + created.File.ID)
}

func showDirectoryFile(v *visit) error {
	f, err := send(v, people.getDirectoryFile, v.call(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	v.poll = !f.Final
	v.know(f.By)
	return v.render(http.StatusOK, directoryFileTemplate(v, f))
}

// directoryCopy sends the browser to the annotated copy of a list.
func directoryCopy(v *visit) error {
	return v.forward("/directory-files/{id}/annotated", []string{v.r.PathValue("id")}, url.Values{"lang": {string(v.lang)}})
}

// folder returns the folder of the uploads bucket for a list that is larger than the console takes.
func (v *visit) folders() string {
	var names []string
	for _, o := range v.directoryForm().Fields[0].Options {
		names = append(names, o.Value+"/")
	}
	return strings.Join(names, ", ")
}

// joined returns texts with commas between them.
func joined(texts []string) string { return strings.Join(texts, ", ") }

func contains(list []string, value string) bool { return slices.Contains(list, value) }
