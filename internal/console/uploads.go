package console

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	"trueup/internal/console/client"
)

// stepFolders maps the kinds of uploads to their folders in the uploads bucket, which larger files go to.
var stepFolders = map[string]string{"statements": "entitlements/", "inventory": "inventory/"}

// newFile announces a file to the API.
type newFile struct {
	FileName string `json:"fileName"`
	Size     int    `json:"size"`
	Source   string `json:"source,omitempty"` // of an inventory: a name for its PCs
}

// file is an uploaded file.
type file struct {
	name    string
	content []byte
}

// errNoFile is the error of a form without its file.
var errNoFile = errors.New("console: no file chosen")

// file reads a form with a file.
func (v *visit) file() (file, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxFile+maxForm)
	if err := v.r.ParseMultipartForm(maxFile + maxForm); err != nil { //nolint:gosec // the body is limited
		return file{}, &unreadable{err}
	}
	part, head, err := v.r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || err == nil && head.Filename == "" {
		return file{}, errNoFile
	}
	if err != nil {
		return file{}, &unreadable{err}
	}
	defer part.Close()
	content, err := io.ReadAll(part)
	if err != nil {
		return file{}, &unreadable{err}
	}
	return file{head.Filename, content}, nil
}

// uploadStatement sends a statement to the bucket, as the API says, and returns to the page with the form.
func uploadStatement(v *visit) error { return v.upload(api.createStatement, "console_done_statement") }

// uploadInventory is like uploadStatement, for an inventory.
func uploadInventory(v *visit) error { return v.upload(api.createInventory, "console_done_inventory") }

// upload sends a file to the bucket. The module asks for the address instead, without the file, when a file
// is larger than the function can receive, and sends the file to the bucket itself.
func (v *visit) upload(o client.Operation[createdFile], done string) error {
	if !strings.HasPrefix(v.r.Header.Get("Content-Type"), "multipart/") {
		return v.announce(o, done)
	}
	f, err := v.file()
	if err != nil {
		return err
	}
	created, err := send(v, o, v.change(newFile{f.name, len(f.content), v.r.PostForm.Get("source")}))
	if err != nil {
		return err
	}
	if err := v.site.api.Put(v.r.Context(), created.Upload, f.content); err != nil {
		return err
	}
	v.note(done, "file", f.name)
	return v.redirect(v.afterUpload(path.Base(o.Path)))
}

// announce responds with the address to which the module sends a large file.
func (v *visit) announce(o client.Operation[createdFile], done string) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	name := form.Get("fileName")
	created, err := send(v, o, v.change(newFile{name, int(whole(form.Get("size"))), form.Get("source")}))
	if err != nil {
		return err
	}
	v.note(done, "file", name) // shown once the module has sent the file
	v.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(v.w).Encode(created.Upload)
}
