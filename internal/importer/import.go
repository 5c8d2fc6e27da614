package importer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/audit"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/lease"
	"trueup/internal/misfiled"
	"trueup/internal/objects"
	"trueup/internal/retry"
	"trueup/internal/sheet"
)

// Names of the user metadata that an upload may carry (R3.1).
const (
	MetaImport  = "import" // id of the announced import
	MetaProgram = "program"
	MetaOnError = "on-error"
	MetaDryRun  = "dry-run"
)

// AbandonAfter is the time from the end of its lease until an import is abandoned. Lambda's
// redeliveries, after one and two minutes, are over by then.
const AbandonAfter = 20 * time.Minute

// rounds is the policy for the attempts of one delivery after ErrTaken.
var rounds = retry.Policy{Attempts: 5, First: 10 * time.Millisecond, Longest: 100 * time.Millisecond}

// Importer is the use case.
type Importer struct {
	Store   Store
	Numbers Numbers
	Uploads objects.Bucket
	Reports objects.Bucket
	Limits  agreement.Limits
	Clock   func() time.Time
	// Lease is how long an attempt that stops renewing keeps its import and the organisation's
	// writer's lease. It is shorter than the minute after which Lambda redelivers a failed event.
	Lease time.Duration
	// Added is called after an import has stored pairs, so that they are validated soon (R3.10);
	// nil for none. A process that dies may not call it.
	Added func(ctx context.Context)
	Log   *slog.Logger
}

// Receive applies one object once (R3.9). A nil error means that the event is handled, whatever
// the file holds. An error is a fault; deliver the same event again.
func (im *Importer) Receive(ctx context.Context, o intake.Object) error {
	if o.IsFolder() {
		return nil
	}
	if err := im.receive(ctx, o); err != nil {
		return fmt.Errorf("import %s: %w", importID(o), err)
	}
	return nil
}

// importID returns the id of the import of an object that was not announced.
func importID(o intake.Object) string { return o.ID(o.Bucket) }

func (im *Importer) receive(ctx context.Context, o intake.Object) error {
	file, err := intake.Open(ctx, im.Uploads, kind.Agreements, o)
	if err != nil && !errors.Is(err, objects.ErrNotFound) {
		return err
	}
	defer file.Close()
	read, err := im.record(ctx, o, file.Object)
	if err != nil {
		return err
	}
	switch {
	case read.Final():
		return nil
	case read.State == StateRunning && im.Clock().Before(read.Lease):
		return ErrBusy
	}
	a := &attempt{Importer: im}
	return retry.Do(ctx, rounds, func() error {
		if err := a.claim(ctx, read); err != nil {
			return err
		}
		taken := a.run(ctx, file)
		if !errors.Is(taken, ErrTaken) {
			return taken
		}
		// Retry as a new attempt: what this attempt staged, including in-flight writes, must
		// never be committed.
		if read, err = im.Store.Import(ctx, a.imp.ID); err != nil {
			return err
		}
		if read.State != StateRunning || read.Attempt != a.imp.Attempt {
			return ErrLost
		}
		return retry.Again(taken)
	})
}

// record returns the import of an object: the announced import that the upload names, the import
// of an earlier delivery or of a repetition after a restore, or a new one.
func (im *Importer) record(ctx context.Context, o intake.Object, object objects.Object) (Import, error) {
	metadata := object.Metadata
	ids := []string{metadata[MetaImport], importID(o), importID(o.Listed(object.Modified))}
	imp, by, found, err := intake.Find(ctx, o, ids, im.Store.Import)
	o.By = by
	if err != nil || found {
		if imp.Waiting() {
			imp.Object = o
		}
		return imp, err
	}
	groupName, file := split(o.Key)
	return Import{
		Head: intake.Head{ID: importID(o), Object: o, Via: audit.SourceImport, At: im.Clock()},
		File: file, Group: groupName,
		Program: agreement.Program(metadata[MetaProgram]), OnError: OnError(metadata[MetaOnError]),
		DryRun: dryRun(metadata[MetaDryRun]), State: StateReceived,
	}, nil
}

// dryRun parses the metadata "dry-run". Any value but "" and "false" is a dry run: a user who
// sets another value does not expect the file to be stored.
func dryRun(value string) bool {
	value = strings.TrimSpace(value)
	return value != "" && !strings.EqualFold(value, "false")
}

