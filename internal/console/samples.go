package console

import (
	"io/fs"
	"path"
	"slices"

	"trueup/internal/console/client"
)

// sampleData is a file with made-up data that a person can try with one click. Only the local stack has
// such files.
type sampleData struct {
	Path string // in Options.Samples; also the value of its button
	Kind string // agreements, statements, inventory or users
	Name string // code of what it is
}

// allSamples are the files that pages offer, if they exist.
var allSamples = []sampleData{
	{"mistakes.csv", "agreements", "console_sample_mistakes"},
	{"first-import.csv", "agreements", "console_sample_agreements"},
	{"statements/first-statement.csv", "statements", "console_sample_statement"},
	{"inventory/appinvrawdata.csv", "inventory", "console_sample_inventory"},
	{"users/active-users.csv", "users", "console_sample_users"},
}

// samples returns the files of a kind that there are.
func (v *visit) samples(kind string) []sampleData {
	if v.site.Samples == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(allSamples), func(s sampleData) bool {
		_, err := fs.Stat(v.site.Samples, s.Path)
		return s.Kind != kind || err != nil
	})
}

// trySample sends a file with made-up data to the bucket, by the same calls as an upload. Users have a page of
// their own, because other roles may upload them.
func trySample(v *visit) error {
	return v.try(func(s sampleData) bool { return s.Kind != "users" })
}

func tryUsers(v *visit) error {
	return v.try(func(s sampleData) bool { return s.Kind == "users" })
}

func (v *visit) try(offered func(sampleData) bool) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(allSamples, func(s sampleData) bool { return s.Path == form.Get("sample") && offered(s) })
	if i < 0 || v.site.Samples == nil {
		return errNotFound
	}
	s := allSamples[i]
	content, err := fs.ReadFile(v.site.Samples, s.Path)
	if err != nil {
		return errNotFound
	}
	upload, next, err := v.announceSample(s, path.Base(s.Path), len(content))
	if err != nil {
		return err
	}
	if err := v.site.api.Put(v.r.Context(), upload, content); err != nil {
		return err
	}
	return v.redirect(next)
}

// announceSample announces a file to the API. It returns where to send it, and the page that shows what
// becomes of it.
func (v *visit) announceSample(s sampleData, name string, size int) (to client.Upload, next string, err error) {
	announce := func(o client.Operation[createdFile], code string) error {
		created, err := send(v, o, v.change(newFile{FileName: name, Size: size}))
		if err == nil {
			v.note(code, "file", name)
		}
		to, next = created.Upload, v.afterUpload(s.Kind)
		return err
	}
	switch s.Kind {
	case "statements":
		err = announce(api.createStatement, "console_done_statement")
	case "inventory":
		err = announce(api.createInventory, "console_done_inventory")
	case "users":
		var created createdDirectoryFile
		created, err = send(v, people.createDirectoryFile, v.change(map[string]any{"list": "users", "fileName": name, "size": size}))
		to, next = created.Upload, "/console/directory/"+created.File.ID
	default:
		var created createdImport
		created, err = send(v, api.createImport, v.change(newImport{FileName: name, Size: size}))
		to, next = created.Upload, "/console/imports/"+created.Import.ID
	}
	return to, next, err
}
