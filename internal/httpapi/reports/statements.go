package reports

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/once"
	"trueup/internal/statements"
)

// NewStatement announces a statement. Package statements validates its name, in Resolve.
type NewStatement struct {
	FileName string `json:"fileName" minLength:"1" maxLength:"128" doc:"The file's name, ending in .csv or .xlsx. A newer file with the same name replaces the older one." example:"license-summary.csv"`
	Size     int64  `json:"size" minimum:"1" doc:"The file's size in bytes, at most 16 MiB; the upload must have exactly this size." example:"2048"`
}

type createStatementInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewStatement
}

// Resolve implements huma.Resolver.
func (in *createStatementInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	if in.Body.FileName != "" { // the schema reports a missing or empty name
		broken = statements.ParseFileName(in.Body.FileName)
	}
	return httpapi.Refusals(broken, httpapi.CheckSize(kind.Statements, in.Body.Size, "statement_too_large", 1<<20))
}

// Statement is the record of one version of an entitlement file.
type Statement struct {
	ID        string           `json:"id" doc:"The id of the statement." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	FileName  string           `json:"fileName" doc:"The name of the file." example:"license-summary.csv"`
	State     statements.State `json:"state" doc:"received: waiting for the file; accepted: in use; refused: has errors and is not used; replaced: a newer version of the same file followed."`
	Final     bool             `json:"final" doc:"Whether the file was read." example:"true"`
	Kind      entitlement.Kind `json:"kind,omitempty" doc:"The kind of statement; absent if the file is not a statement."`
	Date      day.Date         `json:"date,omitempty" format:"date" doc:"The day that the statement describes." example:"2026-11-21"`
	By        string           `json:"by" doc:"Who uploaded the file." example:"someone"`
	Via       audit.Source     `json:"via" doc:"How the file arrived: import is a file put into the bucket directly."`
	At        time.Time        `json:"at" doc:"When the file was uploaded; before that, when it was announced." example:"2026-11-21T09:30:00Z"`
	EndedAt   time.Time        `json:"endedAt,omitzero" doc:"When the file was read." example:"2026-11-21T09:30:02Z"`
	RemovedAt time.Time        `json:"removedAt,omitzero" doc:"When it was taken out of use." example:"2026-11-22T09:30:02Z"`
	Rows      int              `json:"rows" minimum:"0" doc:"The number of rows with data; always lines + skipped + unchanged + rejected." example:"3"`
	Lines     int              `json:"lines" minimum:"0" doc:"The number of rows with entitlements." example:"2"`
	Skipped   int              `json:"skipped" minimum:"0" doc:"The number of rows about one country, which other rows include." example:"0"`
	Unchanged int              `json:"unchanged" minimum:"0" doc:"The number of rows that repeat other rows." example:"1"`
	Rejected  int              `json:"rejected" minimum:"0" doc:"The number of rows with an error; one is enough to refuse the file." example:"0"`
	Errors    int              `json:"errors" minimum:"0" doc:"The number of findings that are errors." example:"0"`
	Warnings  int              `json:"warnings" minimum:"0" doc:"The number of findings that are warnings." example:"1"`
	Hints     int              `json:"hints" minimum:"0" doc:"The number of findings that are hints: names that the dictionary of products does not know, with products that they may stand for." example:"0"`
	Version   int64            `json:"version" minimum:"0" doc:"Grows with every change." example:"2"`
}

func statementOf(r statements.Record) Statement {
	return Statement{
		ID: r.ID, FileName: r.Name(), State: r.State, Final: r.Final(), Kind: r.Kind, Date: r.Date, By: r.Object.By, Via: r.Via,
		At: r.At.UTC(), EndedAt: r.EndedAt.UTC(), RemovedAt: r.Removed.UTC(),
		Rows: r.Rows, Lines: r.Lines, Skipped: r.Skipped, Unchanged: r.Unchanged, Rejected: r.Rejected, Errors: r.Errors, Warnings: r.Warnings, Hints: r.Hints,
		Version: r.Version,
	}
}

// CreatedStatement is an announced statement and the upload of its file.
type CreatedStatement struct {
	Statement Statement      `json:"statement" doc:"The record. Its state is received until the file is uploaded."`
	Upload    httpapi.Upload `json:"upload" doc:"How to upload the file."`
}

type createStatementOutput struct {
	Location     string `header:"Location" doc:"The address of the statement."`
	CacheControl string `header:"Cache-Control" hidden:"true"`
	Body         httpapi.Reply[CreatedStatement]
}

func (o *operations) statementOperations() httpapi.Operations {
	return httpapi.Operations{
		"createStatement": o.createStatement,
		"listStatements":  o.listStatements,
		"getStatement":    o.getStatement,
		"deleteStatement": o.deleteStatement,
	}
}

func (o *operations) createStatement(api huma.API, op huma.Operation) {
	op.Summary = "Announce a statement"
	op.Description = "Announces a license summary, a General License Statement or a Microsoft License Statement, and returns how to upload it. " +
		"The file is read when it is uploaded; an accepted statement starts a refresh."
	op.DefaultStatus = http.StatusCreated
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createStatementInput) (*createStatementOutput, error) {
		now := o.Now()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[CreatedStatement]) (httpapi.Reply[CreatedStatement], error) {
			return o.announceStatement(ctx, in, now, call)
		})
		if err != nil {
			return nil, err
		}
		return &createStatementOutput{Location: "/statements/" + created.Value.Statement.ID, CacheControl: "no-store", Body: created}, nil
	})
}

// announceStatement stores the record.
func (o *operations) announceStatement(ctx context.Context, in *createStatementInput, now time.Time, call httpapi.Call[CreatedStatement]) (httpapi.Reply[CreatedStatement], error) {
	event := o.Event(ctx, now, "statement.announced")
	r := statements.Record{
		Head: intake.Head{
			ID: id.New(now, o.NewID()), Object: intake.Object{Key: kind.Statements.Key("", in.Body.FileName), Size: in.Body.Size, By: event.By, Principal: o.Uploader()},
			Via: audit.SourceAPI, At: now, Version: 1,
		},
		State: statements.StateReceived,
	}
	event.Subject, event.After = "statement/"+r.ID, map[string]string{"file": r.Name()}
	return httpapi.Announce(ctx, call, httpapi.Announcement{
		Kind: kind.Statements, Bucket: o.Uploads, Key: r.Object.Key, Size: r.Object.Size,
		Metadata: map[string]string{statements.MetaStatement: r.ID}, Event: event,
	}, func(u httpapi.Upload) CreatedStatement {
		return CreatedStatement{Statement: statementOf(r), Upload: u}
	}, func(ctx context.Context, c once.Change) ([]byte, error) {
		return o.Statements.Store.AnnounceStatement(ctx, r, c)
	})
}

func (o *operations) listStatements(api huma.API, op huma.Operation) {
	op.Summary = "List statements"
	op.Description = "Lists statements of the organisation's entitlements, one record per version of a file, the newest first."
	httpapi.List(api, op, func(ctx context.Context, limit int, cursor string) ([]statements.Record, string, error) {
		page, err := o.Statements.Store.Statements(ctx, limit, cursor)
		return page.Items, page.Next, err
	}, func(_ i18n.Lang, r statements.Record) Statement { return statementOf(r) })
}

// StatementID is the path parameter of a statement.
type StatementID struct {
	ID string `path:"id" maxLength:"64" doc:"The statement's id." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// CheckedStatement is a statement with the findings of its check.
type CheckedStatement struct {
	Statement
	Findings []httpapi.Finding `json:"findings" doc:"Errors, warnings and hints in the order of the file, at most 1,000."`
}

// RecordID returns the id.
func (i StatementID) RecordID() string { return i.ID }

type getStatementInput struct {
	httpapi.Reader
	StatementID
	httpapi.Condition
}

func (o *operations) getStatement(api huma.API, op huma.Operation) {
	op.Summary = "Read a statement"
	op.Description = "Returns the record of one version of a file, with every error, warning and hint by line. Poll it with If-None-Match until it is final."
	httpapi.Read[getStatementInput](api, op, o.statement, func(ctx context.Context, lang i18n.Lang, r statements.Record) (CheckedStatement, error) {
		findings, err := o.Statements.Findings(ctx, r)
		if err != nil {
			return CheckedStatement{}, err
		}
		out := CheckedStatement{Statement: statementOf(r), Findings: make([]httpapi.Finding, len(findings))}
		for i, f := range findings {
			out.Findings[i] = httpapi.FindingOf(lang, f)
		}
		return out, nil
	})
}

// statement returns a statement and its version.
func (o *operations) statement(ctx context.Context, id string) (statements.Record, int64, error) {
	r, err := o.Statements.Store.Statement(ctx, id)
	return r, r.Version, err
}

type deleteStatementInput struct {
	httpapi.Reader
	StatementID
	httpapi.Revision
}

func (o *operations) deleteStatement(api huma.API, op huma.Operation) {
	op.Summary = "Take a statement out of use"
	op.Description = "Takes a statement out of use and starts a refresh. Its entitlements stop counting when that refresh has ended. The record and the file are kept; a newer version of the file would be used again."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteStatementInput) (*httpapi.Versioned[Statement], error) {
		now := o.Now()
		var removed statements.Record
		err := httpapi.Revise(ctx, in.Revision, func() (statements.Record, int64, error) { return o.statement(ctx, in.ID) }, func(read statements.Record) (err error) {
			removed, err = o.Statements.Remove(ctx, read, o.Event(ctx, now, "statement.removed"))
			return err
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), removed.Version), statementOf(removed)), nil
	})
}