// split returns the license group and the file name of a key. A folder becomes a file name with a
// slash, which is refused.
func split(key string) (groupName, file string) {
	if strings.HasSuffix(key, "/") {
		return "", path.Base(key) + "/"
	}
	groupName, file = path.Split(kind.Agreements.Below(key))
	return strings.TrimSuffix(groupName, "/"), file
}

// keep renews the lease until stop is called. The returned context is cancelled when the lease is
// lost.
func (im *Importer) keep(ctx context.Context, imp Import) (_ context.Context, stop func()) {
	return lease.Lease{
		Until: imp.Lease, For: im.Lease, Clock: im.Clock, Lost: ErrLost,
		Renew: func(ctx context.Context, until time.Time) error { return im.Store.Renew(ctx, imp, until) },
	}.Keep(ctx)
}

// attempt is one attempt at an import.
type attempt struct {
	*Importer
	imp   Import
	file  *pairfile.File // nil if it was refused unread
	taken map[int]bool   // lines whose pair was taken at the first lookup of this delivery; nil before
}

// claim makes a the next attempt at the import.
func (a *attempt) claim(ctx context.Context, read Import) error {
	now := a.Clock()
	claimed := read
	claimed.State, claimed.Attempt, claimed.Lease, claimed.StartedAt = StateRunning, read.Attempt+1, now.Add(a.Lease), now
	claimed.Reason, claimed.ReasonArgs, claimed.Retryable = "", nil, false
	var err error
	a.imp, err = a.Store.Claim(ctx, read, claimed)
	return err
}

// run checks the file and stores its rows while the attempt owns the import.
func (a *attempt) run(ctx context.Context, file intake.File) error {
	ctx, stop := a.keep(ctx, a.imp)
	defer stop()
	err := a.check(ctx, file)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ErrLost) {
		return ErrLost // instead of the context.Canceled that it caused
	}
	return err
}

// check checks the file, then stores its rows.
func (a *attempt) check(ctx context.Context, file intake.File) error {
	if file.Body == nil { // the object is gone, so the names and pairs of earlier attempts are unknown
		if a.imp.Attempt > 1 {
			if err := a.Store.ClearAll(ctx, a.imp); err != nil {
				return err
			}
		}
		return a.fail(ctx, "object_missing", false)
	}
	findings, err := a.read(file)
	if err != nil {
		return err
	}
	if a.file == nil || a.file.Refused {
		return a.reject(ctx, findings)
	}
	w := wanted(a.imp, a.file.Rows)
	if a.imp.Attempt > 1 {
		if err := a.Store.Clear(ctx, leftovers(a.imp, w)); err != nil {
			return fmt.Errorf("clear what earlier attempts left: %w", err)
		}
	}
	if !a.imp.DryRun && !a.stops(findings, a.file.Unchanged+len(a.file.Rows)) {
		return a.apply(ctx, w, findings)
	}
	// Report conflicts with the store together with the file's own errors, so that the user sees
	// all of them at once.
	o, err := a.plan(ctx, w)
	if err != nil {
		return err
	}
	all := merge(findings, o.findings)
	if a.stops(all, a.file.Unchanged+o.added+o.stored) {
		return a.reject(ctx, all)
	}
	a.count(o, all)
	return a.finish(ctx, StateSucceeded, all)
}

// stops reports whether nothing of a file with that many good rows may be stored (R3.7).
func (a *attempt) stops(findings []sheet.Finding, good int) bool {
	wrong := false
	for _, f := range findings {
		if f.Severity != sheet.SeverityError {
			continue
		}
		if f.Line == 0 { // the whole file
			return true
		}
		wrong = true
	}
	return wrong && (a.imp.OnError != OnErrorSkip || good == 0)
}

