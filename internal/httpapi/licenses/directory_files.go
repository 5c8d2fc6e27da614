package licenses

import (
	"context"
	"path"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/audit"
	"trueup/internal/directories"
	"trueup/internal/directory"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
)

// DirectoryFile is the record of one version of a list of users, devices or subscriptions.
type DirectoryFile struct {
	ID        string            `json:"id" doc:"The id of the file." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	FileName  string            `json:"fileName" doc:"The key of the file in the bucket of uploads." example:"users/active-users.csv"`
	State     directories.State `json:"state" doc:"received: waits for its upload, or for earlier files; running: being applied, or interrupted and continued within minutes; succeeded: the good rows were applied; refused: nothing was applied; superseded: a later version of the file came first; failed: given up."`
	Final     bool              `json:"final" doc:"Whether the work on the file is over." example:"true"`
	List      directory.Kind    `json:"list,omitempty" doc:"What the file lists; absent if it was not recognised."`
	Part      bool              `json:"part" doc:"Whether the file has only some pages of a list. Then no user counts as missing." example:"false"`
	Reason    string            `json:"reason,omitempty" doc:"The code of why the file was refused or given up." example:"directory_unknown"`
	Message   string            `json:"message,omitempty" doc:"The reason, in the language of the caller."`
	By        string            `json:"by" doc:"Who announced or put the file." example:"someone"`
	Via       audit.Source      `json:"via" doc:"How the file arrived: import is a file put into the bucket directly."`
	At        time.Time         `json:"at" doc:"When the file was put; before that, when it was announced." example:"2026-11-29T09:30:00Z"`
	EndedAt   time.Time         `json:"endedAt,omitzero" doc:"When the work on the file ended." example:"2026-11-29T09:30:02Z"`
	Rows      int               `json:"rows" minimum:"0" doc:"The number of rows. After success it is created + changed + unchanged + skipped + rejected." example:"3"`
	Created   int               `json:"created" minimum:"0" doc:"Users or subscriptions that were created." example:"1"`
	Changed   int               `json:"changed" minimum:"0" doc:"Users or subscriptions that were changed." example:"1"`
	Unchanged int               `json:"unchanged" minimum:"0" doc:"Rows that say what was known." example:"0"`
	Skipped   int               `json:"skipped" minimum:"0" doc:"Rows that were left out: deleted or unknown users, and others as the findings say." example:"0"`
	Rejected  int               `json:"rejected" minimum:"0" doc:"Rows with an error." example:"1"`
	Deleted   int               `json:"deleted" minimum:"0" doc:"Users that were deleted because a complete list lacks them." example:"0"`
	Held      int               `json:"held" minimum:"0" doc:"Users that would have been deleted. They are more than 20 % of all, so the deletion waits for a confirmation." example:"0"`
	Assigned  int               `json:"assigned" minimum:"0" doc:"Users who got licences." example:"0"`
	Removed   int               `json:"removed" minimum:"0" doc:"Users who only lost licences." example:"0"`
	Refused   int               `json:"refused" minimum:"0" doc:"Users who could not get the licences that the file states." example:"0"`
	Differ    int               `json:"differ" minimum:"0" doc:"Users or subscriptions that differ from the file and stayed so." example:"0"`
	Errors    int               `json:"errors" minimum:"0" doc:"The number of findings that are errors." example:"1"`
	Warnings  int               `json:"warnings" minimum:"0" doc:"The number of findings that are warnings." example:"0"`
	Hints     int               `json:"hints" minimum:"0" doc:"The number of findings that are hints, such as differences." example:"0"`
	Annotated bool              `json:"annotated" doc:"Whether an annotated copy exists: of a list in CSV with findings, up to 32 MB, whose good rows were applied. It is deleted after 90 days." example:"true"`
	Version   int64             `json:"version" minimum:"1" doc:"Grows with every change." example:"4"`
}

func directoryFileOf(lang i18n.Lang, r directories.Record) DirectoryFile {
	at := r.Object.At
	if r.Waiting() {
		at = r.At
	}
	f := DirectoryFile{
		ID: r.ID, FileName: r.Name(), State: r.State, Final: r.Final(), List: r.List, Part: r.Part, Reason: r.Reason, By: r.Object.By, Via: r.Via, At: at.UTC(), EndedAt: r.EndedAt.UTC(),
		Rows: r.Rows, Created: r.Created, Changed: r.Changed, Unchanged: r.Unchanged, Skipped: r.Skipped, Rejected: r.Rejected, Deleted: r.Deleted, Held: r.Held,
		Assigned: r.Assigned, Removed: r.Removed, Refused: r.Refused, Differ: r.Differ, Errors: r.Errors, Warnings: r.Warnings, Hints: r.Hints, Annotated: r.Annotated, Version: r.Version,
	}
	if r.Reason != "" {
		f.Message = i18n.Text(lang, r.Reason, r.Args)
	}
	return f
}

func (o *operations) directoryFileOperations() httpapi.Operations {
	return httpapi.Operations{
		"createDirectoryFile": o.createDirectoryFile, "listDirectoryFiles": o.listDirectoryFiles, "getDirectoryFile": o.getDirectoryFile,
		"getAnnotatedList": o.getAnnotatedList,
	}
}

func (o *operations) listDirectoryFiles(api huma.API, op huma.Operation) {
	op.Summary = "List files of users and subscriptions"
	op.Description = "Lists the files that were put under users/, devices/ and subscriptions/, one record for each version of a file, the newest first."
	httpapi.List(api, op, func(ctx context.Context, limit int, cursor string) ([]directories.Record, string, error) {
		page, err := o.Files.Files(ctx, limit, cursor)
		return page.Items, page.Next, err
	}, directoryFileOf)
}

// DirectoryFileID is the path parameter of a file.
type DirectoryFileID struct {
	ID string `path:"id" maxLength:"64" doc:"The id of the file." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// RecordID returns the id.
func (i DirectoryFileID) RecordID() string { return i.ID }

// CheckedDirectoryFile is a file with its findings.
type CheckedDirectoryFile struct {
	DirectoryFile
	Findings []httpapi.Finding `json:"findings" doc:"Errors, warnings and hints in the order of the file. At most 1,000 about the rows themselves and 1,000 about differences."`
}

type getDirectoryFileInput struct {
	httpapi.Reader
	DirectoryFileID
	httpapi.Condition
}

func (o *operations) getDirectoryFile(api huma.API, op huma.Operation) {
	op.Summary = "Read the result of a file of users or subscriptions"
	op.Description = "Returns the record of one version of a file, with every error, warning and difference by line. Poll it with If-None-Match until it is final."
	httpapi.Read[getDirectoryFileInput](api, op, func(ctx context.Context, id string) (directories.Record, int64, error) {
		r, err := o.Files.File(ctx, id)
		return r, r.Version, err
	}, func(ctx context.Context, lang i18n.Lang, r directories.Record) (CheckedDirectoryFile, error) {
		findings, err := directories.Findings(ctx, o.Exports, r)
		if err != nil {
			return CheckedDirectoryFile{}, err
		}
		out := CheckedDirectoryFile{DirectoryFile: directoryFileOf(lang, r), Findings: make([]httpapi.Finding, len(findings))}
		for i, f := range findings {
			out.Findings[i] = httpapi.FindingOf(lang, f)
		}
		return out, nil
	})
}

type getAnnotatedListInput struct {
	httpapi.AnnotatedCopy
	DirectoryFileID
}

func (o *operations) getAnnotatedList(api huma.API, op huma.Operation) {
	httpapi.DescribeAnnotatedCopy(&op, "a list")
	huma.Register(api, op, func(ctx context.Context, in *getAnnotatedListInput) (*httpapi.Redirection, error) {
		r, err := o.Files.File(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		key, err := directories.AnnotatedCopy(ctx, o.Exports, r, in.Language())
		if err != nil {
			return nil, err
		}
		return httpapi.RedirectToCopy(ctx, o.Exports, key, path.Base(r.Name()))
	})
}
