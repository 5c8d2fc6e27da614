package licenses

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/directories"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/id"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/once"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// ListKind is what an announced file lists.
type ListKind string

const (
	listUsers         ListKind = "users"
	listDevices       ListKind = "devices"
	listSubscriptions ListKind = "subscriptions"
)

// Licenses says what happens to licences that a list of users states.
type Licenses string

const (
	licensesReport  Licenses = "report"
	licensesAdopt   Licenses = "adopt"
	licensesReplace Licenses = "replace"
)

// Missing says what happens to users or devices that a list lacks.
type Missing string

const (
	missingKeep   Missing = "keep"
	missingDelete Missing = "delete"
)

// FileAcknowledgement is a consequence of a file that its announcer accepts.
type FileAcknowledgement string

const (
	fileData     = FileAcknowledgement(acknowledgeData)
	fileConflict = FileAcknowledgement(acknowledgeConflict)
)

var (
	listKinds            = []ListKind{listUsers, listDevices, listSubscriptions}
	licensesValues       = []Licenses{licensesReport, licensesAdopt, licensesReplace}
	missingValues        = []Missing{missingKeep, missingDelete}
	fileAcknowledgements = []FileAcknowledgement{fileData, fileConflict}
)

// NewDirectoryFile announces a list of users, devices or subscriptions.
type NewDirectoryFile struct {
	List        ListKind              `json:"list" doc:"What the file lists. It decides the folder of the upload, and who may announce it: users and devices need the permission manage-users, and subscriptions the permission to buy. devices: devices, groups of devices, or the members of a group."`
	Group       string                `json:"group,omitempty" maxLength:"256" doc:"The name of the group of devices whose members the file lists, only for devices. They replace the members of the group, which is added if there is none." example:"Meeting rooms"`
	FileName    string                `json:"fileName" minLength:"1" doc:"The file's name, ending in .csv, .xlsx, .json or .jsonl, without a folder. An older version of a file with the same name is not applied after a newer one." example:"active-users.csv"`
	Size        int64                 `json:"size" minimum:"1" doc:"The file's size in bytes, at most 512 MiB for users and devices, and 16 MiB for subscriptions; the upload must have exactly this size." example:"2048"`
	Licenses    Licenses              `json:"licenses,omitempty" doc:"What to do with the licences that a list of users states. report: differences are findings (the default); adopt: they are assigned, by the rules of a call; replace: what the list does not state is also taken back."`
	Missing     Missing               `json:"missing,omitempty" doc:"What to do with users or devices that a complete list lacks, and with users that it states to be deleted. The default is keep."`
	Confirm     *int                  `json:"confirm,omitempty" minimum:"0" maximum:"100000" doc:"The number of users or devices that may be deleted, or of members that may leave the group, although they are more than 20 % of all: the one that the finding states." example:"250"`
	Acknowledge []FileAcknowledgement `json:"acknowledge,omitempty" maxItems:"2" doc:"service-data: users or licences may be deleted with their service data, which licenses: replace and, for users, missing: delete require. conflict: a quantity below the number of assigned licences is set, and a conflict begins."`
}

// kind returns the kind of the file; false if the list is not one of listKinds.
func (n NewDirectoryFile) kind() (kind.Kind, bool) {
	switch n.List {
	case listUsers:
		return kind.Users, true
	case listDevices:
		return kind.Devices, true
	case listSubscriptions:
		return kind.Subscriptions, true
	default:
		return kind.Kind{}, false
	}
}

// settings returns what the file may do.
func (n NewDirectoryFile) settings() directories.Settings {
	s := directories.Settings{
		Delete: n.Missing == missingDelete, Adopt: n.Licenses == licensesAdopt || n.Licenses == licensesReplace, Replace: n.Licenses == licensesReplace,
		Lower: slices.Contains(n.Acknowledge, fileConflict),
	}
	if n.Confirm != nil {
		s.Confirmed = *n.Confirm
	}
	return s
}

// misplaced returns the violations of settings that are for another list. They would be ignored without a
// word.
func (n NewDirectoryFile) misplaced() (found []errs.Violation) {
	only := func(given bool, field, value string, lists ...string) {
		if given && !slices.Contains(lists, string(n.List)) {
			found = append(found, errs.Violation{Code: "directory_setting_list", Field: field, Value: value, Args: errs.Pairs("list", strings.Join(lists, ", "))})
		}
	}
	users, devices, subscriptions := string(listUsers), string(listDevices), string(listSubscriptions)
	only(n.Group != "", "group", n.Group, devices)
	only(n.Licenses != "", "licenses", string(n.Licenses), users)
	only(n.Missing != "", "missing", string(n.Missing), users, devices)
	only(n.Confirm != nil, "confirm", "", users, devices)
	for i, a := range n.Acknowledge {
		field := "acknowledge/" + strconv.Itoa(i)
		only(a == fileData, field, string(a), users)
		only(a == fileConflict, field, string(a), subscriptions)
	}
	return found
}

// folder returns the folder of the file in the one of its list; empty for none.
func (n NewDirectoryFile) folder() string {
	if n.Group == "" {
		return ""
	}
	return directories.GroupsFolder + "/" + n.Group
}