// apply stores the plan, under the writer's lease.
func (a *attempt) apply(ctx context.Context, w Wanted, findings []sheet.Finding) error {
	stage := a.imp.Stage()
	if err := a.acquire(ctx, stage); err != nil {
		return err
	}
	held := true
	defer func() {
		if held { // even if ctx has ended: other attempts wait for it
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			if err := a.Store.ReleaseWriter(release, stage); err != nil {
				a.Log.WarnContext(ctx, "writer's lease not released", "import", a.imp.ID, "error", err)
			}
		}
	}()
	o, err := a.plan(ctx, w)
	if err != nil {
		return err
	}
	a.meanwhile(o.findings)
	all := merge(findings, o.findings)
	if a.stops(all, a.file.Unchanged+o.added+o.stored) {
		return a.reject(ctx, all)
	}
	a.count(o, all)
	if err := a.write(ctx, o, all); err != nil {
		return err
	}
	held = false
	return nil
}

// plan looks up what a file wants and decides what to do with its rows.
func (a *attempt) plan(ctx context.Context, w Wanted) (outcome, error) {
	homes := map[string][]string{}
	if numbers := unnamed(a.file.Rows); numbers != nil {
		var err error
		if homes, err = a.Numbers.ByAuthorization(ctx, numbers); err != nil {
			return outcome{}, err
		}
		for _, ids := range homes {
			w.IDs = append(w.IDs, ids...)
		}
		slices.Sort(w.IDs)
		w.IDs = slices.Compact(w.IDs)
	}
	known, err := a.Store.Lookup(ctx, w)
	if err != nil {
		return outcome{}, err
	}
	return plan(a.imp, a.file.Rows, a.file.Position, known, homes), nil
}

// meanwhile changes the code of conflicts that arose after the delivery's first lookup.
func (a *attempt) meanwhile(findings []sheet.Finding) {
	first := a.taken == nil
	if first {
		a.taken = map[int]bool{}
	}
	for i := range findings {
		switch f := &findings[i]; {
		case f.Code != "pair_taken":
		case first:
			a.taken[f.Line] = true
		case !a.taken[f.Line]:
			f.Code = "taken_meanwhile"
		}
	}
}

// acquire waits for the writer's lease, limited by the context's deadline.
func (a *attempt) acquire(ctx context.Context, stage Stage) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		now := a.Clock()
		err := a.Store.AcquireWriter(ctx, stage, now, now.Add(a.Lease))
		if !errors.Is(err, ErrBusy) {
			return err
		}
		if deadline, ok := ctx.Deadline(); ok && deadline.Sub(now) < a.Lease {
			return err // too little time is left; a later delivery retries
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// write stages the rows and stores the report, then commits both.
func (a *attempt) write(ctx context.Context, o outcome, findings []sheet.Finding) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Store.Stage(gctx, o.plan) })
	g.Go(func() error { return a.report(gctx, findings) })
	if err := g.Wait(); err != nil {
		return err
	}
	a.imp.State, a.imp.FinishedAt, a.imp.GroupID = StateSucceeded, a.Clock(), o.groupID()
	events := []audit.Event{finishedEvent(a.imp)}
	if o.plan.NewGroup {
		events = append(events, audit.Event{
			ID: id.New(a.imp.FinishedAt, string(a.imp.Stage())+"/group"), At: a.imp.FinishedAt, By: a.imp.Object.By, Action: "group.created", Subject: "group/" + o.plan.Group.ID,
			After: map[string]string{"name": o.plan.Group.Name}, Source: audit.SourceImport,
		})
	}
	err := a.ended(ctx, a.Store.Commit(ctx, o.plan, a.imp, events))
	if err == nil && a.imp.Added > 0 && a.Added != nil {
		a.Added(ctx)
	}
	return err
}

// read reads and checks the file, without the store.
func (a *attempt) read(file intake.File) ([]sheet.Finding, error) {
	findings := a.checkRequest()
	if a.file == nil { // otherwise an earlier attempt read it
		data, err := file.Bytes()
		switch {
		case errors.Is(err, intake.ErrTooLarge):
			return append(findings, whole("file_too_large")), nil
		case err != nil:
			return nil, err
		}
		a.file = pairfile.Read(data, pairfile.Options{FileName: a.imp.File, Program: a.imp.Program, Limits: a.Limits})
		a.nameKind(data)
	}
	return append(findings, a.file.Findings...), nil
}

// nameKind replaces the findings of a file of another kind by one that says where it belongs.
func (a *attempt) nameKind(data []byte) {
	if !a.file.Refused && a.file.Rejected == 0 {
		return
	}
	if code := misfiled.Code(kind.Agreements, data, len(a.file.Rows) > 0); code != "" {
		a.file.Refuse(code)
	}
}