// unfit returns the violations of a group whose name is no folder, or of settings that its file has no use for.
func (n NewDirectoryFile) unfit() (found []errs.Violation) {
	if n.Group == "" {
		return nil
	}
	if _, violations := device.ParseGroup(device.GroupDraft{Name: n.Group}); len(violations) > 0 || strings.Contains(n.Group, "/") {
		found = append(found, errs.Violation{Code: "directory_group_name", Field: "group", Value: text.Quote(n.Group)})
	}
	if n.Missing == missingDelete {
		found = append(found, errs.Violation{Code: "directory_group_missing", Field: "missing", Value: string(n.Missing)})
	}
	return found
}

// permissions returns the permissions that the file needs: those of the calls that would do the same.
func (n NewDirectoryFile) permissions() []access.Permission {
	switch n.List {
	case listSubscriptions:
		return []access.Permission{access.Buy}
	case listDevices:
		return []access.Permission{access.ManageUsers}
	case listUsers:
	}
	needed, s := []access.Permission{access.ManageUsers}, n.settings()
	if s.Delete {
		needed = append(needed, access.DeleteUser)
	}
	if s.Adopt {
		needed = append(needed, access.AssignLicense)
	}
	if s.Replace {
		needed = append(needed, access.RemoveLicense)
	}
	return needed
}

type createDirectoryFileInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewDirectoryFile
}

// Resolve implements huma.Resolver.
func (in *createDirectoryFileInput) Resolve(huma.Context) []error {
	k, known := in.Body.kind()
	if !known {
		// The schema reports the list, and no list may be larger than those of users.
		return httpapi.Refusals(httpapi.CheckSize(kind.Users, in.Body.Size, "directory_too_large", 1<<20))
	}
	found := append(in.Body.misplaced(), in.Body.unfit()...)
	if in.Body.FileName != "" { // the schema reports a missing or empty name
		found = append(found, sheet.CheckFileName(in.Body.FileName, "directory_file_extension", k.Extensions()...)...)
	}
	if in.Body.Confirm != nil && in.Body.List != listSubscriptions && in.Body.Group == "" && in.Body.Missing != missingDelete {
		found = append(found, errs.Violation{Code: "directory_confirm", Field: "confirm"}) // it would be ignored
	}
	if s := in.Body.settings(); (s.Delete || s.Replace) && in.Body.List == listUsers && !slices.Contains(in.Body.Acknowledge, fileData) {
		found = append(found, errs.Violation{Code: "directory_acknowledge", Field: "acknowledge"})
	}
	return httpapi.Refusals(found, httpapi.CheckSize(k, in.Body.Size, "directory_too_large", 1<<20))
}

// CreatedDirectoryFile is an announced file and its upload.
type CreatedDirectoryFile struct {
	File   DirectoryFile  `json:"file" doc:"The record. Its state is received until the file is uploaded and applied."`
	Upload httpapi.Upload `json:"upload" doc:"How to upload the file."`
}

type createDirectoryFileOutput struct {
	Location     string `header:"Location" doc:"The address of the record."`
	CacheControl string `header:"Cache-Control" hidden:"true"`
	Body         httpapi.Reply[CreatedDirectoryFile]
}

func (o *operations) createDirectoryFile(api huma.API, op huma.Operation) {
	op.Summary = "Announce a list of users, devices or subscriptions"
	op.Description = "Announces a list of users, devices, groups of devices or subscriptions of Microsoft 365, Entra or Microsoft Graph, and returns how to upload it. It is applied when it is uploaded, after files that were put earlier. It deletes and assigns nothing unless this call asks for it."
	op.DefaultStatus = http.StatusCreated
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createDirectoryFileInput) (*createDirectoryFileOutput, error) {
		for _, permission := range in.Body.permissions() {
			if err := httpapi.Allow(ctx, permission); err != nil {
				return nil, err
			}
		}
		now := o.Now()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[CreatedDirectoryFile]) (httpapi.Reply[CreatedDirectoryFile], error) {
			return o.announceFile(ctx, in, now, call)
		})
		if err != nil {
			return nil, err
		}
		return &createDirectoryFileOutput{Location: "/directory-files/" + created.Value.File.ID, CacheControl: "no-store", Body: created}, nil
	})
}

// announceFile stores the record.
func (o *operations) announceFile(ctx context.Context, in *createDirectoryFileInput, now time.Time, call httpapi.Call[CreatedDirectoryFile]) (httpapi.Reply[CreatedDirectoryFile], error) {
	k, _ := in.Body.kind()
	event := o.EventAs(ctx, in.Body.permissions()[0], now, "directory.announced")
	r := directories.Record{
		Head: intake.Head{
			ID: id.New(now, o.NewID()), Object: intake.Object{Key: k.Key(in.Body.folder(), in.Body.FileName), Size: in.Body.Size, By: event.By, Principal: o.Uploader()},
			Via: audit.SourceAPI, At: now, Version: 1,
		},
		State: directories.StateReceived,
	}
	metadata := in.Body.settings().Metadata()
	event.Subject, event.After = "directory/"+r.ID, map[string]string{"file": r.Name()}
	for name, value := range metadata {
		event.After[name] = value
	}
	metadata[directories.MetaFile] = r.ID
	return httpapi.Announce(ctx, call, httpapi.Announcement{Kind: k, Bucket: o.Uploads, Key: r.Object.Key, Size: r.Object.Size, Metadata: metadata, Event: event},
		func(u httpapi.Upload) CreatedDirectoryFile {
			return CreatedDirectoryFile{File: directoryFileOf(in.Lang(), r), Upload: u}
		},
		func(ctx context.Context, c once.Change) ([]byte, error) { return o.Files.AnnounceFile(ctx, r, c) })
}