// count stores the numbers of R3.8 in the record.
func (a *attempt) count(o outcome, findings []sheet.Finding) {
	a.imp.Rows = a.file.Total
	a.imp.Added, a.imp.Unchanged = o.added, o.stored+a.file.Unchanged
	a.imp.Rejected = a.imp.Rows - a.imp.Added - a.imp.Unchanged
	a.imp.Created, a.imp.Extended = len(o.plan.Create), len(o.plan.Extend)
	a.tally(findings)
}

func (a *attempt) tally(findings []sheet.Finding) {
	a.imp.Errors, a.imp.Warnings = 0, 0
	for _, f := range findings {
		if f.Severity == sheet.SeverityError {
			a.imp.Errors++
		} else {
			a.imp.Warnings++
		}
	}
}

// reject ends the attempt without storing rows.
func (a *attempt) reject(ctx context.Context, findings []sheet.Finding) error {
	a.imp.Rows, a.imp.Added, a.imp.Unchanged, a.imp.Created, a.imp.Extended = 0, 0, 0, 0, 0
	if a.file != nil {
		a.imp.Rows = a.file.Total
	}
	a.imp.Rejected = a.imp.Rows
	if f, ok := reason(findings, a.file != nil && a.file.Refused); ok {
		a.imp.Reason, a.imp.ReasonArgs = f.Code, f.Args
	}
	a.tally(findings)
	return a.finish(ctx, StateRejected, findings)
}

// reason returns the error for which a file is rejected as a whole, if it is: the first one about
// the file, or the last one of a refused file, because no row is read after it.
func reason(findings []sheet.Finding, refused bool) (found sheet.Finding, ok bool) {
	for _, f := range findings {
		switch {
		case f.Severity != sheet.SeverityError:
		case f.Line == 0:
			return f, true
		case refused:
			found, ok = f, true
		}
	}
	return found, ok
}

// finish stores the report and then the record, for an attempt that staged nothing.
func (a *attempt) finish(ctx context.Context, state State, findings []sheet.Finding) error {
	if err := a.report(ctx, findings); err != nil {
		return err
	}
	a.imp.State, a.imp.FinishedAt = state, a.Clock()
	return a.ended(ctx, a.Store.Finish(ctx, a.imp, []audit.Event{finishedEvent(a.imp)}))
}

// fail ends the attempt for a reason outside the file.
func (a *attempt) fail(ctx context.Context, reason string, retryable bool) error {
	a.imp.Reason, a.imp.Retryable = reason, retryable
	a.imp.State, a.imp.FinishedAt = StateFailed, a.Clock()
	return a.ended(ctx, a.Store.Finish(ctx, a.imp, []audit.Event{finishedEvent(a.imp)}))
}

// ended logs one line about an import that ended.
func (a *attempt) ended(ctx context.Context, err error) error {
	if err == nil {
		a.Log.InfoContext(ctx, "import ended", "import", a.imp.ID, "state", string(a.imp.State), "reason", a.imp.Reason, "attempt", a.imp.Attempt,
			"rows", a.imp.Rows, "added", a.imp.Added, "rejected", a.imp.Rejected,
			"duration_ms", float64(a.imp.FinishedAt.Sub(a.imp.StartedAt).Microseconds())/1000)
	}
	return err
}

// report stores the findings and the annotated copies.
func (a *attempt) report(ctx context.Context, findings []sheet.Finding) error {
	body, err := Report{Import: a.imp.ID, Findings: findings}.encode()
	if err != nil {
		return err
	}
	a.imp.Annotated = a.file != nil && !a.file.Refused
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2) // a copy can be three times as large as its file
	g.Go(func() error { return a.Reports.Put(ctx, a.imp.ReportKey(), "application/json", body) })
	if a.imp.Annotated {
		for _, language := range i18n.Langs {
			g.Go(func() error {
				annotated := a.file.Annotate(findings, annotateText(language))
				return a.Reports.Put(ctx, a.imp.AnnotatedKey(string(language)), "text/csv; charset=utf-8", annotated)
			})
		}
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("store the report: %w", err)
	}
	return nil
}
